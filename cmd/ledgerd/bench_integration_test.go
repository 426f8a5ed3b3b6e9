//go:build integration

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// callers is how many ask at once in a benchmark.
const callers = 256

// BenchmarkHTTP deposits through the library, through one ledgerd and through
// three, by turns, on one database: 256 callers, over HTTP each on a connection
// of his own that is kept alive, for 10,000 users. "of-library" is the ratio of
// one ledgerd to the library, "three-of-one" that of three together to one; both
// are medians over the rounds. "VmHWM" is the peak memory of the ledgerd that
// serves in every turn, "grown" how much of it came after the first round.
func BenchmarkHTTP(b *testing.B) {
	const users, rounds = 10_000, 8
	binary := filepath.Join(b.TempDir(), "ledgerd")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	dsn := postgrestest.Start(b, postgrestest.Settings{"shared_buffers": "512MB"}).DSN
	books := benchmarkBooks(b, dsn, users)
	var daemons []daemon
	var addresses []string
	for range 3 {
		d := startDaemon(b, binary, []string{"LEDGERD_DSN=" + dsn}, "--listen=127.0.0.1:0")
		daemons, addresses = append(daemons, d), append(addresses, d.address)
	}
	library := func(ctx context.Context, _ int, id int64) error {
		outcome, err := books.Deposit(ctx, ledger.Deposit{
			ID: scattered(id), Account: userOf(int64(hash(id)), users), Asset: ledger.Asset{Code: "USD", Scale: 2}, Amount: ledger.NewAmount(100),
		})
		return errors.Join(err, outcome.Err)
	}
	one, three := newClients(b, users, addresses[:1]), newClients(b, users, addresses)

	var next atomic.Int64
	each := max(1, b.N/rounds)
	var ofLibrary, threeOfOne, rates, p50, p99 []float64
	first := 0.0
	for round := range rounds {
		inProcess := drive(b, each, &next, library)
		alone := drive(b, each, &next, one.deposit)
		together := drive(b, each, &next, three.deposit)
		ofLibrary = append(ofLibrary, alone.rate/inProcess.rate)
		threeOfOne = append(threeOfOne, together.rate/alone.rate)
		rates = append(rates, alone.rate)
		p50, p99 = append(p50, alone.milliseconds(50)), append(p99, alone.milliseconds(99))
		if round == 0 {
			first = peakMemory(b, daemons[0])
		}
	}
	b.ReportMetric(median(rates), "deposits/s")
	b.ReportMetric(median(ofLibrary), "of-library")
	b.ReportMetric(median(threeOfOne), "three-of-one")
	b.ReportMetric(median(p50), "p50-ms")
	b.ReportMetric(median(p99), "p99-ms")
	b.ReportMetric(peakMemory(b, daemons[0]), "VmHWM-MiB")
	b.ReportMetric(peakMemory(b, daemons[0])-first, "grown-MiB")
	b.ReportMetric(0, "ns/op")
}

// benchmarkBooks opens the default ledger with its users.
func benchmarkBooks(b *testing.B, dsn string, users int) *ledger.Ledger {
	b.Helper()
	store, err := postgres.Open(b.Context(), postgres.Config{DSN: dsn})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	if err := store.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	books, err := ledger.Open(b.Context(), store, ledger.Config{})
	if err != nil {
		b.Fatal(err)
	}
	requests := make([]ledger.AccountRequest, users)
	for i := range requests {
		requests[i] = ledger.AccountRequest{ID: userOf(int64(i), users), Asset: ledger.Asset{Code: "USD", Scale: 2}}
	}
	for chunk := range slices.Chunk(requests, ledger.MaxBatch) {
		if _, err := books.OpenAccounts(b.Context(), chunk); err != nil {
			b.Fatal(err)
		}
	}
	return books
}

// hash scatters ids, so that they come in no order.
func hash(id int64) uint32 { return uint32(uint64(id) * 0x9E3779B97F4A7C15 >> 32) }

func scattered(id int64) string { return fmt.Sprintf("tx_%08x%x", hash(id), id) }

// measured is what a turn took.
type measured struct {
	rate float64
	// latencies are sorted.
	latencies []time.Duration
}

func (m measured) milliseconds(percentile int) float64 {
	return m.latencies[(len(m.latencies)-1)*percentile/100].Seconds() * 1000
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// drive calls do for so many new ids, from so many callers at once.
func drive(b *testing.B, deposits int, next *atomic.Int64, do func(ctx context.Context, caller int, id int64) error) measured {
	b.Helper()
	runtime.GC()
	first := next.Add(int64(deposits)) - int64(deposits)
	latencies := make([]time.Duration, deposits)
	var taken atomic.Int64
	var group sync.WaitGroup
	start := time.Now()
	for caller := range callers {
		group.Go(func() {
			for n := taken.Add(1) - 1; n < int64(deposits); n = taken.Add(1) - 1 {
				began := time.Now()
				if err := do(b.Context(), caller, first+n); err != nil {
					b.Error(err)
					return
				}
				latencies[n] = time.Since(began)
			}
		})
	}
	group.Wait()
	rate := float64(deposits) / time.Since(start).Seconds()
	slices.Sort(latencies)
	return measured{rate, latencies}
}

// clients are callers of ledgerd that cost as little as can be, for they run on
// the machine that is measured.
type clients struct {
	users   int
	callers []client
}

type client struct {
	net.Conn
	reader        *bufio.Reader
	body, request []byte
}

func newClients(b *testing.B, users int, addresses []string) *clients {
	b.Helper()
	c := &clients{users: users, callers: make([]client, callers)}
	for i := range c.callers {
		connection, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", addresses[i%len(addresses)])
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = connection.Close() })
		c.callers[i] = client{Conn: connection, reader: bufio.NewReader(connection)}
	}
	return c
}

func (c *clients) deposit(_ context.Context, caller int, id int64) error {
	call := &c.callers[caller]
	call.body = fmt.Appendf(call.body[:0], `{"amount":1,"transaction_id":"%s"}`, scattered(id))
	call.request = fmt.Appendf(call.request[:0], "POST /users/%s/add HTTP/1.1\r\nHost: ledger\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		userOf(int64(hash(id)), c.users), len(call.body))
	if _, err := call.Write(append(call.request, call.body...)); err != nil {
		return err
	}
	line, err := call.reader.ReadSlice('\n')
	if err == nil && !bytes.HasPrefix(line, []byte("HTTP/1.1 202 ")) {
		err = fmt.Errorf("a deposit was answered %s", line)
	}
	for length := 0; err == nil; {
		if line, err = call.reader.ReadSlice('\n'); err != nil {
			return err
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, err = strconv.Atoi(string(bytes.TrimSpace(value)))
		} else if len(line) == len("\r\n") {
			_, err = call.reader.Discard(length)
			return err
		}
	}
	return err
}

// peakMemory returns the most memory that the process has had, in MiB.
func peakMemory(b *testing.B, d daemon) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	fields := strings.Fields(after)
	if len(fields) == 0 {
		b.Fatal("no VmHWM in its status")
	}
	kib, err := strconv.ParseFloat(fields[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}
