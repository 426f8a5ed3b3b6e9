//go:build integration

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/transfer"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestBinaryImportKilled kills an import three times in the middle, runs it again, and
// compares with one that was left alone.
func TestBinaryImportKilled(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "ledgerctl")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	file := filepath.Join(t.TempDir(), "payments.ndjson")
	if err := os.WriteFile(file, payments(), 0o600); err != nil {
		t.Fatal(err)
	}
	left, killed := newImportServer(t), newImportServer(t)
	if err := left.run(t, binary, file, 0); err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{5, 20, 40} {
		if err := killed.run(t, binary, file, at); err == nil {
			t.Fatal("the import was not killed")
		}
	}
	if err := killed.run(t, binary, file, 0); err != nil {
		t.Fatal(err)
	}
	if got, want := sortedExport(t, killed.books), sortedExport(t, left.books); got != want {
		t.Errorf("the ledgers differ: %d and %d bytes", len(got), len(want))
	}
}

// payments returns a file whose effective times are given, so that two imports of it are
// the same.
func payments() []byte {
	var b bytes.Buffer
	for i := range 20 {
		fmt.Fprintf(&b, `{"type":"account","id":"a%d","asset":"USD"}`+"\n", i)
	}
	const at = `"asset":"USD","effective_at":"2026-01-31T12:00:00Z"`
	for i := range 8000 {
		fmt.Fprintf(&b, `{"id":"t%d","from":"world:USD","to":"a%d","amount":"%d.00",%s}`+"\n", i, i%20, 1+i%7, at)
		if i%500 == 0 {
			fmt.Fprintf(&b, `{"id":"h%d","from":"a%d","to":"a%d","amount":"1.00","pending":true,%s}`+"\n", i, i%20, (i+1)%20, at)
			fmt.Fprintf(&b, `{"type":"post","transaction":"h%d"}`+"\n", i)
			fmt.Fprintf(&b, `{"type":"reversal","id":"r%d","transaction":"h%d","effective_at":"2026-01-31T12:00:00Z"}`+"\n", i, i)
		}
	}
	return b.Bytes()
}

// importServer serves a ledger, and kills whoever imports into it.
type importServer struct {
	books *ledger.Ledger
	url   string
	// left is how many more requests that write there are before importing is killed.
	left      atomic.Int64
	importing atomic.Pointer[os.Process]
}

func newImportServer(t *testing.T) *importServer {
	t.Helper()
	books, err := ledger.Open(t.Context(), memory.New(memory.Config{}), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := &importServer{books: books}
	handler := ledgerhttp.NewHandler(books, ledgerhttp.Config{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && s.left.Add(-1) == 0 {
			_ = s.importing.Load().Kill() // Before the request is made, or while it is.
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// run imports, and is killed at the writing request of that number, if it is not zero.
func (s *importServer) run(t *testing.T, binary, file string, killAt int64) error {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary, "import", file, "--server", s.url, "--yes")
	command.Env = append(os.Environ(), "HOME="+t.TempDir())
	reading, writing, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Close()
	// It begins when its process is known, and the input is its own to the end.
	command.Args[2], command.Stdin = "-", reading
	s.left.Store(killAt)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	s.importing.Store(command.Process)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = writing.Write(text) // It fails when the process is killed.
		_ = writing.Close()
	}()
	return command.Wait()
}

func sortedExport(t *testing.T, books *ledger.Ledger) string {
	t.Helper()
	var out bytes.Buffer
	w := transfer.NewWriter(&out, transfer.WriterConfig{Format: transfer.NDJSON, IsPortable: true})
	if err := books.Export(t.Context(), w.Write); err != nil {
		t.Fatal(err)
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
