package postgres_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestHoldsOfManyStores has callers of three stores hold, post and void on a few
// accounts while holds expire and all stores sweep. Nobody waits in vain, and in the
// end every row agrees with its reservations.
func TestHoldsOfManyStores(t *testing.T) {
	t.Parallel()
	b := newHoldBooks(t)
	seen := &stuckCommits{}
	var group sync.WaitGroup
	for s := range 3 {
		config := postgres.Config{DSN: b.dsn, SweepInterval: 2 * time.Millisecond, LockTimeout: time.Second, Observer: seen}
		l := openLedger(t, openWith(t, config), 2)
		for caller := range 8 {
			group.Go(func() {
				for n := range 25 {
					id := fmt.Sprintf("%d-%d-%d", s, caller, n)
					holdAndEnd(t, l, id, n)
				}
			})
		}
	}
	group.Wait()
	if n := seen.Load(); n > 0 {
		t.Errorf("%d groups waited in vain", n)
	}
	b.wantConsistent(t)
	b.awaitRow(t, "a0")
	b.awaitRow(t, "a1")
}

// holdAndEnd makes a hold and posts it, voids it or lets it expire, by turns. It may
// have expired before.
func holdAndEnd(t *testing.T, l *ledger.Ledger, id string, n int) {
	t.Helper()
	request := move(id, "a0", "a1")
	if n%2 == 1 {
		request = move(id, "a1", "a0")
	}
	request.Pending, request.ExpiresAt = true, time.Now().Add(time.Duration(5+n%7*10)*time.Millisecond)
	if _, err := l.Post(t.Context(), request); err != nil {
		if code := codeOf(err); code != ledger.ErrInsufficientFunds && code != ledger.ErrInvalidRequest {
			t.Error(err)
		}
		return
	}
	var err error
	switch n % 3 {
	case 0:
		_, err = l.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: id})
	case 1:
		_, err = l.VoidPending(t.Context(), ledger.VoidPendingRequest{Transaction: id})
	}
	if err != nil && codeOf(err) != ledger.ErrExpired {
		t.Error(err)
	}
}

// TestHoldOfWorldAccounts has many post, void and reverse what moves between world
// accounts alone. No lock on an account keeps them apart; one of them is first, and
// what he did stands.
func TestHoldOfWorldAccounts(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	var ledgers []*ledger.Ledger
	for range 2 {
		ledgers = append(ledgers, openLedger(t, openWith(t, postgres.Config{DSN: dsn}), 1))
	}
	world := ledger.WorldID("USD")
	for round := range 10 {
		id := fmt.Sprint("hold", round)
		request := move(id, world, world)
		request.Pending, request.Entries[1].Normal = true, 0
		if _, err := ledgers[0].Post(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		applied := make(chan ledger.TransactionStatus, 8)
		var group sync.WaitGroup
		for caller := range cap(applied) {
			group.Go(func() {
				l := ledgers[caller%2]
				var outcome ledger.Outcome
				var err error
				if caller < 4 {
					outcome, err = l.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: id})
				} else {
					outcome, err = l.VoidPending(t.Context(), ledger.VoidPendingRequest{Transaction: id})
				}
				if err != nil && codeOf(err) != ledger.ErrAlreadyResolved {
					t.Error(err)
				}
				if outcome.Result == ledger.Applied {
					applied <- outcome.Transaction.Status
				}
			})
		}
		group.Wait()
		found, err := ledgers[0].Transaction(t.Context(), id)
		if n := len(applied); err != nil || n != 1 || <-applied != found.Status {
			t.Errorf("it was resolved %d times, and is %s, %v", n, found.Status, err)
		}
	}
	if account, err := ledgers[0].Account(t.Context(), world); err != nil || account.Posted().Sign() != 0 || account.Balance.PendingDebits.Sign() != 0 {
		t.Errorf("%+v, %v", account, err)
	}
}

// TestCloseEndsSweeps closes stores while they sweep.
func TestCloseEndsSweeps(t *testing.T) {
	t.Parallel()
	b := newHoldBooks(t)
	for n := range 20 {
		b.hold(t, fmt.Sprint("hold", n))
	}
	b.expire(t)
	labelled(t, func() {
		for range 10 {
			store, err := postgres.Open(t.Context(), postgres.Config{DSN: b.dsn, SweepInterval: time.Millisecond})
			if err != nil {
				t.Error(err)
				return
			}
			openLedger(t, store, 0)
			time.Sleep(5 * time.Millisecond)
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	expectNoGoroutine(t)
	b.wantConsistent(t)
}

// TestSweepAfterCut cuts the sweeper's connection.
func TestSweepAfterCut(t *testing.T) {
	t.Parallel()
	b := newHoldBooks(t)
	openLedger(t, openWith(t, postgres.Config{DSN: b.dsn, SweepInterval: 5 * time.Millisecond}), 0)
	for n := range 3 {
		const cut = `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE application_name = 'ledger' AND datname = current_database()`
		exec(t, b.connection, cut)
		b.hold(t, fmt.Sprint("hold", n))
		b.expire(t)
		b.awaitRow(t, "a0")
		b.awaitRow(t, "a1")
	}
}
