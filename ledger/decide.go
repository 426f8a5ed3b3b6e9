package ledger

import (
	"errors"
	"fmt"
	"time"
)

// AccountState is an account as a store keeps it for the deciding functions.
type AccountState struct {
	// Account is the account; for a world account, its Balance and Sequence are
	// those of one stripe.
	Account
	// Stripe is the chain of a world account that the committer writes to.
	Stripe uint8
	// LastRecordedAt is the time of the latest entry, or of the opening.
	LastRecordedAt time.Time
	// Fingerprint is that of the request that opened the account.
	Fingerprint Fingerprint
}

// RecordedTransaction is a transaction as a store keeps it.
type RecordedTransaction struct {
	Transaction
	Fingerprint Fingerprint
}

// View is what a store has loaded, and keeps from changing, while a batch is
// decided. It answers from memory, the same thing each time it is asked, and
// what it returns is only read.
type View interface {
	// Account returns the account with the id; nil means that there is none.
	Account(id string) *AccountState
	// Transaction returns the transaction with the id; nil means that there is
	// none.
	Transaction(id string) *RecordedTransaction
}

// Decision is what a batch does to the books. A store saves all of it or
// nothing.
type Decision struct {
	// Outcomes has one member for each operation, in order.
	Outcomes []Outcome
	// Accounts are the accounts that were opened or changed, each once, with
	// their new states.
	Accounts []*AccountState
	// Transactions are the new ones, in order, to be inserted.
	Transactions []*RecordedTransaction
}

// Decide judges a batch of operations in order, each on the books as those
// before it left them. It is pure: the same view, operations and time give the
// same decision. The time is the store's, taken while it holds the accounts; it
// counts to the microsecond.
//
// An error means that the view broke a rule that always holds, or that deciding
// would; it is an [ErrInternal], nothing of the batch may be saved, and no
// outcome exists.
func Decide(view View, operations []Operation, now time.Time) (Decision, error) {
	d := decider{
		view:     view,
		now:      now.UTC().Truncate(time.Microsecond),
		outcomes: make([]Outcome, 0, len(operations)),
	}
	for _, operation := range operations {
		outcome, err := operation.decide(&d)
		if errors.Is(err, ErrInternal) {
			return Decision{}, err
		}
		if err != nil {
			d.discard()
			outcome = rejected(err)
		}
		d.outcomes = append(d.outcomes, outcome)
	}
	return d.decision(), nil
}

// decider is the books as the batch has changed them so far, over the view.
type decider struct {
	view         View
	now          time.Time
	outcomes     []Outcome
	accounts     workingSet
	transactions []*RecordedTransaction
	// byID finds in transactions. It is made with the second of them, for a
	// batch of one never looks back.
	byID map[string]*RecordedTransaction
	// drafts are the accounts that the operation under way would change.
	drafts []*workingAccount
}

// workingAccount is an account that the batch has looked at.
type workingAccount struct {
	id string
	// state is nil while the account doesn't exist.
	state *AccountState
	// draft is state as the operation under way would leave it, or nil.
	draft *AccountState
	// changed says that state is the batch's own and not the view's.
	changed bool
}

// account returns the account with the id, whose state is nil if it doesn't
// exist, and checks what the view says of it.
func (d *decider) account(id string) (*workingAccount, error) {
	if w := d.accounts.get(id); w != nil {
		return w, nil
	}
	w := &workingAccount{id: id, state: d.view.Account(id)}
	if w.state != nil {
		if err := w.state.check(id); err != nil {
			return nil, err
		}
	}
	d.accounts.add(w)
	return w, nil
}

// draftOf returns the draft of the account for the operation to change.
func (d *decider) draftOf(w *workingAccount) *AccountState {
	if w.draft == nil {
		draft := *w.state
		d.propose(w, &draft)
	}
	return w.draft
}

// propose makes draft what the operation would leave of w.
func (d *decider) propose(w *workingAccount, draft *AccountState) {
	w.draft = draft
	d.drafts = append(d.drafts, w)
}

// accept makes the drafts of the operation the state of the books.
func (d *decider) accept() {
	for _, w := range d.drafts {
		w.state, w.draft, w.changed = w.draft, nil, true
	}
	d.drafts = d.drafts[:0]
}

// discard forgets the drafts of an operation that is refused.
func (d *decider) discard() {
	for _, w := range d.drafts {
		w.draft = nil
	}
	d.drafts = d.drafts[:0]
}

// transaction returns the transaction with the id, or nil.
func (d *decider) transaction(id string) (*RecordedTransaction, error) {
	if t := d.byID[id]; t != nil {
		return t, nil
	}
	if len(d.transactions) == 1 && d.transactions[0].ID == id {
		return d.transactions[0], nil
	}
	t := d.view.Transaction(id)
	if t != nil && (t.ID != id || len(t.Entries) < 2) {
		return nil, broken("the store returned %q with %d entries for transaction %q", t.ID, len(t.Entries), id)
	}
	return t, nil
}

// record adds a transaction to the books of the batch.
func (d *decider) record(t *RecordedTransaction) {
	d.transactions = append(d.transactions, t)
	if len(d.transactions) < 2 {
		return
	}
	if d.byID == nil {
		d.byID = map[string]*RecordedTransaction{d.transactions[0].ID: d.transactions[0]}
	}
	d.byID[t.ID] = t
}

func (d *decider) decision() Decision {
	decision := Decision{Outcomes: d.outcomes, Transactions: d.transactions}
	for _, w := range d.accounts.list {
		if w.changed {
			decision.Accounts = append(decision.Accounts, w.state)
		}
	}
	return decision
}

// check says what is impossible about a state that a store returned for id.
func (s *AccountState) check(id string) error {
	switch {
	case s.ID != id:
		return broken("the store returned account %q for %q", s.ID, id)
	case !s.Normal.valid() || s.Status < StatusOpen || s.Status > StatusClosed:
		return broken("account %q has %s as its normal side and %s", id, s.Normal, s.Status)
	case s.Balance.Debits.Sign() < 0 || s.Balance.Credits.Sign() < 0:
		return broken("account %q has negative totals", id)
	case s.Stripe != 0 && !isWorldID(id):
		return broken("account %q, not a world account, has a stripe", id)
	}
	return nil
}

// broken reports a rule that always holds and was found broken.
func broken(format string, arguments ...any) error {
	return &Error{Code: ErrInternal, Message: "the books are inconsistent: " + fmt.Sprintf(format, arguments...)}
}

// workingSet finds working accounts by id. A deposit has two of them, which a
// short walk finds sooner than a map.
type workingSet struct {
	list  []*workingAccount
	index map[string]*workingAccount
}

const workingSetWalk = 8

func (s *workingSet) get(id string) *workingAccount {
	if s.index != nil {
		return s.index[id]
	}
	for _, w := range s.list {
		if w.id == id {
			return w
		}
	}
	return nil
}

func (s *workingSet) add(w *workingAccount) {
	s.list = append(s.list, w)
	if s.index == nil && len(s.list) > workingSetWalk {
		s.index = make(map[string]*workingAccount, 2*len(s.list))
		for _, each := range s.list {
			s.index[each.id] = each
		}
	}
	if s.index != nil {
		s.index[w.id] = w
	}
}
