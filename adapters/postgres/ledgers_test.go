package postgres_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestManyStoresOpenLedgers opens the same ledgers from several stores at once, as
// instances of a server do: each is made by one of them.
func TestManyStoresOpenLedgers(t *testing.T) {
	t.Parallel()
	const rounds, instances = 20, 4
	dsn := postgrestest.Database(t, migrated())
	var stores []*postgres.Store
	for range instances {
		stores = append(stores, openWith(t, postgres.Config{DSN: dsn}))
	}
	for round := range rounds {
		results := make([]ledger.Result, instances)
		var group sync.WaitGroup
		for i, store := range stores {
			group.Go(func() {
				var err error
				if _, results[i], err = store.OpenBook(t.Context(), fmt.Sprint("ledger-", round)); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		slices.Sort(results)
		want := append([]ledger.Result{ledger.Applied}, slices.Repeat([]ledger.Result{ledger.Replayed}, instances-1)...)
		if !slices.Equal(results, want) {
			t.Fatalf("round %d: the results are %s", round, results)
		}
	}
	var want []string
	for _, store := range stores {
		names, err := store.FindLedgers(t.Context(), ledger.LedgerQuery{Limit: ledger.MaxLimit})
		if want == nil {
			want = names
		}
		if err != nil || len(names) != rounds || !slices.Equal(names, want) {
			t.Errorf("the ledgers are %q, %v; another store says %q", names, err, want)
		}
	}
}

// TestLedgerOfAnotherStore finds a ledger that another instance makes, which it had
// looked for before.
func TestLedgerOfAnotherStore(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	here, there := openWith(t, postgres.Config{DSN: dsn}), openWith(t, postgres.Config{DSN: dsn})
	found := ledger.NewCatalog(here)
	if _, err := found.Ledger(t.Context(), ledger.DefaultName); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("before it is made: %v", err)
	}
	openLedger(t, there, 1)
	books, err := found.Ledger(t.Context(), ledger.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := books.Deposit(t.Context(), deposit("tx", "a0")); err != nil {
		t.Error(err)
	}
}

// TestLedgersOnStandby reads on a server that takes no writes: what is there is
// found, and to find what is not there writes nothing.
func TestLedgersOnStandby(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	openLedger(t, openWith(t, postgres.Config{DSN: dsn}), 1)
	standby := ledger.NewCatalog(openWith(t, postgres.Config{DSN: dsn + "&default_transaction_read_only=on"}))
	if result, err := standby.OpenLedger(t.Context(), "new"); result != 0 || !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("OpenLedger gave %s, %v", result, err)
	}
	if _, err := standby.Ledger(t.Context(), "new"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("Ledger gave %v", err)
	}
	if page, err := standby.FindLedgers(t.Context(), ledger.LedgerQuery{}); err != nil || !slices.Equal(page.Names, []string{ledger.DefaultName}) {
		t.Errorf("FindLedgers gave %v, %v", page, err)
	}
	if result, err := standby.OpenLedger(t.Context(), ledger.DefaultName); err != nil || result != ledger.Replayed {
		t.Errorf("OpenLedger gave %s, %v for what is there", result, err)
	}
}

// TestLedgersFail asks for ledgers where there is no schema, and where there is no
// server.
func TestLedgersFail(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		dsn  string
		want error
	}{
		"no schema": {postgrestest.Database(t, postgrestest.Template{}), postgres.ErrSchemaOlder},
		"no server": {"host=127.0.0.1 port=1 user=nobody", ledger.ErrUnavailable},
	} {
		store := openWith(t, postgres.Config{DSN: test.dsn})
		_, found := store.Book(t.Context(), "books")
		_, _, opened := store.OpenBook(t.Context(), "books")
		_, listed := store.FindLedgers(t.Context(), ledger.LedgerQuery{Limit: 1})
		for _, err := range []error{found, opened, listed} {
			if !errors.Is(err, test.want) || !strings.HasPrefix(err.Error(), "find ") {
				t.Errorf("%s: got %v, want %v", name, err, test.want)
			}
		}
	}
}

// TestLedgerMadeInTx opens a ledger inside a database transaction that is rolled back:
// the ledger stays, and nothing else does.
func TestLedgerMadeInTx(t *testing.T) {
	t.Parallel()
	_, store, connection := business(t)
	tx, err := connection.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	inside := ledger.NewCatalog(store.InTx(tx))
	if result, err := inside.OpenLedger(t.Context(), "new"); err != nil || result != ledger.Applied {
		t.Fatalf("OpenLedger gave %s, %v", result, err)
	}
	books, err := inside.Ledger(t.Context(), "new")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := books.OpenAccount(t.Context(), ledger.AccountRequest{ID: "a0", Asset: usd}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	outside, err := ledger.NewCatalog(store).Ledger(t.Context(), "new")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := outside.Account(t.Context(), "a0"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("the account that was rolled back: %v", err)
	}
}
