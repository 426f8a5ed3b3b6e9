package memory

import (
	"context"
	"slices"

	"github.com/seed-d432d95b/ledger/ledger"
)

// placedBook is a book and its ledger's place among the store's names.
type placedBook struct {
	*book
	place int
}

// Book implements [ledger.Store].
func (s *Store) Book(ctx context.Context, name string) (ledger.Book, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	found, ok := s.books[name]
	if !ok {
		return nil, ledger.NoLedger(name)
	}
	return found.book, nil
}

// OpenBook implements [ledger.Store].
func (s *Store) OpenBook(ctx context.Context, name string) (ledger.Book, ledger.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.books[name]; ok {
		return found.book, ledger.Replayed, nil
	}
	made := newBook(s.now)
	s.books[name] = placedBook{made, len(s.names)}
	s.names = append(s.names, name)
	return made, ledger.Applied, nil
}

// FindLedgers implements [ledger.Store].
func (s *Store) FindLedgers(ctx context.Context, query ledger.LedgerQuery) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	older, newer := s.names, s.names
	if query.After != "" {
		after, ok := s.books[query.After]
		if !ok {
			return nil, ledger.NoLedger(query.After)
		}
		older, newer = s.names[:after.place], s.names[after.place+1:]
	}
	if query.OldestFirst {
		return slices.Clone(newer[:min(query.Limit, len(newer))]), nil
	}
	names := slices.Clone(older[max(0, len(older)-query.Limit):])
	slices.Reverse(names)
	return names, nil
}
