package memory

import (
	"context"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
	"github.com/seed-d432d95b/ledger/ledger/ledgertest"
)

// collidingStore makes books in which the hashes of ids nearly all collide.
type collidingStore struct{ *Store }

func (s collidingStore) OpenBook(ctx context.Context, name string) (ledger.Book, ledger.Result, error) {
	opened, result, err := s.Store.OpenBook(ctx, name)
	if err != nil {
		return nil, result, err
	}
	b := opened.(*book)
	b.hash = func(id string) uint64 { return uint64(len(id)%3) << 60 }
	return b, result, nil
}

func TestCollidingHashes(t *testing.T) {
	t.Parallel()
	newService := ledgertest.FromStore(func(testing.TB) ledger.Store { return collidingStore{New(Config{})} })
	ledgertest.Transactions(t, newService)
	ledgertest.Entries(t, newService)
	ledgertest.Steps(t, newService)
	ledgertest.Reversals(t, newService)
	ledgertest.Find(t, newService)
	ledgertest.Concurrency(t, newService)
	ledgertest.Random(t, newService)
}
