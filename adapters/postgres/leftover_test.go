package postgres_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestFaultsLeaveNothing has a store live through one fault after the other under
// callers who do not wait for long. A moment after each fault the store has no
// more goroutines than before, and serves; once it is closed, it has none.
func TestFaultsLeaveNothing(t *testing.T) {
	t.Parallel()
	const accounts = 8
	dsn := postgrestest.Database(t, migrated())
	cut, through := newCutter(t, dsn)
	p := newProxy(t, through)
	watch := connect(t, dsn)
	locked := func(statement string) func() {
		return func() {
			unlock := holding(t, dsn, statement)
			time.Sleep(500 * time.Millisecond)
			unlock()
		}
	}
	labelled(t, func() {
		store, err := postgres.Open(t.Context(), postgres.Config{DSN: p.dsn, Readers: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		}()
		l := openLedger(t, store, accounts)
		before := 0
		for _, fault := range []struct {
			name string
			have func()
		}{
			{"nothing", func() { time.Sleep(200 * time.Millisecond) }},
			{"a locked account", locked("SELECT 1 FROM ledger.balances WHERE account = 'a0' FOR UPDATE")},
			{"a table that cannot be written", locked("LOCK TABLE ledger.entries IN SHARE MODE")},
			{"a table that cannot be read", locked("LOCK TABLE ledger.accounts, ledger.balances IN ACCESS EXCLUSIVE MODE")},
			{"killed backends", func() {
				for range 5 {
					const kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ledger' AND datname = current_database()"
					if _, err := watch.Exec(t.Context(), kill); err != nil {
						t.Error(err)
					}
					time.Sleep(50 * time.Millisecond)
				}
			}},
			{"cut connections", func() {
				cut.muted.Store(true)
				time.Sleep(300 * time.Millisecond)
				cut.muted.Store(false)
			}},
			{"a silent server", func() {
				p.silence.Lock()
				time.Sleep(500 * time.Millisecond)
				p.silence.Unlock()
			}},
		} {
			callers := askAllOf(t, l, fault.name, accounts)
			fault.have()
			callers()
			if _, err := l.Deposit(t.Context(), deposit("after "+fault.name, "a0")); err != nil {
				t.Errorf("after %s: %v", fault.name, err)
			}
			if before == 0 {
				before = countGoroutines(t)
				continue
			}
			for deadline := time.Now().Add(driverPatience); countGoroutines(t) > before; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("after %s there are %d goroutines, and %d before:\n%s",
						fault.name, countGoroutines(t), before, strings.Join(goroutinesOf(t), "\n\n"))
				}
			}
		}
	})
	expectNoGoroutine(t)
}

// askAllOf has callers write and read who wait for a tenth of a second at most,
// until the function is called.
func askAllOf(t *testing.T, l *ledger.Ledger, name string, accounts int) (stop func()) {
	t.Helper()
	var callers sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	for i := range 4 * accounts {
		account := fmt.Sprint("a", i%accounts)
		callers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				within, leave := context.WithTimeout(ctx, 100*time.Millisecond)
				// What they are answered is other tests' business.
				_, _ = l.Deposit(within, deposit(fmt.Sprintf("%s %d-%d", name, i, n), account))
				_, _ = l.Account(within, account)
				_, _ = l.Entries(within, ledger.EntryQuery{Account: account})
				leave()
			}
		})
	}
	return func() { cancel(); callers.Wait() }
}

// countGoroutines counts the test's labelled goroutines.
func countGoroutines(t *testing.T) (n int) {
	t.Helper()
	for _, stack := range goroutinesOf(t) {
		count, _, _ := strings.Cut(strings.TrimSpace(stack), " ")
		some, err := strconv.Atoi(count)
		if err != nil {
			t.Fatalf("%v: %s", err, stack)
		}
		n += some
	}
	return n
}
