package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

// TestReadme runs every ledgerctl line of the README, in order, on a database as it
// comes.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for line := range strings.Lines(string(readme)) {
		if command, ok := strings.CutPrefix(line, "bin/ledgerctl "); ok {
			script.WriteString("exec ledgerctl " + command)
		}
	}
	if lines := strings.Count(script.String(), "\n"); lines < 6 {
		t.Fatalf("it has %d lines of ledgerctl; is this test still reading it right?", lines)
	}
	file := filepath.Join(t.TempDir(), "readme.txtar")
	if err := os.WriteFile(file, []byte(script.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	dsn := postgrestest.Start(t, nil).DSN
	if err := prepareDatabase(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files: []string{file},
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("LEDGERCTL_DSN", dsn)
			return nil
		},
	})
}
