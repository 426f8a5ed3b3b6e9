//go:build integration

package main

import (
	"fmt"
	"sync"
	"syscall"
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

func testMigrateAtOnce(t *testing.T, binary string) {
	dsn := postgrestest.Database(t, postgrestest.Template{})
	var daemons [8]daemon
	var group sync.WaitGroup
	for i := range daemons {
		group.Go(func() { daemons[i] = startOn(t, binary, dsn, "--migrate", "--demo") })
	}
	group.Wait()
	for i, d := range daemons {
		if d.Cmd == nil {
			t.Fatalf("process %d did not come up", i)
		}
		if got, want := get(t, d.address, "/users/"+demoUser+"/balance"), fmt.Sprintf(balanceFormat, "100"); got != want {
			t.Errorf("got %swant %s", got, want)
		}
		d.signal(t, syscall.SIGTERM)
	}
	for _, d := range daemons {
		d.expectExit(t, 0)
	}
}

func testSchemaRefused(t *testing.T, binary string) {
	dsn := postgrestest.Database(t, postgrestest.Template{})
	const begin = "ledgerd: open the database: the database's schema is "
	expectRefusal(t, binary, []string{"LEDGERD_DSN=" + dsn}, nil, 1, begin+
		"older than this program, at version 0 instead of 6; migrate it first, as ledgerd --migrate does\n")
	seed(t, dsn, 0)
	execute(t, dsn, "INSERT INTO ledger.migrations (version, name) VALUES (9999, '9999_future')")
	for _, args := range [][]string{nil, {"--migrate"}} {
		expectRefusal(t, binary, []string{"LEDGERD_DSN=" + dsn}, args, 1, begin+
			"newer than this program, at version 9999 instead of 6; run a newer version of the program\n")
	}
}
