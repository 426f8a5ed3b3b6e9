package memory

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Records implements [ledger.Inspection].
func (i *inspection) Records(ctx context.Context, scope ledger.Scope) iter.Seq2[ledger.Record, error] {
	return func(yield func(ledger.Record, error) bool) {
		for _, id := range i.book.transactionIDs(scope) {
			if err := ctx.Err(); err != nil {
				yield(ledger.Record{}, err)
				return
			}
			if !yield(i.book.record(id), nil) {
				return
			}
		}
	}
}

// transactionIDs returns the ids of the transactions in the scope, in order.
func (b *book) transactionIDs(scope ledger.Scope) []string {
	var ids []string
	if scope.Account == "" {
		ids = b.recordedIDs(scope.Since)
	}
	for _, a := range b.chains(scope.Account) {
		for n := b.firstFrom(a, scope.Since); n < a.span().high; n++ {
			at := a.at(n)
			j := b.shards[at.shard()].journal
			ids = append(ids, string(j.id(j.recordOf(at))))
		}
	}
	for i := range b.shards {
		for id, p := range b.shards[i].pending {
			if !p.recorded.RecordedAt.Before(scope.Since) && (scope.Account == "" || p.isOn(scope.Account)) {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// recordedIDs returns the ids of the transactions that were written into the journal
// at a time or later.
func (b *book) recordedIDs(since time.Time) (ids []string) {
	for i := range b.shards {
		s := &b.shards[i]
		for _, places := range []iter.Seq[place]{maps.Values(s.transactions), maps.Values(s.collided)} {
			for at := range places {
				if s.journal.writtenAt(at) >= since.UnixMicro() {
					ids = append(ids, string(s.journal.id(at)))
				}
			}
		}
	}
	return ids
}

// isOn says whether the transaction reserves on the account.
func (p *pendingTransaction) isOn(account string) bool {
	return slices.ContainsFunc(p.reserves(), func(r ledger.Reservation) bool { return r.Account == account })
}

// record returns all that there is of a transaction that is there.
func (b *book) record(id string) ledger.Record {
	s := &b.shards[shardOf(b.hash(id))]
	record := ledger.Record{ID: id}
	if p := s.pending[id]; p != nil {
		t := p.recorded.Transaction
		t.Entries, t.Reserved = slices.Clone(t.Entries), slices.Clone(t.Reserved)
		record.Transactions = []ledger.Transaction{t}
		record.Reservations = p.reserves()
		return record
	}
	// A record stays as it is: the time that a pending transaction is judged by is none
	// of its business.
	found, _ := b.findTransaction(id, time.Time{})
	t := b.readTransaction(found)
	record.Transactions = []ledger.Transaction{t}
	record.Entries = b.entriesOf(&t)
	if t.Reverses == "" {
		return record
	}
	if found, ok := b.findTransaction(t.Reverses, time.Time{}); ok {
		record.Reversed = b.entriesOf(new(b.readTransaction(found)))
	}
	return record
}

// entriesOf returns those of the entries that a transaction lists that the chains of
// their accounts have as the transaction's, in order.
func (b *book) entriesOf(t *ledger.Transaction) []ledger.Entry {
	if t.Status != ledger.Posted {
		return nil
	}
	var entries []ledger.Entry
	for i := range t.Entries {
		listed := &t.Entries[i]
		for _, a := range b.chains(listed.Account) {
			if s := a.span(); a.stripe != listed.Stripe || listed.Sequence < s.low || listed.Sequence >= s.high {
				continue
			}
			if e := b.entry(a, listed.Sequence); e.Transaction == t.ID {
				entries = append(entries, e)
			}
		}
	}
	slices.SortFunc(entries, compareEntries)
	return entries
}

// reserves returns what the transaction still reserves, in the order of accounts. What
// has run out has been taken off its account.
func (p *pendingTransaction) reserves() []ledger.Reservation {
	t := &p.recorded.Transaction
	byAccount := make(map[string]ledger.Reservation)
	if t.ExpiresAt.IsZero() {
		for i := range t.Entries {
			e := &t.Entries[i]
			if ledger.IsWorldID(e.Account) {
				continue
			}
			r := byAccount[e.Account]
			if e.Side == ledger.Debit {
				r.Debits = sumOf(r.Debits, t.Reserved[i])
			} else {
				r.Credits = sumOf(r.Credits, t.Reserved[i])
			}
			byAccount[e.Account] = r
		}
	}
	for _, r := range p.reservations {
		if r.place >= 0 {
			byAccount[r.account.id] = ledger.Reservation{Debits: r.debits, Credits: r.credits}
		}
	}
	reservations := make([]ledger.Reservation, 0, len(byAccount))
	for account, r := range byAccount {
		r.Account, r.Transaction, r.ExpiresAt = account, t.ID, t.ExpiresAt
		reservations = append(reservations, r)
	}
	slices.SortFunc(reservations, func(a, b ledger.Reservation) int { return cmp.Compare(a.Account, b.Account) })
	return reservations
}

// reserved is what the stored reservations on an account add up to.
type reserved struct {
	ledger.Balance
	// isRecent says that one of them is of a transaction of the time that was asked for,
	// or later.
	isRecent bool
}

// reserved returns what is reserved on each account.
func (b *book) reserved(since time.Time) map[*account]reserved {
	sums := make(map[*account]reserved)
	for i := range b.shards {
		for _, p := range b.shards[i].pending {
			for _, r := range p.reserves() {
				a := b.chains(r.Account)[0]
				s := sums[a]
				s.PendingDebits, s.PendingCredits = sumOf(s.PendingDebits, r.Debits), sumOf(s.PendingCredits, r.Credits)
				s.isRecent = s.isRecent || !p.recorded.RecordedAt.Before(since)
				sums[a] = s
			}
		}
	}
	return sums
}
