package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/ledger"
)

// startLimit is how long a database may take to answer at the start. Waiting for
// another instance that migrates does not count.
const startLimit = 10 * time.Second

// books is an open ledger and the store that it is in.
type books struct {
	service ledger.Service
	// catalog has the store's other ledgers too.
	catalog ledger.Catalog
	// ready says why the store cannot be used for now; nil is always ready.
	ready func(context.Context) error
	close func() error
	// database is nil if the books are in memory.
	database *postgres.Store
}

// openBooks opens the store and the ledger, with the demo user if that is asked
// for. The observer, which may be nil, is told of commits to a database.
func openBooks(ctx context.Context, s settings, observer postgres.Observer) (*books, error) {
	b := &books{close: func() error { return nil }}
	var store ledger.Store
	if s.dsn == "" {
		store = memory.New(memory.Config{})
	} else {
		database, err := openDatabase(ctx, s, observer)
		if err != nil {
			return nil, err
		}
		store, b.close, b.database = database, database.Close, database
		b.ready = (&readiness{check: database.Check}).ready
	}
	if err := b.open(ctx, store, s); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// openDatabase opens a store on the schema that this program knows.
func openDatabase(ctx context.Context, s settings, observer postgres.Observer) (*postgres.Store, error) {
	store, err := postgres.Open(ctx, postgres.Config{DSN: s.dsn, Observer: observer})
	if err != nil {
		return nil, usageError{fmt.Errorf("invalid --dsn or LEDGERD_DSN: %w", err)}
	}
	check := store.Migrate
	if !s.migrate {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, startLimit)
		defer cancel()
		check = store.Check
	}
	err = check(ctx)
	if errors.Is(err, postgres.ErrSchemaOlder) {
		err = fmt.Errorf("%w, as ledgerd --migrate does", err)
	}
	if err == nil {
		err = store.CheckRights(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", err), store.Close())
	}
	return store, nil
}

// open opens the ledger in the store.
func (b *books) open(ctx context.Context, store ledger.Store, s settings) (err error) {
	if b.service, err = ledger.Open(ctx, store, ledger.Config{Name: s.ledger}); err != nil {
		return err
	}
	b.catalog = ledger.NewCatalog(store)
	if err := checkAsset(ctx, b.service, s.asset); err != nil || !s.demo {
		return err
	}
	if err := openDemo(ctx, b.service, s.asset); err != nil {
		return fmt.Errorf("open the demo user, which --demo=false leaves out: %w", err)
	}
	return nil
}

// checkAsset refuses an asset that is known with another scale, and registers one
// that is not known.
func checkAsset(ctx context.Context, service ledger.Service, asset ledger.Asset) error {
	world, err := service.Account(ctx, ledger.WorldID(asset.Code))
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		_, err = service.RegisterAsset(ctx, asset)
		if errors.Is(err, ledger.ErrAssetExists) {
			return usageError{err}
		}
		if err != nil {
			return fmt.Errorf("register the asset: %w", err)
		}
		return nil
	case err != nil:
		return fmt.Errorf("look up the asset: %w", err)
	case world.Asset != asset:
		return usageError{fmt.Errorf("the asset %s contradicts the ledger, which has %s; a scale never changes", asset, world.Asset)}
	}
	return nil
}
