package ledger

import (
	"context"
	"fmt"
)

// Catalog is the ledgers that a program reaches by name. [NewCatalog] is that of a
// store; a client can implement it over a server. A ledger is never renamed or
// removed. A Catalog is safe for any number of goroutines.
//
// When the store is away, a method fails with [ErrUnavailable]; when ctx ends, with
// ctx's error. A ledger was then made or not, and asking again says which.
type Catalog interface {
	// OpenLedger makes the named ledger unless it is there. The result is [Applied] or
	// [Replayed]; of those who make the same ledger at once, one is told Applied. A name
	// that is none fails with [ErrInvalidRequest], the empty one among them.
	OpenLedger(ctx context.Context, name string) (Result, error)
	// Ledger returns the named ledger, or [ErrNotFound]; it never makes one. It is cheap
	// enough to be called for each request.
	Ledger(ctx context.Context, name string) (Service, error)
	// FindLedgers returns a page of the ledgers' names, those made last first.
	FindLedgers(ctx context.Context, query LedgerQuery) (LedgerPage, error)
}

// LedgerQuery asks for a page of the names of ledgers, in the order in which they were
// made. Those that were made at the same time by several programs are in some order,
// which stays as it is; one that is still being made then may be missing.
type LedgerQuery struct { //nolint:revive // Beside AccountQuery, Query would not say of what.
	// OldestFirst turns the order around, which is newest first.
	OldestFirst bool
	// After is the name of the last ledger of the page before; empty asks for the first
	// page. A name that is not there fails with [ErrNotFound].
	After string
	// Limit is the most names to return, up to [MaxLimit]; 0 is [DefaultLimit].
	Limit int
}

// LedgerPage is a page of the names of ledgers.
type LedgerPage struct { //nolint:revive // As LedgerQuery.
	Names []string
	// More says whether ledgers follow the last one.
	More bool
}

func (q LedgerQuery) normalized() (LedgerQuery, error) {
	if q.After != "" && ValidateLedgerName(q.After) != nil {
		return q, NoLedger(q.After)
	}
	var err error
	q.Limit, err = validLimit(q.Limit)
	return q, err
}

// storeCatalog is the catalog of a store. It remembers nothing: what there is to
// remember of a ledger is the store's.
type storeCatalog struct{ store Store }

// NewCatalog returns the catalog of a store. Its services are those that [Open]
// returns, and it is as safe for several goroutines as the store is.
func NewCatalog(store Store) Catalog { return storeCatalog{store} }

// OpenLedger implements [Catalog].
func (c storeCatalog) OpenLedger(ctx context.Context, name string) (Result, error) {
	if err := ValidateLedgerName(name); err != nil {
		return Rejected, err
	}
	_, result, err := openBook(ctx, c.store, name)
	return result, err
}

// Ledger implements [Catalog].
func (c storeCatalog) Ledger(ctx context.Context, name string) (Service, error) {
	if ValidateLedgerName(name) != nil {
		return nil, NoLedger(name)
	}
	book, err := c.store.Book(ctx, name)
	if err != nil {
		return nil, err
	}
	return &Ledger{name: name, book: book}, nil
}

// FindLedgers implements [Catalog].
func (c storeCatalog) FindLedgers(ctx context.Context, query LedgerQuery) (page LedgerPage, err error) {
	if query, err = query.normalized(); err != nil {
		return LedgerPage{}, err
	}
	limit := query.Limit
	query.Limit++
	names, err := c.store.FindLedgers(ctx, query)
	if err != nil {
		return LedgerPage{}, err
	}
	page.Names, page.More = cut(names, limit)
	return page, nil
}

// openBook asks the store for the book of a valid name, and checks that it says
// whether it made it.
func openBook(ctx context.Context, store Store, name string) (Book, Result, error) {
	book, result, err := store.OpenBook(ctx, name)
	if err != nil {
		return nil, 0, fmt.Errorf("open ledger %q: %w", name, err)
	}
	if result != Applied && result != Replayed {
		return nil, 0, broken("the store opened ledger %q with the result %s", name, result)
	}
	return book, result, nil
}
