package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// MigrationStatus is a step of the schema, and whether a database has it.
type MigrationStatus struct {
	// Version is 1, 2, 3 …, and Name what the step is called.
	Version int
	Name    string
	// CompatibleFrom says which programs can go on where the step is applied: those that
	// know this version, or a later one. It is Version where older ones have to stop first.
	CompatibleFrom int
	// SQL is what applies the step, in one database transaction, and records that it
	// was. It is empty if this program does not know the step, being older than it.
	SQL string
	// Applied says whether the database has it, and AppliedAt since when.
	Applied   bool
	AppliedAt time.Time
}

// Migrations returns the steps that this program or the database knows, in the order
// of versions. It changes nothing, and a database without the schema has none of them.
func (s *Store) Migrations(ctx context.Context) ([]MigrationStatus, error) {
	steps, err := migrations()
	if err != nil {
		return nil, err
	}
	var recorded []MigrationStatus
	err = s.ask(ctx, func(ctx context.Context) error {
		recorded, err = recordedMigrations(ctx, s.db)
		return err
	})
	if err != nil {
		return nil, err
	}
	return mergeMigrations(steps, recorded), nil
}

// mergeMigrations returns the steps that the program knows, with what the database
// records of each, and then those that it alone knows. What is recorded is in order.
func mergeMigrations(steps []migration, recorded []MigrationStatus) []MigrationStatus {
	all := make([]MigrationStatus, 0, len(steps))
	for _, step := range steps {
		all = append(all, step.status())
	}
	for _, r := range recorded {
		if r.Version > len(steps) {
			all = append(all, r)
			continue
		}
		for i := range all[:max(0, r.Version)] {
			// As for Migrate the highest version counts.
			all[i].Applied = true
		}
		if r.Version > 0 {
			all[r.Version-1].AppliedAt = r.AppliedAt
		}
	}
	return all
}

func recordedMigrations(ctx context.Context, db bun.IDB) (recorded []MigrationStatus, err error) {
	version, _, err := schemaVersion(ctx, db)
	if err != nil || version == 0 {
		return nil, err
	}
	var rows []struct {
		Version        int
		Name           string
		CompatibleFrom int
		AppliedAt      time.Time
	}
	const list = "SELECT version, name, " + compatibleFromValue + " AS compatible_from, applied_at FROM ledger.migrations AS m ORDER BY version"
	err = db.NewRaw(list).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		recorded = append(recorded, MigrationStatus{
			Version: row.Version, Name: row.Name, CompatibleFrom: row.CompatibleFrom, Applied: true, AppliedAt: row.AppliedAt.UTC(),
		})
	}
	return recorded, nil
}

// status returns the step as one that has not been applied.
func (m migration) status() MigrationStatus {
	// The name is a file's of this package.
	record := fmt.Sprintf("INSERT INTO ledger.migrations (version, name) VALUES (%d, '%s');\n", m.version, m.name)
	if m.compatibleFrom < m.version {
		record = fmt.Sprintf("INSERT INTO ledger.migrations (version, name, compatible_from) VALUES (%d, '%s', %d);\n",
			m.version, m.name, m.compatibleFrom)
	}
	return MigrationStatus{
		Version: m.version, Name: m.name, CompatibleFrom: m.compatibleFrom,
		SQL: strings.TrimRight(m.sql, "\n") + "\n" + record,
	}
}

// apply applies the step unless it has been, and says when. The first one makes the
// table of migrations too.
func (m *MigrationStatus) apply(ctx context.Context, tx bun.Tx) error {
	version, _, err := schemaVersion(ctx, tx)
	if err != nil || version >= m.Version {
		return err
	}
	if _, err := tx.ExecContext(ctx, m.SQL); err != nil {
		return err
	}
	if err := tx.NewRaw("SELECT applied_at FROM ledger.migrations WHERE version = ?", m.Version).Scan(ctx, &m.AppliedAt); err != nil {
		return err
	}
	m.Applied, m.AppliedAt = true, m.AppliedAt.UTC()
	return nil
}

// MigrationScript returns the SQL that [Store.Migrate] would carry out where the steps
// that are not applied are missing, for psql to run; it is empty if there are none. It
// takes the same lock, and a step that has been applied meanwhile makes it fail.
func MigrationScript(steps []MigrationStatus) string {
	var b strings.Builder
	for _, step := range steps {
		if step.Applied {
			continue
		}
		if b.Len() == 0 {
			fmt.Fprintf(&b, "SELECT pg_advisory_lock(%d);\n", migrationLock)
		}
		fmt.Fprintf(&b, "\nBEGIN;\n%sCOMMIT;\n", step.SQL)
	}
	if b.Len() > 0 {
		fmt.Fprintf(&b, "\nSELECT pg_advisory_unlock(%d);\n", migrationLock)
	}
	return b.String()
}
