package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/load"
	"github.com/seed-d432d95b/ledger/ledger"
)

// serve serves a ledger until the test ends, and returns the URL.
func serve(t *testing.T, store ledger.Store, catalog ledger.Catalog) string {
	t.Helper()
	books, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	serving := ledgerhttp.NewServer(books, ledgerhttp.Config{Catalog: catalog})
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- serving.Serve(listener) }()
	t.Cleanup(func() {
		if err := serving.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		<-served
	})
	return "http://" + listener.Addr().String()
}

// interrupted runs a command on a server, and interrupts it when the ledger has
// written so many times. A second time it is let finish.
func interrupted(t *testing.T, after int64, args ...string) (code int, out, errs string, again func() (int, string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var writes atomic.Int64
	store := memory.New(memory.Config{Now: func() time.Time {
		if writes.Add(1) == after {
			cancel()
		}
		return time.Now()
	}})
	args = append(args, "--yes", "--server", serve(t, store, ledger.NewCatalog(store)))
	getenv := func(name string) string { return map[string]string{"HOME": t.TempDir()}[name] }
	start := func(ctx context.Context) (int, string, string) {
		var out, errs bytes.Buffer
		code := run(ctx, args, getenv, console.New(strings.NewReader(""), &out, &errs))
		return code, out.String(), errs.String()
	}
	code, out, errs = start(ctx)
	return code, out, errs, func() (int, string) {
		code, out, _ := start(t.Context())
		return code, out
	}
}

func TestBenchInterrupted(t *testing.T) {
	t.Parallel()
	code, out, errs, _ := interrupted(t, 200, "bench", "--duration", "1h", "--warm-up", "0", "--accounts", "20", "--callers", "4", "-o", "json")
	if code != exitInterrupted || !strings.HasSuffix(errs, "ledgerctl: interrupted; the report is of what was done until then\n") {
		t.Errorf("exit %d, %s", code, errs)
	}
	var report load.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if !report.Interrupted || !report.Books.Checked || report.Books.ProblemCount != 0 || report.Operations == 0 || report.Failed != 0 {
		t.Errorf("%+v", report)
	}
}

func TestSeedInterrupted(t *testing.T) {
	t.Parallel()
	code, out, errs, again := interrupted(t, 50, "seed", "--transactions", "3000")
	if code != exitInterrupted || out != "" || !strings.Contains(errs, "of 3000 transactions are in the ledger; repeat the command to go on\n") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	code, out = again()
	if code != 0 || !strings.Contains(out, "COMPLETE      true") || strings.Contains(out, "REPLAYED      0") {
		t.Errorf("exit %d, %s", code, out)
	}
}

// liars is a catalog of ledgers of which each says once that it did what it did not.
type liars struct{ ledger.Catalog }

func (c liars) Ledger(ctx context.Context, name string) (ledger.Service, error) {
	books, err := c.Catalog.Ledger(ctx, name)
	return liar{books}, err
}

type liar struct{ ledger.Service }

func (l liar) Post(ctx context.Context, request ledger.TransactionRequest) (ledger.Outcome, error) {
	if strings.HasSuffix(request.ID, "-1x") {
		return l.DryRun(ctx, request)
	}
	return l.Service.Post(ctx, request)
}

func TestBenchFailsWhenTheBooksAreWrong(t *testing.T) {
	t.Parallel()
	store := memory.New(memory.Config{})
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{
		"bench", "--yes", "--mix", "transfer", "--count", "100", "--warm-up", "0", "--accounts", "5",
		"--server", serve(t, store, liars{ledger.NewCatalog(store)}),
	}, func(string) string { return "" }, console.New(strings.NewReader(""), &out, &errs))
	if code != exitFailed || !strings.Contains(errs.String(), "ledgerctl: the books are wrong in 2 places; the first: account \"bench-") ||
		!strings.Contains(out.String(), "lost 1 of ") {
		t.Errorf("exit %d\n%s%s", code, out.String(), errs.String())
	}
}
