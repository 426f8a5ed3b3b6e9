package ledger

import (
	"fmt"
	"slices"
	"time"
)

// PostPendingRequest asks to post a pending transaction, in full or in part. What
// it leaves is released. Asking again for the same amounts is a replay.
type PostPendingRequest struct {
	// Transaction is the id of the pending transaction.
	Transaction string
	// Amount, if set, is the part to post of a transaction of two entries.
	Amount *Amount
	// Entries, if set, are the parts to post: an entry for each of the transaction's
	// in its order, on the same account and side, of more than zero and at most what
	// is reserved.
	Entries []EntryRequest
	// Actor is who asks for it; at most [MaxActor] bytes.
	Actor string
}

// VoidPendingRequest asks to void a pending transaction, which releases all that it
// reserves. Asking again is a replay.
type VoidPendingRequest struct {
	// Transaction is the id of the pending transaction.
	Transaction string
	// Actor is who asks for it; at most [MaxActor] bytes.
	Actor string
}

func (r PostPendingRequest) validate() error {
	invalid := func(code Code, field, message string) error {
		return &Error{Code: code, Field: field, Message: message, Transaction: r.Transaction}
	}
	if err := validateActor(r.Actor); err != nil {
		return err
	}
	switch {
	case r.Amount != nil && r.Entries != nil:
		return invalid(ErrInvalidRequest, "amount", "a step should have an amount or entries, not both")
	case r.Amount != nil && r.Amount.Sign() <= 0:
		return invalid(ErrInvalidRequest, "amount", "amount should be positive; void the transaction to post nothing of it")
	case r.Amount != nil && !r.Amount.fits():
		return errTooManyDigits()
	case r.Entries == nil:
		return nil
	case len(r.Entries) < 2:
		return invalid(ErrInvalidRequest, "entries", "entries should have a part for each of the transaction's entries")
	}
	parts := TransactionRequest{ID: r.Transaction, Entries: r.Entries}
	if err := parts.validateEntries(); err != nil {
		return err
	}
	return parts.validateBalanced()
}

// stepOperation posts or voids a pending transaction.
type stepOperation struct {
	id string
	// accounts are those of the transaction's entries, which never change.
	accounts []string
	void     bool
	amount   *Amount
	entries  []EntryRequest
	actor    string
}

// newStepOperation makes the step of a transaction that was read before.
func newStepOperation(t Transaction, actor string) *stepOperation {
	op := &stepOperation{id: t.ID, actor: actor}
	for i := range t.Entries {
		op.accounts = append(op.accounts, t.Entries[i].Account)
	}
	return op
}

func (op *stepOperation) AppendAccounts(ids []string) []string { return append(ids, op.accounts...) }

func (op *stepOperation) AppendProfiles(ids []string) []string { return ids }

func (op *stepOperation) AppendTransactions(ids []string) []string { return append(ids, op.id) }

func (op *stepOperation) decide(d *Decider) (Outcome, error) {
	recorded, err := d.transaction(op.id)
	if err != nil {
		return Outcome{}, err
	}
	if recorded == nil {
		return Outcome{}, NoTransaction(op.id)
	}
	refuse := func(code Code, format string, arguments ...any) error {
		return &Error{Code: code, Transaction: op.id, Message: fmt.Sprintf(format, arguments...)}
	}
	if recorded.Reserved == nil {
		return Outcome{}, refuse(ErrAlreadyResolved, "transaction %q is %s and was never pending", op.id, recorded.Status)
	}
	if err := d.draftAll(recorded); err != nil {
		return Outcome{}, err
	}
	amounts, err := op.amounts(recorded)
	// World accounts do not tell of what is pending, should the clock be set back.
	at := latest(d.recordTime(), recorded.RecordedAt)
	switch status := recorded.StatusAt(at); {
	case status == Expired:
		return Outcome{}, refuse(ErrExpired, "transaction %q expired at %s", op.id, formatTime(recorded.ExpiresAt))
	case status == Voided && op.void, status == Posted && !op.void && err == nil && slices.Equal(amounts, postedAmounts(recorded)):
		d.discard()
		return d.replayed(recorded), nil
	case status != Pending:
		return Outcome{}, refuse(ErrAlreadyResolved, "transaction %q was %s at %s", op.id, status, formatTime(recorded.ResolvedAt))
	case err != nil:
		return Outcome{}, err
	}
	resolved := new(*recorded)
	resolved.Entries, resolved.Reserved = slices.Clone(recorded.Entries), slices.Clone(recorded.Reserved)
	resolved.ResolvedAt, resolved.ResolvedBy, resolved.Status = at, op.actor, Voided
	if err := d.release(resolved); err != nil {
		return Outcome{}, err
	}
	if !op.void {
		if err := d.postReserved(resolved, amounts); err != nil {
			return Outcome{}, err
		}
	}
	d.resolutions = append(d.resolutions, resolved)
	d.remember(resolved)
	d.accept()
	return Outcome{Result: Applied, Transaction: &resolved.Transaction}, nil
}

// draftAll drafts the accounts of a transaction's entries.
func (d *Decider) draftAll(recorded *RecordedTransaction) error {
	for i := range recorded.Entries {
		w, err := d.account(recorded.Entries[i].Account)
		if err != nil {
			return err
		}
		if w.state == nil {
			return broken("transaction %q has an entry of account %q, which is not there", recorded.ID, w.id)
		}
		d.draftOf(w)
	}
	return nil
}

// amounts returns what the step posts of each entry.
func (op *stepOperation) amounts(recorded *RecordedTransaction) ([]Amount, error) {
	amounts := slices.Clone(recorded.Reserved)
	switch {
	case op.amount != nil && len(amounts) != 2:
		return nil, &Error{
			Code: ErrInvalidRequest, Field: "amount", Transaction: op.id,
			Message: fmt.Sprintf("an amount is for two entries; transaction %q has %d, so say what to post of each", op.id, len(amounts)),
		}
	case op.amount != nil:
		amounts[0], amounts[1] = *op.amount, *op.amount
	case op.entries != nil && len(op.entries) != len(amounts):
		return nil, &Error{
			Code: ErrInvalidRequest, Field: "entries", Transaction: op.id,
			Message: fmt.Sprintf("transaction %q has %d entries, not %d; say what to post of each", op.id, len(amounts), len(op.entries)),
		}
	}
	for i, e := range op.entries {
		reserved := &recorded.Entries[i]
		switch {
		case e.Account != reserved.Account || e.Side != reserved.Side:
			return nil, &Error{
				Code: ErrInvalidRequest, Field: fmt.Sprintf("entries[%d].account", i), Account: e.Account, Transaction: op.id,
				Message: fmt.Sprintf("entry %d of transaction %q is a %s of account %q, not a %s of %q",
					i, op.id, reserved.Side, reserved.Account, e.Side, e.Account),
			}
		case e.Asset != reserved.Asset:
			return nil, &Error{
				Code: ErrAssetMismatch, Account: e.Account, Transaction: op.id,
				Message: fmt.Sprintf("account %q holds %s, not %s", e.Account, reserved.Asset, e.Asset),
			}
		}
		amounts[i] = e.Amount
	}
	for i, reserved := range recorded.Reserved {
		if amounts[i].Cmp(reserved) > 0 {
			asset, field := recorded.Entries[i].Asset, "amount"
			if op.entries != nil {
				field = fmt.Sprintf("entries[%d].amount", i)
			}
			return nil, &Error{
				Code: ErrAmountOutOfRange, Field: field, Transaction: op.id, Account: recorded.Entries[i].Account,
				Message: fmt.Sprintf("%s %s is more than the %s that transaction %q reserves",
					asset.Format(amounts[i]), asset.Code, asset.Format(reserved), op.id),
			}
		}
	}
	return amounts, nil
}

func postedAmounts(recorded *RecordedTransaction) []Amount {
	amounts := make([]Amount, len(recorded.Entries))
	for i := range recorded.Entries {
		amounts[i] = recorded.Entries[i].Amount
	}
	return amounts
}

// reserve records a pending transaction, which reserves the requested amounts on
// the drafts of the accounts, unless its time has run out: then it is a hold of the
// past, and reserves nothing any more.
func (d *Decider) reserve(recorded *RecordedTransaction, requests []EntryRequest) error {
	recorded.Reserved = make([]Amount, len(requests))
	for i, request := range requests {
		recorded.Entries[i] = Entry{
			Transaction: recorded.ID, Account: request.Account, Side: request.Side, Asset: request.Asset, Amount: request.Amount,
		}
		recorded.Reserved[i] = request.Amount
		if recorded.Status == Expired {
			continue
		}
		if err := d.changeReserved(&recorded.Entries[i], request.Amount, recorded.RecordedAt); err != nil {
			return err
		}
	}
	if err := d.checkLimits(recorded.ID); err != nil {
		return err
	}
	d.record(recorded)
	return nil
}

// release takes what the transaction reserved off the drafts of its accounts.
func (d *Decider) release(resolved *RecordedTransaction) error {
	for i, amount := range resolved.Reserved {
		if err := d.changeReserved(&resolved.Entries[i], amount.Neg(), resolved.ResolvedAt); err != nil {
			return err
		}
	}
	for _, w := range d.drafts {
		if w.draft.Balance.hasNegative() {
			return broken("transaction %q reserves more than is pending on account %q", resolved.ID, w.id)
		}
	}
	return nil
}

// changeReserved adds to what an entry reserves on the draft of its account, at a
// time. A world account has no limit to reserve against; its stripes are written to
// by whoever comes, and could not say which of them reserves what.
func (d *Decider) changeReserved(e *Entry, amount Amount, at time.Time) error {
	if IsWorldID(e.Account) {
		return nil
	}
	draft := d.accounts.get(e.Account).draft
	balance, err := draft.Balance.reserve(e.Side, amount)
	if err != nil {
		return errTotalsOfAccount(e.Account, e.Transaction)
	}
	draft.Balance, draft.LastRecordedAt = balance, at
	return nil
}

// postReserved writes the entries of a transaction whose reservations are released.
func (d *Decider) postReserved(resolved *RecordedTransaction, amounts []Amount) error {
	requests := make([]EntryRequest, len(amounts))
	for i, amount := range amounts {
		e := &resolved.Entries[i]
		requests[i] = EntryRequest{Account: e.Account, Side: e.Side, Asset: e.Asset, Amount: amount}
		if err := d.admit(resolved.ID, requests[i]); err != nil {
			return err
		}
	}
	resolved.Status = Posted
	if resolved.EffectiveAt.Equal(resolved.RecordedAt) {
		resolved.EffectiveAt = resolved.ResolvedAt
	}
	return d.postEntries(resolved, requests, resolved.ResolvedAt)
}
