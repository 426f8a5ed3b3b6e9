package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
)

// fullDisk is an output that takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// TestSecretLost makes tokens whose secrets cannot be printed: whoever asked is told that
// they are there, and what to do.
func TestSecretLost(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, postgrestest.Template{Name: "ledgerctl", Prepare: prepareDatabase})
	for name, args := range map[string][]string{"table": {}, "json": {"-o", "json"}, "csv": {"-o", "csv"}} {
		var errs bytes.Buffer
		args := append([]string{"token", "create", name, "--role", "read", "--dsn", dsn}, args...)
		exit := run(context.Background(), args, func(string) string { return "" }, console.New(nil, fullDisk{}, &errs)) //nolint:forbidigo // As of a process.
		want := `token "` + name + `" was made, but its secret is lost; revoke it`
		if exit != exitFailed || !strings.Contains(errs.String(), want) || strings.Contains(errs.String(), "ledger_") {
			t.Errorf("%s: exit %d, said %q", name, exit, &errs)
		}
	}
}

// TestNamesOfOtherBytes gives names that are no text, as a process can be given: the
// database is not asked.
func TestNamesOfOtherBytes(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, postgrestest.Template{Name: "ledgerctl", Prepare: prepareDatabase})
	for _, name := range []string{"\xff", "a\x00", "a\x1b[2J"} {
		for _, args := range [][]string{{"token", "revoke", name}, {"token", "create", name, "--role", "read"}} {
			var out, errs bytes.Buffer
			exit := run(context.Background(), append(args, "--dsn", dsn), func(string) string { return "" }, console.New(nil, &out, &errs)) //nolint:forbidigo // As above.
			if exit != exitUsage || out.Len() > 0 || !strings.Contains(errs.String(), "without control characters") {
				t.Errorf("%q: exit %d, said %q and %q", args, exit, &out, &errs)
			}
		}
	}
}
