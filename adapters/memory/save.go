package memory

import "github.com/seed-d432d95b/ledger/ledger"

func (w *writer) save(decision ledger.Decision) {
	for _, state := range decision.Accounts {
		if a := w.find(state.ID); a != nil {
			w.book.relist(a, state)
			a.state = *state
		} else {
			w.add(state)
		}
	}
	for _, recorded := range decision.Transactions {
		w.saveTransaction(recorded)
	}
	for _, resolved := range decision.Resolutions {
		s := &w.book.shards[shardOf(w.book.hash(resolved.ID))]
		s.pending[resolved.ID].release()
		delete(s.pending, resolved.ID)
		w.saveRecord(resolved)
	}
	for _, c := range decision.Corrections {
		w.find(c.Account).correct(c)
	}
}

// add adds a new account, all the stripes of it if it is a world account.
func (w *writer) add(state *ledger.AccountState) {
	if !ledger.IsWorldID(state.ID) {
		a := w.addTo(w.shardOf(state.ID), *state)
		w.book.list(a)
		return
	}
	w.book.list(w.addTo(0, *state))
	for i := 1; i < stripeCount; i++ {
		stripe := *state
		stripe.Stripe = uint8(i)
		stripe.Balance = ledger.Balance{}
		stripe.Sequence = 0
		w.addTo(shardOfStripe(i), stripe)
	}
}

func (w *writer) addTo(shard int, state ledger.AccountState) *account {
	b := w.book
	a := &account{
		number: uint64(len(b.numbered)),
		id:     state.ID,
		asset:  state.Asset,
		normal: state.Normal,
		stripe: state.Stripe,
		state:  state,
	}
	b.numbered = append(b.numbered, a)
	b.shards[shard].accounts[a.id] = a
	return a
}

func (w *writer) saveTransaction(recorded *ledger.RecordedTransaction) {
	if recorded.Status == ledger.Pending || recorded.Status == ledger.Expired {
		w.savePending(recorded)
	} else {
		w.saveRecord(recorded)
	}
	if recorded.Reverses != "" {
		s := &w.book.shards[shardOf(w.book.hash(recorded.Reverses))]
		s.reversals[recorded.Reverses] = recorded.ID
	}
	if pairs := listedBy(&recorded.Transaction); len(pairs) > 0 {
		w.book.transactionIndex.add(itemOf(&recorded.Transaction), pairs)
	}
}

func (w *writer) savePending(recorded *ledger.RecordedTransaction) {
	p := newPending(recorded)
	for i := range recorded.Entries {
		if e := &recorded.Entries[i]; recorded.Status == ledger.Pending && !ledger.IsWorldID(e.Account) {
			p.reserve(w.find(e.Account), e.Side, recorded.Reserved[i])
		}
	}
	w.book.shards[shardOf(w.book.hash(recorded.ID))].pending[recorded.ID] = p
}

// saveRecord writes a transaction that is not pending into the journal.
func (w *writer) saveRecord(recorded *ledger.RecordedTransaction) {
	hash := w.book.hash(recorded.ID)
	s := &w.book.shards[shardOf(hash)]
	record := s.journal.begin(recorded)
	for i := range recorded.Entries {
		entry := &recorded.Entries[i]
		a := w.find(entry.Account)
		at := record.entry(a, entry)
		switch {
		case recorded.Status != ledger.Posted:
		case entry.Sequence == 0:
			a.opening, a.hasOpening = at, true
		default:
			a.entries.append(at)
		}
	}
	at := record.end()
	s.addTransaction(recorded.ID, hash, at)
	if recorded.Reserved == nil {
		s.timeline.add(itemOf(&recorded.Transaction), at)
	}
}
