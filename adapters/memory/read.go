package memory

import (
	"context"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Accounts implements [ledger.Reader].
func (b *book) Accounts(ctx context.Context, ids []string) ([]ledger.Account, error) {
	accounts := make([]ledger.Account, len(ids))
	var touched shardSet
	for _, id := range ids {
		touched |= b.shardsOfAccount(id)
	}
	b.lock(touched)
	defer b.unlock(touched)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now := b.now()
	for i, id := range ids {
		chains := b.chains(id)
		if len(chains) == 0 {
			return nil, ledger.NoAccount(id)
		}
		var err error
		if accounts[i], err = sum(chains, now); err != nil {
			return nil, err
		}
	}
	return accounts, nil
}

// Entries implements [ledger.Reader].
func (b *book) Entries(ctx context.Context, query ledger.EntryQuery) (ledger.EntryPage, error) {
	page, found, numbered, err := b.findEntries(ctx, query)
	if err != nil {
		return ledger.EntryPage{}, err
	}
	page.Entries = b.readEntries(found, numbered)
	return page, nil
}

// findEntries returns the page without its entries, and their places.
func (b *book) findEntries(ctx context.Context, query ledger.EntryQuery) (ledger.EntryPage, []place, []*account, error) {
	touched := b.shardsOfAccount(query.Account)
	b.lock(touched)
	defer b.unlock(touched)
	if err := ctx.Err(); err != nil {
		return ledger.EntryPage{}, nil, nil, err
	}
	chains := b.chains(query.Account)
	if len(chains) == 0 {
		return ledger.EntryPage{}, nil, nil, ledger.NoAccount(query.Account)
	}
	spans := make([]span, len(chains))
	for i, stripe := range chains {
		spans[i] = stripe.span()
	}
	account, err := sum(chains, b.now())
	return ledger.EntryPage{Account: account}, findEntries(chains, spans, query), b.numbered, err
}

// readEntries returns the entries at the places. What is written stays as it is, so
// it is decoded without the locks.
func (b *book) readEntries(places []place, numbered []*account) []ledger.Entry {
	entries := make([]ledger.Entry, len(places))
	for i, at := range places {
		entries[i] = b.shards[at.shard()].journal.entry(at, numbered)
	}
	return entries
}

// Transaction implements [ledger.Reader].
func (b *book) Transaction(ctx context.Context, id string) (ledger.Transaction, error) {
	found, err := b.findTransactionLocked(ctx, id)
	if err != nil {
		return ledger.Transaction{}, err
	}
	return b.readTransaction(found), nil
}

func (b *book) findTransactionLocked(ctx context.Context, id string) (foundTransaction, error) {
	touched := setOf(shardOf(b.hash(id)))
	b.lock(touched)
	defer b.unlock(touched)
	if err := ctx.Err(); err != nil {
		return foundTransaction{}, err
	}
	found, ok := b.findTransaction(id, b.now())
	if !ok {
		return foundTransaction{}, ledger.NoTransaction(id)
	}
	return found, nil
}

// foundTransaction is what of a transaction must be read under the lock of its
// shard.
type foundTransaction struct {
	// pending is the transaction if it is that. Otherwise it has a record at the place.
	pending    *ledger.Transaction
	at         place
	reversedBy string
	numbered   []*account
}

// findTransaction finds a transaction as it stands at a time.
func (b *book) findTransaction(id string, now time.Time) (foundTransaction, bool) {
	hash := b.hash(id)
	s := &b.shards[shardOf(hash)]
	if p := s.pending[id]; p != nil {
		return foundTransaction{pending: new(p.transaction(now))}, true
	}
	at, ok := s.findTransaction(id, hash)
	return foundTransaction{at: at, reversedBy: s.reversals[id], numbered: b.numbered}, ok
}

func (b *book) readTransaction(found foundTransaction) ledger.Transaction {
	if found.pending != nil {
		return *found.pending
	}
	t := b.shards[found.at.shard()].journal.transaction(found.at, found.numbered).Transaction
	t.ReversedBy = found.reversedBy
	return t
}
