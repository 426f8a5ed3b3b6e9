package memory

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// book is one ledger's accounts and transactions, spread over shards by the
// hashes of their ids. Who writes or reads holds the locks of all the shards
// that he touches, so each write is whole to every reader.
//
// A world account has its stripes in some of the shards. A write keeps to the
// stripe that its transaction's id picks, so that deposits to different accounts
// seldom wait for one another.
type book struct {
	now     func() time.Time
	hash    func(id string) uint64
	writers sync.Pool
	shards  [shardCount]shard
	// numbered finds an account by its number in the journals. It grows under
	// the locks of all shards, so any one of them is enough to read it.
	numbered []*account
}

// account is an account, or a stripe of a world account, and the places of its
// entries.
type account struct {
	// These never change.
	number uint64
	id     string
	asset  ledger.Asset
	stripe uint8

	state   ledger.AccountState
	entries places
	// opening is the place of entry number 0, if hasOpening.
	opening    place
	hasOpening bool
}

func newBook(now func() time.Time) *book {
	seed := maphash.MakeSeed()
	b := &book{
		now:  now,
		hash: func(id string) uint64 { return maphash.String(seed, id) },
	}
	b.writers.New = func() any { return &writer{book: b} }
	for i := range b.shards {
		b.shards[i] = newShard(i)
	}
	return b
}

// Write implements [ledger.Writer].
func (b *book) Write(ctx context.Context, operations []ledger.Operation) ([]ledger.Outcome, error) {
	w := b.writers.Get().(*writer)
	defer b.writers.Put(w)
	defer b.unlock(w.lock(operations))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	decision, err := w.decider.Decide(w, operations, b.now())
	if err != nil {
		return nil, err
	}
	w.save(decision)
	return decision.Outcomes, nil
}

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
	for i, id := range ids {
		chains := b.chains(id)
		if len(chains) == 0 {
			return nil, ledger.NoAccount(id)
		}
		var err error
		if accounts[i], err = sum(chains); err != nil {
			return nil, err
		}
	}
	return accounts, nil
}

// Entries implements [ledger.Reader].
func (b *book) Entries(ctx context.Context, query ledger.EntryQuery) (ledger.EntryPage, error) {
	page, found, numbered, err := b.find(ctx, query)
	if err != nil {
		return ledger.EntryPage{}, err
	}
	// What is written stays as it is, so it is decoded without the locks.
	page.Entries = make([]ledger.Entry, len(found))
	for i, at := range found {
		page.Entries[i] = b.shards[at.shard()].journal.entry(at, numbered)
	}
	return page, nil
}

// find returns the page without its entries, and their places.
func (b *book) find(ctx context.Context, query ledger.EntryQuery) (ledger.EntryPage, []place, []*account, error) {
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
	account, err := sum(chains)
	return ledger.EntryPage{Account: account}, findEntries(chains, query), b.numbered, err
}

// Transaction implements [ledger.Reader].
func (b *book) Transaction(ctx context.Context, id string) (ledger.Transaction, error) {
	at, numbered, err := b.findTransaction(ctx, id)
	if err != nil {
		return ledger.Transaction{}, err
	}
	return b.shards[at.shard()].journal.transaction(at, numbered).Transaction, nil
}

// findTransaction returns the place of the transaction's record.
func (b *book) findTransaction(ctx context.Context, id string) (place, []*account, error) {
	hash := b.hash(id)
	s := &b.shards[shardOf(hash)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	at, ok := s.findTransaction(id, hash)
	if !ok {
		return 0, nil, ledger.NoTransaction(id)
	}
	return at, b.numbered, nil
}

// shardsOfAccount returns the shards that the account, if it exists, is in.
func (b *book) shardsOfAccount(id string) shardSet {
	if ledger.IsWorldID(id) {
		return allShards
	}
	return setOf(shardOf(b.hash(id)))
}

// chains returns the account, all stripes of it in order, or nothing.
func (b *book) chains(id string) []*account {
	if !ledger.IsWorldID(id) {
		if a := b.shards[shardOf(b.hash(id))].accounts[id]; a != nil {
			return []*account{a}
		}
		return nil
	}
	var stripes []*account
	for i := range stripeCount {
		if a := b.shards[shardOfStripe(i)].accounts[id]; a != nil {
			stripes = append(stripes, a)
		}
	}
	return stripes
}

// sum returns the account that the chains make up.
func sum(chains []*account) (total ledger.Account, err error) {
	total = chains[0].state.Account
	for _, stripe := range chains[1:] {
		total.Sequence += stripe.state.Sequence
		if total.Balance, err = total.Balance.Add(stripe.state.Balance); err != nil {
			return ledger.Account{}, err
		}
	}
	return total, nil
}
