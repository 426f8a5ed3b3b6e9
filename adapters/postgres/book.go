package postgres

import (
	"context"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// book is one ledger in the store.
type book struct {
	store  *Store
	id     int32
	shared sharedReader
}

func newBook(s *Store, id int32) *book {
	b := &book{store: s, id: id}
	// One query beside that under way, so that a slow one holds up nobody.
	b.shared.most = 2
	b.shared.read = func(ctx context.Context, ids []string) (map[string]ledger.Account, error) {
		return b.accounts(ctx, s.db, ids)
	}
	return b
}

// Write implements [ledger.Writer].
func (b *book) Write(ctx context.Context, operations []ledger.Operation) ([]ledger.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &submission{ctx: ctx, ledger: b.id, operations: operations, since: time.Now(), done: make(chan struct{})}
	if err := b.store.queue.add(s); err != nil {
		return nil, err
	}
	select {
	case <-s.done:
		return s.outcomes, s.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
