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
