package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestReadAfterCut reads on connections that were cut while they were idle.
func TestReadAfterCut(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	books := openLedger(t, openWith(t, postgres.Config{DSN: dsn}), 1)
	connection := connect(t, dsn)
	for range 3 {
		if _, err := books.Account(t.Context(), "a0"); err != nil {
			t.Fatal(err)
		}
		const cut = `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE application_name = 'ledger' AND datname = current_database()`
		if _, err := connection.Exec(t.Context(), cut); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenWithoutSchema(t *testing.T) {
	t.Parallel()
	store := openWith(t, postgres.Config{DSN: postgrestest.Database(t, postgrestest.Template{})})
	if _, err := ledger.Open(t.Context(), store, ledger.Config{}); !errors.Is(err, postgres.ErrSchemaOlder) {
		t.Errorf("got %v, want %v", err, postgres.ErrSchemaOlder)
	}
}

// TestEncoding refuses a database that cannot hold every id, before it makes
// anything there.
func TestEncoding(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t, nil)
	connection := connect(t, server.DSN)
	const create = "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
	if _, err := connection.Exec(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	store := openWith(t, postgres.Config{DSN: strings.Replace(server.DSN, "/postgres?", "/latin?", 1)})
	for name, refuse := range map[string]func() error{
		"migrate": func() error { return store.Migrate(t.Context()) },
		"check":   func() error { return store.Check(t.Context()) },
	} {
		if err := refuse(); err == nil || !strings.Contains(err.Error(), "LATIN1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestIsolationIsTheStores deposits where the database prefers another isolation,
// under which groups of several instances would fail each other.
func TestIsolationIsTheStores(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	connection := connect(t, dsn)
	const prepare = `
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', current_database()); END $$;
CREATE TABLE isolation (level text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO isolation VALUES (current_setting('transaction_isolation')); RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT ON ledger.entries FOR EACH STATEMENT EXECUTE FUNCTION note()`
	if _, err := connection.Exec(t.Context(), prepare, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	books := openLedger(t, openWith(t, postgres.Config{DSN: dsn}), 1)
	if _, err := books.Deposit(t.Context(), deposit("tx", "a0")); err != nil {
		t.Fatal(err)
	}
	var level string
	if err := connection.QueryRow(t.Context(), "SELECT level FROM isolation").Scan(&level); err != nil || level != "read committed" {
		t.Errorf("it was committed at %q, %v", level, err)
	}
}
