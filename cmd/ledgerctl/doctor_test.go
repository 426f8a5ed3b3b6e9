package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
)

// TestDoctorOnDurableDatabase examines a database as it comes.
func TestDoctorOnDurableDatabase(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t, nil)
	if err := prepareDatabase(t.Context(), server.DSN); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	exit := run(t.Context(), []string{"doctor", "-o", "csv", "--dsn", server.DSN}, func(string) string { return "" }, console.New(nil, &out, &errs))
	if exit != 0 || errs.Len() != 0 {
		t.Errorf("exit %d, said %q", exit, &errs)
	}
	for _, want := range []string{"fsync,ok,on,", "synchronous_commit,ok,on,"} {
		if !strings.Contains(out.String(), "\n"+want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
}
