package postgres

import (
	"slices"
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

// secondVersion fills a database with the schema's second version, and books of then:
// a deposit, and transactions that were made pending and came to each end, one of them
// between world accounts alone.
const secondVersion = `
INSERT INTO ledger.migrations (version, name) VALUES (1, '0001_ledger'), (2, '0002_pending');
INSERT INTO ledger.ledgers (name) VALUES ('main');
INSERT INTO ledger.accounts VALUES
	(1, 'a', 'Ann', '2026-01-01', sha256('a'), 1), (1, 'b', 'Bob', '2026-01-01', sha256('b'), 1), (1, 'world:USD', '', '2026-01-01', sha256(''), 1);
INSERT INTO ledger.balances
SELECT 1, 'world:USD', s, 1, 1, 2, 'USD', null, CASE s WHEN 0 THEN 30 ELSE 0 END, 0, CASE s WHEN 0 THEN 1 ELSE 0 END, '2026-01-02'
FROM generate_series(0, 15) AS s;
INSERT INTO ledger.balances VALUES
	(1, 'a', 0, 2, 1, 2, 'USD', 0, 4, 30, 2, '2026-01-06', 3, null), (1, 'b', 0, 2, 1, 2, 'USD', 0, 0, 4, 1, '2026-01-06', null, 3);
INSERT INTO ledger.transactions VALUES (1, 'deposit', '2026-01-02', 1, sha256('1'), '{world:USD,a}', '{0,0}', '{1,1}');
INSERT INTO ledger.transactions
	(ledger, id, recorded_at, attempt, fingerprint, accounts, stripes, sequences, expires_at, reserved_sides, reserved_amounts) VALUES
	(1, 'pending', '2026-01-03', 1, sha256('2'), '{a,b}', '{}', '{}', null, '{1,2}', '{3,3}'),
	(1, 'posted', '2026-01-04', 1, sha256('3'), '{a,b}', '{}', '{}', null, '{1,2}', '{5,5}'),
	(1, 'voided', '2026-01-05', 1, sha256('4'), '{a,b,a,b}', '{}', '{}', null, '{1,2,1,2}', '{1,1,1,1}'),
	(1, 'expired', '2026-01-06', 1, sha256('5'), '{a,b}', '{}', '{}', '2026-01-07', '{1,2}', '{1,1}'),
	(1, 'within', '2026-01-08', 1, sha256('6'), '{world:USD,world:USD}', '{}', '{}', null, '{1,2}', '{1,1}');
INSERT INTO ledger.resolutions VALUES (1, 'posted', 1, '2026-01-06', 1, null, '{0,0}', '{2,1}');
INSERT INTO ledger.resolutions VALUES (1, 'voided', 3, '2026-01-06', 1);
INSERT INTO ledger.reservations VALUES (1, 'a', 'infinity', 'pending', 3, 0), (1, 'b', 'infinity', 'pending', 0, 3);
INSERT INTO ledger.entries VALUES
	(1, 'world:USD', 0, 1, 1, 30, 30, 'deposit', '2026-01-02', 30), (1, 'a', 0, 1, 2, 30, 30, 'deposit', '2026-01-02', 0),
	(1, 'a', 0, 2, 1, 4, 26, 'posted', '2026-01-06', 4), (1, 'b', 0, 1, 2, 4, 4, 'posted', '2026-01-06', 0)`

// TestMigratePending brings books of the schema's second version up to date: what was
// pending is listed by account, time and status.
func TestMigratePending(t *testing.T) {
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
	execute(t, connection, steps[0].sql+steps[1].sql+secondVersion, pgx.QueryExecModeSimpleProtocol)
	store, err := Open(t.Context(), Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	books, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		query ledger.TransactionQuery
		want  []string
	}{
		{ledger.TransactionQuery{}, []string{"within", "expired", "voided", "posted", "pending", "deposit"}},
		{ledger.TransactionQuery{Account: "a"}, []string{"expired", "voided", "posted", "pending", "deposit"}},
		{ledger.TransactionQuery{Account: "b"}, []string{"expired", "voided", "posted", "pending"}},
		{ledger.TransactionQuery{Account: "world:USD"}, []string{"within", "deposit"}},
		{ledger.TransactionQuery{Status: ledger.Posted}, []string{"posted", "deposit"}},
		{ledger.TransactionQuery{Status: ledger.Pending}, []string{"within", "pending"}},
		{ledger.TransactionQuery{Status: ledger.Voided}, []string{"voided"}},
		{ledger.TransactionQuery{Account: "b", Status: ledger.Pending}, []string{"pending"}},
		{ledger.TransactionQuery{Account: "world:USD", Status: ledger.Pending}, []string{"within"}},
		{ledger.TransactionQuery{Account: "a", Status: ledger.Expired}, []string{"expired"}},
	} {
		page, err := books.FindTransactions(t.Context(), test.query)
		var got []string
		for _, found := range page.Transactions {
			got = append(got, found.ID)
		}
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%+v finds %q, %v; want %q", test.query, got, err, test.want)
		}
	}
}
