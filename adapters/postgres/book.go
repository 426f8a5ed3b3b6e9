package postgres

import (
	"context"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// book is one ledger in the store.
type book struct {
	store   *Store
	id      int32
	querier querier
	shared  sharedReader
}

func newBook(s *Store, id int32) *book {
	b := &book{store: s, id: id, querier: poolQuerier{s.db.DB}}
	// One query beside that under way, so that a slow one holds up nobody.
	b.shared.most = 2
	b.shared.running = &s.reads.inside
	b.shared.read = func(ctx context.Context, ids []string) (accounts map[string]ledger.Account, err error) {
		err = s.bounded(ctx, func(ctx context.Context) (err error) {
			accounts, err = readAccounts(ctx, b.querier, id, ids)
			return err
		})
		return accounts, err
	}
	return b
}

// Write implements [ledger.Writer].
func (b *book) Write(ctx context.Context, operations []ledger.Operation) ([]ledger.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	accounts := lockedBy(operations)
	s := &submission{
		ctx: ctx, ledger: b.id, operations: operations, size: max(len(operations), len(accounts)), accounts: accounts,
		since: time.Now(), done: make(chan struct{}),
	}
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

// Accounts implements [ledger.Reader].
func (b *book) Accounts(ctx context.Context, ids []string) ([]ledger.Account, error) {
	if err := b.store.reads.enter(); err != nil {
		return nil, err
	}
	defer b.store.reads.leave()
	found, err := b.shared.accounts(ctx, ids)
	if err != nil {
		return nil, publicError(err)
	}
	return inOrder(found, ids)
}

// inOrder returns the accounts in the order of ids.
func inOrder(found map[string]ledger.Account, ids []string) ([]ledger.Account, error) {
	accounts := make([]ledger.Account, len(ids))
	for i, id := range ids {
		account, ok := found[id]
		if !ok {
			return nil, ledger.NoAccount(id)
		}
		accounts[i] = account
	}
	return accounts, nil
}

// Entries implements [ledger.Reader].
func (b *book) Entries(ctx context.Context, query ledger.EntryQuery) (page ledger.EntryPage, err error) {
	err = b.read(ctx, func(ctx context.Context) (err error) {
		page, err = readEntries(ctx, b.querier, b.id, query)
		return err
	})
	return page, err
}

// Transaction implements [ledger.Reader].
func (b *book) Transaction(ctx context.Context, id string) (transaction ledger.Transaction, err error) {
	err = b.read(ctx, func(ctx context.Context) (err error) {
		transaction, err = readTransaction(ctx, b.querier, b.id, id)
		return err
	})
	return transaction, err
}

// read calls a function that reads for one caller alone, unless the store is
// closed.
func (b *book) read(ctx context.Context, read func(context.Context) error) error {
	return b.store.ask(ctx, read)
}
