package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestLockedAccountsDelayNoOther has one account that is locked for a moment while
// forty others stay locked for longer, with a caller waiting for each.
func TestLockedAccountsDelayNoOther(t *testing.T) {
	t.Parallel()
	const others = 40
	dsn := postgrestest.Database(t, migrated())
	seen := &observer{}
	l := openLedger(t, openWith(t, postgres.Config{DSN: dsn, Observer: seen}), others+1)
	last := fmt.Sprint("a", others)
	unlockOthers := holding(t, dsn, "SELECT 1 FROM ledger.balances WHERE account ~ '^a' AND account <> '"+last+"' FOR UPDATE")
	var waiting sync.WaitGroup
	for i := range others {
		waiting.Go(func() {
			if _, err := l.Deposit(t.Context(), deposit(fmt.Sprint("other", i), fmt.Sprint("a", i))); err != nil {
				t.Error(err)
			}
		})
	}
	seen.awaitSlow(t, 2)
	unlock := holding(t, dsn, "SELECT 1 FROM ledger.balances WHERE account = '"+last+"' FOR UPDATE")
	time.AfterFunc(300*time.Millisecond, unlock)
	// Who waited for the others would be answered with an error: they stay locked for
	// longer than the slow lane waits.
	for _, id := range []string{"last", "again"} {
		if _, err := l.Deposit(t.Context(), deposit(id, last)); err != nil {
			t.Errorf("who needs the account, %s, was answered %v", id, err)
		}
	}
	unlockOthers()
	waiting.Wait()
}

// TestSlowLaneTimeout has accounts that stay locked: everybody is told so, and
// which one it is, when the time is up. Who leaves before is not served.
func TestSlowLaneTimeout(t *testing.T) {
	t.Parallel()
	const limit = time.Second
	dsn := postgrestest.Database(t, migrated())
	seen := &observer{}
	l := openLedger(t, openWith(t, postgres.Config{DSN: dsn, SlowLaneTimeout: limit, Observer: seen}), 6)
	unlock := holding(t, dsn, "SELECT 1 FROM ledger.balances WHERE account ~ '^a' FOR UPDATE")
	defer unlock()
	var waiting sync.WaitGroup
	for i := range 6 {
		account := fmt.Sprint("a", i)
		waiting.Go(func() {
			start := time.Now()
			_, err := l.Deposit(t.Context(), deposit("to "+account, account))
			elapsed := time.Since(start)
			e, ok := errors.AsType[*ledger.Error](err)
			if !ok || e.Code != ledger.ErrUnavailable || e.Account != account || e.Message != "the account is locked by somebody else" {
				t.Errorf("%s: %v", account, err)
			}
			if elapsed < limit {
				t.Errorf("%s: answered after %v", account, elapsed)
			}
		})
	}
	waiting.Wait()

	leaving, leave := context.WithTimeout(t.Context(), limit/2)
	defer leave()
	if _, err := l.Deposit(leaving, deposit("left", "a0")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("who left was answered %v", err)
	}
	// Another waits behind, and those who left are dropped once they are not waited
	// for any more.
	stayed := make(chan error, 1)
	go func() {
		_, err := l.Deposit(t.Context(), deposit("stayed", "a0"))
		stayed <- err
	}()
	seen.awaitSlow(t, seen.slow.Load()+2)
	unlock()
	if err := <-stayed; err != nil {
		t.Error(err)
	}
	if _, err := l.Transaction(t.Context(), "left"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("the deposit of who left: %v", err)
	}
}

// TestLockedTables has somebody else lock a table that every transaction writes:
// everybody is told so soon, and served again as soon as it is free.
func TestLockedTables(t *testing.T) {
	t.Parallel()
	const callers = 200
	dsn := postgrestest.Database(t, migrated())
	l := openLedger(t, openWith(t, postgres.Config{DSN: dsn}), callers)
	for _, lock := range []string{
		"transactions IN SHARE MODE", "entries IN SHARE MODE", "balances IN SHARE MODE",
		"entries IN ACCESS EXCLUSIVE MODE", "balances IN ACCESS EXCLUSIVE MODE",
	} {
		unlock := holding(t, dsn, "LOCK TABLE ledger."+lock)
		var group sync.WaitGroup
		start := time.Now()
		for i := range callers {
			group.Go(func() {
				_, err := l.Deposit(t.Context(), deposit(fmt.Sprint(lock, i), fmt.Sprint("a", i)))
				e, ok := errors.AsType[*ledger.Error](err)
				if !ok || e.Code != ledger.ErrUnavailable || e.Message != "the database's tables are locked by somebody else" {
					t.Errorf("%s: %v", lock, err)
				}
			})
		}
		group.Wait()
		if elapsed := time.Since(start); elapsed > 2*time.Second {
			t.Errorf("%s: they were answered after %v", lock, elapsed)
		}
		unlock()
		start = time.Now()
		if _, err := l.Deposit(t.Context(), deposit(lock+" again", "a0")); err != nil || time.Since(start) > time.Second {
			t.Errorf("%s: who came after was answered %v after %v", lock, err, time.Since(start))
		}
	}
}
