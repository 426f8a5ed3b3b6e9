package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
	"github.com/seed-d432d95b/ledger/ledger/ledgertest"
)

// business is a database with a table of the caller's beside the books.
func business(t *testing.T) (string, *postgres.Store, *pgx.Conn) {
	t.Helper()
	dsn := postgrestest.Database(t, migrated())
	connection, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close(context.WithoutCancel(t.Context())) })
	if _, err := connection.Exec(t.Context(), "CREATE TABLE orders (id text PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	return dsn, openWith(t, postgres.Config{DSN: dsn}), connection
}

func orders(t *testing.T, connection *pgx.Conn) (n int) {
	t.Helper()
	if err := connection.QueryRow(t.Context(), "SELECT count(*) FROM orders").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestInTx(t *testing.T) {
	t.Parallel()
	_, store, connection := business(t)
	outside := openLedger(t, store, 1)
	for round, commit := range []bool{false, true, true} {
		tx, err := connection.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), "INSERT INTO orders VALUES ($1)", string(rune('a'+round))); err != nil {
			t.Fatal(err)
		}
		inside, err := ledger.Open(t.Context(), store.InTx(tx), ledger.Config{})
		if err != nil {
			t.Fatal(err)
		}
		want := ledger.Applied
		if round == 2 {
			want = ledger.Replayed
		}
		if outcome, err := inside.Deposit(t.Context(), deposit("order", "a0")); err != nil || outcome.Result != want {
			t.Errorf("round %d: %s, %v; want %s", round, outcome.Result, err, want)
		}
		page, err := inside.Entries(t.Context(), ledger.EntryQuery{Account: "a0"})
		if err != nil || len(page.Entries) != 1 || page.Account.Posted() != ledger.NewAmount(1) {
			t.Errorf("round %d: inside, the page is %+v, %v", round, page, err)
		}
		if _, err := inside.Transaction(t.Context(), "order"); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		before, err := outside.Account(t.Context(), "a0")
		if err != nil || (before.Sequence == 1) != (round == 2) {
			t.Errorf("round %d: before the end, the account is %+v, %v", round, before, err)
		}
		if commit {
			err = tx.Commit(t.Context())
		} else {
			err = tx.Rollback(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := inside.Account(t.Context(), "a0"); err == nil || !strings.Contains(err.Error(), "begin one first") {
			t.Errorf("round %d: after the end: %v", round, err)
		}
	}
	account, err := outside.Account(t.Context(), "a0")
	if err != nil || account.Posted() != ledger.NewAmount(1) || orders(t, connection) != 2 {
		t.Errorf("the account is %+v, %v, and there are %d orders", account, err, orders(t, connection))
	}
}

func TestInConn(t *testing.T) {
	t.Parallel()
	dsn, store, connection := business(t)
	outside := openLedger(t, store, 2)
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db := bun.NewDB(stdlib.OpenDB(*config), pgdialect.New())
	t.Cleanup(func() { _ = db.Close() })
	own, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	tx, err := own.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.NewRaw("INSERT INTO orders VALUES (?)", "a").Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	inside, err := ledger.Open(t.Context(), store.InConn(own.Conn), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inside.Deposit(t.Context(), deposit("order", "a0")); err != nil {
		t.Fatal(err)
	}
	move := deposit("too much", "a1").Request()
	move.Entries[0].Account = "a0"
	move.Entries[0].Amount, move.Entries[1].Amount = ledger.NewAmount(2), ledger.NewAmount(2)
	if _, err := inside.Post(t.Context(), move); !errors.Is(err, ledger.ErrInsufficientFunds) {
		t.Errorf("got %v, want %s", err, ledger.ErrInsufficientFunds)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	account, err := outside.Account(t.Context(), "a0")
	if err != nil || account.Posted() != ledger.NewAmount(1) || orders(t, connection) != 1 {
		t.Errorf("the account is %+v, %v, and there are %d orders", account, err, orders(t, connection))
	}
}

// TestInTxBehaves runs suites on a ledger inside one long transaction.
func TestInTxBehaves(t *testing.T) {
	t.Parallel()
	newStore := func(t testing.TB) ledger.Store {
		t.Helper()
		dsn := postgrestest.Database(t, migrated())
		store, err := postgres.Open(t.Context(), postgres.Config{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		connection, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		tx, err := connection.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			ctx := context.WithoutCancel(t.Context())
			if err := errors.Join(tx.Rollback(ctx), connection.Close(ctx), store.Close()); err != nil {
				t.Error(err)
			}
		})
		return store.InTx(tx)
	}
	ledgertest.Catalogs(t, func(t testing.TB) ledger.Catalog { t.Helper(); return ledger.NewCatalog(newStore(t)) })
	newService := ledgertest.FromStore(newStore)
	ledgertest.Accounts(t, newService)
	ledgertest.Limits(t, newService)
	ledgertest.Entries(t, newService)
	ledgertest.Random(t, newService)
}

// TestInTxEncoding refuses a connection on which one id could be stored as another.
func TestInTxEncoding(t *testing.T) {
	t.Parallel()
	_, store, connection := business(t)
	openLedger(t, store, 1)
	if _, err := connection.Exec(t.Context(), "SET client_encoding = LATIN1"); err != nil {
		t.Fatal(err)
	}
	tx, err := connection.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	inside, err := ledger.Open(t.Context(), store.InTx(tx), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inside.Deposit(t.Context(), deposit("é", "a0")); err == nil || errors.Is(err, ledger.ErrUnavailable) || !strings.Contains(err.Error(), "LATIN1") {
		t.Errorf("got %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestInTxBorrowsSettings posts inside a transaction: the batch is planned by the
// store's settings, and the caller has his own before and after.
func TestInTxBorrowsSettings(t *testing.T) {
	t.Parallel()
	_, store, connection := business(t)
	openLedger(t, store, 1)
	const note = `
CREATE TABLE planned_by (seqscan text, bitmapscan text, plans text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO planned_by VALUES (current_setting('enable_seqscan'), current_setting('enable_bitmapscan'), current_setting('plan_cache_mode'));
	RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT ON ledger.entries FOR EACH STATEMENT EXECUTE FUNCTION note();
SET plan_cache_mode = force_custom_plan`
	if _, err := connection.Exec(t.Context(), note); err != nil {
		t.Fatal(err)
	}
	read := func(from string) (settings [3]string) {
		t.Helper()
		if err := connection.QueryRow(t.Context(), "SELECT "+from).Scan(&settings[0], &settings[1], &settings[2]); err != nil {
			t.Fatal(err)
		}
		return settings
	}
	const current = "current_setting('enable_seqscan'), current_setting('enable_bitmapscan'), current_setting('plan_cache_mode')"
	tx, err := connection.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	inside, err := ledger.Open(t.Context(), store.InTx(tx), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"a deposit", "its replay"} {
		if _, err := inside.Deposit(t.Context(), deposit("order", "a0")); err != nil {
			t.Fatal(err)
		}
		if got, want := read(current), [3]string{"on", "on", "force_custom_plan"}; got != want {
			t.Errorf("after %s the caller has %v, want %v", what, got, want)
		}
	}
	if got, want := read("* FROM planned_by"), [3]string{"off", "off", "force_generic_plan"}; got != want {
		t.Errorf("it was planned by %v, want %v", got, want)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}
