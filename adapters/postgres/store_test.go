package postgres_test

import (
	"context"
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
	"github.com/seed-d432d95b/ledger/ledger/ledgertest"
)

func migrated() postgrestest.Template {
	return postgrestest.Template{Name: "migrated", Prepare: func(ctx context.Context, dsn string) error {
		store, err := postgres.Open(ctx, postgres.Config{DSN: dsn})
		if err != nil {
			return err
		}
		defer store.Close()
		return store.Migrate(ctx)
	}}
}

func newStore(t testing.TB) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), postgres.Config{DSN: postgrestest.Database(t, migrated())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func TestStore(t *testing.T) {
	t.Parallel()
	ledgertest.RunStore(t, func(t testing.TB) ledger.Store { t.Helper(); return newStore(t) })
}

func TestTokens(t *testing.T) {
	t.Parallel()
	ledgertest.Tokens(t, func(t testing.TB) ledger.TokenStore { t.Helper(); return newStore(t) })
}
