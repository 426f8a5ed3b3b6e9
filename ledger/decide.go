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
	// LastRecordedAt is the time of the latest entry, or of the opening, or of the
	// latest change to what is pending. It never runs back.
	LastRecordedAt time.Time
	// Fingerprint is that of the request that opened the account.
	Fingerprint Fingerprint
}

// RecordedTransaction is a transaction as a store keeps it. The status of one that
// is pending stays so when its time runs out; who reads it judges that by
// [Transaction.StatusAt].
type RecordedTransaction struct {
	Transaction
	Fingerprint Fingerprint
}

// View is what a store has loaded, and keeps from changing, while a batch is
// decided. It answers from memory, the same thing each time it is asked, and
// what it returns is only read.
type View interface {
	// Account returns the account with the id; nil means that there is none. What is
	// pending on it is without the reservations that have expired at the time of the
	// batch, or at LastRecordedAt if that is later.
	Account(id string) *AccountState
	// Transaction returns the transaction with the id as it now stands; nil means
	// that there is none.
	Transaction(id string) *RecordedTransaction
}

// Decision is what a batch does to the books. A store saves all of it or
// nothing. The outcomes, and the transactions that they have in common with
// Transactions, are handed on to the callers: a store copies what it keeps.
type Decision struct {
	// Outcomes has one member for each operation, in order.
	Outcomes []Outcome
	// Accounts are the accounts that were opened or changed, each once, with
	// their new states.
	Accounts []*AccountState
	// Transactions are the new ones, in order, to be inserted. One that is pending
	// reserves its Reserved amounts, on all of its entries' accounts but the world's,
	// up to its ExpiresAt: a store keeps a reservation for each account, and takes it
	// off the account's pending totals from that time on. One that is Expired has
	// reserved its amounts in the past, and has no reservations.
	Transactions []*RecordedTransaction
	// Resolutions are the pending transactions that were posted or voided, as they now
	// stand, in order. Their reservations are off the accounts' pending totals, and
	// are to be deleted.
	Resolutions []*RecordedTransaction
	// Corrections are what entries with an earlier effective time add to the
	// corrections of their accounts, each account's node once.
	Corrections []Correction
}

// Decider judges batches of operations. Its zero value works. It keeps nothing
// from one batch to the next but the memory it worked in, so that deciding a
// deposit allocates little more than its answer. It is not safe for use by
// several goroutines at once.
type Decider struct {
	view     View
	now      time.Time
	accounts workingSet
	// transactions are the new ones of the batch.
	transactions []*RecordedTransaction
	// byID finds in transactions, from the second of them on, for the first is found
	// without, and those that the batch resolved or reversed, as they now stand.
	byID        map[string]*RecordedTransaction
	resolutions []*RecordedTransaction
	// drafts are the accounts that the operation under way would change.
	drafts []*workingAccount
	// undo has what was accepted since the first mark, if there is one.
	undo   []accepted
	marks  int
	states arena[AccountState]
	result []*AccountState
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

// accepted is an account as it was before a draft of it was accepted.
type accepted struct {
	account *workingAccount
	state   *AccountState
	changed bool
}

// Decide judges a batch of operations in order, each on the books as those
// before it left them. It is pure: the same view, operations and time give the
// same decision. The time is the store's, taken while it holds the accounts; it
// counts to the microsecond. The decision's accounts and its lists of
// transactions are valid until the next call; the rest is the caller's.
//
// An error means that the view broke a rule that always holds, or that deciding
// would; it is an [ErrInternal], nothing of the batch may be saved, and no
// outcome exists.
func (d *Decider) Decide(view View, operations []Operation, now time.Time) (Decision, error) {
	d.reset()
	d.view, d.now = view, now.UTC().Truncate(time.Microsecond)
	outcomes := make([]Outcome, len(operations))
	for i, operation := range operations {
		outcome, err := operation.decide(d)
		if errors.Is(err, ErrInternal) {
			return Decision{}, err
		}
		if err != nil {
			d.discard()
			outcome = rejected(err)
		}
		outcomes[i] = outcome
	}
	for _, w := range d.accounts.all() {
		if w.changed {
			d.result = append(d.result, w.state)
		}
	}
	return Decision{
		Outcomes: outcomes, Accounts: d.result, Transactions: d.transactions, Resolutions: d.resolutions,
		Corrections: corrections(d.transactions, d.resolutions),
	}, nil
}

// reset forgets the batch before, and the memory of an exceptionally large one.
func (d *Decider) reset() {
	const keep = 4 * MaxBatch
	if len(d.states.items) > keep || len(d.accounts.arena.items) > keep {
		*d = Decider{}
	}
	d.accounts.reset()
	d.states.reset()
	clear(d.transactions)
	d.transactions = d.transactions[:0]
	clear(d.byID)
	d.drafts = d.drafts[:0]
	d.result = d.result[:0]
	clear(d.resolutions)
	d.resolutions = d.resolutions[:0]
	clear(d.undo)
	d.undo, d.marks = d.undo[:0], 0
}

// account returns the account with the id, whose state is nil if it doesn't
// exist, and checks what the view says of it.
func (d *Decider) account(id string) (*workingAccount, error) {
	if w := d.accounts.get(id); w != nil {
		return w, nil
	}
	state := d.view.Account(id)
	if state != nil {
		if err := state.check(id); err != nil {
			return nil, err
		}
	}
	return d.accounts.add(id, state), nil
}

// draftOf returns the draft of an account that exists, for the operation to
// change.
func (d *Decider) draftOf(w *workingAccount) *AccountState {
	if w.draft == nil {
		*d.propose(w) = *w.state
	}
	return w.draft
}

// propose gives w an empty draft.
func (d *Decider) propose(w *workingAccount) *AccountState {
	w.draft = d.states.next()
	d.drafts = append(d.drafts, w)
	return w.draft
}

// accept makes the drafts of the operation the state of the books.
func (d *Decider) accept() {
	for _, w := range d.drafts {
		if d.marks > 0 {
			d.undo = append(d.undo, accepted{w, w.state, w.changed})
		}
		w.state, w.draft, w.changed = w.draft, nil, true
	}
	d.drafts = d.drafts[:0]
}

// mark is a state of the batch's books to go back to.
type mark struct{ undo, transactions int }

// mark marks the books as they are. Until unmark is called, what is accepted can
// be undone.
func (d *Decider) mark() mark {
	d.marks++
	return mark{len(d.undo), len(d.transactions)}
}

func (d *Decider) unmark() { d.marks-- }

// rollBack takes the books back to the mark.
func (d *Decider) rollBack(to mark) {
	for i := len(d.undo) - 1; i >= to.undo; i-- {
		u := d.undo[i]
		u.account.state, u.account.changed = u.state, u.changed
	}
	d.undo = d.undo[:to.undo]
	for _, t := range d.transactions[to.transactions:] {
		delete(d.byID, t.ID)
	}
	clear(d.transactions[to.transactions:])
	d.transactions = d.transactions[:to.transactions]
}

// discard forgets the drafts of an operation that is refused.
func (d *Decider) discard() {
	for _, w := range d.drafts {
		w.draft = nil
	}
	d.drafts = d.drafts[:0]
}

// transaction returns the transaction with the id, or nil.
func (d *Decider) transaction(id string) (*RecordedTransaction, error) {
	if t := d.byID[id]; t != nil {
		return t, nil
	}
	if len(d.transactions) > 0 && d.transactions[0].ID == id {
		return d.transactions[0], nil
	}
	t := d.view.Transaction(id)
	if t != nil && (t.ID != id || len(t.Entries) < 2) {
		return nil, broken("the store returned %q with %d entries for transaction %q", t.ID, len(t.Entries), id)
	}
	return t, nil
}

// record adds a new transaction to the books of the batch.
func (d *Decider) record(t *RecordedTransaction) {
	d.transactions = append(d.transactions, t)
	if len(d.transactions) > 1 {
		d.remember(t)
	}
}

// remember makes t how the transaction now stands.
func (d *Decider) remember(t *RecordedTransaction) {
	if d.byID == nil {
		d.byID = make(map[string]*RecordedTransaction)
	}
	d.byID[t.ID] = t
}

// check says what is impossible about a state that a store returned for id.
func (s *AccountState) check(id string) error {
	switch {
	case s.ID != id:
		return broken("the store returned account %q for %q", s.ID, id)
	case !s.Normal.valid() || s.Status < StatusOpen || s.Status > StatusClosed:
		return broken("account %q has %s as its normal side and %s", id, s.Normal, s.Status)
	case s.Balance.hasNegative():
		return broken("account %q has negative totals", id)
	case s.Stripe != 0 && !IsWorldID(id):
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
	arena arena[workingAccount]
	// index is filled once there are more than workingSetWalk accounts.
	index map[string]*workingAccount
}

const workingSetWalk = 8

func (s *workingSet) all() []*workingAccount { return s.arena.items[:s.arena.used] }

func (s *workingSet) get(id string) *workingAccount {
	if s.arena.used > workingSetWalk {
		return s.index[id]
	}
	for _, w := range s.all() {
		if w.id == id {
			return w
		}
	}
	return nil
}

func (s *workingSet) add(id string, state *AccountState) *workingAccount {
	w := s.arena.next()
	*w = workingAccount{id: id, state: state}
	if s.arena.used <= workingSetWalk {
		return w
	}
	if s.index == nil {
		s.index = make(map[string]*workingAccount)
	}
	if s.arena.used == workingSetWalk+1 {
		for _, each := range s.all() {
			s.index[each.id] = each
		}
	}
	s.index[id] = w
	return w
}

func (s *workingSet) reset() {
	s.arena.reset()
	clear(s.index)
}

// arena hands out values at addresses that stay, and uses them again after a
// reset.
type arena[T any] struct {
	items []*T
	used  int
}

// next returns a value that may still hold what it held before the reset.
func (a *arena[T]) next() *T {
	if a.used == len(a.items) {
		a.items = append(a.items, new(T))
	}
	a.used++
	return a.items[a.used-1]
}

func (a *arena[T]) reset() { a.used = 0 }
