package ledgertest

import (
	"errors"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

var (
	usd = ledger.Asset{Code: "USD", Scale: 2}
	eur = ledger.Asset{Code: "EUR", Scale: 2}
	jpy = ledger.Asset{Code: "JPY", Scale: 0}
)

// books is a service under test, with the steps that tests are made of. A step
// that must succeed ends the test if it does not.
type books struct {
	testing.TB
	service ledger.Service
	// clock is the account that the service's time is asked of: the first that was
	// opened.
	clock string
	// pending has the ids of the pending transactions that were made.
	pending pendingIDs
}

func units(n int64) ledger.Amount { return ledger.NewAmount(n) }

func (b *books) register(asset ledger.Asset) {
	b.Helper()
	if _, err := b.service.RegisterAsset(b.Context(), asset); err != nil {
		b.Fatalf("register %s: %v", asset, err)
	}
}

func (b *books) open(requests ...ledger.AccountRequest) {
	b.Helper()
	for _, request := range requests {
		if request.Asset == (ledger.Asset{}) {
			request.Asset = usd
		}
		if _, err := b.service.OpenAccount(b.Context(), request); err != nil {
			b.Fatalf("open account %q: %v", request.ID, err)
		}
		if b.clock == "" {
			b.clock = request.ID
		}
	}
}

func (b *books) openAll(ids ...string) {
	b.Helper()
	for _, id := range ids {
		b.open(ledger.AccountRequest{ID: id})
	}
}

func (b *books) deposit(id, account string, amount int64) ledger.Transaction {
	b.Helper()
	outcome, err := b.service.Deposit(b.Context(), ledger.Deposit{ID: id, Account: account, Asset: usd, Amount: units(amount)})
	if err != nil {
		b.Fatalf("deposit %q: %v", id, err)
	}
	if outcome.Result != ledger.Applied {
		b.Fatalf("deposit %q was %s", id, outcome.Result)
	}
	return *outcome.Transaction
}

// move is a transaction in US dollars that takes an amount from one account to
// another.
func move(id, from, to string, amount int64) ledger.TransactionRequest {
	return moveAsset(id, from, to, usd, amount)
}

func moveAsset(id, from, to string, asset ledger.Asset, amount int64) ledger.TransactionRequest {
	return ledger.TransactionRequest{ID: id, Entries: []ledger.EntryRequest{
		{Account: from, Side: ledger.Debit, Asset: asset, Amount: units(amount)},
		{Account: to, Side: ledger.Credit, Asset: asset, Amount: units(amount)},
	}}
}

func (b *books) post(request ledger.TransactionRequest) ledger.Transaction {
	b.Helper()
	outcome, err := b.service.Post(b.Context(), request)
	if err != nil {
		b.Fatalf("post %q: %v", request.ID, err)
	}
	if outcome.Result != ledger.Applied {
		b.Fatalf("post %q was %s", request.ID, outcome.Result)
	}
	b.pending.add(request)
	return *outcome.Transaction
}

// postBatch posts requests together and notes those that are held.
func (b *books) postBatch(requests ...ledger.TransactionRequest) []ledger.Outcome {
	b.Helper()
	outcomes, err := b.service.PostBatch(b.Context(), requests)
	if err != nil || len(outcomes) != len(requests) {
		b.Fatalf("a batch of %d gave %d outcomes, %v", len(requests), len(outcomes), err)
	}
	for i, outcome := range outcomes {
		if outcome.Result == ledger.Applied {
			b.pending.add(requests[i])
		}
	}
	return outcomes
}

// refused posts a request and demands that it is refused with the code.
func (b *books) refused(code ledger.Code, request ledger.TransactionRequest) ledger.Error {
	b.Helper()
	outcome, err := b.service.Post(b.Context(), request)
	if outcome.Result != ledger.Rejected {
		b.Fatalf("post %q was %s, want rejected with %s", request.ID, outcome.Result, code)
	}
	return b.failed(code, err)
}

// failed demands that err has the code, and returns what it says.
func (b *books) failed(code ledger.Code, err error) ledger.Error {
	b.Helper()
	e, ok := errors.AsType[*ledger.Error](err)
	if !ok || e.Code != code || !errors.Is(err, code) {
		b.Fatalf("got error %v, want one with the code %s", err, code)
	}
	if e.Message == "" {
		b.Errorf("the error with code %s says nothing", code)
	}
	return *e
}

func (b *books) account(id string) ledger.Account {
	b.Helper()
	account, err := b.service.Account(b.Context(), id)
	if err != nil {
		b.Fatalf("account %q: %v", id, err)
	}
	return account
}

func (b *books) wantPosted(id string, want int64) {
	b.Helper()
	if got := b.account(id).Posted(); got != units(want) {
		b.Errorf("account %q has a balance of %s, want %d", id, got, want)
	}
}

// entries returns all entries of an account, oldest first, read in pages.
func (b *books) entries(account string) []ledger.Entry {
	b.Helper()
	var all []ledger.Entry
	query := ledger.EntryQuery{Account: account, OldestFirst: true, Limit: 7}
	for {
		page, err := b.service.Entries(b.Context(), query)
		if err != nil {
			b.Fatalf("entries of %q: %v", account, err)
		}
		all = append(all, page.Entries...)
		if !page.More {
			return all
		}
		query.After = new(page.Entries[len(page.Entries)-1].Key())
	}
}

func codeOf(err error) ledger.Code {
	if e, ok := errors.AsType[*ledger.Error](err); ok {
		return e.Code
	}
	return ""
}
