package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/settings"
	"github.com/seed-d432d95b/ledger/ledger"
)

// startLimit is how long a database may take to answer at first.
const startLimit = 10 * time.Second

// target is where a command works: the ledgers of a server or of a database.
type target struct {
	catalog ledger.Catalog
	// store is the database's, and nil on a server.
	store *postgres.Store
	// client is the server's, for its default ledger, and nil on a database.
	client *ledgerhttp.Client
	// name is where it is, for people, without a password.
	name  string
	close func() error
}

// connect opens the server or the database that the settings name.
func (a *app) connect(ctx context.Context) (*target, error) {
	switch s := a.settings; {
	case s.DSN != "":
		return a.connectDatabase(ctx)
	case s.Server != "":
		client, err := ledgerhttp.NewClient(ledgerhttp.ClientConfig{URL: s.Server, Token: s.Token, RetryFor: s.RetryFor})
		if err != nil {
			return nil, usageError(fmt.Errorf("the server %q cannot be: %w", s.Server, err))
		}
		return &target{
			catalog: client.Catalog(), client: client, name: serverName(s.Server),
			close: func() error { client.CloseIdleConnections(); return nil },
		}, nil
	case s.File != "" && s.Context == "":
		return nil, usageError(fmt.Errorf("say where the ledger is, with --server or --dsn, or choose a context of %q with --context", s.File))
	default:
		return nil, usageError(errors.New("say where the ledger is, with --server or --dsn, or in a context of " + settings.DefaultFile))
	}
}

// connectDatabase opens the database that the settings name, and fails if they name
// none, or its schema is not the one that this program knows.
func (a *app) connectDatabase(ctx context.Context) (*target, error) {
	store, err := a.openStore(ctx)
	if err != nil {
		return nil, err
	}
	check, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := store.Check(check); err != nil {
		return nil, errors.Join(explainDatabase(err), store.Close())
	}
	return &target{catalog: ledger.NewCatalog(store), store: store, name: databaseName(a.settings.DSN), close: store.Close}, nil
}

func serverName(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return "the server"
	}
	return "the server " + parsed.Redacted()
}

func databaseName(dsn string) string {
	config, err := pgconn.ParseConfig(dsn)
	if err != nil {
		return "the database"
	}
	return fmt.Sprintf("the database %s on %s", config.Database, net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))))
}

// openStore returns the store of the database that the settings name, and connects to
// nothing yet. Its sweeper is off: what an operator looks at is not to change by it.
func (a *app) openStore(ctx context.Context) (*postgres.Store, error) {
	if a.settings.DSN == "" {
		return nil, usageError(errors.New("this command works on a database: give its --dsn"))
	}
	store, err := postgres.Open(ctx, postgres.Config{DSN: a.settings.DSN, SweepInterval: -1})
	if err != nil {
		return nil, usageError(err)
	}
	return store, nil
}

// explainDatabase adds what to do to why a database cannot be used.
func explainDatabase(err error) error {
	switch {
	case errors.Is(err, postgres.ErrSchemaOlder):
		return fmt.Errorf("%w, with ledgerctl migrate up", err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the database did not answer within %s; see ledgerctl doctor: %w", startLimit, err)
	}
	return err
}

// onTarget calls use with the server or the database, and closes it.
func (a *app) onTarget(ctx context.Context, use func(*target) error) (err error) {
	t, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	return use(t)
}

// onDatabase is onTarget for a command that works on a database alone.
func (a *app) onDatabase(ctx context.Context, use func(*target) error) (err error) {
	t, err := a.connectDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	return use(t)
}

// onLedger calls use with the ledger that the settings name, which must be there.
func (a *app) onLedger(ctx context.Context, use func(ledger.Service) error) error {
	return a.onTarget(ctx, func(t *target) error {
		books, err := a.books(ctx, t)
		if err != nil {
			return err
		}
		return use(books)
	})
}

// books returns the ledger that the settings name. On a server without a name it is
// the server's default.
func (a *app) books(ctx context.Context, t *target) (ledger.Service, error) {
	name := a.settings.Ledger
	if name == "" && t.client != nil {
		a.place = "the default ledger of " + t.name
		return t.client, nil
	}
	name = cmp.Or(name, ledger.DefaultName)
	a.place = "ledger " + name + " of " + t.name
	return t.findLedger(ctx, name)
}

// findLedger returns a ledger, or says how to come by one.
func (t *target) findLedger(ctx context.Context, name string) (ledger.Service, error) {
	books, err := t.catalog.Ledger(ctx, name)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil, fmt.Errorf("%w; see ledgerctl ledger list, or make it with ledgerctl ledger open %s", err, name)
	}
	return books, err
}
