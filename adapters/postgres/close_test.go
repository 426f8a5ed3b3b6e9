package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// labelled calls do, and has the goroutines that it starts, and those that these
// start, carry the test's name: other tests have stores of their own at the time.
func labelled(t *testing.T, do func()) {
	t.Helper()
	pprof.Do(t.Context(), pprof.Labels("test", t.Name()), func(context.Context) { do() })
}

// driverPatience is more than pgx gives a connection that it gives up, to call off what
// runs there and to be closed, on goroutines of its own.
const driverPatience = 20 * time.Second

// expectNoGoroutine expects that none of the test's labelled goroutines is left:
// none of the store's, and when they have ended none of its drivers'.
func expectNoGoroutine(t *testing.T) {
	t.Helper()
	var left []string
	for deadline := time.Now().Add(driverPatience); ; time.Sleep(5 * time.Millisecond) {
		if left = goroutinesOf(t); len(left) == 0 {
			return
		}
		if time.Now().After(deadline) || strings.Contains(strings.Join(left, "\n"), "/adapters/postgres.(") {
			t.Errorf("goroutines are left:\n%s", strings.Join(left, "\n\n"))
			return
		}
	}
}

func goroutinesOf(t *testing.T) (stacks []string) {
	t.Helper()
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		t.Fatal(err)
	}
	for stack := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(stack, fmt.Sprintf("{%q:%q}", "test", t.Name())) {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

func isClosed(err error) bool {
	return errors.Is(err, ledger.ErrUnavailable) && strings.Contains(err.Error(), "the store is closed; nothing was done")
}

// holding has a connection of somebody else's execute the statement in a
// transaction that lasts until the function is called.
func holding(t *testing.T, dsn, statement string) (release func()) {
	t.Helper()
	other, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), "BEGIN; "+statement); err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() { _ = other.Close(context.WithoutCancel(t.Context())) })
	t.Cleanup(release)
	return release
}

// awaitWaiting waits until so many of the store's statements have waited for
// somebody else's lock for longer than a committer does.
func awaitWaiting(t *testing.T, dsn string, statements int) {
	t.Helper()
	connection := connect(t, dsn)
	for range 2000 {
		var n int
		err := connection.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '300 ms'`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n >= statements {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("not %d statements wait for a lock", statements)
}

// TestCloseLeavesNothing closes a store under writers and readers, some of whom
// have left or wait for an account that somebody else has locked.
func TestCloseLeavesNothing(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	labelled(t, func() {
		seen := &observer{}
		store, err := postgres.Open(t.Context(), postgres.Config{DSN: dsn, Observer: seen})
		if err != nil {
			t.Fatal(err)
		}
		l := openLedger(t, store, 10)
		release := holding(t, dsn, "SELECT 1 FROM ledger.balances WHERE account = 'a0' FOR UPDATE")
		defer release()
		leaving, leave := context.WithCancel(t.Context())
		defer leave()
		answered := func(ctx context.Context, err error) bool {
			if err != nil && !isClosed(err) && (ctx.Err() == nil || !errors.Is(err, context.Canceled)) {
				t.Errorf("it was answered %v", err)
			}
			return err != nil
		}
		var callers sync.WaitGroup
		for i := range 24 {
			ctx := t.Context()
			if i%3 == 0 {
				ctx = leaving
			}
			// a0 is the account that is locked.
			account := fmt.Sprint("a", i%8)
			callers.Go(func() {
				for n := 0; ; n++ {
					if _, err := l.Deposit(ctx, deposit(fmt.Sprintf("%d-%d", i, n), account)); answered(ctx, err) {
						return
					}
				}
			})
			callers.Go(func() {
				for {
					_, err := l.Account(ctx, account)
					if err == nil {
						_, err = l.Entries(ctx, ledger.EntryQuery{Account: account})
					}
					if answered(ctx, err) {
						return
					}
				}
			})
		}
		seen.awaitSlow(t, 1)
		leave()
		start := time.Now()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		if elapsed := time.Since(start); elapsed > 2*time.Second {
			t.Errorf("it took %v to close while an account was locked", elapsed)
		}
		callers.Wait()
	})
	expectNoGoroutine(t)
}

// TestCloseWaitsForReads closes a store while a query runs that callers share, and
// who asked has left.
func TestCloseWaitsForReads(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	labelled(t, func() {
		store, err := postgres.Open(t.Context(), postgres.Config{DSN: dsn, StatementTimeout: 3 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		l := openLedger(t, store, 2)
		release := holding(t, dsn, "LOCK TABLE ledger.accounts IN ACCESS EXCLUSIVE MODE")
		var callers sync.WaitGroup
		leaving, leave := context.WithCancel(t.Context())
		callers.Go(func() {
			if _, err := l.Account(leaving, "a0"); !errors.Is(err, context.Canceled) {
				t.Errorf("who left was answered %v", err)
			}
		})
		awaitWaiting(t, dsn, 1)
		leave()
		callers.Wait()
		callers.Go(func() {
			if account, err := l.Account(t.Context(), "a1"); err != nil || account.ID != "a1" {
				t.Errorf("who stayed was answered %q, %v", account.ID, err)
			}
		})
		awaitWaiting(t, dsn, 2)
		var closed atomic.Bool
		callers.Go(func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
			closed.Store(true)
		})
		time.Sleep(300 * time.Millisecond)
		if closed.Load() {
			t.Error("it closed under a read")
		}
		expectClosed(t, store, l)
		release()
		callers.Wait()
	})
	expectNoGoroutine(t)
}

// TestCloseEndsReads closes a store while a query that nobody waits for any more is
// held up for longer than a statement may take.
func TestCloseEndsReads(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	labelled(t, func() {
		store, err := postgres.Open(t.Context(), postgres.Config{DSN: dsn, StatementTimeout: 3 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		l := openLedger(t, store, 1)
		release := holding(t, dsn, "LOCK TABLE ledger.accounts IN ACCESS EXCLUSIVE MODE")
		defer release()
		leaving, leave := context.WithCancel(t.Context())
		var callers sync.WaitGroup
		callers.Go(func() {
			if _, err := l.Account(leaving, "a0"); !errors.Is(err, context.Canceled) {
				t.Errorf("who left was answered %v", err)
			}
		})
		awaitWaiting(t, dsn, 1)
		leave()
		callers.Wait()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	expectNoGoroutine(t)
}

// expectClosed expects that nothing can be asked of the store.
func expectClosed(t *testing.T, store *postgres.Store, l *ledger.Ledger) {
	t.Helper()
	for what, ask := range map[string]func() error{
		"Account":     func() error { _, err := l.Account(t.Context(), "a0"); return err },
		"Entries":     func() error { _, err := l.Entries(t.Context(), ledger.EntryQuery{Account: "a0"}); return err },
		"Transaction": func() error { _, err := l.Transaction(t.Context(), "tx"); return err },
		"Deposit":     func() error { _, err := l.Deposit(t.Context(), deposit("tx", "a0")); return err },
		"Check":       func() error { return store.Check(t.Context()) },
		"Book":        func() error { _, err := store.Book(t.Context(), "another"); return err },
		"OpenBook":    func() error { _, _, err := store.OpenBook(t.Context(), "another"); return err },
		"FindLedgers": func() error { _, err := store.FindLedgers(t.Context(), ledger.LedgerQuery{Limit: 1}); return err },
	} {
		if err := ask(); !isClosed(err) {
			t.Errorf("%s on a closed store is answered %v", what, err)
		}
	}
}

// TestCloseOnSilentServer closes a store whose server does not answer any more: it
// waits for as long as a statement may take, and everybody is answered.
func TestCloseOnSilentServer(t *testing.T) {
	t.Parallel()
	const limit = time.Second
	p := newProxy(t, postgrestest.Database(t, migrated()))
	labelled(t, func() {
		store, err := postgres.Open(t.Context(), postgres.Config{DSN: p.dsn, StatementTimeout: limit})
		if err != nil {
			t.Fatal(err)
		}
		l := openLedger(t, store, 2)
		p.silence.Lock()
		defer p.silence.Unlock()
		before := p.asked.Load()
		var callers sync.WaitGroup
		for what, ask := range map[string]func() error{
			"Account": func() error { _, err := l.Account(t.Context(), "a0"); return err },
			"Entries": func() error { _, err := l.Entries(t.Context(), ledger.EntryQuery{Account: "a0"}); return err },
			"Deposit": func() error { _, err := l.Deposit(t.Context(), deposit("tx", "a0")); return err },
			"Check":   func() error { return store.Check(t.Context()) },
		} {
			callers.Go(func() {
				if err := ask(); !errors.Is(err, ledger.ErrUnavailable) {
					t.Errorf("%s was answered %v", what, err)
				}
			})
		}
		for p.asked.Load() < before+4 {
			time.Sleep(5 * time.Millisecond)
		}
		start := time.Now()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		if elapsed := time.Since(start); elapsed < limit || elapsed > limit+2*time.Second {
			t.Errorf("it took %v to close", elapsed)
		}
		callers.Wait()
	})
	expectNoGoroutine(t)
}

// TestCloseUnderLoad closes a store under callers who ask as long as they are
// answered. Each is, and what was acknowledged is there.
func TestCloseUnderLoad(t *testing.T) {
	t.Parallel()
	const callers, accounts = 64, 20
	dsn := postgrestest.Database(t, migrated())
	store, err := postgres.Open(t.Context(), postgres.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	l := openLedger(t, store, accounts)
	var acknowledged [callers]int64
	var all atomic.Int64
	answered := make(chan error, 2*callers)
	for i := range callers {
		go func() {
			for {
				_, err := l.Deposit(t.Context(), deposit(fmt.Sprintf("%d-%d", i, acknowledged[i]), fmt.Sprint("a", i%accounts)))
				if err != nil {
					answered <- err
					return
				}
				acknowledged[i]++
				all.Add(1)
			}
		}()
		go func() {
			for {
				if _, err := l.Account(t.Context(), fmt.Sprint("a", i%accounts)); err != nil {
					answered <- err
					return
				}
			}
		}()
	}
	for all.Load() < 500 {
		time.Sleep(time.Millisecond)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	deadline := time.After(10 * time.Second)
	for n := range 2 * callers {
		select {
		case err := <-answered:
			if !isClosed(err) {
				t.Errorf("a caller was answered %v", err)
			}
		case <-deadline:
			t.Fatalf("%d of %d callers were answered", n, 2*callers)
		}
	}
	expectClosed(t, store, l)
	again := openLedger(t, openWith(t, postgres.Config{DSN: dsn}), accounts)
	for i, n := range acknowledged {
		for n := range n {
			if _, err := again.Transaction(t.Context(), fmt.Sprintf("%d-%d", i, n)); err != nil {
				t.Error(err)
			}
		}
	}
	world, err := again.Account(t.Context(), ledger.WorldID("USD"))
	if err != nil || world.Posted() != ledger.NewAmount(all.Load()) {
		t.Errorf("%d were acknowledged, and the world has %s, %v", all.Load(), world.Posted(), err)
	}
}
