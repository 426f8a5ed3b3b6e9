package memory

import (
	"context"
	"sync"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// book is one ledger's accounts and transactions. All of the world account is
// kept as its stripe 0, for one lock needs no stripes.
type book struct {
	now func() time.Time

	mu       sync.RWMutex
	decider  ledger.Decider
	accounts map[string]*account
	// numbered finds an account by its number in the journal.
	numbered []*account
	journal  journal
	ids      idIndex
}

// account is an account and the places of its entries.
type account struct {
	number uint32
	// id and asset are those of the state, and never change.
	id      string
	asset   ledger.Asset
	state   ledger.AccountState
	entries places
	// opening is the place of entry number 0, if hasOpening.
	opening    place
	hasOpening bool
}

func newBook(now func() time.Time) *book {
	return &book{now: now, accounts: make(map[string]*account), ids: newIDIndex()}
}

// Write implements [ledger.Writer].
func (b *book) Write(ctx context.Context, operations []ledger.Operation) ([]ledger.Outcome, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	decision, err := b.decider.Decide(view{b}, operations, b.now())
	if err != nil {
		return nil, err
	}
	b.save(decision)
	return decision.Outcomes, nil
}

// view is the book as the deciding functions see it, while the lock is held.
type view struct{ *book }

func (v view) Account(id string) *ledger.AccountState {
	if a := v.accounts[id]; a != nil {
		return &a.state
	}
	return nil
}

func (v view) Transaction(id string) *ledger.RecordedTransaction {
	at, ok := v.ids.find(id, &v.journal)
	if !ok {
		return nil
	}
	recorded := v.journal.transaction(at, v.numbered)
	return &recorded
}

func (b *book) save(decision ledger.Decision) {
	for _, state := range decision.Accounts {
		a := b.accounts[state.ID]
		if a == nil {
			a = &account{number: uint32(len(b.numbered)), id: state.ID, asset: state.Asset}
			b.accounts[a.id] = a
			b.numbered = append(b.numbered, a)
		}
		a.state = *state
	}
	for _, recorded := range decision.Transactions {
		b.saveTransaction(recorded)
	}
}

func (b *book) saveTransaction(recorded *ledger.RecordedTransaction) {
	w := b.journal.begin(recorded)
	for _, entry := range recorded.Entries {
		a := b.accounts[entry.Account]
		at := w.entry(a.number, entry)
		if entry.Sequence == 0 {
			a.opening, a.hasOpening = at, true
		} else {
			a.entries.append(at)
		}
	}
	b.ids.add(recorded.ID, w.end())
}

// Accounts implements [ledger.Reader].
func (b *book) Accounts(ctx context.Context, ids []string) ([]ledger.Account, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	accounts := make([]ledger.Account, len(ids))
	b.mu.RLock()
	defer b.mu.RUnlock()
	for i, id := range ids {
		a := b.accounts[id]
		if a == nil {
			return nil, ledger.NoAccount(id)
		}
		accounts[i] = a.state.Account
	}
	return accounts, nil
}

// Entries implements [ledger.Reader].
func (b *book) Entries(ctx context.Context, query ledger.EntryQuery) (ledger.EntryPage, error) {
	if err := ctx.Err(); err != nil {
		return ledger.EntryPage{}, err
	}
	b.mu.RLock()
	a := b.accounts[query.Account]
	if a == nil {
		b.mu.RUnlock()
		return ledger.EntryPage{}, ledger.NoAccount(query.Account)
	}
	page := ledger.EntryPage{Account: a.state.Account}
	found := a.find(query)
	journal, numbered := b.journal.reader(), b.numbered
	b.mu.RUnlock()

	// What is written stays as it is, so it is decoded without the lock.
	page.Entries = make([]ledger.Entry, len(found))
	for i, at := range found {
		page.Entries[i] = journal.entry(at, numbered)
	}
	return page, nil
}

// find returns the places of the entries that the query asks for.
func (a *account) find(query ledger.EntryQuery) []place {
	// Entries as half-open ranges of sequence numbers; 0 is the opening.
	low, high := uint64(0), a.state.Sequence+1
	if !a.hasOpening {
		low = 1
	}
	if after := query.After; after != nil {
		switch {
		case query.OldestFirst && after.Stripe > 0:
			return nil
		case query.OldestFirst && after.Sequence >= low:
			low = min(after.Sequence, a.state.Sequence) + 1
		case !query.OldestFirst && after.Stripe == 0:
			high = min(after.Sequence, high)
		}
	}
	if high <= low {
		return nil
	}
	count := min(uint64(query.Limit), high-low)
	found := make([]place, count)
	for i := range count {
		sequence := high - 1 - i
		if query.OldestFirst {
			sequence = low + i
		}
		found[i] = a.at(sequence)
	}
	return found
}

func (a *account) at(sequence uint64) place {
	if sequence == 0 {
		return a.opening
	}
	return a.entries.at(sequence - 1)
}

// Transaction implements [ledger.Reader].
func (b *book) Transaction(ctx context.Context, id string) (ledger.Transaction, error) {
	if err := ctx.Err(); err != nil {
		return ledger.Transaction{}, err
	}
	b.mu.RLock()
	at, ok := b.ids.find(id, &b.journal)
	journal, numbered := b.journal.reader(), b.numbered
	b.mu.RUnlock()
	if !ok {
		return ledger.Transaction{}, ledger.NoTransaction(id)
	}
	return journal.transaction(at, numbered).Transaction, nil
}
