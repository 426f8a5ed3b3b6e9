package memory

import (
	"container/heap"
	"slices"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// pendingTransaction is one that was neither posted nor voided. When it is, it
// becomes a record of the journal like any other transaction.
type pendingTransaction struct {
	recorded ledger.RecordedTransaction
	// reservations are those that end by themselves; the account's totals tell enough
	// of one that doesn't.
	reservations []*reservation
}

// newPending copies what the caller of the transaction may change.
func newPending(recorded *ledger.RecordedTransaction) *pendingTransaction {
	p := &pendingTransaction{recorded: *recorded}
	p.recorded.Entries = slices.Clone(recorded.Entries)
	p.recorded.Reserved = slices.Clone(recorded.Reserved)
	return p
}

// transaction returns the transaction in a copy, as it stands at a time.
func (p *pendingTransaction) transaction(now time.Time) ledger.Transaction {
	t := p.recorded.Transaction
	t.Entries = slices.Clone(t.Entries)
	t.Reserved = slices.Clone(t.Reserved)
	t.Status = t.StatusAt(now)
	return t
}

// reserve adds what an entry reserves on the account to what the transaction's other
// entries do.
func (p *pendingTransaction) reserve(a *account, side ledger.Side, amount ledger.Amount) {
	if p.recorded.ExpiresAt.IsZero() {
		return
	}
	i := slices.IndexFunc(p.reservations, func(r *reservation) bool { return r.account == a })
	if i < 0 {
		i = len(p.reservations)
		r := &reservation{account: a, expiresAt: p.recorded.ExpiresAt.UnixMicro()}
		p.reservations = append(p.reservations, r)
		heap.Push(&a.reservations, r)
	}
	total := &p.reservations[i].credits
	if side == ledger.Debit {
		total = &p.reservations[i].debits
	}
	*total = sumOf(*total, amount)
}

// release ends the transaction's reservations, whose amounts are off the accounts' totals.
func (p *pendingTransaction) release() {
	for _, r := range p.reservations {
		if r.place >= 0 {
			heap.Remove(&r.account.reservations, r.place)
		}
	}
}

// reservation is what a pending transaction reserves on one account until its time runs out.
type reservation struct {
	account *account
	// expiresAt is in microseconds.
	expiresAt       int64
	debits, credits ledger.Amount
	// place is that in the account's heap, or -1 once it has left.
	place int
}

// reservations is a heap: the first runs out first. What ends before its time leaves
// at once, so it has no more of them than there are pending transactions.
type reservations []*reservation

var _ heap.Interface = (*reservations)(nil)

func (r reservations) Len() int           { return len(r) }
func (r reservations) Less(i, j int) bool { return r[i].expiresAt < r[j].expiresAt }

func (r reservations) Swap(i, j int) {
	r[i], r[j] = r[j], r[i]
	r[i].place, r[j].place = i, j
}

// Push implements [heap.Interface].
func (r *reservations) Push(x any) {
	added := x.(*reservation)
	added.place = len(*r)
	*r = append(*r, added)
}

// Pop implements [heap.Interface].
func (r *reservations) Pop() any {
	last := len(*r) - 1
	removed := (*r)[last]
	(*r)[last] = nil
	*r = (*r)[:last]
	removed.place = -1
	return removed
}

// retire takes off the account's totals what has run out by now or the account's own
// time, whichever is later. From then on the account's time is at least that: a clock
// that is set back brings nothing to life again.
func (a *account) retire(now time.Time) {
	if len(a.reservations) == 0 {
		return
	}
	at := max(now.UnixMicro(), a.state.LastRecordedAt.UnixMicro())
	for len(a.reservations) > 0 && a.reservations[0].expiresAt <= at {
		r := a.reservations[0]
		heap.Pop(&a.reservations)
		pending := &a.state.Balance
		pending.PendingDebits = sumOf(pending.PendingDebits, r.debits.Neg())
		pending.PendingCredits = sumOf(pending.PendingCredits, r.credits.Neg())
		if judged := time.UnixMicro(at).UTC(); judged.After(a.state.LastRecordedAt) {
			a.state.LastRecordedAt = judged
		}
	}
}
