package ledgertest

import (
	"slices"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// hold is a pending transaction in US dollars.
func hold(id, from, to string, amount int64) ledger.TransactionRequest {
	return pending(move(id, from, to, amount))
}

func pending(request ledger.TransactionRequest) ledger.TransactionRequest {
	request.Pending = true
	return request
}

// leg is an entry in US dollars.
func leg(account string, side ledger.Side, amount int64) ledger.EntryRequest {
	return ledger.EntryRequest{Account: account, Side: side, Asset: usd, Amount: units(amount)}
}

// part asks to post an amount of a pending transaction.
func part(id string, amount int64) ledger.PostPendingRequest {
	return ledger.PostPendingRequest{Transaction: id, Amount: new(units(amount))}
}

// whole asks to post all of a pending transaction.
func whole(id string) ledger.PostPendingRequest { return ledger.PostPendingRequest{Transaction: id} }

// parts asks to post entries of a pending transaction.
func parts(id string, entries ...ledger.EntryRequest) ledger.PostPendingRequest {
	return ledger.PostPendingRequest{Transaction: id, Entries: entries}
}

// settle posts a pending transaction, which must take effect now, and demands that
// it reads as it was answered.
func (b *books) settle(request ledger.PostPendingRequest) ledger.Transaction {
	b.Helper()
	outcome, err := b.service.PostPending(b.Context(), request)
	return b.stepped(outcome, err, ledger.Applied)
}

func (b *books) settleAgain(request ledger.PostPendingRequest) ledger.Transaction {
	b.Helper()
	outcome, err := b.service.PostPending(b.Context(), request)
	return b.stepped(outcome, err, ledger.Replayed)
}

func (b *books) void(id string) ledger.Transaction {
	b.Helper()
	outcome, err := b.service.VoidPending(b.Context(), ledger.VoidPendingRequest{Transaction: id})
	return b.stepped(outcome, err, ledger.Applied)
}

func (b *books) voidAgain(id string) ledger.Transaction {
	b.Helper()
	outcome, err := b.service.VoidPending(b.Context(), ledger.VoidPendingRequest{Transaction: id})
	return b.stepped(outcome, err, ledger.Replayed)
}

func (b *books) stepped(outcome ledger.Outcome, err error, want ledger.Result) ledger.Transaction {
	b.Helper()
	if err != nil || outcome.Result != want {
		b.Fatalf("the step was %s, %v; want %s", outcome.Result, err, want)
	}
	if read := b.transaction(outcome.Transaction.ID); !sameTransaction(read, *outcome.Transaction) {
		b.Errorf("the step answered with %+v, and it reads as %+v", *outcome.Transaction, read)
	}
	return *outcome.Transaction
}

// notSettled demands that posting a pending transaction is refused with the code,
// and changes neither it nor the accounts of its entries.
func (b *books) notSettled(code ledger.Code, request ledger.PostPendingRequest) ledger.Error {
	b.Helper()
	return b.notStepped(code, request.Transaction, func() (ledger.Outcome, error) {
		return b.service.PostPending(b.Context(), request)
	})
}

// notVoided is notSettled for voiding.
func (b *books) notVoided(code ledger.Code, id string) {
	b.Helper()
	b.notStepped(code, id, func() (ledger.Outcome, error) {
		return b.service.VoidPending(b.Context(), ledger.VoidPendingRequest{Transaction: id})
	})
}

func (b *books) notStepped(code ledger.Code, id string, step func() (ledger.Outcome, error)) ledger.Error {
	b.Helper()
	before := b.transaction(id)
	var e ledger.Error
	b.unchanged(accountsOf(before), func() {
		b.Helper()
		outcome, err := step()
		if outcome.Result != ledger.Rejected {
			b.Fatalf("a step on %q was %s, %v; want rejected with %s", id, outcome.Result, err, code)
		}
		e = b.failed(code, err)
	})
	if after := b.transaction(id); !sameTransaction(after, before) {
		b.Errorf("a step that was refused with %s made %+v of %+v", code, after, before)
	}
	return e
}

func accountsOf(t ledger.Transaction) []string {
	var ids []string
	for _, e := range t.Entries {
		ids = append(ids, e.Account)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// unchanged demands that what is done leaves the accounts as they are.
func (b *books) unchanged(ids []string, do func()) {
	b.Helper()
	before, err := b.service.Accounts(b.Context(), ids)
	if err != nil {
		b.Fatal(err)
	}
	do()
	for _, account := range before {
		if after := b.account(account.ID); !sameAccount(after, account) {
			b.Errorf("account %q should be as it was: it is %+v, and was %+v", account.ID, after, account)
		}
	}
}

func (b *books) transaction(id string) ledger.Transaction {
	b.Helper()
	t, err := b.service.Transaction(b.Context(), id)
	if err != nil {
		b.Fatalf("transaction %q: %v", id, err)
	}
	return t
}

// replay posts a request again and returns the transaction as it now stands.
func (b *books) replay(request ledger.TransactionRequest) ledger.Transaction {
	b.Helper()
	outcome, err := b.service.Post(b.Context(), request)
	if err != nil || outcome.Result != ledger.Replayed {
		b.Fatalf("posting %q again was %s, %v", request.ID, outcome.Result, err)
	}
	if read := b.transaction(request.ID); !sameTransaction(read, *outcome.Transaction) {
		b.Errorf("the replay answered with %+v, and it reads as %+v", *outcome.Transaction, read)
	}
	return *outcome.Transaction
}

func (b *books) wantStatus(id string, want ledger.TransactionStatus) ledger.Transaction {
	b.Helper()
	t := b.transaction(id)
	if t.Status != want {
		b.Errorf("transaction %q is %s, want %s", id, t.Status, want)
	}
	return t
}

// wantBalance compares what was posted on an account, and what is pending in and
// out.
func (b *books) wantBalance(id string, posted, in, out int64) {
	b.Helper()
	account := b.account(id)
	got := [3]ledger.Amount{account.Posted(), account.Balance.PendingIn(account.Normal), account.Balance.PendingOut(account.Normal)}
	if want := [3]ledger.Amount{units(posted), units(in), units(out)}; got != want {
		b.Errorf("account %q has %s posted, %s pending in and %s out; want %d, %d and %d", id, got[0], got[1], got[2], posted, in, out)
	}
	if account.Available() != units(posted-out) {
		b.Errorf("account %q has %s available, want %d", id, account.Available(), posted-out)
	}
}

// wantEntries demands that an account has these entries and no others: amounts that
// raise its balance, or lower it if they are negative.
func (b *books) wantEntries(id string, want ...int64) {
	b.Helper()
	account, got := b.account(id), []int64{}
	for _, e := range b.entries(id) {
		amount, _ := e.Amount.Int64()
		if e.Side != account.Normal {
			amount = -amount
		}
		got = append(got, amount)
	}
	if !slices.Equal(got, want) {
		b.Errorf("account %q has entries of %v, want %v", id, got, want)
	}
}

// now is the service's time, to the microsecond.
func (b *books) now() time.Time {
	b.Helper()
	balance, err := b.service.BalanceAt(b.Context(), b.clock, ledger.Moment{})
	if err != nil {
		b.Fatalf("the time, from the balance of %q: %v", b.clock, err)
	}
	if balance.Now.IsZero() {
		b.Fatal("the service does not tell its time")
	}
	return balance.Now.UTC().Truncate(time.Microsecond)
}

// instant returns a time at or after all that was written so far, and before all
// that will be.
func (b *books) instant() time.Time {
	b.Helper()
	at := b.now()
	b.waitUntil(at.Add(time.Microsecond))
	return at
}

// waitUntil returns when it is the time, or later, by the service's own clock.
func (b *books) waitUntil(at time.Time) {
	b.Helper()
	for {
		left := at.Sub(b.now())
		if left <= 0 {
			return
		}
		time.Sleep(left)
	}
}
