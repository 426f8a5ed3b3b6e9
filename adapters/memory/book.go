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
	// ids are those of the accounts. They are changed and read under the locks of all.
	ids ids

	accountIndex     *index
	transactionIndex *index
}

// account is an account, or a stripe of a world account, and the places of its
// entries.
type account struct {
	// These never change.
	number uint64
	id     string
	asset  ledger.Asset
	normal ledger.Side
	stripe uint8

	// state counts what is pending as of the last retirement.
	state        ledger.AccountState
	reservations reservations
	// corrections is nil until there is one.
	corrections corrections
	entries     places
	// opening is the place of entry number 0, if hasOpening.
	opening    place
	hasOpening bool
}

func newBook(now func() time.Time) *book {
	seed := maphash.MakeSeed()
	b := &book{
		now:  now,
		hash: func(id string) uint64 { return maphash.String(seed, id) },

		accountIndex:     newIndex(),
		transactionIndex: newIndex(),
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
	w.now = b.now()
	decision, err := w.decider.Decide(w, operations, w.now)
	if err != nil {
		return nil, err
	}
	w.save(decision)
	return decision.Outcomes, nil
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

// sum returns the account that the chains make up, as of now.
func sum(chains []*account, now time.Time) (total ledger.Account, err error) {
	chains[0].retire(now)
	total = chains[0].state.Account
	for _, stripe := range chains[1:] {
		total.Sequence += stripe.state.Sequence
		if total.Balance, err = total.Balance.Add(stripe.state.Balance); err != nil {
			return ledger.Account{}, err
		}
	}
	return total, nil
}
