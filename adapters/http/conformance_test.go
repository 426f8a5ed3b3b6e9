package http_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
	"github.com/seed-d432d95b/ledger/ledger/ledgertest"
)

// TestClientOverMemory demands of the client, a server and books in memory what is
// demanded of the books alone.
func TestClientOverMemory(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, servedServices(t, memory.New(memory.Config{})))
}

func TestClientOverPostgres(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, servedServices(t, openPostgres(t)))
}

func TestClientCatalog(t *testing.T) {
	t.Parallel()
	ledgertest.Catalogs(t, func(t testing.TB) ledger.Catalog {
		t.Helper()
		return connect(t, memory.New(memory.Config{})).Catalog()
	})
}

// servedServices returns what makes a ledger for each test, all of them in one store
// behind one server.
func servedServices(t *testing.T, store ledger.Store) ledgertest.NewService {
	t.Helper()
	catalog := connect(t, store).Catalog()
	var made atomic.Int64
	return func(t testing.TB) ledger.Service {
		t.Helper()
		name := fmt.Sprintf("books-%d", made.Add(1))
		if _, err := catalog.OpenLedger(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		service, err := catalog.Ledger(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return service
	}
}

// connect returns a client of a server of the store's ledgers.
func connect(t testing.TB, store ledger.Store) *ledgerhttp.Client {
	t.Helper()
	own, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(ledgerhttp.NewHandler(own, ledgerhttp.Config{Catalog: ledger.NewCatalog(store)}))
	t.Cleanup(server.Close)
	return newClient(t, ledgerhttp.ClientConfig{URL: server.URL})
}

func newClient(t testing.TB, config ledgerhttp.ClientConfig) *ledgerhttp.Client {
	t.Helper()
	client, err := ledgerhttp.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func openPostgres(t testing.TB) *postgres.Store {
	t.Helper()
	template := postgrestest.Template{Name: "migrated", Prepare: func(ctx context.Context, dsn string) error {
		store, err := postgres.Open(ctx, postgres.Config{DSN: dsn})
		if err != nil {
			return err
		}
		defer store.Close()
		return store.Migrate(ctx)
	}}
	store, err := postgres.Open(t.Context(), postgres.Config{DSN: postgrestest.Database(t, template)})
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
