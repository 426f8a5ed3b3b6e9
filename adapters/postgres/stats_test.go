package postgres_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// awaitStats waits until the store is as is says.
func awaitStats(t *testing.T, store *postgres.Store, what string, is func(postgres.Stats) bool) postgres.Stats {
	t.Helper()
	for range 3000 {
		if stats := store.Stats(); is(stats) {
			return stats
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never %s: %+v", what, store.Stats())
	return postgres.Stats{}
}

// TestStatsOfWriters has an account that somebody keeps locked: one caller has the
// committer, and the others, who need the account too, wait.
func TestStatsOfWriters(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	store := openWith(t, postgres.Config{DSN: dsn, Committers: 1, LockTimeout: time.Hour})
	if stats := store.Stats(); stats.Committers != (postgres.Pool{Max: 2}) || stats.Queue != 0 || stats.SlowLane != 0 {
		t.Errorf("before it was asked for anything: %+v", stats)
	}
	l := openLedger(t, store, 1)
	unlock := holding(t, dsn, "SELECT 1 FROM ledger.balances WHERE account = 'a0' FOR UPDATE")
	var callers sync.WaitGroup
	ask := func(id string) {
		callers.Go(func() {
			if _, err := l.Deposit(t.Context(), deposit(id, "a0")); err != nil {
				t.Error(err)
			}
		})
	}
	ask("first")
	before := awaitStats(t, store, "one that commits", func(s postgres.Stats) bool { return s.Committers.Used == 1 && s.Queue == 0 })
	ask("second")
	ask("third")
	awaitStats(t, store, "two that wait", func(s postgres.Stats) bool { return s.Queue == 2 })
	unlock()
	callers.Wait()
	awaitStats(t, store, "idle", func(s postgres.Stats) bool {
		return s.Queue == 0 && s.Committers.Used == 0 && s.Committers.Idle == 1 && s.Committers.Waited > before.Committers.Waited
	})
}

// TestStatsOfTheSlowLane has a caller wait there, and none once the account is free.
func TestStatsOfTheSlowLane(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	store := openWith(t, postgres.Config{DSN: dsn})
	l := openLedger(t, store, 1)
	unlock := holding(t, dsn, "SELECT 1 FROM ledger.balances WHERE account = 'a0' FOR UPDATE")
	answered := make(chan error, 1)
	go func() {
		_, err := l.Deposit(t.Context(), deposit("first", "a0"))
		answered <- err
	}()
	awaitStats(t, store, "one in the slow lane", func(s postgres.Stats) bool { return s.SlowLane == 1 && s.Committers.Used == 1 })
	unlock()
	if err := <-answered; err != nil {
		t.Error(err)
	}
	awaitStats(t, store, "none in the slow lane", func(s postgres.Stats) bool { return s.SlowLane == 0 && s.Committers.Used == 0 })
}

// TestStatsOfReaders has a table that nobody can read for a moment, and one connection
// for two who want to.
func TestStatsOfReaders(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	store := openWith(t, postgres.Config{DSN: dsn, Readers: 1, SweepInterval: -1})
	l := openLedger(t, store, 1)
	idle := awaitStats(t, store, "idle", func(s postgres.Stats) bool { return s.Readers.Used == 0 && s.Readers.Idle == 1 })
	if idle.Readers.Max != 1 {
		t.Errorf("%+v, want at most 1 reader", idle.Readers)
	}
	unlock := holding(t, dsn, "LOCK TABLE ledger.transactions IN ACCESS EXCLUSIVE MODE")
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			if _, err := l.Transaction(t.Context(), "x"); !errors.Is(err, ledger.ErrNotFound) {
				t.Error(err)
			}
		})
	}
	awaitStats(t, store, "one that reads", func(s postgres.Stats) bool { return s.Readers.Used == 1 && s.Readers.Idle == 0 })
	unlock()
	readers.Wait()
}

// TestStatsOfAClosedStore: nothing is left.
func TestStatsOfAClosedStore(t *testing.T) {
	t.Parallel()
	store, err := postgres.Open(t.Context(), postgres.Config{DSN: postgrestest.Database(t, migrated())})
	if err != nil {
		t.Fatal(err)
	}
	openLedger(t, store, 1)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	stats := store.Stats()
	if c, r := stats.Committers, stats.Readers; c.Used+c.Idle+r.Used+r.Idle != 0 {
		t.Errorf("connections are left: %+v", stats)
	}
	if _, err := store.CountPending(t.Context()); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("pending, of a closed store: %v", err)
	}
}
