package ledger

import (
	"fmt"
	"maps"
)

func (op *openOperation) decide(d *Decider) (Outcome, error) {
	request := op.request
	w, err := d.account(request.ID)
	if err != nil {
		return Outcome{}, err
	}
	if w.state != nil {
		if w.state.Fingerprint != op.fingerprint {
			return Outcome{}, &Error{
				Code: ErrAccountExists, Account: request.ID,
				Message: fmt.Sprintf("account %q was opened with other content", request.ID),
			}
		}
		return w.outcome(Replayed), nil
	}
	if err := d.admitAsset(request.Asset); err != nil {
		return Outcome{}, err
	}
	d.open(w, Account{
		ID:         request.ID,
		Name:       request.Name,
		Asset:      request.Asset,
		Normal:     request.Normal,
		MinBalance: request.MinBalance,
		Unlimited:  request.Unlimited,
		Metadata:   request.Metadata,
	}, op.fingerprint)
	if request.OpeningBalance.Sign() > 0 {
		if err := d.postOpening(request); err != nil {
			return Outcome{}, err
		}
	}
	d.accept()
	return w.outcome(Applied), nil
}

// admitAsset makes the world account of a currency of ISO 4217 that is new to the
// ledger, and refuses an asset that is unknown, or known with another scale.
func (d *Decider) admitAsset(asset Asset) error {
	world, err := d.account(WorldID(asset.Code))
	if err != nil {
		return err
	}
	if world.state == nil {
		if err := asset.checkISO(); err != nil {
			return err
		}
		d.openWorld(world, asset)
		return nil
	}
	return world.state.Asset.checkSame(asset)
}

// openWorld opens a world account, in a step of its own, so that an opening balance
// finds it there.
func (d *Decider) openWorld(world *workingAccount, asset Asset) {
	d.open(world, Account{ID: world.id, Asset: asset, Normal: Debit, Unlimited: true}, Fingerprint{})
	d.accept()
}

func (d *Decider) open(w *workingAccount, account Account, fingerprint Fingerprint) {
	account.Status = StatusOpen
	account.OpenedAt = d.now
	*d.propose(w) = AccountState{Account: account, LastRecordedAt: d.now, Fingerprint: fingerprint}
}

func (d *Decider) postOpening(request AccountRequest) error {
	world := d.accounts.get(WorldID(request.Asset.Code))
	d.draftOf(world)
	transaction := TransactionRequest{
		ID: OpeningID(request.ID),
		Entries: []EntryRequest{
			{Account: world.id, Side: request.Normal.opposite(), Asset: request.Asset, Amount: request.OpeningBalance},
			{Account: request.ID, Side: request.Normal, Asset: request.Asset, Amount: request.OpeningBalance},
		},
		EffectiveAt: request.EffectiveAt,
	}
	taken, err := d.transaction(transaction.ID)
	if err != nil {
		return err
	}
	if taken != nil {
		return broken("transaction %q is there before account %q", transaction.ID, request.ID)
	}
	opening := &postOperation{id: transaction.ID, details: transaction.details(), fingerprint: transaction.fingerprint()}
	_, err = d.write(opening, transaction.Entries)
	return err
}

func (op *changeOperation) decide(d *Decider) (Outcome, error) {
	w, err := d.account(op.id)
	if err != nil {
		return Outcome{}, err
	}
	if w.state == nil {
		return Outcome{}, NoAccount(op.id)
	}
	draft := d.draftOf(w)
	if op.change.Name != nil {
		draft.Name = *op.change.Name
	}
	if status := op.change.Status; status != 0 && status != draft.Status {
		if err := draft.checkStatus(status); err != nil {
			return Outcome{}, err
		}
		draft.Status = status
	}
	if metadata := op.change.Metadata; metadata != nil {
		draft.Metadata = metadata.clone()
	}
	if draft.Name == w.state.Name && draft.Status == w.state.Status && maps.Equal(draft.Metadata, w.state.Metadata) {
		d.discard()
		return w.outcome(Replayed), nil
	}
	d.accept()
	return w.outcome(Applied), nil
}

// outcome returns the account as the operation left it, in a copy, for the
// state itself stays with the store.
func (w *workingAccount) outcome(result Result) Outcome {
	account := w.state.Account
	return Outcome{Result: result, Account: &account}
}

// checkStatus says why the account cannot take the status.
func (s *AccountState) checkStatus(status Status) error {
	switch {
	case s.Status == StatusClosed:
		return &Error{Code: ErrAccountClosed, Account: s.ID, Message: fmt.Sprintf("account %q is closed for good", s.ID)}
	case status == StatusClosed && s.Posted().Sign() != 0:
		return &Error{
			Code: ErrAccountNotEmpty, Account: s.ID,
			Message: fmt.Sprintf("account %q has a balance of %s %s; bring it to zero before you close it",
				s.ID, s.Asset.Format(s.Posted()), s.Asset.Code),
		}
	case status == StatusClosed && (s.Balance.PendingDebits.Sign() != 0 || s.Balance.PendingCredits.Sign() != 0):
		return &Error{
			Code: ErrAccountNotEmpty, Account: s.ID,
			Message: fmt.Sprintf("account %q has pending transactions; post or void them before you close it", s.ID),
		}
	}
	return nil
}
