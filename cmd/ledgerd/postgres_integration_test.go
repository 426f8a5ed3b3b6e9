//go:build integration

package main

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

// TestBinaryOnPostgres drives real processes on a real PostgreSQL.
//
//nolint:paralleltest // Its subtests take the machine one after the other, for some of them measure time.
func TestBinaryOnPostgres(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "ledgerd")
	if out, err := exec.Command("go", "build", "-race", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, test := range []struct {
		name string
		run  func(*testing.T, string)
	}{
		{"restart", testRestart},
		{"two instances", testTwoInstances},
		{"kill ledgerd", testKillLedgerd},
		{"kill PostgreSQL", testKillPostgres},
		{"connection limit", testConnectionLimit},
		{"table lock", testTableLock},
		{"statement timeout", testStatementTimeout},
		{"row lock", testRowLock},
		{"migrate at once", testMigrateAtOnce},
		{"schema refused", testSchemaRefused},
		{"stream, killed", testStreamKilled},
		{"stream, stopped", testStreamStopped},
		{"stream, database away", testStreamDatabaseAway},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			test.run(t, binary)
			t.Logf("took %v", time.Since(start))
		})
	}
}

func startOn(t *testing.T, binary, dsn string, args ...string) daemon {
	t.Helper()
	return startDaemon(t, binary, []string{"LEDGERD_DSN=" + dsn}, append(args, "--listen=127.0.0.1:0")...)
}

func testRestart(t *testing.T, binary string) {
	dsn := postgrestest.Database(t, postgrestest.Template{})
	for run := range 3 {
		d := startOn(t, binary, dsn, "--migrate", "--demo")
		if got, want := get(t, d.address, "/users/"+demoUser+"/balance"), fmt.Sprintf(balanceFormat, fmt.Sprint(100+20*run)); got != want {
			t.Errorf("got %swant %s", got, want)
		}
		body := fmt.Sprintf(`{"amount":20,"transaction_id":"tx_%d"}`, run)
		for _, status := range []string{"202", "422"} {
			if got := add(t, d.address, body); !strings.Contains(got, `"status_code":`+status) {
				t.Error(got)
			}
		}
		history := get(t, d.address, "/users/"+demoUser+"/history?page_size=10")
		if !strings.Contains(history, fmt.Sprintf(`"total":%d,`, run+1)) || !strings.Contains(history, `"tx_0"`) {
			t.Error(history)
		}
		d.signal(t, syscall.SIGTERM)
		d.expectExit(t, 0)
	}
}

// testTwoInstances has every id asked of two processes at once: one does it, the
// other says so, and neither asks anybody to come again.
func testTwoInstances(t *testing.T, binary string) {
	const callers, each, users = 256, 8, 100
	dsn := postgrestest.Database(t, postgrestest.Template{})
	seed(t, dsn, users)
	first, second := startOn(t, binary, dsn), startOn(t, binary, dsn)
	l := newLoad(users)
	start := time.Now()
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for range each {
				id := l.next.Add(1)
				var both [2]int
				var pair sync.WaitGroup
				for i, d := range []daemon{first, second} {
					pair.Go(func() { both[i] = l.ask(t, d.address, id) })
				}
				pair.Wait()
				if both != [2]int{202, 422} && both != [2]int{422, 202} {
					t.Errorf("id %d was answered %d: %s%s", id, both, first.stderr, second.stderr)
				}
			}
		})
	}
	group.Wait()
	t.Logf("%d requests in %v", 2*callers*each, time.Since(start))
	expectBooks(t, dsn, callers*each)
	for _, d := range []daemon{first, second} {
		d.signal(t, syscall.SIGTERM)
		d.expectExit(t, 0)
	}
}

func testKillLedgerd(t *testing.T, binary string) {
	const users = 50
	dsn := postgrestest.Database(t, postgrestest.Template{})
	seed(t, dsn, users)
	l := newLoad(users)
	for range 3 {
		d := startOn(t, binary, dsn)
		ctx, stop := context.WithCancel(t.Context())
		group := l.run(ctx, t, 64, d.address)
		l.awaitAccepted(t, 500)
		d.signal(t, syscall.SIGKILL)
		stop()
		group.Wait()
		_ = d.Wait()
	}
	t.Logf("%d accepted, %d unanswered", len(l.accepted), len(l.unanswered))
	if len(l.unanswered) == 0 {
		t.Error("nothing was under way when it was killed")
	}
	d := startOn(t, binary, dsn)
	l.settle(t, d.address, dsn)
}

func testKillPostgres(t *testing.T, binary string) {
	const users = 50
	server := postgrestest.Start(t, nil)
	seed(t, server.DSN, users)
	d := startOn(t, binary, server.DSN)
	l := newLoad(users)
	ctx, stop := context.WithCancel(t.Context())
	group := l.run(ctx, t, 64, d.address)
	for range 2 {
		l.awaitAccepted(t, 500)
		server.Kill(t)
		l.awaitUnavailable(t)
		time.Sleep(300 * time.Millisecond)
		if got := status(t, d.address, "/readyz"); got != http.StatusServiceUnavailable {
			t.Errorf("/readyz says %d", got)
		}
		server.Restart(t)
		resumed := l.awaitAccepted(t, 1)
		t.Logf("resumed after %v", resumed)
		if resumed > 5*time.Second {
			t.Errorf("service took %v to resume", resumed)
		}
	}
	stop()
	group.Wait()
	t.Logf("%d accepted, %d unanswered, %d of them with 503", len(l.accepted), len(l.unanswered), l.unavailable)
	if len(l.unanswered) == 0 || l.unavailable != len(l.unanswered) {
		t.Errorf("%d deposits were not answered, of which %d with 503", len(l.unanswered), l.unavailable)
	}
	l.settle(t, d.address, server.DSN)
	d.signal(t, syscall.SIGTERM)
	d.expectExit(t, 0)
}

func testConnectionLimit(t *testing.T, binary string) {
	const users = 10
	server := postgrestest.Start(t, postgrestest.Settings{"max_connections": "12"})
	seed(t, server.DSN, users)
	d := startOn(t, binary, server.DSN)
	l := newLoad(users)
	ctx, stop := context.WithCancel(t.Context())
	group := l.run(ctx, t, 32, d.address)
	l.awaitAccepted(t, 100)

	// Others take each connection that is free, and then those of ledgerd.
	config, err := pgx.ParseConfig(server.DSN)
	if err != nil {
		t.Fatal(err)
	}
	var others []*pgx.Conn
	release := func() {
		for _, c := range others {
			_ = c.Close(context.WithoutCancel(t.Context()))
		}
	}
	defer release()
	for deadline := time.Now().Add(10 * time.Second); len(others) < 12 && time.Now().Before(deadline); {
		if c, err := pgx.ConnectConfig(t.Context(), config); err == nil {
			others = append(others, c)
		}
		if len(others) > 0 {
			_, _ = others[0].Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ledger'")
		}
	}
	if len(others) < 12 {
		t.Fatalf("only %d connections are taken", len(others))
	}
	// Those whose commits were cut off are tried again for longer than others.
	l.awaitUnavailable(t)
	before := l.acceptedSoFar()
	time.Sleep(500 * time.Millisecond)
	if got := status(t, d.address, "/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("/readyz says %d", got)
	}
	if after := l.acceptedSoFar(); after != before {
		t.Errorf("%d deposits were accepted without a connection", after-before)
	}
	release()
	t.Logf("resumed after %v", l.awaitAccepted(t, 100))
	stop()
	group.Wait()
	t.Logf("%d accepted, %d unanswered, %d of them with 503", len(l.accepted), len(l.unanswered), l.unavailable)
	if l.unavailable == 0 || l.unavailable != len(l.unanswered) {
		t.Errorf("%d deposits were not answered, of which %d with 503", len(l.unanswered), l.unavailable)
	}
	l.settle(t, d.address, server.DSN)
}

// hold holds what the statement locks until the function is called.
func hold(t *testing.T, dsn, statement string) (release func()) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Exec(t.Context(), "BEGIN; "+statement); err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() { _ = c.Close(context.WithoutCancel(t.Context())) })
	t.Cleanup(release)
	return release
}

// testTableLock has somebody else lock a table for ten seconds, as DDL and an
// index being built do: callers are soon told to come again, and served once it is
// free.
func testTableLock(t *testing.T, binary string) {
	const users = 50
	dsn := postgrestest.Database(t, postgrestest.Template{})
	seed(t, dsn, users)
	d := startOn(t, binary, dsn)
	l := newLoad(users)
	ctx, stop := context.WithCancel(t.Context())
	group := l.run(ctx, t, 64, d.address)
	for _, lock := range []string{
		"entries IN ACCESS EXCLUSIVE MODE", "balances IN ACCESS EXCLUSIVE MODE", "transactions IN SHARE MODE",
	} {
		l.awaitAccepted(t, 100)
		release := hold(t, dsn, "LOCK TABLE ledger."+lock)
		before, refused := l.acceptedSoFar(), l.unavailableSoFar()
		time.Sleep(10 * time.Second)
		if after := l.acceptedSoFar(); after > before+64 {
			t.Errorf("%s: %d deposits were accepted meanwhile", lock, after-before)
		}
		refused = l.unavailableSoFar() - refused
		release()
		resumed := l.awaitAccepted(t, 100)
		t.Logf("%s: %d were answered 503; resumed after %v", lock, refused, resumed)
		// Each of the callers came several times.
		if refused < 5*64 {
			t.Errorf("%s: only %d were answered 503", lock, refused)
		}
		if resumed > 5*time.Second {
			t.Errorf("%s: service took %v to resume", lock, resumed)
		}
	}
	stop()
	group.Wait()
	t.Logf("%d accepted, %d unanswered, %d of them with 503", len(l.accepted), len(l.unanswered), l.unavailable)
	if l.unavailable != len(l.unanswered) {
		t.Errorf("%d deposits were not answered, of which %d with 503", len(l.unanswered), l.unavailable)
	}
	l.settle(t, d.address, dsn)
	d.signal(t, syscall.SIGTERM)
	d.expectExit(t, 0)
}

func testStatementTimeout(t *testing.T, binary string) {
	const users = 50
	dsn := postgrestest.Database(t, postgrestest.Template{})
	seed(t, dsn, users)
	d := startOn(t, binary, dsn+"&statement_timeout=300")
	l := newLoad(users)
	ctx, stop := context.WithCancel(t.Context())
	group := l.run(ctx, t, 64, d.address)
	l.awaitAccepted(t, 100)
	execute(t, dsn, `
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NULL; END';
CREATE TRIGGER slow BEFORE INSERT ON ledger.entries FOR EACH STATEMENT EXECUTE FUNCTION slow()`)
	time.Sleep(3 * time.Second)
	execute(t, dsn, "DROP TRIGGER slow ON ledger.entries")
	resumed := l.awaitAccepted(t, 100)
	t.Logf("resumed after %v", resumed)
	if resumed > 5*time.Second {
		t.Errorf("service took %v to resume", resumed)
	}
	stop()
	group.Wait()
	t.Logf("%d accepted, %d unanswered, %d of them with 503", len(l.accepted), len(l.unanswered), l.unavailable)
	if l.unavailable == 0 || l.unavailable != len(l.unanswered) {
		t.Errorf("%d deposits were not answered, of which %d with 503", len(l.unanswered), l.unavailable)
	}
	l.settle(t, d.address, dsn)
	d.signal(t, syscall.SIGTERM)
	d.expectExit(t, 0)
}

// testRowLock has somebody else hold one account, whose callers wait; the others
// should not notice.
func testRowLock(t *testing.T, binary string) {
	const users = 200
	dsn := postgrestest.Database(t, postgrestest.Template{})
	seed(t, dsn, users+1)
	d := startOn(t, binary, dsn)
	l := newLoad(users)
	ctx, stop := context.WithCancel(t.Context())
	group := l.run(ctx, t, 64, d.address)
	l.awaitAccepted(t, 200)
	rate := func(elapsed time.Duration) float64 {
		before := l.acceptedSoFar()
		time.Sleep(elapsed)
		return float64(l.acceptedSoFar()-before) / elapsed.Seconds()
	}
	free := rate(2 * time.Second)

	release := hold(t, dsn, fmt.Sprintf("SELECT 1 FROM ledger.balances WHERE account = 'user-%d' FOR UPDATE", users))
	locked := newLoad(users + 1)
	locked.next.Store(1 << 40)
	type answer struct {
		status int
		after  time.Duration
	}
	answers := make(chan answer, 8)
	start := time.Now()
	for i := range cap(answers) {
		go func() {
			// An id whose user is the one that is locked.
			id := int64(1+i)*1_000_000*(users+1) + users
			answers <- answer{locked.ask(t, d.address, id), time.Since(start)}
		}()
	}
	held := rate(4 * time.Second)
	release()
	for range cap(answers) {
		a := <-answers
		t.Logf("the locked account: %d after %v", a.status, a.after)
		if a.status != http.StatusAccepted || a.after < 4*time.Second {
			t.Errorf("a deposit to the account that was locked for 4 s was answered %d after %v", a.status, a.after)
		}
	}
	t.Logf("%.0f deposits a second, and %.0f while one account was locked", free, held)
	if held < free/2 {
		t.Errorf("%.0f deposits a second became %.0f while one account was locked", free, held)
	}
	stop()
	group.Wait()
	if len(l.unanswered) != 0 {
		t.Errorf("%d deposits to other accounts were refused", len(l.unanswered))
	}
	expectBooks(t, dsn, len(l.accepted)+cap(answers))
	d.signal(t, syscall.SIGTERM)
	d.expectExit(t, 0)
}
