package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
	"github.com/seed-d432d95b/ledger/ledger/ledgertest"
)

const rolesFile = "../../deploy/postgres/roles.sql"

// newRoles returns names that no other test of the server uses. The roles are dropped when
// the test ends.
func newRoles(t *testing.T) postgrestest.Roles {
	t.Helper()
	roles := postgrestest.NewRoles()
	t.Cleanup(func() {
		if err := roles.Drop(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return roles
}

// applyRoles runs roles.sql on the database.
func applyRoles(t *testing.T, roles postgrestest.Roles, dsn string, environment ...string) {
	t.Helper()
	if err := roles.Apply(t.Context(), rolesFile, dsn, environment...); err != nil {
		t.Fatal(err)
	}
}

// withRoles returns a database whose schema the migrator made.
func withRoles(t testing.TB, roles postgrestest.Roles) string {
	t.Helper()
	return postgrestest.Database(t, postgrestest.Template{Name: roles.Runtime, Prepare: func(ctx context.Context, dsn string) error {
		if err := roles.Apply(ctx, rolesFile, dsn); err != nil {
			return err
		}
		migrator, err := postgres.Open(ctx, postgres.Config{DSN: postgrestest.As(dsn, roles.Migrator)})
		if err != nil {
			return err
		}
		if err := errors.Join(migrator.Migrate(ctx), migrator.Close()); err != nil {
			return err
		}
		return roles.Apply(ctx, rolesFile, dsn)
	}})
}

// TestStoreAsRuntime runs the whole suite with the rights of the runtime role alone.
func TestStoreAsRuntime(t *testing.T) {
	t.Parallel()
	roles := newRoles(t)
	ledgertest.RunStore(t, func(t testing.TB) ledger.Store {
		t.Helper()
		return openWith(t, postgres.Config{DSN: postgrestest.As(withRoles(t, roles), roles.Runtime)})
	})
}

// TestRoles does to each table what no role, or only some, may do.
func TestRoles(t *testing.T) {
	t.Parallel()
	roles := newRoles(t)
	dsn := withRoles(t, roles)
	runtime, auditor := connect(t, postgrestest.As(dsn, roles.Runtime)), connect(t, postgrestest.As(dsn, roles.Auditor))

	// A table that the file does not name is one that is added to and never changed.
	changed := map[string]string{
		"balances": "UPDATE", "accounts": "UPDATE", "corrections": "UPDATE",
		"account_metadata": "DELETE", "reservations": "DELETE",
	}
	closed := []string{"migrations", "tokens", "revocations"}
	const list = "SELECT relname::text FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'p')"
	rows, err := runtime.Query(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || !slices.Contains(tables, "entries") || !slices.Contains(tables, "transactions") {
		t.Fatalf("tables %q: %v", tables, err)
	}
	for _, table := range tables {
		for right, statement := range map[string]string{
			"INSERT": "EXPLAIN INSERT INTO ledger.%s DEFAULT VALUES",
			"UPDATE": "UPDATE ledger.%s SET %c = DEFAULT WHERE false",
			"DELETE": "DELETE FROM ledger.%s WHERE false",
			"":       "TRUNCATE ledger.%s",
		} {
			statement = strings.ReplaceAll(statement, "%s", table)
			statement = strings.ReplaceAll(statement, "%c", changeable(table))
			may := changed[table] == right && right != "" || right == "INSERT" && !slices.Contains(closed, table)
			expectRight(t, runtime, statement, may)
			expectRight(t, auditor, statement, false)
		}
		expectRight(t, runtime, "SELECT FROM ledger."+table+" LIMIT 1", true)
		expectRight(t, auditor, "SELECT FROM ledger."+table+" LIMIT 1", true)
	}
	for _, statement := range []string{
		"UPDATE ledger.entries SET amount = 1", "DELETE FROM ledger.entries",
		"UPDATE ledger.transactions SET metadata = NULL", "DELETE FROM ledger.transactions",
		"UPDATE ledger.resolutions SET status = 3", "DELETE FROM ledger.resolutions",
		"UPDATE ledger.balances SET min_balance = NULL", "UPDATE ledger.balances SET asset = 'EUR'",
		"UPDATE ledger.accounts SET opened_at = now()", "DELETE FROM ledger.accounts", "DELETE FROM ledger.balances",
		"DROP TABLE ledger.entries", "ALTER TABLE ledger.entries ADD COLUMN more text", "CREATE TABLE ledger.more ()",
	} {
		expectRight(t, runtime, statement, false)
		expectRight(t, auditor, statement, false)
	}
}

// changeable returns a column that the runtime role may change, if there is one.
func changeable(table string) string {
	switch table {
	case "balances", "corrections":
		return "debits"
	case "accounts":
		return "name"
	case "revocations":
		return "token"
	case "migrations":
		return "version"
	case "tokens", "ledgers":
		return "name"
	}
	return "ledger"
}

func expectRight(t *testing.T, connection *pgx.Conn, statement string, may bool) {
	t.Helper()
	_, err := connection.Exec(t.Context(), statement)
	failure, _ := errors.AsType[*pgconn.PgError](err)
	switch {
	case may && err != nil:
		t.Errorf("%s as %s: %v", statement, connection.Config().User, err)
	case !may && (failure == nil || failure.Code != "42501"):
		t.Errorf("%s as %s: got %v, want it refused with 42501", statement, connection.Config().User, err)
	}
}

// TestRolesOfLaterTables makes a table after the roles, as a later migration does: it is
// open to those who read until the roles are made again.
func TestRolesOfLaterTables(t *testing.T) {
	t.Parallel()
	roles := newRoles(t)
	dsn := withRoles(t, roles)
	if _, err := connect(t, postgrestest.As(dsn, roles.Migrator)).Exec(t.Context(), "CREATE TABLE ledger.later (ledger integer)"); err != nil {
		t.Fatal(err)
	}
	runtime, auditor := connect(t, postgrestest.As(dsn, roles.Runtime)), connect(t, postgrestest.As(dsn, roles.Auditor))
	for _, isAgain := range []bool{false, true} {
		if isAgain {
			applyRoles(t, roles, dsn)
		}
		expectRight(t, runtime, "INSERT INTO ledger.later VALUES (1)", isAgain)
		expectRight(t, auditor, "SELECT FROM ledger.later", true)
		expectRight(t, auditor, "INSERT INTO ledger.later VALUES (1)", false)
		expectRight(t, runtime, "DELETE FROM ledger.later", false)
		expectRight(t, runtime, "UPDATE ledger.later SET ledger = 2", false)
		// No program that does not know the table needs rights on it.
		if err := openWith(t, postgres.Config{DSN: postgrestest.As(dsn, roles.Runtime)}).CheckRights(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestCheckRights takes rights away from the runtime role, one after the other.
func TestCheckRights(t *testing.T) {
	t.Parallel()
	roles := newRoles(t)
	dsn := withRoles(t, roles)
	superuser, runtime := connect(t, dsn), openWith(t, postgres.Config{DSN: postgrestest.As(dsn, roles.Runtime)})
	for _, right := range []string{
		"SELECT ON ledger.entries", "INSERT ON ledger.transactions", "DELETE ON ledger.reservations", "INSERT ON ledger.account_metadata",
		"UPDATE (sequence) ON ledger.balances", "UPDATE (metadata) ON ledger.accounts", "SELECT ON ledger.tokens",
	} {
		if _, err := superuser.Exec(t.Context(), "REVOKE "+right+" FROM "+roles.Runtime); err != nil {
			t.Fatal(err)
		}
		_, table, _ := strings.Cut(right, "ON ledger.")
		if err := runtime.CheckRights(t.Context()); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q lacks rights on %s; run deploy/postgres/roles.sql again", roles.Runtime, table)) {
			t.Errorf("%s: %v", right, err)
		}
		applyRoles(t, roles, dsn)
	}
	if err := runtime.CheckRights(t.Context()); err != nil {
		t.Error(err)
	}
	// All of them are looked at.
	if _, err := superuser.Exec(t.Context(), "REVOKE ALL ON ALL TABLES IN SCHEMA ledger FROM "+roles.Runtime); err != nil {
		t.Fatal(err)
	}
	var tables string
	const list = "SELECT string_agg(tablename, ', ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'ledger'"
	if err := superuser.QueryRow(t.Context(), list).Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if err := runtime.CheckRights(t.Context()); err == nil || !strings.Contains(err.Error(), "lacks rights on "+tables+";") {
		t.Errorf("got %v, want %s", err, tables)
	}
}

// TestMigrateAsRuntime finds nothing to do on a current schema, and says what to do
// on another.
func TestMigrateAsRuntime(t *testing.T) {
	t.Parallel()
	roles := newRoles(t)
	dsn := withRoles(t, roles)
	store := openWith(t, postgres.Config{DSN: postgrestest.As(dsn, roles.Runtime)})
	if err := errors.Join(store.Migrate(t.Context()), store.Check(t.Context())); err != nil {
		t.Error(err)
	}
	older := postgrestest.Database(t, postgrestest.Template{})
	applyRoles(t, roles, older)
	err := openWith(t, postgres.Config{DSN: postgrestest.As(older, roles.Runtime)}).Migrate(t.Context())
	if err == nil || !strings.Contains(err.Error(), "this role may not change the schema; migrate as the one that owns it") {
		t.Errorf("got %v", err)
	}
}

// TestRolesAdopt hands the schema of a superuser, which was there before, to the
// migrator, sets passwords, and takes back what somebody granted.
func TestRolesAdopt(t *testing.T) {
	t.Parallel()
	roles := newRoles(t)
	dsn := postgrestest.Database(t, migrated())
	superuser := connect(t, dsn)
	applyRoles(t, roles, dsn)
	grant := "GRANT UPDATE, DELETE ON ledger.entries TO " + roles.Runtime + ", PUBLIC"
	if _, err := superuser.Exec(t.Context(), grant); err != nil {
		t.Fatal(err)
	}
	applyRoles(t, roles, dsn, "LEDGER_RUNTIME_PASSWORD=it's secret")
	expectRight(t, connect(t, postgrestest.As(dsn, roles.Migrator)), "ALTER TABLE ledger.entries SET (fillfactor = 100)", true)
	expectRight(t, connect(t, postgrestest.As(dsn, roles.Migrator)), "CREATE SCHEMA more", false)
	expectRight(t, connect(t, postgrestest.As(dsn, roles.Runtime)), "DELETE FROM ledger.entries", false)
	var passwords []string
	const ask = "SELECT array_agg(coalesce(left(rolpassword, 13), '-') ORDER BY rolname) FROM pg_authid WHERE rolname = ANY($1)"
	if err := superuser.QueryRow(t.Context(), ask, []string{roles.Migrator, roles.Runtime, roles.Auditor}).Scan(&passwords); err != nil {
		t.Fatal(err)
	}
	if want := []string{"-", "-", "SCRAM-SHA-256"}; !slices.Equal(passwords, want) {
		t.Errorf("passwords of auditor, migrator, runtime: got %q, want %q", passwords, want)
	}
}
