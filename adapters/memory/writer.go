package memory

import (
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// writer is what one write works with. It is the [ledger.View] of the shards
// that it has locked.
type writer struct {
	book    *book
	decider ledger.Decider
	// now is the time of the write.
	now time.Time
	// stripe is the one of a world account that is written to.
	stripe int
	// ids is memory to collect ids in.
	ids []string
	// touched are the accounts found so far.
	touched []*account
}

var _ ledger.View = (*writer)(nil)

// lock locks the shards that the operations touch and returns them.
func (w *writer) lock(operations []ledger.Operation) shardSet {
	w.touched = w.touched[:0]
	w.ids = w.ids[:0]
	for _, operation := range operations {
		w.ids = operation.AppendTransactions(w.ids)
	}
	var touched shardSet
	w.stripe = 0
	for i, id := range w.ids {
		s := shardOf(w.book.hash(id))
		touched |= setOf(s)
		if i == 0 {
			w.stripe = s % stripeCount
		}
	}
	w.ids = w.ids[:0]
	for _, operation := range operations {
		w.ids = operation.AppendAccounts(w.ids)
	}
	for _, id := range w.ids {
		touched |= setOf(w.shardOf(id))
	}
	w.book.lock(touched)
	for _, id := range w.ids {
		if w.find(id) == nil {
			// It may be about to be opened, which takes the locks of all.
			w.book.unlock(touched)
			w.stripe = 0
			w.touched = w.touched[:0]
			touched = allShards
			w.book.lock(touched)
			break
		}
	}
	clear(w.ids)
	return touched
}

// shardOf returns the shard of the account, or of the stripe that is written to.
func (w *writer) shardOf(account string) int {
	if ledger.IsWorldID(account) {
		return shardOfStripe(w.stripe)
	}
	return shardOf(w.book.hash(account))
}

// find returns the account with the id, or nil. It remembers a few, for a
// deposit asks for its two accounts several times.
func (w *writer) find(id string) *account {
	for _, a := range w.touched {
		if a.id == id {
			return a
		}
	}
	a := w.book.shards[w.shardOf(id)].accounts[id]
	if a != nil && len(w.touched) < 4 {
		w.touched = append(w.touched, a)
	}
	return a
}

// Account implements [ledger.View].
func (w *writer) Account(id string) *ledger.AccountState {
	a := w.find(id)
	if a == nil {
		return nil
	}
	a.retire(w.now)
	return &a.state
}

// Transaction implements [ledger.View].
func (w *writer) Transaction(id string) *ledger.RecordedTransaction {
	hash := w.book.hash(id)
	s := &w.book.shards[shardOf(hash)]
	if p := s.pending[id]; p != nil {
		return &p.recorded
	}
	at, ok := s.findTransaction(id, hash)
	if !ok {
		return nil
	}
	recorded := s.journal.transaction(at, w.book.numbered)
	recorded.ReversedBy = s.reversals[id]
	return &recorded
}
