package postgres_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

// schemaOf is everything that a migration makes, as text.
const schemaOf = `
SELECT string_agg(line, E'\n' ORDER BY line) FROM (
	SELECT format('%s.%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, col_description(c.oid, a.attnum)) AS line
	FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND NOT a.attisdropped
	WHERE c.relnamespace = 'ledger'::regnamespace
	UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'ledger'
	UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'ledger'::regnamespace
	UNION ALL SELECT version || name FROM ledger.migrations
) AS everything`

func schemaText(t *testing.T, connection *pgx.Conn) (text string) {
	t.Helper()
	if err := connection.QueryRow(t.Context(), schemaOf).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

// TestMigrationScript runs the script of what is missing, on a database of each
// version, and compares with what Migrate makes.
func TestMigrationScript(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	want := schemaText(t, connect(t, dsn))
	for have := range migrationsOf(t, openWith(t, postgres.Config{DSN: dsn})) {
		t.Run(fmt.Sprintf("from version %d", have), func(t *testing.T) {
			t.Parallel()
			dsn := postgrestest.Database(t, postgrestest.Template{})
			store, connection := openWith(t, postgres.Config{DSN: dsn}), connect(t, dsn)
			steps := migrationsOf(t, store)
			for _, step := range steps[:have] {
				if _, err := connection.Exec(t.Context(), step.SQL, pgx.QueryExecModeSimpleProtocol); err != nil {
					t.Fatal(err)
				}
			}
			script := postgres.MigrationScript(migrationsOf(t, store))
			if _, err := connection.Exec(t.Context(), script, pgx.QueryExecModeSimpleProtocol); err != nil {
				t.Fatal(err)
			}
			if got := schemaText(t, connection); got != want {
				t.Errorf("the script made\n%s\nand Migrate\n%s", got, want)
			}
			if err := store.Check(t.Context()); err != nil {
				t.Error(err)
			}
			var locks int
			if err := connection.QueryRow(t.Context(), "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()").Scan(&locks); err != nil || locks != 0 {
				t.Errorf("%d locks are left, %v", locks, err)
			}
			// A script that comes too late does nothing.
			if _, err := connection.Exec(t.Context(), script, pgx.QueryExecModeSimpleProtocol); err == nil {
				t.Error("the same script again did something")
			}
			if script := postgres.MigrationScript(migrationsOf(t, store)); script != "" {
				t.Errorf("there is still to do: %s", script)
			}
		})
	}
}

func TestMigrations(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, postgrestest.Template{})
	store, connection := openWith(t, postgres.Config{DSN: dsn}), connect(t, dsn)
	for _, step := range migrationsOf(t, store) {
		if step.Applied || !step.AppliedAt.IsZero() || !strings.Contains(step.SQL, "INSERT INTO ledger.migrations") {
			t.Errorf("on an empty database: %+v", step)
		}
	}
	var schemas int
	if err := connection.QueryRow(t.Context(), "SELECT count(*) FROM pg_namespace WHERE nspname = 'ledger'").Scan(&schemas); err != nil || schemas != 0 {
		t.Errorf("asking made %d schemas, %v", schemas, err)
	}
	var applied []int
	for range 2 {
		err := store.MigrateFunc(t.Context(), func(m postgres.MigrationStatus) {
			applied = append(applied, m.Version)
			if time.Since(m.AppliedAt).Abs() > time.Minute {
				t.Errorf("applied at %s", m.AppliedAt)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	steps := migrationsOf(t, store)
	if len(applied) != len(steps) {
		t.Errorf("applied %v of %d", applied, len(steps))
	}
	for _, step := range steps {
		if !step.Applied || step.AppliedAt.IsZero() || step.AppliedAt.Location() != time.UTC {
			t.Errorf("after migrating: %+v", step)
		}
	}
	const future = "INSERT INTO ledger.migrations (version, name, compatible_from) VALUES (9999, 'from the future', 42)"
	if _, err := connection.Exec(t.Context(), future); err != nil {
		t.Fatal(err)
	}
	steps = migrationsOf(t, store)
	if last := steps[len(steps)-1]; last.Version != 9999 || last.Name != "from the future" || last.SQL != "" || !last.Applied || last.CompatibleFrom != 42 {
		t.Errorf("of a newer program: %+v", last)
	}
}

func migrationsOf(t *testing.T, store *postgres.Store) []postgres.MigrationStatus {
	t.Helper()
	steps, err := store.Migrations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return steps
}
