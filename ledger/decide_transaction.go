package ledger

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

func (op *postOperation) decide(d *Decider) (Outcome, error) {
	recorded, err := d.transaction(op.id)
	if err != nil {
		return Outcome{}, err
	}
	if recorded != nil {
		if recorded.Fingerprint != op.fingerprint {
			return Outcome{}, &Error{
				Code: ErrTransactionConflict, Transaction: op.id,
				Message: fmt.Sprintf("transaction %q was made with other content; repeat a request exactly, or choose another id", op.id),
			}
		}
		return d.replayed(recorded), nil
	}
	if err := d.admitAll(op); err != nil {
		return Outcome{}, err
	}
	if err := d.demand(op.id, op.conditions); err != nil {
		return Outcome{}, err
	}
	if err := d.relate(op); err != nil {
		return Outcome{}, err
	}
	entries := op.entries
	if op.upTo {
		if entries, err = d.upTo(op); err != nil {
			return Outcome{}, err
		}
	}
	recorded, err = d.write(op, entries)
	if err != nil {
		return Outcome{}, err
	}
	d.accept()
	return Outcome{Result: Applied, Transaction: &recorded.Transaction}, nil
}

// replayed returns the transaction as it stands at the time of the batch, in a copy,
// for the one who wrote it in this batch holds the original.
func (d *Decider) replayed(recorded *RecordedTransaction) Outcome {
	transaction := recorded.Transaction
	transaction.Status = transaction.StatusAt(d.now)
	transaction.Entries = slices.Clone(transaction.Entries)
	transaction.Reserved = slices.Clone(transaction.Reserved)
	return Outcome{Result: Replayed, Transaction: &transaction}
}

// relate refuses a transaction that names another which isn't there.
func (d *Decider) relate(op *postOperation) error {
	if op.details == nil || op.details.related == "" {
		return nil
	}
	related, err := d.transaction(op.details.related)
	if err == nil && related == nil {
		err = &Error{
			Code: ErrNotFound, Field: "related", Transaction: op.details.related,
			Message: fmt.Sprintf("transaction %q, which this one should be related to, does not exist", op.details.related),
		}
	}
	return err
}

// write posts the entries, or reserves what they would move.
func (d *Decider) write(op *postOperation, requests []EntryRequest) (*RecordedTransaction, error) {
	recorded := newRecorded(len(requests))
	recorded.ID, recorded.Status, recorded.Fingerprint = op.id, Posted, op.fingerprint
	at, err := d.recordTimeOf(op.details)
	if err != nil {
		return nil, err
	}
	recorded.RecordedAt = at
	recorded.EffectiveAt = recorded.RecordedAt
	if err := op.details.apply(&recorded.Transaction); err != nil {
		return nil, err
	}
	if recorded.Status != Posted {
		return recorded, d.reserve(recorded, requests)
	}
	return recorded, d.post(recorded, requests)
}

// admitAll drafts the accounts of all entries. That a world account is missing is
// said only if nothing else is wrong: it comes with the first account in its
// asset, so the other entries' accounts are the ones to speak of.
func (d *Decider) admitAll(op *postOperation) error {
	var noWorld error
	for _, e := range op.entries {
		err := d.admit(op.id, e)
		if err != nil && IsWorldID(e.Account) && errors.Is(err, ErrNotFound) {
			noWorld = err
		} else if err != nil {
			return err
		}
	}
	return noWorld
}

// admit drafts the entry's account, or says why it cannot take the entry.
func (d *Decider) admit(transaction string, e EntryRequest) error {
	w, err := d.account(e.Account)
	if err != nil {
		return err
	}
	refuse := func(code Code, format string, arguments ...any) error {
		return &Error{Code: code, Account: e.Account, Transaction: transaction, Message: fmt.Sprintf(format, arguments...)}
	}
	switch {
	case w.state == nil && IsWorldID(e.Account):
		return refuse(ErrNotFound, "account %q comes with the first account that is opened in its asset, and there is none yet", e.Account)
	case w.state == nil:
		return refuse(ErrNotFound, "account %q does not exist; open it first", e.Account)
	case e.Normal != 0 && w.state.Normal != e.Normal:
		return refuse(ErrNotFound, "account %q is %s-normal, and this takes a %s-normal one", e.Account, w.state.Normal, e.Normal)
	case w.state.Asset != e.Asset:
		return refuse(ErrAssetMismatch, "account %q holds %s, not %s", e.Account, w.state.Asset, e.Asset)
	case w.state.Status == StatusFrozen:
		return refuse(ErrAccountFrozen, "account %q is frozen; it takes no transactions until it is opened again", e.Account)
	case w.state.Status == StatusClosed:
		return refuse(ErrAccountClosed, "account %q is closed", e.Account)
	}
	d.draftOf(w)
	return nil
}

// newRecorded returns a transaction with room for so many entries. Most have two,
// which are allocated with it.
func newRecorded(entries int) *RecordedTransaction {
	if entries == 2 {
		pair := new(struct {
			RecordedTransaction
			entries [2]Entry
		})
		pair.Entries = pair.entries[:]
		return &pair.RecordedTransaction
	}
	return &RecordedTransaction{Transaction: Transaction{Entries: make([]Entry, entries)}}
}

// post writes the entries to the drafts of their accounts, which the caller has
// made, and records the transaction.
func (d *Decider) post(recorded *RecordedTransaction, requests []EntryRequest) error {
	if err := d.postEntries(recorded, requests, recorded.RecordedAt); err != nil {
		return err
	}
	d.record(recorded)
	return nil
}

// postEntries writes the entries, at a time, to the drafts of their accounts and to
// the transaction, which has room for them.
func (d *Decider) postEntries(recorded *RecordedTransaction, requests []EntryRequest, at time.Time) error {
	for i := range requests {
		if err := d.postEntry(&recorded.Entries[i], &requests[i], recorded, at); err != nil {
			return err
		}
	}
	if err := d.checkLimits(recorded.ID); err != nil {
		return err
	}
	return d.checkDrafts(recorded)
}

func (d *Decider) checkLimits(transaction string) error {
	for _, w := range d.drafts {
		if err := w.checkLimit(transaction); err != nil {
			return err
		}
	}
	return nil
}

// recordTime is now, or the last time of an account that the operation touches
// if a clock that was set back makes that the later one, so that no account's
// times run backwards.
func (d *Decider) recordTime() time.Time {
	at := d.now
	for _, w := range d.drafts {
		if w.draft.LastRecordedAt.After(at) {
			at = w.draft.LastRecordedAt
		}
	}
	return at
}

// recordTimeOf is the record time, or that of a transaction that the details name if a
// clock that was set back makes it the later one, so that whoever reads in the order of
// time meets what is named before.
func (d *Decider) recordTimeOf(named *details) (time.Time, error) {
	at := d.recordTime()
	if named == nil {
		return at, nil
	}
	for _, id := range []string{named.related, named.reverses} {
		if id == "" {
			continue
		}
		other, err := d.transaction(id)
		if err != nil {
			return at, err
		}
		if other != nil {
			at = latest(at, other.RecordedAt, other.ResolvedAt)
		}
	}
	return at, nil
}

func latest(at time.Time, others ...time.Time) time.Time {
	for _, other := range others {
		if other.After(at) {
			at = other
		}
	}
	return at
}

func (d *Decider) postEntry(e *Entry, request *EntryRequest, recorded *RecordedTransaction, at time.Time) error {
	w := d.accounts.get(request.Account)
	draft := w.draft
	balance, err := draft.Balance.post(request.Side, request.Amount)
	if err != nil {
		return errTotalsOfAccount(request.Account, recorded.ID)
	}
	draft.Balance = balance
	draft.LastRecordedAt = at
	// The opening balance is entry 0: it is posted by the operation that opens
	// the account, while there is no state yet.
	if opening := w.state == nil; !opening {
		draft.Sequence++
	}
	*e = Entry{
		Transaction: recorded.ID,
		Account:     request.Account,
		Stripe:      draft.Stripe,
		Sequence:    draft.Sequence,
		Side:        request.Side,
		Asset:       draft.Asset,
		Amount:      request.Amount,
		Balance:     draft.Posted(),
		Debits:      draft.Balance.Debits,
		RecordedAt:  at,
		EffectiveAt: recorded.EffectiveAt,
	}
	return nil
}

func errTotalsOfAccount(account, transaction string) error {
	return &Error{
		Code: ErrAmountOutOfRange, Account: account, Transaction: transaction,
		Message: fmt.Sprintf("the totals of account %q would be larger than the ledger can count", account),
	}
}

// checkLimit refuses a transaction whose net effect lowers what is available to
// below the account's minimum. One that raises it is never refused, even while it
// stays below.
func (w *workingAccount) checkLimit(transaction string) error {
	if w.draft.Unlimited || w.state == nil {
		return nil
	}
	before, after := w.state.Available(), w.draft.Available()
	if after.Cmp(before) >= 0 || after.Cmp(w.draft.MinBalance) >= 0 {
		return nil
	}
	asset := w.draft.Asset
	return &Error{
		Code: ErrInsufficientFunds, Account: w.id, Transaction: transaction,
		Message: fmt.Sprintf("account %q has %s %s available; this would leave %s, and it must keep at least %s",
			w.id, asset.Format(before), asset.Code, asset.Format(after), asset.Format(w.draft.MinBalance)),
	}
}

// checkDrafts asserts what must hold of every transaction, from the drafts and
// entries themselves and not from how they were made.
func (d *Decider) checkDrafts(recorded *RecordedTransaction) error {
	var nets assetNets
	numbers := uint64(0)
	for _, w := range d.drafts {
		before := w.state
		if before == nil {
			before = &AccountState{}
		}
		if w.draft.LastRecordedAt.Before(before.LastRecordedAt) {
			return broken("transaction %q would turn back the time of account %q", recorded.ID, w.id)
		}
		numbers += w.draft.Sequence - before.Sequence
		debited := w.draft.Balance.Debits.wrappingSub(before.Balance.Debits)
		credited := w.draft.Balance.Credits.wrappingSub(before.Balance.Credits)
		if err := errors.Join(nets.add(w.draft.Asset, Debit, debited), nets.add(w.draft.Asset, Credit, credited)); err != nil {
			return broken("transaction %q: %v", recorded.ID, err)
		}
	}
	if asset, net, ok := nets.unbalanced(); ok {
		return broken("transaction %q would leave debits and credits of %s apart by %s units", recorded.ID, asset, net)
	}
	for _, e := range recorded.Entries {
		if e.Sequence > 0 {
			numbers--
		}
	}
	if numbers != 0 {
		return broken("transaction %q would leave a gap in a sequence", recorded.ID)
	}
	return nil
}
