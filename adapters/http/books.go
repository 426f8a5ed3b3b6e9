package http

import (
	"context"
	"sync"

	"github.com/seed-d432d95b/ledger/ledger"
)

// maxBooks is how many named ledgers a handler remembers. More are found again when
// they are asked for.
const maxBooks = 1000

// books is the ledgers that a handler serves.
type books struct {
	own     *book
	catalog ledger.Catalog
	assets  *accountAssets

	mu    sync.Mutex
	named map[string]*book
}

// book is one of them.
type book struct {
	service ledger.Service
	assets  *assetBook
}

func newBooks(own ledger.Service, catalog ledger.Catalog) *books {
	b := &books{catalog: catalog, assets: newAccountAssets(), named: make(map[string]*book)}
	b.own = b.newBook(own)
	return b
}

func (b *books) newBook(service ledger.Service) *book {
	return &book{service: service, assets: &assetBook{service: service, accounts: b.assets}}
}

// find returns the named ledger.
func (b *books) find(ctx context.Context, name string) (*book, error) {
	b.mu.Lock()
	known, ok := b.named[name]
	b.mu.Unlock()
	if ok {
		return known, nil
	}
	if b.catalog == nil {
		return nil, errOneLedger()
	}
	service, err := b.catalog.Ledger(ctx, name)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if known, ok := b.named[name]; ok {
		return known, nil
	}
	if len(b.named) >= maxBooks {
		clear(b.named)
	}
	found := b.newBook(service)
	b.named[name] = found
	return found, nil
}

func errOneLedger() error {
	return &ledger.Error{Code: ledger.ErrNotFound, Message: "this server serves no ledgers by name, but one under /v1"}
}
