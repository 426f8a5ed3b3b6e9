package postgres_test

import (
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestBalancesStayHOT deposits and finds the updates of balances to be
// heap-only, so that they touch no index. It has a server to itself: on one that
// is busy with other tests, old rows stay on their pages for longer.
func TestBalancesStayHOT(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Start(t, postgrestest.Settings{"fsync": "off"}).DSN
	store := openStore(t, dsn)
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	books := openBooks(t, store, "books", 2_000)
	var group sync.WaitGroup
	for caller := range 20 {
		group.Go(func() {
			for n := range 300 {
				if err := books.deposit(t.Context(), caller*300+n); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()

	// A backend reports what it has counted at most once a second, and when it
	// ends: the committers' end with the store.
	if err := books.store.Close(); err != nil {
		t.Fatal(err)
	}
	connection := connect(t, dsn)
	var updated, hot int64
	for deadline := time.Now().Add(20 * time.Second); updated < 5_000 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		const counts = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relid = 'ledger.balances'::regclass"
		if err := connection.QueryRow(t.Context(), counts).Scan(&updated, &hot); err != nil {
			t.Fatal(err)
		}
	}
	// Deposits of one commit to one account share an update.
	if updated < 5_000 || float64(hot) < 0.9*float64(updated) {
		t.Errorf("%d of %d updates were heap-only", hot, updated)
	}
}

// TestOneCallerAlone deposits one at a time through a proxy, and counts what
// each costs: two round trips and one flush of the log.
func TestOneCallerAlone(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t, postgrestest.Settings{"autovacuum": "off", "checkpoint_timeout": "1h"})
	proxy := newProxy(t, server.DSN)
	first := openStore(t, server.DSN)
	if err := first.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	openBooks(t, first, "books", 1)
	connection := connect(t, server.DSN)
	before := walFlushes(t, first, connection)

	second := openStore(t, proxy.dsn, func(c *postgres.Config) { c.Committers, c.SweepInterval = 1, -1 })
	l, err := ledger.Open(t.Context(), second, ledger.Config{Name: "books"})
	if err != nil {
		t.Fatal(err)
	}
	books := &books{Ledger: l, store: second, accounts: 1}
	const deposits = 100
	var connected int64
	for n := range deposits {
		if err := books.deposit(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			// The first one connects and prepares the statements, once.
			connected = proxy.trips.Load()
		}
	}
	if trips := proxy.trips.Load() - connected; trips != 2*(deposits-1) {
		t.Errorf("%d deposits took %d round trips", deposits-1, trips)
	}
	// The server's own processes may have flushed a little for themselves.
	if flushes := walFlushes(t, second, connection) - before; flushes < deposits || flushes > deposits+deposits/10 {
		t.Errorf("%d deposits took %d flushes", deposits, flushes)
	}
}

// walFlushes closes the store and returns how often the server has flushed its
// log. A backend says for certain what it has counted only when it ends.
func walFlushes(t *testing.T, store *postgres.Store, connection *pgx.Conn) (flushes int64) {
	t.Helper()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	const remaining = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ledger'"
	for open := -1; open != 0; time.Sleep(5 * time.Millisecond) {
		if err := connection.QueryRow(t.Context(), remaining).Scan(&open); err != nil {
			t.Fatal(err)
		}
	}
	// From version 18 on the count stands with those of all input and output.
	var version int
	if err := connection.QueryRow(t.Context(), "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		t.Fatal(err)
	}
	count := "SELECT wal_sync FROM pg_stat_wal"
	if version >= 180000 {
		count = "SELECT sum(fsyncs)::bigint FROM pg_stat_io WHERE object = 'wal'"
	}
	if err := connection.QueryRow(t.Context(), count).Scan(&flushes); err != nil {
		t.Fatal(err)
	}
	return flushes
}
