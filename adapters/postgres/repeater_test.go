package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// slowCommit makes the commit of a transaction with the id "slow" wait as long as
// somebody holds the advisory lock 7, for which nobody but holdCommits asks: it does
// not wait for it as locks are waited for, of which a store takes note.
const slowCommit = `
CREATE FUNCTION ledger.sleep() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
	WHILE EXISTS (
		SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
		WHERE d.datname = current_database() AND l.locktype = ''advisory'' AND l.objid = 7
	) LOOP
		PERFORM pg_sleep(0.005);
	END LOOP;
	RETURN NULL;
END';
CREATE CONSTRAINT TRIGGER sleep AFTER INSERT ON ledger.transactions DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (NEW.id = 'slow') EXECUTE FUNCTION ledger.sleep()`

// holdCommits makes slow commits wait until they are released.
func holdCommits(t *testing.T, connection *pgx.Conn) (release func()) {
	t.Helper()
	for _, statement := range []string{slowCommit, "SELECT pg_advisory_lock(7)"} {
		if _, err := connection.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		t.Helper()
		if _, err := connection.Exec(t.Context(), "SELECT pg_advisory_unlock(7)"); err != nil {
			t.Fatal(err)
		}
	}
}

// awaitCommit waits until a slow commit of another backend than a known one is in
// flight, and returns its backend.
func awaitCommit(t *testing.T, connection *pgx.Conn, known int) (pid int) {
	t.Helper()
	const find = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep' AND pid <> $1"
	for {
		err := connection.QueryRow(t.Context(), find, known).Scan(&pid)
		if err == nil {
			return pid
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestLostCommitAndRepeater cuts a store's connection while COMMIT is in flight,
// as another store is asked for the same id. Whether it is committed after all or
// not, one is told that it was applied and the other that it was replayed.
func TestLostCommitAndRepeater(t *testing.T) {
	t.Parallel()
	for _, committed := range []bool{true, false} {
		t.Run(map[bool]string{true: "committed", false: "rolled back"}[committed], func(t *testing.T) {
			t.Parallel()
			dsn := postgrestest.Database(t, migrated())
			p, through := newCutter(t, dsn)
			seen := &observer{}
			first := openLedger(t, openWith(t, postgres.Config{DSN: through, Observer: seen}), 1)
			second := openLedger(t, openWith(t, postgres.Config{DSN: dsn, LockTimeout: 10 * time.Second}), 1)
			watch := connect(t, dsn)
			release := holdCommits(t, watch)
			type answer struct {
				outcome ledger.Outcome
				err     error
			}
			ask := func(l *ledger.Ledger) <-chan answer {
				answered := make(chan answer, 1)
				go func() {
					outcome, err := l.Deposit(t.Context(), deposit("slow", "a0"))
					answered <- answer{outcome, err}
				}()
				return answered
			}

			asked := ask(first)
			pid := awaitCommit(t, watch, 0)
			p.muted.Store(true)
			repeated := ask(second)
			if !committed {
				// The repeater waits for the account by now, and has it next, for the
				// first cannot come back at once.
				awaitLocks(t, watch)
				if _, err := watch.Exec(t.Context(), "SELECT pg_terminate_backend($1)", pid); err != nil {
					t.Fatal(err)
				}
				awaitCommit(t, watch, pid)
			}
			release()
			for p.cuts.Load() == 0 {
				time.Sleep(time.Millisecond)
			}
			p.muted.Store(false)

			a, b := <-asked, <-repeated
			if a.err != nil || b.err != nil {
				t.Fatalf("they were answered %v and %v", a.err, b.err)
			}
			want := [2]ledger.Result{ledger.Applied, ledger.Replayed}
			if !committed {
				want[0], want[1] = want[1], want[0]
			}
			if got := [2]ledger.Result{a.outcome.Result, b.outcome.Result}; got != want {
				t.Errorf("they were answered %v, want %v", got, want)
			}
			if seen.uncertain.Load() == 0 {
				t.Error("no commit was lost")
			}
			account, err := second.Account(t.Context(), "a0")
			if err != nil || account.Posted() != ledger.NewAmount(1) {
				t.Errorf("the account has %s, %v", account.Posted(), err)
			}
		})
	}
}

// awaitLocks waits until a statement waits for somebody's lock.
func awaitLocks(t *testing.T, connection *pgx.Conn) {
	t.Helper()
	for {
		var waits bool
		err := connection.QueryRow(t.Context(),
			"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')").Scan(&waits)
		if err != nil {
			t.Fatal(err)
		}
		if waits {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
