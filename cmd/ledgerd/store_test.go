package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

// migrated is a database with the schema that ledgerd knows.
func migrated() postgrestest.Template {
	return postgrestest.Template{Name: "migrated", Prepare: func(ctx context.Context, dsn string) error {
		store, err := postgres.Open(ctx, postgres.Config{DSN: dsn})
		if err != nil {
			return err
		}
		defer store.Close()
		return store.Migrate(ctx)
	}}
}

// query asks the database itself, for one value.
func query[T any](t *testing.T, dsn, statement string, args ...any) (value T) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(t.Context())
	if err := connection.QueryRow(t.Context(), statement, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return value
}

func execute(t *testing.T, dsn, statement string) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(t.Context())
	if _, err := connection.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// refuse runs ledgerd, which should not start, and returns its exit code and
// what it says.
func refuse(t *testing.T, environment map[string]string, args ...string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var stdout, stderr output
	code := run(ctx, append(args, "--listen=127.0.0.1:0"), func(name string) string { return environment[name] }, &stdout, &stderr)
	return code, stderr.String()
}

func TestDatabaseKeepsTheBooks(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, postgrestest.Template{})
	for run, environment := range []map[string]string{{"LEDGERD_MIGRATE": "true"}, nil} {
		p := start(t, drainLimit, environment, "--listen=127.0.0.1:0", "--demo", "--dsn="+dsn)
		address := p.stderr.address(t)
		if got, want := get(t, address, "/users/"+demoUser+"/balance"), fmt.Sprintf(balanceFormat, fmt.Sprint(100+20*run)); got != want {
			t.Errorf("run %d: got %swant %s", run, got, want)
		}
		if got := add(t, address, fmt.Sprintf(`{"amount":20,"transaction_id":"tx_%d"}`, run)); !strings.Contains(got, `"status_code":202`) {
			t.Error(got)
		}
		if got := add(t, address, `{"amount":20,"transaction_id":"tx_0"}`); !strings.Contains(got, `"status_code":422`) {
			t.Error(got)
		}
		if got := get(t, address, "/readyz"); !strings.Contains(got, `"message":"ready"`) {
			t.Error(got)
		}
		p.stop()
		if code := <-p.exit; code != 0 {
			t.Errorf("exit code %d: %s", code, &p.stderr)
		}
		log := p.stderr.String()
		if !strings.Contains(log, `"msg":"the ledger is in PostgreSQL","ledger":"main"`) ||
			strings.Contains(log, "in memory") || strings.Contains(log, "postgres://") {
			t.Error(log)
		}
		expectNoConnections(t, dsn)
	}
}

// expectNoConnections waits a moment, for a backend ends after its client.
func expectNoConnections(t *testing.T, dsn string) {
	t.Helper()
	const count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ledger' AND datname = current_database()"
	for range 100 {
		if query[int](t, dsn, count) == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("connections are still open")
}

// TestDatabaseHasNoDemo: in a database, the demo user is there when asked for.
func TestDatabaseHasNoDemo(t *testing.T) {
	t.Parallel()
	p := start(t, drainLimit, map[string]string{"LEDGERD_DSN": postgrestest.Database(t, migrated())}, "--listen=127.0.0.1:0")
	if got := get(t, p.stderr.address(t), "/users/"+demoUser+"/balance"); !strings.Contains(got, "user not found") {
		t.Error(got)
	}
	p.stop()
	if code := <-p.exit; code != 0 {
		t.Errorf("exit code %d: %s", code, &p.stderr)
	}
}

// TestDemoTwiceAtOnce has two servers open the same demo user.
func TestDemoTwiceAtOnce(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	var group sync.WaitGroup
	for range 2 {
		p := start(t, drainLimit, map[string]string{"LEDGERD_DSN": dsn, "LEDGERD_DEMO": "true"}, "--listen=127.0.0.1:0")
		group.Go(func() {
			if got, want := get(t, p.stderr.address(t), "/users/"+demoUser+"/balance"), fmt.Sprintf(balanceFormat, "100"); got != want {
				t.Errorf("got %swant %s", got, want)
			}
			p.stop()
			if code := <-p.exit; code != 0 {
				t.Errorf("exit code %d: %s", code, &p.stderr)
			}
		})
	}
	group.Wait()
}

func TestSchemaRefusals(t *testing.T) {
	t.Parallel()
	older := postgrestest.Database(t, postgrestest.Template{})
	newer := postgrestest.Database(t, migrated())
	execute(t, newer, "INSERT INTO ledger.migrations (version, name) VALUES (9999, '9999_future')")
	for name, test := range map[string]struct {
		dsn  string
		args []string
		want string
	}{
		"older": {older, nil, "ledgerd: open the database: the database's schema is older than this program, at version 0 instead of 6; " +
			"migrate it first, as ledgerd --migrate does\n"},
		"newer": {newer, nil, "ledgerd: open the database: the database's schema is newer than this program, at version 9999 instead of 6; " +
			"run a newer version of the program\n"},
		"newer, migrate": {newer, []string{"--migrate"}, "ledgerd: open the database: the database's schema is newer than this program, " +
			"at version 9999 instead of 6; run a newer version of the program\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stderr := refuse(t, map[string]string{"LEDGERD_DSN": test.dsn}, test.args...)
			if code != 1 || stderr != test.want {
				t.Errorf("exit code %d: %swant %s", code, stderr, test.want)
			}
		})
	}
}

func TestAssetContradictsTheLedger(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	p := start(t, drainLimit, nil, "--listen=127.0.0.1:0", "--demo", "--dsn="+dsn, "--asset=MILES/2")
	p.stderr.address(t)
	p.stop()
	<-p.exit
	code, stderr := refuse(t, nil, "--dsn="+dsn, "--asset=MILES/3")
	if !strings.HasSuffix(stderr, "ledgerd: the asset MILES/3 contradicts the ledger, which has MILES/2; a scale never changes\n") || code != 2 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	other := start(t, drainLimit, nil, "--listen=127.0.0.1:0", "--dsn="+dsn, "--asset=MILES/3", "--ledger=other")
	other.stderr.address(t)
	other.stop()
	if code := <-other.exit; code != 0 {
		t.Errorf("exit code %d: %s", code, &other.stderr)
	}
}

// TestNoCredentialsInErrors asks databases that refuse or are not there.
func TestNoCredentialsInErrors(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, dsn := range map[string]string{
		"wrong password":      passwordDSN(t, "hunter2"),
		"nobody there":        "postgres://joe:hunter2@" + closed.Addr().String() + "/db",
		"nobody there, words": "host=127.0.0.1 port=1 user=joe password=hunter2 dbname=db",
		"unknown host":        "postgres://joe:hunter2@host.invalid/db",
		"two hosts":           "postgres://joe:hunter2@" + closed.Addr().String() + ",127.0.0.1:1/db?target_session_attrs=read-write",
	} {
		for _, args := range [][]string{{}, {"--migrate"}} {
			t.Run(name+strings.Join(args, ""), func(t *testing.T) {
				t.Parallel()
				code, stderr := refuse(t, map[string]string{"LEDGERD_DSN": dsn}, args...)
				if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "ledgerd: ") {
					t.Errorf("exit code %d: %s", code, stderr)
				}
				if strings.Contains(stderr, "hunter2") {
					t.Errorf("the password is in its error: %s", stderr)
				}
			})
		}
	}
}

// passwordDSN is a database that asks for another password than this one.
func passwordDSN(t *testing.T, password string) string {
	t.Helper()
	server := postgrestest.Start(t, nil)
	execute(t, server.DSN, "CREATE ROLE joe LOGIN PASSWORD 'secret'")
	file := query[string](t, server.DSN, "SHOW hba_file")
	execute(t, server.DSN, "COPY (SELECT 'host postgres joe 127.0.0.1/32 scram-sha-256') TO '"+file+"'; SELECT pg_reload_conf()")
	location, err := url.Parse(server.DSN)
	if err != nil {
		t.Fatal(err)
	}
	location.User = url.UserPassword("joe", password)
	return location.String()
}

// TestReadiness takes the database away and gives it back.
func TestReadiness(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t, nil)
	p := start(t, drainLimit, nil, "--listen=127.0.0.1:0", "--migrate", "--dsn="+server.DSN)
	address := p.stderr.address(t)
	expect := func(want int) {
		t.Helper()
		var got int
		for range 200 {
			if got = status(t, address, "/readyz"); got == want {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if alive := status(t, address, "/healthz"); got != want || alive != 200 {
			t.Errorf("/readyz says %d, want %d; /healthz says %d", got, want, alive)
		}
	}
	expect(200)
	for range 2 {
		server.Kill(t)
		expect(503)
		server.Restart(t)
		expect(200)
	}
	p.stop()
	if code := <-p.exit; code != 0 {
		t.Errorf("exit code %d: %s", code, &p.stderr)
	}
}

func TestCloseWithin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hangs := make(chan struct{})
		err := closeWithin(time.Minute, func() error { <-hangs; return nil })
		if err == nil || err.Error() != "the store did not close within 1m0s" {
			t.Error(err)
		}
		close(hangs)
		if err := closeWithin(time.Minute, func() error { return net.ErrClosed }); err != net.ErrClosed {
			t.Error(err)
		}
	})
}

func status(t *testing.T, address, path string) int {
	t.Helper()
	response, err := http.Get("http://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, response)
	return response.StatusCode
}
