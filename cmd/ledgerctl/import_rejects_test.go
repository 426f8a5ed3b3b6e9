package main

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/transfer"
)

// TestRejectsOfImportsAtOnce: imports of one file, none of which knows of the others, have
// a file of rejects each.
func TestRejectsOfImportsAtOnce(t *testing.T) {
	t.Parallel()
	const imports = 8
	file := filepath.Join(t.TempDir(), "payments.ndjson")
	var writing sync.WaitGroup
	var files [imports]*rejectsFile
	for i := range files {
		files[i] = newRejectsFile(importFlags{file: file}, transfer.NDJSON)
		writing.Go(func() {
			if _, err := files[i].Write([]byte{byte('a' + i)}); err != nil {
				t.Error(err)
			}
			if err := files[i].Close(); err != nil {
				t.Error(err)
			}
		})
	}
	writing.Wait()
	for i, f := range files {
		if content, err := os.ReadFile(f.name); err != nil || string(content) != string(rune('a'+i)) {
			t.Errorf("%s has %q, %v", f.name, content, err)
		}
	}
	if _, err := os.Stat(file + ".rejects.ndjson"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file + ".rejects-8.ndjson"); err != nil {
		t.Error(err)
	}
}

// TestNamedRejects are written anew, or added to when an import goes on from a line.
func TestNamedRejects(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "rejects")
	for _, test := range []struct {
		from int64
		want string
	}{{1, "x"}, {1, "x"}, {2, "xx"}} {
		f := newRejectsFile(importFlags{file: "-", rejects: name, from: test.from}, transfer.NDJSON)
		if _, err := f.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if content, err := os.ReadFile(name); err != nil || string(content) != test.want {
			t.Errorf("from line %d: %q, %v", test.from, content, err)
		}
	}
}
