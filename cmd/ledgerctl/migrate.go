package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
)

func (a *app) migrateCommand() *cobra.Command {
	command := group("migrate", "Bring the schema of a database up to date",
		a.migrateUpCommand(), a.migrateStatusCommand(), a.migratePlanCommand())
	command.GroupID = groupSystem
	command.Long = `Bring the schema of a database up to date, in steps that have numbers: the schema's
version is that of the last one. Ledgerctl and ledgerd work on the version that they
know, and on later ones that are compatible from it. Where each missing step is compatible
from the version that runs, ledgerd need not stop for it. These commands need a database,
by --dsn.`
	command.Example = `  ledgerctl migrate status
  ledgerctl migrate plan
  ledgerctl migrate up`
	return command
}

// migrationRecord is a step as it is printed.
type migrationRecord struct {
	Version int    `json:"version"`
	Name    string `json:"name"`
	// Status is applied, missing, or unknown to a program that is too old.
	Status string `json:"status"`
	// CompatibleFrom is the version that a program must know at least to go on with it.
	CompatibleFrom int        `json:"compatible_from"`
	AppliedAt      *time.Time `json:"applied_at,omitempty"`
}

func newMigrationRecord(m postgres.MigrationStatus) migrationRecord {
	r := migrationRecord{Version: m.Version, Name: m.Name, Status: "missing", CompatibleFrom: m.CompatibleFrom}
	switch {
	case m.SQL == "":
		r.Status = "unknown"
	case m.Applied:
		r.Status = "applied"
	}
	if !m.AppliedAt.IsZero() {
		r.AppliedAt = &m.AppliedAt
	}
	return r
}

func migrationColumns() []console.Column[migrationRecord] {
	return []console.Column[migrationRecord]{
		{Name: "version", Right: true, Value: func(m migrationRecord) string { return strconv.Itoa(m.Version) }},
		{Name: "name", Value: func(m migrationRecord) string { return m.Name }},
		{Name: "status", Value: func(m migrationRecord) string { return m.Status }},
		{Name: "compatible_from", Right: true, Value: func(m migrationRecord) string { return strconv.Itoa(m.CompatibleFrom) }},
		{Name: "applied_at", Value: func(m migrationRecord) string {
			if m.AppliedAt == nil {
				return ""
			}
			return console.Time(*m.AppliedAt)
		}},
	}
}

func (a *app) migrateStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "List the steps of the schema, and which the database has",
		Long: `List the steps of the schema: those that the database has, those that it is missing,
and those that this program does not know, being older than the database. Programs that
know the version under "compatible from", or a later one, can go on while the step is
applied and after it; others have to stop before. It changes nothing.`,
		Example: `  ledgerctl migrate status
  ledgerctl migrate status -o json`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error {
			return a.onStore(command.Context(), func(store *postgres.Store) error {
				steps, err := migrationsOf(command.Context(), store)
				if err != nil {
					return err
				}
				return console.List(a.console, a.settings.Output, migrationColumns(), func(yield func(migrationRecord, error) bool) {
					for _, step := range steps {
						if !yield(newMigrationRecord(step), nil) {
							return
						}
					}
				})
			})
		},
	}
}

func (a *app) migratePlanCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "plan",
		Short: "Print the SQL that migrate up would run",
		Long: `Print the SQL that "migrate up" would run, for somebody to read, or for psql to run in
its stead. It changes nothing. The output is SQL whatever --output says.`,
		Example: `  ledgerctl migrate plan
  ledgerctl migrate plan | psql --set ON_ERROR_STOP=1 "$LEDGERCTL_DSN"`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error {
			return a.onStore(command.Context(), func(store *postgres.Store) error {
				steps, err := migrationsOf(command.Context(), store)
				if err == nil {
					err = refuseNewer(steps)
				}
				if err != nil {
					return err
				}
				script := postgres.MigrationScript(steps)
				if script == "" {
					script = fmt.Sprintf("-- Nothing to do: the schema is at version %d, on which this program can work.\n", steps[len(steps)-1].Version)
				}
				_, err = io.WriteString(a.console.Out, script)
				return err
			})
		},
	}
}

// refuseNewer refuses a schema that is newer than this program can go on with.
func refuseNewer(steps []postgres.MigrationStatus) error {
	known := slices.IndexFunc(steps, func(m postgres.MigrationStatus) bool { return m.SQL == "" })
	if known < 0 {
		return nil
	}
	if slices.ContainsFunc(steps[known:], func(m postgres.MigrationStatus) bool { return m.CompatibleFrom > known }) {
		return fmt.Errorf("%w, at version %d instead of %d; run a newer version of the program",
			postgres.ErrSchemaNewer, steps[len(steps)-1].Version, known)
	}
	return nil
}

func (a *app) migrateUpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "Apply the steps that the database is missing",
		Long: `Apply the steps that the database is missing, each in a transaction of its own. Of
several that do so at once, one does it and the others wait. It prints what it applied.
If it is interrupted, the steps before are applied, and it can be run again.`,
		Example: `  ledgerctl migrate up
  ledgerctl migrate up -o json`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error {
			return a.onStore(command.Context(), func(store *postgres.Store) error {
				count := 0
				var stopped error
				err := console.List(a.console, a.settings.Output, migrationColumns(), func(yield func(migrationRecord, error) bool) {
					err := store.MigrateFunc(command.Context(), func(m postgres.MigrationStatus) {
						count++
						a.console.Note("applied %s", m.Name)
						if stopped == nil && !yield(newMigrationRecord(m), nil) {
							stopped = errors.New("the output ended")
						}
					})
					if err != nil && stopped == nil {
						yield(migrationRecord{}, explainMigration(command.Context(), err, count))
					}
				})
				if err == nil && count == 0 {
					a.console.Note("nothing to do: the schema is up to date")
				}
				return err
			})
		},
	}
}

// onStore calls use with the store of the database, whatever its schema.
func (a *app) onStore(ctx context.Context, use func(*postgres.Store) error) error {
	store, err := a.openStore(ctx)
	if err != nil {
		return err
	}
	err = use(store)
	return errors.Join(err, store.Close())
}

// migrationsOf returns the steps of the schema, and does not wait for long.
func migrationsOf(ctx context.Context, store *postgres.Store) ([]postgres.MigrationStatus, error) {
	limited, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	steps, err := store.Migrations(limited)
	return steps, explainDatabase(err)
}

func explainMigration(ctx context.Context, err error, count int) error {
	if ctx.Err() != nil {
		return fmt.Errorf("stopped after %s, and nothing is half done; run it again to go on: %w", counted(count, "step"), err)
	}
	return err
}
