package http_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// conversation is a stream to a real server, of which each side goes on as it likes.
type conversation struct {
	*connection
	lines *bufio.Reader
	// isClosing says whether the server closes the connection after the answer.
	isClosing bool
}

func (r running) converse(t *testing.T, header ...string) *conversation {
	t.Helper()
	c := &conversation{connection: r.connect(t)}
	c.send(t, "POST "+streamPath+" HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n")
	for _, line := range header {
		c.send(t, line+"\r\n")
	}
	c.send(t, "\r\n")
	return c
}

// say sends text as one chunk.
func (c *conversation) say(t *testing.T, text string) {
	t.Helper()
	c.send(t, fmt.Sprintf("%x\r\n%s\r\n", len(text), text))
}

// hear returns the next outcome in short, or "end" after the last.
func (c *conversation) hear(t *testing.T) string {
	t.Helper()
	if c.lines == nil {
		response, err := http.ReadResponse(c.reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusOK {
			t.Fatalf("%s %s", response.Status, readAll(t, response.Body))
		}
		c.lines, c.isClosing = bufio.NewReader(response.Body), response.Close
	}
	line, err := c.lines.ReadBytes('\n')
	if err == io.EOF && len(line) == 0 {
		return "end"
	}
	if err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	return summary(outcomeIn(t, line))
}

func (c *conversation) expect(t *testing.T, want ...string) {
	t.Helper()
	for _, want := range want {
		if got := c.hear(t); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func (r running) stop(t *testing.T) {
	t.Helper()
	if err := r.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	r.expectEnd(t)
}

// TestStreamConversation has each line answered before the next is sent, for longer
// than any limit on a request. What is limited is how long nothing happens: then the
// client is told so.
func TestStreamConversation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 1500 * time.Millisecond
		slow := func(_ context.Context, requests []ledger.TransactionRequest) error {
			if requests[0].ID == "slow" {
				// The client waits for the ledger, and not the other way around.
				time.Sleep(2 * limit)
			}
			return nil
		}
		server := startPipes(t, faultyBatches{newLedger(t), slow}, ledgerhttp.Config{
			RequestTimeout: 3 * limit, ReadTimeout: limit, WriteTimeout: limit, ReadHeaderTimeout: limit,
		})
		c := server.converse(t, "Expect: 100-continue")
		if response, err := http.ReadResponse(c.reader, nil); err != nil || response.StatusCode != http.StatusContinue {
			t.Fatalf("%v, %v", response, err)
		}
		for i := range 15 {
			id := fmt.Sprintf("t%d", i)
			line := depositLine(id)
			c.say(t, line[:10])
			time.Sleep(limit / 10)
			c.say(t, line[10:])
			c.expect(t, "201 "+id)
		}
		c.say(t, depositLine("slow"))
		c.expect(t, "201 slow")
		c.say(t, depositLine("half")[:20])
		start := time.Now()
		c.expect(t, "400 invalid_request", "end")
		if took := time.Since(start); took < limit || took > 10*limit {
			t.Errorf("the stream ended after %v", took)
		}
		server.stop(t)
	})
}

// TestStreamEnds has a body that ends, with its last line or short of that.
func TestStreamEnds(t *testing.T) {
	t.Parallel()
	server := start(t, newLedger(t), ledgerhttp.Config{})
	whole := server.converse(t)
	whole.say(t, depositLine("a")+strings.TrimSpace(depositLine("b")))
	whole.send(t, "0\r\n\r\n")
	whole.expect(t, "201 a", "201 b", "end")
	if !whole.isClosing {
		t.Error("the connection is kept")
	}
	broken := server.converse(t)
	broken.say(t, depositLine("c"))
	broken.expect(t, "201 c")
	// A line is not whole because its connection has ended.
	broken.say(t, strings.TrimSpace(depositLine("d")))
	broken.send(t, "no length of a chunk\r\n")
	broken.expect(t, "400 invalid_request", "end")
	after := server.converse(t)
	after.say(t, depositLine("c")+depositLine("d"))
	after.send(t, "0\r\n\r\n")
	after.expect(t, "200 c", "201 d", "end")
	server.stop(t)
}

// TestStreamHangUp has a client that leaves while its lines are being posted: that is
// called off, and nothing of the stream is left.
func TestStreamHangUp(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"in the middle": "", "after the last line": "0\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begun, ended := make(chan struct{}), make(chan struct{})
			server := start(t, faultyBatches{newLedger(t), func(ctx context.Context, _ []ledger.TransactionRequest) error {
				close(begun)
				<-ctx.Done()
				close(ended)
				return ctx.Err()
			}}, ledgerhttp.Config{RequestTimeout: time.Hour})
			c := server.converse(t)
			c.say(t, depositLine("a"))
			c.send(t, body)
			<-begun
			c.Close()
			<-ended
			server.stop(t)
		})
	}
}

// TestStreamDoesNotRead has a client that sends and never reads: it is cut off.
func TestStreamDoesNotRead(t *testing.T) {
	t.Parallel()
	server := start(t, newLedger(t), ledgerhttp.Config{WriteTimeout: 200 * time.Millisecond})
	c := server.converse(t)
	lines := strings.Repeat(strings.Repeat("x", 20)+"\n", 1000)
	chunk := fmt.Sprintf("%x\r\n%s\r\n", len(lines), lines)
	for sent := 0; ; sent += len(lines) {
		if _, err := io.WriteString(c, chunk); err != nil {
			break
		}
		if sent > 1<<30 {
			t.Fatal("it reads on")
		}
	}
	server.stop(t)
}

// TestStreamDrains has a server shut down under streams: one that waits for its client,
// and one whose client goes on sending. Both are told, and the server does not wait
// for them to end.
func TestStreamDrains(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	server := start(t, service, ledgerhttp.Config{})
	quiet, busy := server.converse(t), server.converse(t)
	quiet.say(t, depositLine("quiet"))
	quiet.expect(t, "201 quiet")
	var isTold atomic.Bool
	sent := make(chan int)
	go func() {
		i := 0
		for ; !isTold.Load(); i++ {
			line := depositLine(fmt.Sprintf("t%d", i))
			_, _ = fmt.Fprintf(busy, "%x\r\n%s\r\n", len(line), line)
		}
		_, _ = io.WriteString(busy, "0\r\n\r\n")
		sent <- i
	}()
	for i := range 500 {
		busy.expect(t, fmt.Sprintf("201 t%d", i))
	}
	down := make(chan error, 1)
	go func() { down <- server.Shutdown(t.Context()) }()
	answered := 500
	for {
		got := busy.hear(t)
		if got == "503 unavailable" {
			break
		}
		if want := fmt.Sprintf("201 t%d", answered); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
		answered++
	}
	isTold.Store(true)
	busy.expect(t, "end")
	quiet.expect(t, "503 unavailable")
	quiet.send(t, "0\r\n\r\n")
	quiet.expect(t, "end")
	if err := <-down; err != nil {
		t.Error(err)
	}
	t.Logf("%d lines were answered of %d", answered, <-sent)
	if _, err := service.Transaction(t.Context(), fmt.Sprintf("t%d", answered)); err == nil {
		t.Error("a line that was answered 503 took effect")
	}
	server.expectEnd(t)
}

// TestStreamCut cuts streams at random places and sends them again: the ledger is then
// as if the stream had been sent once, whole.
func TestStreamCut(t *testing.T) {
	t.Parallel()
	const n, accounts = 3000, 10
	var whole strings.Builder
	for i := range n {
		from, to := rand.IntN(accounts), rand.IntN(accounts)
		switch i % 10 {
		case 7:
			// Another line has the id: the first of the two counts.
			fmt.Fprintf(&whole, `{"id":"t%d","from":"a%d","to":"nobody","amount":"1"}`+"\n", i, from)
		case 8:
			whole.WriteString("not JSON\n")
		case 9:
			fmt.Fprintf(&whole, `{"id":"t%d","from":"world:USD","to":"a%d","amount":"%d.5"}`+"\n", i-5, to, i)
		default:
			fmt.Fprintf(&whole, `{"id":"t%d","from":"a%d","to":"a%d","amount":"0.%02d"}`+"\n", i, from, (from+1+to%(accounts-1))%accounts, 1+i%99)
		}
	}
	newAccounts := func() *ledger.Ledger {
		service := newLedger(t)
		for i := range accounts {
			open(t, service, ledger.AccountRequest{ID: fmt.Sprintf("a%d", i), Asset: usd, OpeningBalance: ledger.NewAmount(1_000_00)})
		}
		return service
	}
	reference := newAccounts()
	want := stream(t, ledgerhttp.NewHandler(reference, ledgerhttp.Config{}), strings.NewReader(whole.String()))

	service := newAccounts()
	server := start(t, service, ledgerhttp.Config{})
	for range 8 {
		c := server.converse(t)
		part := whole.String()[:1+rand.IntN(whole.Len()-1)]
		c.say(t, part)
		for range rand.IntN(1 + strings.Count(part, "\n")) {
			c.hear(t)
		}
		c.Close()
	}
	c := server.converse(t)
	go func() {
		_, _ = fmt.Fprintf(c, "%x\r\n%s\r\n0\r\n\r\n", whole.Len(), whole.String())
	}()
	for i, o := range want {
		got := strings.Replace(c.hear(t), "200 ", "201 ", 1)
		if got != strings.Replace(summary(o), "200 ", "201 ", 1) {
			t.Fatalf("line %d: %s, and when it was sent once %s", i, got, summary(o))
		}
	}
	c.expect(t, "end")
	server.stop(t)
	expectSameBooks(t, service, reference)
}

// expectSameBooks compares all balances and entries.
func expectSameBooks(t *testing.T, got, want ledger.Service) {
	t.Helper()
	list := func(service ledger.Service) string {
		var b strings.Builder
		page, err := service.FindAccounts(t.Context(), ledger.AccountQuery{Limit: ledger.MaxLimit})
		if err != nil || page.More {
			t.Fatal(err)
		}
		for _, a := range page.Accounts {
			fmt.Fprintln(&b, a.ID, a.Balance, a.Sequence)
			query := ledger.EntryQuery{Account: a.ID, OldestFirst: true, Limit: ledger.MaxLimit}
			for {
				page, err := service.Entries(t.Context(), query)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range page.Entries {
					fmt.Fprintln(&b, e.Sequence, e.Transaction, e.Side, e.Amount, e.Balance)
				}
				if !page.More {
					break
				}
				query.After = new(page.Entries[len(page.Entries)-1].Key())
			}
		}
		return b.String()
	}
	if got, want := list(got), list(want); got != want {
		t.Errorf("the books differ: %d bytes of entries, want %d", len(got), len(want))
	}
}

// TestStreamWhole has a body that has arrived whole: it is answered whole, however
// long the ledger takes and though the server shuts down meanwhile.
func TestStreamWhole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 300 * time.Millisecond
		posting, down := make(chan struct{}), make(chan error, 1)
		server := startPipes(t, faultyBatches{newLedger(t), func(_ context.Context, requests []ledger.TransactionRequest) error {
			if requests[0].ID == "t0" {
				close(posting)
				time.Sleep(3 * limit)
			}
			return nil
		}}, ledgerhttp.Config{ReadTimeout: limit, WriteTimeout: limit})
		c := server.converse(t)
		c.say(t, depositLine("t0"))
		<-posting
		c.say(t, depositLine("t1")+depositLine("t2"))
		c.send(t, "0\r\n\r\n")
		time.Sleep(limit)
		go func() { down <- server.Shutdown(t.Context()) }()
		c.expect(t, "201 t0", "201 t1", "201 t2", "end")
		if err := <-down; err != nil {
			t.Error(err)
		}
		server.expectEnd(t)
	})
}

// TestStreamAtOnce has a body that has arrived with the request: however long the
// ledger then takes, the client does not count as gone.
func TestStreamAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 300 * time.Millisecond
		server := startPipes(t, faultyBatches{newLedger(t), func(ctx context.Context, _ []ledger.TransactionRequest) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(3 * limit):
				return nil
			}
		}}, ledgerhttp.Config{ReadTimeout: limit, WriteTimeout: limit})
		c := &conversation{connection: server.connect(t)}
		line := depositLine("a")
		c.send(t, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n%s", streamPath, len(line), line))
		c.expect(t, "201 a", "end")
		server.stop(t)
	})
}
