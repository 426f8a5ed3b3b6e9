//go:build integration

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// BenchmarkStream deposits through the library, by 256 callers, and by one request
// of a stream to one ledgerd, by turns, on one database, for 10,000 users.
// "of-library" is the median ratio of the stream's rate to the library's.
// "VmHWM" is the peak memory of ledgerd, "grown" how much of it came after the first
// tenth of the lines.
func BenchmarkStream(b *testing.B) {
	const users, rounds = 10_000, 20
	binary := filepath.Join(b.TempDir(), "ledgerd")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	dsn := postgrestest.Start(b, postgrestest.Settings{"shared_buffers": "512MB"}).DSN
	books := benchmarkBooks(b, dsn, users)
	d := startDaemon(b, binary, []string{"LEDGERD_DSN=" + dsn}, "--listen=127.0.0.1:0")
	library := func(ctx context.Context, _ int, id int64) error {
		outcome, err := books.Deposit(ctx, ledger.Deposit{
			ID: scattered(id), Account: userOf(int64(hash(id)), users), Asset: ledger.Asset{Code: "USD", Scale: 2}, Amount: ledger.NewAmount(100),
		})
		return errors.Join(err, outcome.Err)
	}
	s := openStream(b, d.address)

	var next atomic.Int64
	each := max(1, b.N/rounds)
	var ofLibrary, libraries, streams []float64
	early := 0.0
	for round := range rounds {
		inProcess := drive(b, each, &next, library).rate
		first := next.Add(int64(each)) - int64(each)
		streamed := s.deposit(b, users, first, each)
		ofLibrary = append(ofLibrary, streamed/inProcess)
		libraries, streams = append(libraries, inProcess), append(streams, streamed)
		if round == rounds/10-1 {
			early = peakMemory(b, d)
		}
	}
	b.ReportMetric(median(streams), "lines/s")
	b.ReportMetric(median(libraries), "library/s")
	b.ReportMetric(median(ofLibrary), "of-library")
	b.ReportMetric(peakMemory(b, d), "VmHWM-MiB")
	b.ReportMetric(peakMemory(b, d)-early, "grown-MiB")
	b.ReportMetric(0, "ns/op")
}

// lineStream is a request under way that costs its client as little as can be.
type lineStream struct {
	net.Conn
	reader  *bufio.Reader
	answers *bufio.Reader
}

func openStream(b *testing.B, address string) *lineStream {
	b.Helper()
	c, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	if _, err := fmt.Fprint(c, "POST /v1/transactions/stream HTTP/1.1\r\nHost: ledger\r\n"+
		"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"); err != nil {
		b.Fatal(err)
	}
	return &lineStream{Conn: c, reader: bufio.NewReaderSize(c, 64<<10)}
}

// deposit sends so many lines, reads their outcomes and returns the rate.
func (s *lineStream) deposit(b *testing.B, users int, first int64, lines int) float64 {
	b.Helper()
	runtime.GC()
	start := time.Now()
	sent := make(chan error, 1)
	go func() { sent <- s.send(users, first, lines) }()
	if s.answers == nil {
		response, err := http.ReadResponse(s.reader, nil)
		if err != nil {
			b.Fatal(err)
		}
		if response.StatusCode != http.StatusOK {
			b.Fatalf("the stream was answered %s", response.Status)
		}
		s.answers = bufio.NewReaderSize(response.Body, 64<<10)
	}
	for range lines {
		line, err := s.answers.ReadSlice('\n')
		if err != nil {
			b.Fatal(err)
		}
		if !bytes.HasPrefix(line, []byte(`{"status":201,`)) {
			b.Fatalf("a line was answered %s", line)
		}
	}
	rate := float64(lines) / time.Since(start).Seconds()
	if err := <-sent; err != nil {
		b.Fatal(err)
	}
	return rate
}

func (s *lineStream) send(users int, first int64, lines int) error {
	var chunk []byte
	for i := range lines {
		id := first + int64(i)
		chunk = fmt.Appendf(chunk, `{"id":"%s","from":"world:USD","to":"%s","amount":"1.00"}`+"\n", scattered(id), userOf(int64(hash(id)), users))
		if len(chunk) < 32<<10 && i < lines-1 {
			continue
		}
		if _, err := fmt.Fprintf(s, "%x\r\n%s\r\n", len(chunk), chunk); err != nil {
			return err
		}
		chunk = chunk[:0]
	}
	return nil
}
