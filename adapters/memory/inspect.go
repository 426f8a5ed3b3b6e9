package memory

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Inspect implements [ledger.Inspector]. It holds the locks of all shards until
// inspect returns: whoever uses the ledger waits for it, and inspect itself must not,
// or it waits forever. Other ledgers of the store are free to use.
func (b *book) Inspect(ctx context.Context, inspect func(ledger.Inspection) error) error {
	b.lock(allShards)
	defer b.unlock(allShards)
	if err := ctx.Err(); err != nil {
		return err
	}
	now := b.time()
	// What has run out goes first, for to find accounts would take it off in the midst
	// of the inspection.
	for _, a := range b.numbered {
		a.retire(now)
	}
	return inspect(&inspection{book: b, now: now})
}

// inspection is a book all of whose shards are locked.
type inspection struct {
	book *book
	now  time.Time
	// resolved are the transactions that were posted or voided, once they are asked for.
	resolved []item
}

var _ ledger.Inspection = (*inspection)(nil)

// Now implements [ledger.Inspection].
func (i *inspection) Now() time.Time { return i.now }

// Count implements [ledger.Inspection].
func (i *inspection) Count(ctx context.Context) (counts ledger.Counts, err error) {
	for _, a := range i.book.numbered {
		if a.stripe == 0 {
			counts.Accounts++
		}
		counts.Entries += a.state.Sequence
	}
	for s := range i.book.shards {
		shard := &i.book.shards[s]
		counts.Transactions += uint64(len(shard.transactions) + len(shard.collided) + len(shard.pending))
	}
	return counts, ctx.Err()
}

// Totals implements [ledger.Inspection].
func (i *inspection) Totals(ctx context.Context) ([]ledger.AssetTotals, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return i.book.assetTotals(ledger.Moment{})
}

// Flaws implements [ledger.Inspection]. Nobody else writes to what is in memory.
func (i *inspection) Flaws(context.Context, ledger.Scope) iter.Seq2[ledger.Finding, error] {
	return func(func(ledger.Finding, error) bool) {}
}

// FindAccounts implements [ledger.Lister].
func (i *inspection) FindAccounts(ctx context.Context, query ledger.AccountQuery) ([]ledger.Account, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return i.book.findAccounts(query, i.now)
}

// FindTransactions implements [ledger.Lister].
func (i *inspection) FindTransactions(ctx context.Context, query ledger.TransactionQuery) ([]ledger.Transaction, error) {
	found, err := i.book.findTransactions(ctx, query, i.now)
	if err != nil {
		return nil, err
	}
	return i.book.readTransactions(found), nil
}

// FindOpenings implements [ledger.Lister].
func (i *inspection) FindOpenings(ctx context.Context, accounts []string) ([]ledger.Entry, error) {
	var openings []ledger.Entry
	for _, id := range accounts {
		for _, a := range i.book.chains(id) {
			if a.hasOpening {
				openings = append(openings, i.book.shards[a.opening.shard()].journal.entry(a.opening, i.book.numbered))
			}
		}
	}
	return openings, ctx.Err()
}

// FindResolved implements [ledger.Lister].
func (i *inspection) FindResolved(ctx context.Context, query ledger.ResolvedQuery) ([]ledger.Transaction, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b := i.book
	if i.resolved == nil {
		i.resolved = b.resolved()
	}
	start := 0
	if !query.After.IsZero() {
		var found bool
		if start, found = slices.BinarySearchFunc(i.resolved, newItem(query.After, query.AfterID), item.compare); found {
			start++
		}
	}
	page := i.resolved[start:]
	transactions := make([]ledger.Transaction, min(query.Limit, len(page)))
	for n := range transactions {
		found, _ := b.findTransaction(page[n].id, i.now)
		transactions[n] = b.readTransaction(found)
	}
	return transactions, nil
}

// resolved returns the transactions that were posted or voided after they had been
// pending, in the order of the times of that.
func (b *book) resolved() []item {
	resolved := []item{}
	for _, made := range b.transactionIndex.lists[madePending()] {
		hash := b.hash(made.id)
		s := &b.shards[shardOf(hash)]
		if at, ok := s.findTransaction(made.id, hash); ok {
			resolved = append(resolved, item{s.journal.writtenAt(at), made.id})
		}
	}
	slices.SortFunc(resolved, item.compare)
	return resolved
}

// Balances implements [ledger.Inspection].
func (i *inspection) Balances(ctx context.Context, scope ledger.Scope) iter.Seq2[ledger.StoredBalance, error] {
	return func(yield func(ledger.StoredBalance, error) bool) {
		sums := i.book.reserved(scope.Since)
		for a := range i.chains(scope.Account) {
			if err := ctx.Err(); err != nil {
				yield(ledger.StoredBalance{}, err)
				return
			}
			reserved := sums[a]
			if !scope.Since.IsZero() && !reserved.isRecent && i.book.firstFrom(a, scope.Since) == a.span().high {
				continue
			}
			if !yield(ledger.StoredBalance{AccountState: a.state, Reserved: reserved.Balance}, nil) {
				return
			}
		}
	}
}

// chains walks the accounts, or the one with the id, and their stripes in order.
func (i *inspection) chains(id string) iter.Seq[*account] {
	b := i.book
	b.ids.order()
	ids := b.ids.ordered
	if id != "" {
		ids = []string{id}
	}
	return func(yield func(*account) bool) {
		for _, id := range ids {
			for _, a := range b.chains(id) {
				if !yield(a) {
					return
				}
			}
		}
	}
}

// Entries implements [ledger.Inspection].
func (i *inspection) Entries(ctx context.Context, scope ledger.Scope) iter.Seq2[ledger.Entry, error] {
	b := i.book
	return func(yield func(ledger.Entry, error) bool) {
		for a := range i.chains(scope.Account) {
			span := a.span()
			if !scope.Since.IsZero() {
				first := b.firstFrom(a, scope.Since)
				if first == span.high {
					continue
				}
				span.low = max(span.low+1, first) - 1
			}
			for sequence := span.low; sequence < span.high; sequence++ {
				if err := ctx.Err(); err != nil {
					yield(ledger.Entry{}, err)
					return
				}
				if !yield(b.entry(a, sequence), nil) {
					return
				}
			}
		}
	}
}

func (b *book) entry(a *account, sequence uint64) ledger.Entry {
	at := a.at(sequence)
	return b.shards[at.shard()].journal.entry(at, b.numbered)
}

// compareEntries orders entries by their accounts, stripes and sequence numbers.
func compareEntries(a, b ledger.Entry) int {
	return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Stripe, b.Stripe), cmp.Compare(a.Sequence, b.Sequence))
}
