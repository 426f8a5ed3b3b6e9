package ledger

import (
	"context"
	"time"
)

// Request is one of the requests that make a ledger; one of its pointers is set.
type Request struct {
	Asset *Asset
	// Account opens an account, with its opening balance, and the status open whatever
	// it is now.
	Account     *AccountRequest
	Transaction *TransactionRequest
	Reversal    *ReversalRequest
	PostPending *PostPendingRequest
	VoidPending *VoidPendingRequest
	// Status freezes or closes an account, after all else.
	Status *StatusRequest
	// RecordedAt is when the ledger did what is asked for; zero if it does not tell, as
	// of a status.
	RecordedAt time.Time
	// Recorded is the transaction as it now stands, if the request makes, posts or voids
	// one.
	Recorded *Transaction
}

// StatusRequest asks to change the status of an account.
type StatusRequest struct {
	Account string
	Status  Status
}

// Export calls each with the requests that would make this ledger anew, as of one
// moment, in an order in which none of them is refused: the assets, and then what was
// recorded, in the order of that, and of what was recorded at once in that of the
// entries of each account. It ends with the first error of each. Whoever makes them in
// order on an empty ledger, whose time is no earlier, has the same accounts,
// transactions, sequence numbers and balances. Only the times at which they are recorded
// are others, with them the effective times of opening balances, and the stripes of
// world accounts.
//
// Effective times are given, but for holds that are pending and had none: those take
// effect when they are posted, in the copy too. If such a hold has a time limit that
// runs out before the copy is made, the copy cannot have it any more.
//
// What does not outlast a request is not exported: conditions, "up to", and the time
// limit of a hold that was posted or voided within it.
//
// It takes memory for what was recorded at once. What each does must not wait for this
// ledger: see [Inspector].
func (l *Ledger) Export(ctx context.Context, each func(Request) error) error {
	return l.book.Inspect(ctx, func(book Inspection) error {
		return (&exporter{ctx: ctx, book: book, each: each}).export()
	})
}

// exporter is one export.
type exporter struct {
	ctx  context.Context
	book Inspection
	each func(Request) error
}

func (e *exporter) export() error {
	if err := e.assets(); err != nil {
		return err
	}
	if err := e.recorded(); err != nil {
		return err
	}
	for _, status := range []Status{StatusFrozen, StatusClosed} {
		if err := e.statuses(status); err != nil {
			return err
		}
	}
	return nil
}

// assets exports all assets first: after a clock was set back, the first account in one
// may have been opened at an earlier time than its world account.
func (e *exporter) assets() error {
	worlds := e.accounts(AccountQuery{Prefix: worldPrefix})
	for world := worlds.peek(); world != nil; world = worlds.peek() {
		if err := e.each(Request{Asset: &world.Asset, RecordedAt: world.OpenedAt}); err != nil {
			return err
		}
		worlds.skip()
	}
	return worlds.err
}

func (e *exporter) statuses(status Status) error {
	accounts := e.accounts(AccountQuery{Status: status})
	for account := accounts.peek(); account != nil; account = accounts.peek() {
		if err := e.each(Request{Status: &StatusRequest{Account: account.ID, Status: status}}); err != nil {
			return err
		}
		accounts.skip()
	}
	return accounts.err
}

// recorded exports accounts, transactions and steps, moment by moment.
func (e *exporter) recorded() error {
	accounts, transactions, resolved := e.opened(), e.transactions(), e.resolved()
	for {
		at, ok := earliest(accounts.time(), transactions.time(), resolved.time())
		if accounts.err != nil {
			return accounts.err
		}
		if transactions.err != nil {
			return transactions.err
		}
		if resolved.err != nil {
			return resolved.err
		}
		if !ok {
			return nil
		}
		m := newExportMoment(at)
		for account := accounts.at(at); account != nil; account = accounts.at(at) {
			m.addAccount(account)
		}
		for transaction := transactions.at(at); transaction != nil; transaction = transactions.at(at) {
			m.addTransaction(transaction)
		}
		for step := resolved.at(at); step != nil; step = resolved.at(at) {
			m.addStep(step)
		}
		if err := e.moment(m); err != nil {
			return err
		}
	}
}

func (e *exporter) moment(m *exportMoment) error {
	for _, account := range m.accounts {
		if err := e.each(Request{Account: account.request(), RecordedAt: account.OpenedAt}); err != nil {
			return err
		}
	}
	return m.inOrder(e.each, e.normal)
}

// normal returns the normal side of an account.
func (e *exporter) normal(account string) (Side, error) {
	for stored, err := range e.book.Balances(e.ctx, Scope{Account: account}) {
		return stored.Normal, err
	}
	return 0, broken("account %q, which has entries, is not there", account)
}

// request returns the request that opened the account.
func (a *exportAccount) request() *AccountRequest {
	request := &AccountRequest{
		ID: a.ID, Name: a.Name, Asset: a.Asset, Normal: a.Normal, MinBalance: a.MinBalance, Unlimited: a.Unlimited, Metadata: a.Metadata,
	}
	if a.opening != nil {
		request.OpeningBalance, request.EffectiveAt = a.opening.Amount, a.opening.EffectiveAt
	}
	return request
}
