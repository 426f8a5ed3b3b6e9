package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

func TestDiagnose(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	store, connection := openWith(t, postgres.Config{DSN: dsn}), connect(t, dsn)
	books := openLedger(t, store, 1)
	if _, err := books.Deposit(t.Context(), deposit("tx", "a0")); err != nil {
		t.Fatal(err)
	}
	const prepare = `
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = local', current_database()); END $$;
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ledger.accounts_opened'::regclass`
	if _, err := connection.Exec(t.Context(), prepare, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	if _, err := connection.Exec(t.Context(), "BEGIN; SELECT 1"); err != nil {
		t.Fatal(err)
	}
	d := diagnose(t, store)
	if d.Version < 150000 || d.Encoding != "UTF8" || d.Standby || d.Schema == nil || *d.Schema != d.Known || d.Known < 3 {
		t.Errorf("server and schema: %+v", d)
	}
	if d.Settings["synchronous_commit"] != "local" || d.Settings["fsync"] == "" || d.Settings["data_checksums"] == "" {
		t.Errorf("settings: %v", d.Settings)
	}
	if c := d.Clock; c.RoundTrip <= 0 || c.Offset.Abs() > time.Second {
		t.Errorf("clock: %+v", c)
	}
	if c := d.Connections; c == nil || c.Used < 2 || c.Max < 20 || c.Reserved < 1 || c.Free() != c.Max-c.Reserved-c.Used {
		t.Errorf("connections: %+v", c)
	}
	if o := d.Transactions; o == nil || o.Longest <= 0 || o.Hidden != 0 {
		t.Errorf("transactions: %+v", o)
	}
	isBalances := func(f postgres.TableFacts) bool { return f.Name == "balances" && f.Bytes > 0 }
	if !slices.ContainsFunc(d.Tables, isBalances) || !slices.Equal(d.InvalidIndexes, []string{"accounts_opened"}) {
		t.Errorf("tables %+v, invalid indexes %q", d.Tables, d.InvalidIndexes)
	}
}

// TestDiagnoseMissing drops one of everything that the migrations make, each of which is
// then missing by its name, and says that nothing else is looked for.
func TestDiagnoseMissing(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	store, connection := openWith(t, postgres.Config{DSN: dsn}), connect(t, dsn)
	if d := diagnose(t, store); len(d.Missing) > 0 {
		t.Errorf("of a new schema %q are missing", d.Missing)
	}
	const find = `
SELECT relname::text FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'i')
UNION SELECT conname::text FROM pg_constraint WHERE connamespace = 'ledger'::regnamespace ORDER BY 1`
	rows, err := connection.Query(t.Context(), find)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	const drop = `
DO $$ DECLARE name text; BEGIN
	FOR name IN SELECT format('%s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname) FROM pg_constraint WHERE connamespace = 'ledger'::regnamespace LOOP
		EXECUTE 'ALTER TABLE ' || name;
	END LOOP;
	FOR name IN SELECT indexrelid::regclass FROM pg_index JOIN pg_class ON oid = indexrelid WHERE relnamespace = 'ledger'::regnamespace LOOP
		EXECUTE 'DROP INDEX ' || name;
	END LOOP;
	FOR name IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind = 'r' AND relname <> 'migrations' LOOP
		EXECUTE 'DROP TABLE ' || name;
	END LOOP;
END $$`
	exec(t, connection, drop)
	want := slices.DeleteFunc(objects, func(name string) bool { return name == "migrations" })
	if d := diagnose(t, store); !slices.Equal(d.Missing, want) {
		t.Errorf("%q are missing, want %q", d.Missing, want)
	}
}

// TestDiagnoseDates asks as a role that reads dates in another way.
func TestDiagnoseDates(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	connection := connect(t, dsn)
	exec(t, connection, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET datestyle = "SQL, DMY"', current_database()); END $$`)
	exec(t, connection, "VACUUM ledger.balances")
	store := openWith(t, postgres.Config{DSN: dsn})
	if d := diagnose(t, store); d.Clock.Offset.Abs() > time.Minute {
		t.Errorf("clock: %+v", d.Clock)
	}
	books := openLedger(t, store, 1)
	if _, err := books.Deposit(t.Context(), deposit("tx", "a0")); err != nil {
		t.Error(err)
	}
	if status, err := store.Migrations(t.Context()); err != nil || len(status) == 0 {
		t.Errorf("migrations: %v, %v", status, err)
	}
}

func TestDiagnoseWithoutSchema(t *testing.T) {
	t.Parallel()
	d := diagnose(t, openWith(t, postgres.Config{DSN: postgrestest.Database(t, postgrestest.Template{})}))
	if d.Schema == nil || *d.Schema != 0 || len(d.Tables) != 0 {
		t.Errorf("got %+v", d)
	}
}

// TestDiagnoseWithoutRights asks as a role that has no rights but to connect.
func TestDiagnoseWithoutRights(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	connection := connect(t, dsn)
	role := fmt.Sprintf("nobody_%d", connection.PgConn().PID())
	if _, err := connection.Exec(t.Context(), "CREATE ROLE "+role+" LOGIN"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := connection.Exec(context.WithoutCancel(t.Context()), "DROP ROLE "+role); err != nil {
			t.Error(err)
		}
	})
	location, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	location.User = url.User(role)
	store := openWith(t, postgres.Config{DSN: location.String()})
	d := diagnose(t, store)
	if d.Schema != nil || d.Version == 0 || d.Settings["fsync"] == "" || d.Connections == nil {
		t.Errorf("got %+v", d)
	}
	if d.Transactions == nil || d.Transactions.Hidden == 0 {
		t.Errorf("transactions: %+v", d.Transactions)
	}
	if identity, err := store.Identity(t.Context()); identity == "" || err != nil {
		t.Errorf("identity %q, %v", identity, err)
	}
}

func TestDiagnoseNobody(t *testing.T) {
	t.Parallel()
	store := openWith(t, postgres.Config{DSN: "postgres://nobody@127.0.0.1:1/none"})
	if _, err := store.Diagnose(t.Context()); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	var identities []string
	for range 2 {
		dsn := postgrestest.Database(t, migrated())
		for range 2 {
			identity, err := openWith(t, postgres.Config{DSN: dsn}).Identity(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			identities = append(identities, identity)
		}
	}
	if identities[0] != identities[1] || identities[1] == identities[2] || identities[2] != identities[3] {
		t.Errorf("two databases, each asked twice, are %q", identities)
	}
}

func diagnose(t *testing.T, store *postgres.Store) postgres.Diagnosis {
	t.Helper()
	d, err := store.Diagnose(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}
