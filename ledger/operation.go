package ledger

import "maps"

// Operation is one validated request to change the books, ready for a store to
// hand to a [Decider]. Operations are immutable, so one can be decided again
// after a failed commit.
type Operation interface {
	// AppendAccounts appends the ids of the accounts that the operation reads or
	// changes, some perhaps more than once: what a store locks and loads.
	AppendAccounts(ids []string) []string
	// AppendProfiles appends the ids of those of the accounts whose name, metadata,
	// opening time and fingerprint the operation needs too. A store may leave these
	// out of the states of others.
	AppendProfiles(ids []string) []string
	// AppendTransactions appends the ids of the transactions that the operation
	// looks up, those that it may write or resolve among them.
	AppendTransactions(ids []string) []string
	// decide judges the operation on what the Decider holds and changes that
	// accordingly, or returns why it is refused and changes nothing.
	decide(d *Decider) (Outcome, error)
}

// Outcome is what became of one operation.
type Outcome struct {
	Result Result
	// Account is the account as it now stands, if the operation was on one and
	// was not rejected.
	Account *Account
	// Transaction is the transaction as it now stands, if the operation was on one and
	// was not rejected.
	Transaction *Transaction
	// Members are the outcomes of the members of an atomic batch, in order, if it
	// was not rejected.
	Members []Outcome
	// Err says why the operation was rejected; it is an [*Error].
	Err error
}

// Result says whether an operation took effect.
type Result uint8

// The results. The zero Result is none of them.
const (
	// Applied: the operation took effect now.
	Applied Result = 1 + iota
	// Replayed: the same operation took effect before; nothing changed.
	Replayed
	// Rejected: the operation is refused; nothing changed, and its id is free.
	Rejected
)

// String returns "applied", "replayed" or "rejected".
func (r Result) String() string {
	switch r {
	case Applied:
		return "applied"
	case Replayed:
		return "replayed"
	case Rejected:
		return "rejected"
	default:
		return "no result"
	}
}

func rejected(err error) Outcome { return Outcome{Result: Rejected, Err: err} }

// postOperation posts a transaction, or makes a pending one.
type postOperation struct {
	id          string
	entries     []EntryRequest
	conditions  []Condition
	upTo        bool
	details     *details
	fingerprint Fingerprint
}

// newPostOperation takes over the request's slices.
func newPostOperation(r TransactionRequest) (*postOperation, error) {
	if err := r.validate(); err != nil {
		return nil, err
	}
	return &postOperation{
		id: r.ID, entries: r.Entries, conditions: r.Conditions, upTo: r.UpTo, details: r.details(), fingerprint: r.fingerprint(),
	}, nil
}

// newDepositOperation checks the deposit alone: what it makes of a valid one is
// valid.
func newDepositOperation(d Deposit) (*postOperation, error) {
	if err := d.validate(); err != nil {
		return nil, err
	}
	deposit := new(struct {
		postOperation
		entries [2]EntryRequest
	})
	deposit.entries = d.entries()
	r := TransactionRequest{ID: d.ID, Entries: deposit.entries[:], Actor: d.Actor}
	deposit.postOperation = postOperation{id: d.ID, entries: r.Entries, details: r.details(), fingerprint: r.fingerprint()}
	return &deposit.postOperation, nil
}

func (op *postOperation) isPending() bool { return op.details != nil && op.details.pending }

func (op *postOperation) AppendAccounts(ids []string) []string {
	for _, e := range op.entries {
		ids = append(ids, e.Account)
	}
	for _, c := range op.conditions {
		ids = append(ids, c.Account)
	}
	return ids
}

func (op *postOperation) AppendProfiles(ids []string) []string { return ids }

func (op *postOperation) AppendTransactions(ids []string) []string {
	ids = append(ids, op.id)
	if op.details != nil && op.details.related != "" {
		ids = append(ids, op.details.related)
	}
	return ids
}

// openOperation opens an account, and the world account of its asset if this is
// the first account in it.
type openOperation struct {
	request     AccountRequest
	fingerprint Fingerprint
}

func newOpenOperation(r AccountRequest) (*openOperation, error) {
	r, err := r.normalized()
	if err != nil {
		return nil, err
	}
	return &openOperation{request: r, fingerprint: r.fingerprint()}, nil
}

func (op *openOperation) AppendAccounts(ids []string) []string {
	return append(ids, op.request.ID, WorldID(op.request.Asset.Code))
}

func (op *openOperation) AppendProfiles(ids []string) []string { return append(ids, op.request.ID) }

func (op *openOperation) AppendTransactions(ids []string) []string {
	if op.request.OpeningBalance.Sign() == 0 {
		return ids
	}
	return append(ids, OpeningID(op.request.ID))
}

// changeOperation changes an account's name, status or metadata.
type changeOperation struct {
	id     string
	change AccountChange
}

func newChangeOperation(id string, change AccountChange) (*changeOperation, error) {
	if change.Name != nil {
		change.Name = new(*change.Name)
	}
	if change.Metadata != nil {
		change.Metadata = maps.Clone(change.Metadata)
	}
	if err := change.validate(); err != nil {
		return nil, err
	}
	if IsWorldID(id) {
		return nil, &Error{Code: ErrInvalidRequest, Field: "id", Account: id, Message: "a world account cannot be changed"}
	}
	return &changeOperation{id: id, change: change}, nil
}

func (op *changeOperation) AppendAccounts(ids []string) []string { return append(ids, op.id) }

func (op *changeOperation) AppendProfiles(ids []string) []string { return append(ids, op.id) }

func (op *changeOperation) AppendTransactions(ids []string) []string { return ids }
