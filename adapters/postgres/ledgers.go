package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The statements about ledgers. Ids are given in the order in which ledgers are made,
// but for those that race. A page begins with the ledger $1, so that it is known to be
// there, or at the end if $1 is empty.
const (
	selectLedger = "SELECT id FROM ledger.ledgers WHERE name = $1"
	insertLedger = "INSERT INTO ledger.ledgers (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id"

	findLedgersNewest = `
SELECT name FROM ledger.ledgers
WHERE id <= CASE WHEN $1::text = '' THEN 2147483647 ELSE (SELECT id FROM ledger.ledgers WHERE name = $1) END
ORDER BY id DESC LIMIT $2`
	findLedgersOldest = `
SELECT name FROM ledger.ledgers
WHERE id >= CASE WHEN $1::text = '' THEN 0 ELSE (SELECT id FROM ledger.ledgers WHERE name = $1) END
ORDER BY id LIMIT $2`
)

// Book implements [ledger.Store].
func (s *Store) Book(ctx context.Context, name string) (ledger.Book, error) {
	found, err := s.find(ctx, name)
	if err != nil {
		return nil, err
	}
	return found, nil
}

// OpenBook implements [ledger.Store].
func (s *Store) OpenBook(ctx context.Context, name string) (ledger.Book, ledger.Result, error) {
	opened, result, err := s.open(ctx, name)
	if err != nil {
		return nil, 0, err
	}
	return opened, result, nil
}

// FindLedgers implements [ledger.Store].
func (s *Store) FindLedgers(ctx context.Context, query ledger.LedgerQuery) (names []string, err error) {
	statement, limit := findLedgersNewest, query.Limit
	if query.OldestFirst {
		statement = findLedgersOldest
	}
	if query.After != "" {
		limit++
	}
	err = s.ask(ctx, func(ctx context.Context) error {
		var name string
		return poolQuerier{s.db.DB}.query(ctx, statement, []any{query.After, limit}, []any{&name}, func() error {
			names = append(names, name)
			return nil
		})
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("find ledgers: %w", err)
	case query.After == "":
		return names, nil
	case len(names) == 0:
		return nil, ledger.NoLedger(query.After)
	default:
		return slices.Delete(names, 0, 1), nil
	}
}

// find returns the book of the named ledger, or NoLedger.
func (s *Store) find(ctx context.Context, name string) (*book, error) {
	if known, err := s.known(ctx, name); known != nil || err != nil {
		return known, err
	}
	var id int32
	err := s.ask(ctx, func(ctx context.Context) (err error) {
		id, err = s.findLedger(ctx, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find the ledger: %w", err)
	}
	if id == noLedger {
		return nil, ledger.NoLedger(name)
	}
	return s.remember(name, id), nil
}

// open returns the book of the named ledger, which it makes unless it is there.
func (s *Store) open(ctx context.Context, name string) (*book, ledger.Result, error) {
	if known, err := s.known(ctx, name); known != nil || err != nil {
		return known, ledger.Replayed, err
	}
	var id int32
	var result ledger.Result
	err := s.ask(ctx, func(ctx context.Context) (err error) {
		id, result, err = s.openLedger(ctx, name)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("find the ledger: %w", err)
	}
	return s.remember(name, id), result, nil
}

// known returns the book that was opened or found before, if it was.
func (s *Store) known(ctx context.Context, name string) (*book, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.books[name], nil
}

// remember returns the one book of the ledger that this store has.
func (s *Store) remember(name string, id int32) *book {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.books[name] == nil {
		s.books[name] = newBook(s, id)
	}
	return s.books[name]
}

// noLedger is the id of none.
const noLedger = 0

// findLedger returns the id of the named ledger, or noLedger.
func (s *Store) findLedger(ctx context.Context, name string) (int32, error) {
	var id int32 = noLedger
	err := poolQuerier{s.db.DB}.query(ctx, selectLedger, []any{name}, []any{&id}, func() error { return nil })
	return id, err
}

// openLedger returns the id of the named ledger, and whether it made it. It looks
// first, for an insertion that conflicts uses up an id.
func (s *Store) openLedger(ctx context.Context, name string) (int32, ledger.Result, error) {
	id, err := s.findLedger(ctx, name)
	if err != nil || id != noLedger {
		return id, ledger.Replayed, err
	}
	err = s.db.DB.QueryRowContext(ctx, insertLedger, name).Scan(&id)
	if err == nil {
		return id, ledger.Applied, nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		// Somebody else inserted it in between.
		err = s.db.DB.QueryRowContext(ctx, selectLedger, name).Scan(&id)
	}
	return id, ledger.Replayed, err
}
