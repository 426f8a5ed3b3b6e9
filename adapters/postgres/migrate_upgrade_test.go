package postgres

import (
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// firstVersion fills a database with the schema's first version, and books of then:
// an account with an opening balance, and two deposits on different stripes.
const firstVersion = `
INSERT INTO ledger.migrations (version, name) VALUES (1, '0001_ledger');
INSERT INTO ledger.ledgers (name) VALUES ('main');
INSERT INTO ledger.accounts VALUES
	(1, 'a', 'Ann', '2026-01-01', sha256('a'), 1), (1, 'world:USD', '', '2026-01-01', sha256(''), 1);
INSERT INTO ledger.balances
SELECT 1, 'world:USD', s, 1, 1, 2, 'USD', null, CASE s WHEN 0 THEN 30 WHEN 3 THEN 7 ELSE 0 END, 0,
	CASE s WHEN 0 THEN 2 WHEN 3 THEN 1 ELSE 0 END, '2026-01-03'
FROM generate_series(0, 15) AS s;
INSERT INTO ledger.balances VALUES (1, 'a', 0, 2, 1, 2, 'USD', 0, 4, 37, 3, '2026-01-04');
INSERT INTO ledger.transactions VALUES
	(1, 'opening:a', '2026-01-01', 1, sha256('1'), '{world:USD,a}', '{0,0}', '{1,0}'),
	(1, 'tx1', '2026-01-02', 1, sha256('2'), '{world:USD,a}', '{0,0}', '{2,1}'),
	(1, 'tx2', '2026-01-03', 1, sha256('3'), '{world:USD,a}', '{3,0}', '{1,2}'),
	(1, 'fee', '2026-01-04', 1, sha256('4'), '{a,fees}', '{0,0}', '{3,1}');
INSERT INTO ledger.entries VALUES
	(1, 'world:USD', 0, 1, 1, 10, 10, 'opening:a', '2026-01-01'), (1, 'a', 0, 0, 2, 10, 10, 'opening:a', '2026-01-01'),
	(1, 'world:USD', 0, 2, 1, 20, 30, 'tx1', '2026-01-02'), (1, 'a', 0, 1, 2, 20, 30, 'tx1', '2026-01-02'),
	(1, 'world:USD', 3, 1, 1, 7, 7, 'tx2', '2026-01-03'), (1, 'a', 0, 2, 2, 7, 37, 'tx2', '2026-01-03'),
	(1, 'a', 0, 3, 1, 4, 33, 'fee', '2026-01-04'), (1, 'fees', 0, 1, 2, 4, 4, 'fee', '2026-01-04')`

// TestMigrateBooks brings books of the schema's first version up to date, from
// several stores at once.
func TestMigrateBooks(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, postgrestest.Template{})
	connection, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close(t.Context()) })
	steps, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	execute(t, connection, steps[0].sql+firstVersion, pgx.QueryExecModeSimpleProtocol)
	var stores []*Store
	for range 3 {
		store, err := Open(t.Context(), Config{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		stores = append(stores, store)
	}
	var group sync.WaitGroup
	for _, store := range stores {
		group.Go(func() {
			if err := store.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	books, err := ledger.Open(t.Context(), stores[0], ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for account, want := range map[string][]int64{"a": {0, 0, 0, 4}, "world:USD": {10, 30, 7}} {
		page, err := books.Entries(t.Context(), ledger.EntryQuery{Account: account, OldestFirst: true})
		if err != nil || len(page.Entries) != len(want) {
			t.Fatalf("%s has %d entries, %v", account, len(page.Entries), err)
		}
		for i, e := range page.Entries {
			if e.Debits != ledger.NewAmount(want[i]) || !e.EffectiveAt.Equal(e.RecordedAt) {
				t.Errorf("entry %d of %s: %+v, want debits of %d", i, account, e, want[i])
			}
		}
	}
	tx2, err := books.Transaction(t.Context(), "tx2")
	at := time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)
	if err != nil || tx2.Status != ledger.Posted || tx2.EffectiveAt != at || tx2.RecordedAt != at || tx2.Reserved != nil || tx2.Metadata != nil {
		t.Errorf("%+v, %v", tx2, err)
	}
	account, err := books.Account(t.Context(), "a")
	if err != nil || account.Available() != ledger.NewAmount(33) || account.Metadata != nil {
		t.Errorf("%+v, %v", account, err)
	}
}
