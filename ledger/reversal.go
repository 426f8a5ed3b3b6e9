package ledger

import (
	"fmt"
	"time"
)

// ReversalRequest asks for a transaction that undoes all that another one posted:
// it has the same entries on the other sides. A transaction is reversed once at
// most, and a reversal never. Part of it is undone by an ordinary transaction that
// is Related to it; a reversal after that undoes all of it nevertheless.
type ReversalRequest struct {
	// ID is that of the reversal, and its idempotency key.
	ID string
	// Transaction is the id of the transaction to undo.
	Transaction string
	// EffectiveAt, Description, Metadata and Actor are as in a [TransactionRequest].
	EffectiveAt time.Time
	Description string
	Metadata    Metadata
	Actor       string
}

func (r ReversalRequest) details() *details {
	return &details{
		effectiveAt: canonicalTime(r.EffectiveAt), description: r.Description, metadata: r.Metadata,
		reverses: r.Transaction, actor: r.Actor, transaction: r.ID,
	}
}

func (r ReversalRequest) validate() error {
	if err := validateID("id", r.ID); err != nil {
		return err
	}
	if isOpeningID(r.ID) {
		return &Error{Code: ErrInvalidRequest, Field: "id", Transaction: r.ID, Message: openingIDMessage(r.ID)}
	}
	return r.details().validate()
}

// reverseOperation posts a reversal. Its entries are those of the original when it
// is decided, of which only the accounts are known before.
type reverseOperation struct {
	post     postOperation
	original string
	accounts []string
}

// newReverseOperation makes the reversal of a transaction that was read before.
func newReverseOperation(r ReversalRequest, original Transaction) *reverseOperation {
	r.Metadata = r.Metadata.clone()
	op := &reverseOperation{
		post:     postOperation{id: r.ID, details: r.details(), fingerprint: r.fingerprint()},
		original: original.ID,
	}
	for i := range original.Entries {
		op.accounts = append(op.accounts, original.Entries[i].Account)
	}
	return op
}

func (op *reverseOperation) AppendAccounts(ids []string) []string {
	return append(ids, op.accounts...)
}

func (op *reverseOperation) AppendProfiles(ids []string) []string { return ids }

func (op *reverseOperation) AppendTransactions(ids []string) []string {
	return append(ids, op.post.id, op.original)
}

func (op *reverseOperation) decide(d *Decider) (Outcome, error) {
	recorded, err := d.transaction(op.post.id)
	if err != nil {
		return Outcome{}, err
	}
	original, err := d.transaction(op.original)
	if err != nil {
		return Outcome{}, err
	}
	// A reversal that was made before is a replay however the original now stands.
	if recorded == nil {
		if err := op.judge(original); err != nil {
			return Outcome{}, err
		}
	}
	post := op.post
	if original != nil {
		post.entries = mirrored(original.Entries)
	}
	outcome, err := post.decide(d)
	if err != nil || outcome.Result != Applied {
		return outcome, err
	}
	reversed := new(*original)
	reversed.ReversedBy = op.post.id
	d.remember(reversed)
	return outcome, nil
}

// judge says why the original cannot be reversed.
func (op *reverseOperation) judge(original *RecordedTransaction) error {
	refuse := func(code Code, format string, arguments ...any) error {
		return &Error{Code: code, Transaction: op.original, Message: fmt.Sprintf(format, arguments...)}
	}
	switch {
	case original == nil:
		return NoTransaction(op.original)
	case original.Reverses != "":
		return refuse(ErrNotReversible, "transaction %q is a reversal itself; post what it undid anew", op.original)
	case original.Status != Posted:
		return refuse(ErrNotReversible, "transaction %q has posted nothing that could be reversed", op.original)
	case original.ReversedBy != "":
		return refuse(ErrAlreadyReversed, "transaction %q was reversed by %q", op.original, original.ReversedBy)
	}
	return nil
}

// mirrored returns the entries on the other sides.
func mirrored(entries []Entry) []EntryRequest {
	requests := make([]EntryRequest, len(entries))
	for i := range entries {
		e := &entries[i]
		requests[i] = EntryRequest{Account: e.Account, Side: e.Side.opposite(), Asset: e.Asset, Amount: e.Amount}
	}
	return requests
}
