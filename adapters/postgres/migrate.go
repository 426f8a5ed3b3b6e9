package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/seed-d432d95b/ledger/ledger"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the schema.
type migration struct {
	version int
	name    string
	// compatibleFrom is the version that a program must know at least to go on where the
	// step is applied: the step's own, unless its text says another.
	compatibleFrom int
	sql            string
}

// compatibleMark begins the first line of a step that older programs can go on with; the
// oldest version of which that is so comes after it.
const compatibleMark = "-- Compatible from version "

// migrations returns the steps that this program knows, in order.
func migrations() ([]migration, error) {
	files, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	steps := make([]migration, 0, len(files))
	for i, file := range files {
		text, err := migrationFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		step, err := parseMigration(file, string(text))
		if err != nil {
			return nil, err
		}
		if step.version != i+1 {
			return nil, fmt.Errorf("migration %s should be number %d", file, i+1)
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// parseMigration returns the step that is in a file.
func parseMigration(file, text string) (migration, error) {
	name := strings.TrimSuffix(strings.TrimPrefix(file, "migrations/"), ".sql")
	number, _, _ := strings.Cut(name, "_")
	version, err := strconv.Atoi(number)
	if err != nil {
		return migration{}, fmt.Errorf("migration %s begins with no number", file)
	}
	step := migration{version: version, name: name, compatibleFrom: version, sql: text}
	line, _, _ := strings.Cut(text, "\n")
	if from, ok := strings.CutPrefix(line, compatibleMark); ok {
		step.compatibleFrom, err = strconv.Atoi(from)
		if err != nil || step.compatibleFrom < 1 || step.compatibleFrom > version {
			return migration{}, fmt.Errorf("migration %s is compatible from %q, which is no version before it", file, from)
		}
	}
	return step, nil
}

// migrationLock is the key of the advisory lock that a migrating instance holds
// while others wait: "ledger" in ASCII.
const migrationLock = 0x6c6564676572

// Migrate brings the schema to the version that this program knows. Many
// instances may do so at once: one migrates, the others wait for it. A schema that is
// newer, and that this program cannot go on with, fails with [ErrSchemaNewer].
func (s *Store) Migrate(ctx context.Context) error {
	return s.MigrateFunc(ctx, func(MigrationStatus) {})
}

// MigrateFunc is Migrate, and calls applied after each step that it, and no other
// instance meanwhile, has applied. A step that fails leaves those before it applied.
func (s *Store) MigrateFunc(ctx context.Context, applied func(MigrationStatus)) error {
	connection, err := s.migrating()
	if err != nil {
		return err
	}
	// The lock ends with the connection.
	if err := errors.Join(migrate(ctx, connection, applied), connection.Close()); err != nil {
		return err
	}
	return s.checkSchema(ctx)
}

// migrate applies the steps that are missing. The lock is not one of a database
// transaction, which might not see what was made while it waited for the lock.
func migrate(ctx context.Context, connection *bun.DB, applied func(MigrationStatus)) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	if err := checkEncoding(ctx, connection); err != nil {
		return err
	}
	if _, err := connection.ExecContext(ctx, "SELECT pg_advisory_lock(?)", migrationLock); err != nil {
		return fmt.Errorf("wait for others to migrate: %w", publicError(err))
	}
	for _, step := range steps {
		status := step.status()
		if err := connection.RunInTx(ctx, nil, status.apply); err != nil {
			return fmt.Errorf("migration %s: %w", step.name, migrationError(err))
		}
		if status.Applied {
			applied(status)
		}
	}
	return nil
}

// migrationError says what to do where only another role may change the schema.
func migrationError(err error) error {
	if stateOf(err) == stateNoRight {
		return fmt.Errorf("this role may not change the schema; migrate as the one that owns it: %w", err)
	}
	return publicError(err)
}

// migrating returns a database of one connection without time limits, for a step
// may take long, as others may that it waits for.
func (s *Store) migrating() (*bun.DB, error) {
	config, err := s.config.connect(0)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["statement_timeout"] = "0"
	config.RuntimeParams["lock_timeout"] = "0"
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(1)
	return bun.NewDB(pool, pgdialect.New()), nil
}

// schemaVersion returns the last step that was applied, 0 for none, and the version that
// a program must know at least to go on with all that were.
func schemaVersion(ctx context.Context, db bun.IDB) (version, compatibleFrom int, err error) {
	var exists bool
	if err := db.NewRaw("SELECT to_regclass('ledger.migrations') IS NOT NULL").Scan(ctx, &exists); err != nil || !exists {
		return 0, 0, err
	}
	err = db.NewRaw(schemaVersions).Scan(ctx, &version, &compatibleFrom)
	return version, compatibleFrom, err
}

const (
	schemaVersions = "SELECT coalesce(max(version), 0), coalesce(max(" + compatibleFromValue + "), 0) FROM ledger.migrations AS m"

	// compatibleFromValue is what migrations.compatible_from says, which a schema before
	// version 6 does not have.
	compatibleFromValue = "coalesce((to_jsonb(m) ->> 'compatible_from')::integer, version)"
)

// checkEncoding refuses a database that cannot hold every id.
func checkEncoding(ctx context.Context, db bun.IDB) error {
	var encoding string
	if err := db.NewRaw("SELECT current_setting('server_encoding')").Scan(ctx, &encoding); err != nil {
		return publicError(err)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database's encoding is %s, which cannot hold every id; create one with ENCODING 'UTF8'", encoding)
	}
	return nil
}

// checkSchema refuses a schema that this program cannot work on: one that lacks a step
// that it knows, or has one that it does not know and cannot go on with.
func (s *Store) checkSchema(ctx context.Context) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	version, compatibleFrom, err := schemaVersion(ctx, s.db)
	if err != nil {
		return publicError(err)
	}
	if err := checkEncoding(ctx, s.db); err != nil {
		return err
	}
	var standby bool
	if err := s.db.NewRaw("SELECT pg_is_in_recovery()").Scan(ctx, &standby); err != nil {
		return publicError(err)
	}
	switch {
	case standby:
		return &ledger.Error{Code: ledger.ErrUnavailable, Message: "the database is a standby, which takes no writes"}
	case version < len(steps):
		return fmt.Errorf("%w, at version %d instead of %d; migrate it first", ErrSchemaOlder, version, len(steps))
	case compatibleFrom > len(steps):
		return fmt.Errorf("%w, at version %d instead of %d; run a newer version of the program", ErrSchemaNewer, version, len(steps))
	}
	return nil
}
