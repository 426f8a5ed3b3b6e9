package http_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// paymentOf is a deposit of cents to the demo user.
func paymentOf(id string, cents int64) ledger.TransactionRequest {
	return ledger.Deposit{ID: id, Account: demoUser, Asset: usd, Amount: ledger.NewAmount(cents)}.Request()
}

// payments is a sequence of n payments of a cent.
func payments(n int) iter.Seq[ledger.TransactionRequest] {
	return func(yield func(ledger.TransactionRequest) bool) {
		for i := range n {
			if !yield(paymentOf(fmt.Sprint("tx-", i), 1)) {
				return
			}
		}
	}
}

// collect runs a stream to its end, and returns what became of each request, and the
// error that ended it.
func collect(stream iter.Seq2[ledger.Outcome, error]) (results []string, err error) {
	for outcome, err := range stream {
		switch {
		case err != nil:
			return results, err
		case outcome.Result == ledger.Rejected:
			e, _ := errors.AsType[*ledger.Error](outcome.Err)
			results = append(results, string(e.Code))
		default:
			results = append(results, outcome.Transaction.ID+" "+outcome.Result.String())
		}
	}
	return results, nil
}

// TestPostStream sends requests of every kind of outcome, and demands what a batch of
// them comes to.
func TestPostStream(t *testing.T) {
	t.Parallel()
	c := demoClient(t, newHandler(t), ledgerhttp.ClientConfig{})
	bad := paymentOf("bad", 1)
	bad.Description = "\xff"
	late := paymentOf("late", 1)
	late.EffectiveAt = time.Now().Add(time.Hour)
	careful := paymentOf("careful", 1)
	careful.Conditions = []ledger.Condition{{Account: demoUser, MinAvailable: new(ledger.NewAmount(1000_00))}}
	requests := []ledger.TransactionRequest{bad, paymentOf("a", 5), late, paymentOf("a", 5), paymentOf("a", 6), bad, careful, paymentOf("b", 0), paymentOf("c", 7), bad}
	got, err := collect(c.PostStream(t.Context(), slices.Values(requests)))
	want := []string{
		"invalid_request", "a applied", "invalid_request", "a replayed", "transaction_conflict", "invalid_request", "condition_failed",
		"invalid_request", "c applied", "invalid_request",
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got  %q, %v\nwant %q", got, err, want)
	}
	if got, err := collect(c.PostStream(t.Context(), payments(0))); err != nil || len(got) != 0 {
		t.Errorf("nothing gave %q, %v", got, err)
	}
	if got, err := collect(c.PostStream(t.Context(), payments(20_000))); err != nil || len(got) != 20_000 || got[19_999] != "tx-19999 applied" {
		t.Errorf("%d outcomes, %v", len(got), err)
	}
	if account, err := c.Account(t.Context(), demoUser); err != nil || account.Posted() != ledger.NewAmount(300_12) {
		t.Errorf("the account is %+v, %v", account, err)
	}
}

// demoClient returns a client of a handler.
func demoClient(t testing.TB, handler http.Handler, config ledgerhttp.ClientConfig) *ledgerhttp.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	config.URL = server.URL
	return newClient(t, config)
}

// TestPostStreamAnswersAtOnce has requests that wait for the outcome of the one before,
// on a ledger by name and with a client of the caller's that limits what is no stream.
func TestPostStreamAnswersAtOnce(t *testing.T) {
	t.Parallel()
	c := demoClient(t, newHandler(t), ledgerhttp.ClientConfig{Timeout: time.Nanosecond, HTTPClient: &http.Client{Timeout: time.Nanosecond}})
	came, asked := make(chan struct{}, 1), 0
	came <- struct{}{}
	requests := func(yield func(ledger.TransactionRequest) bool) {
		for range came {
			if asked++; asked > 20 || !yield(paymentOf(fmt.Sprint("tx-", asked), 1)) {
				return
			}
		}
	}
	n := 0
	for outcome, err := range c.PostStream(t.Context(), requests) {
		if n++; err != nil || outcome.Transaction.ID != fmt.Sprint("tx-", n) {
			t.Fatalf("outcome %d is %+v, %v", n, outcome, err)
		}
		came <- struct{}{}
	}
	if n != 20 {
		t.Errorf("there were %d outcomes", n)
	}
}

// TestPostStreamIsLeft leaves a loop early, whose requests have no end.
func TestPostStreamIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, transport := servePipes(newHandler(t))
		c := newClient(t, ledgerhttp.ClientConfig{URL: "http://ledger.test", HTTPClient: &http.Client{Transport: transport}})
		ended := false
		requests := func(yield func(ledger.TransactionRequest) bool) {
			for i := 0; yield(paymentOf(fmt.Sprint("tx-", i), 1)); i++ {
			}
			ended = true
		}
		n := 0
		for outcome, err := range c.PostStream(t.Context(), requests) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; outcome.Transaction.ID == "tx-100" {
				break
			}
		}
		synctest.Wait()
		if n != 101 || !ended {
			t.Errorf("after %d outcomes the requests have ended: %t", n, ended)
		}
		c.CloseIdleConnections()
		server.Close()
		// The bubble fails if a goroutine of the stream is left.
	})
}

// TestPostStreamWithoutTransport has a transport that fails, and forgets the body.
func TestPostStreamWithoutTransport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, ledgerhttp.ClientConfig{URL: "http://ledger.test", HTTPClient: &http.Client{Transport: forgetful{}}})
		if _, err := collect(c.PostStream(t.Context(), payments(100_000))); !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		// The bubble fails if a goroutine of the stream is left.
	})
}

type forgetful struct{}

func (forgetful) RoundTrip(*http.Request) (*http.Response, error) {
	synctest.Wait()
	return nil, io.ErrUnexpectedEOF
}

// TestPostStreamIsCanceled ends the context of streams that wait: for a request, for an
// outcome, and for the answer to begin.
func TestPostStreamIsCanceled(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"waiting for an answer":   func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) },
		"waiting for an outcome":  answerLines(),
		"waiting for the request": newHandler(t).ServeHTTP,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := demoClient(t, answer, ledgerhttp.ClientConfig{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			// Requests that know nothing of the context.
			released := make(chan struct{})
			defer close(released)
			requests := func(yield func(ledger.TransactionRequest) bool) {
				if yield(paymentOf("one", 1)) {
					time.AfterFunc(10*time.Millisecond, cancel)
					<-released
				}
			}
			if got, err := collect(c.PostStream(ctx, requests)); !errors.Is(err, context.Canceled) || len(got) > 1 {
				t.Errorf("got %q, %v", got, err)
			}
			if _, err := collect(c.PostStream(ctx, requests)); !errors.Is(err, context.Canceled) {
				t.Errorf("after it has ended: %v", err)
			}
		})
	}
}

// answerStream begins the answer of a stream.
func answerStream(w http.ResponseWriter) {
	controller := http.NewResponseController(w)
	if err := controller.EnableFullDuplex(); err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	_ = controller.Flush()
}

const (
	streamedOutcome = `{"status":201,"transaction":{"id":"tx","status":"voided","entries":[],"effective_at":"2026-01-01T00:00:00Z","recorded_at":"2026-01-01T00:00:00Z","metadata":{}}}` + "\n"
	streamedBusy    = `{"status":503,"error":{"status":503,"code":"overloaded","detail":"the ledger is busy"}}` + "\n"
)

// TestPostStreamBreaksOff has streams that end before their time, or in another way
// than they should.
func TestPostStreamBreaksOff(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		came   int
		code   ledger.Code
		says   string
	}{
		"no such ledger": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"code":"not_found","detail":"ledger \"x\" does not exist","field":"ledger"}`)
		}, 0, ledger.ErrNotFound, "does not exist"},
		"busy from the start":    {answerLines(streamedBusy), 0, ledger.ErrOverloaded, "the stream ended after 0 outcomes; "},
		"busy after a while":     {answerLines(streamedOutcome, streamedOutcome, streamedBusy), 2, ledger.ErrOverloaded, "the stream ended after 2 outcomes; "},
		"an end too early":       {answerLines(streamedOutcome), 1, ledger.ErrUnavailable, "the stream ended after 1 outcomes; "},
		"half a line":            {answerLines(streamedOutcome, streamedOutcome[:20]), 1, ledger.ErrUnavailable, "unexpected EOF"},
		"a line of another kind": {answerLines(streamedOutcome, "{}\n"), 1, ledger.ErrInternal, "makes no sense"},
		"no line":                {answerLines("<html>\n"), 0, ledger.ErrInternal, "makes no sense"},
		"a line without end":     {answerLines(strings.Repeat(" ", 9<<20)), 0, ledger.ErrInternal, "too long"},
		"too many":               {answerLines(slices.Repeat([]string{streamedOutcome}, 11)...), 10, ledger.ErrInternal, "more outcomes than requests"},
		"a page":                 {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, 0, ledger.ErrUnavailable, "is not from a ledger"},
		"a cut": {func(w http.ResponseWriter, r *http.Request) {
			cut(w, r, "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Length: 9999\r\n\r\n"+streamedOutcome)
		}, 1, ledger.ErrUnavailable, "the stream ended after 1 outcomes; "},
		"a cut before the answer": {func(w http.ResponseWriter, r *http.Request) { cut(w, r, "") }, 0, ledger.ErrUnavailable, "cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := demoClient(t, test.answer, ledgerhttp.ClientConfig{})
			got, err := collect(c.PostStream(t.Context(), payments(10)))
			if !errors.Is(err, test.code) || len(got) != test.came || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %d outcomes, %v", len(got), err)
			}
		})
	}
}

// answerLines reads a stream, and answers with lines.
func answerLines(lines ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answerStream(w)
		_, _ = io.Copy(io.Discard, r.Body)
		for _, line := range lines {
			_, _ = io.WriteString(w, line)
		}
	}
}

// TestPostStreamAgain sends a stream again and again through connections that break,
// and demands that each payment is made once.
func TestPostStreamAgain(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	server := httptest.NewServer(ledgerhttp.NewHandler(service, ledgerhttp.Config{}))
	t.Cleanup(server.Close)
	const n = 3000
	done, broken := 0, 0
	for done < n {
		// Each connection lets more through than the one before.
		proxy := newCutter(t, server.Listener.Addr().String())
		proxy.most.Store(50_000 << min(broken, 20))
		c := newClient(t, ledgerhttp.ClientConfig{URL: "http://" + proxy.address})
		got, err := collect(c.PostStream(t.Context(), payments(n)))
		if done = len(got); err == nil {
			break
		}
		if broken++; !errors.Is(err, ledger.ErrUnavailable) || !strings.Contains(err.Error(), fmt.Sprintf("after %d outcomes", done)) {
			t.Fatalf("after %d outcomes: %v", done, err)
		}
		done = 0
	}
	account, err := service.Account(t.Context(), demoUser)
	if err != nil || account.Sequence != n || account.Posted() != ledger.NewAmount(100_00+n) || broken == 0 {
		t.Errorf("after %d streams that broke the account is %+v, %v", broken, account, err)
	}
}

// TestPostStreamIsBounded has a server that reads and does not answer, and demands that
// the client does not take requests without end.
func TestPostStreamIsBounded(t *testing.T) {
	t.Parallel()
	var read atomic.Int64
	full := make(chan struct{})
	c := demoClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answerStream(w)
		lines := bufio.NewScanner(r.Body)
		for lines.Scan() {
			if read.Add(1) == 8192 {
				close(full)
			}
		}
	}), ledgerhttp.ClientConfig{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	taken := 0
	requests := func(yield func(ledger.TransactionRequest) bool) {
		for yield(paymentOf(fmt.Sprint("tx-", taken), 1)) {
			taken++
		}
	}
	go func() {
		<-full
		time.Sleep(20 * time.Millisecond)
		cancel()
	}()
	if _, err := collect(c.PostStream(ctx, requests)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := read.Load(); n < 8192 || n > 8194 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestPostStreamWithoutAssets has a stream whose conditions cannot be asked about.
func TestPostStreamWithoutAssets(t *testing.T) {
	t.Parallel()
	handler := newHandler(t)
	c := demoClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/lookup") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	}), ledgerhttp.ClientConfig{})
	careful := paymentOf("careful", 1)
	careful.Conditions = []ledger.Condition{{Account: demoUser, MinAvailable: new(ledger.NewAmount(1))}}
	got, err := collect(c.PostStream(t.Context(), slices.Values([]ledger.TransactionRequest{paymentOf("a", 1), careful, paymentOf("b", 1)})))
	if !slices.Equal(got, []string{"a applied"}) || !errors.Is(err, ledgerhttp.ErrUnauthorized) {
		t.Errorf("got %q, %v", got, err)
	}
}
