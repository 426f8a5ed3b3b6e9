package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// stepTaker is a taker that has a pending transaction to step on.
type stepTaker struct {
	taker
	pending ledger.Transaction
}

func (s *stepTaker) OpenBook(context.Context, string) (ledger.Book, ledger.Result, error) {
	return s, ledger.Replayed, nil
}

func (s *stepTaker) Transaction(context.Context, string) (ledger.Transaction, error) {
	return s.pending, nil
}

// TestHoldsOfOneBatch opens an account, holds on it and ends one of the holds, all in
// one batch: what others ask for at the same time may be so.
func TestHoldsOfOneBatch(t *testing.T) {
	t.Parallel()
	store, connection := newPlanner(t)
	books, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	usd := ledger.Asset{Code: "USD", Scale: 2}
	at := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	source := &stepTaker{}
	asked, err := ledger.Open(t.Context(), source, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var operations []ledger.Operation
	take := func(ask func()) {
		ask()
		operations = append(operations, source.operations...)
	}
	take(func() {
		_, _ = asked.OpenAccount(t.Context(), ledger.AccountRequest{ID: "a", Asset: usd, OpeningBalance: ledger.NewAmount(10)})
	})
	for _, id := range []string{"open", "posted", "voided"} {
		hold := ledger.TransactionRequest{ID: id, Pending: true, ExpiresAt: at, Entries: []ledger.EntryRequest{
			{Account: "a", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(1)},
			{Account: ledger.WorldID("USD"), Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(1)},
		}}
		take(func() { _, _ = asked.Post(t.Context(), hold) })
		source.pending = ledger.Transaction{ID: id, Entries: []ledger.Entry{{Account: "a"}, {Account: ledger.WorldID("USD")}}}
		switch id {
		case "posted":
			take(func() { _, _ = asked.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: id}) })
		case "voided":
			take(func() { _, _ = asked.VoidPending(t.Context(), ledger.VoidPendingRequest{Transaction: id}) })
		}
	}
	book, err := store.Book(t.Context(), ledger.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := book.Write(t.Context(), operations)
	if err != nil || len(outcomes) != 6 {
		t.Fatal(outcomes, err)
	}
	for i, outcome := range outcomes {
		if outcome.Result != ledger.Applied {
			t.Errorf("operation %d is %s, %v", i, outcome.Result, outcome.Err)
		}
	}
	account, err := books.Account(t.Context(), "a")
	if want := ledger.NewAmount(1); err != nil || account.Balance.PendingDebits != want || account.Balance.Debits != want {
		t.Errorf("%+v, %v", account, err)
	}
	for id, want := range map[string]ledger.TransactionStatus{"open": ledger.Pending, "posted": ledger.Posted, "voided": ledger.Voided} {
		if found, err := books.Transaction(t.Context(), id); err != nil || found.Status != want || len(found.Entries) != 2 {
			t.Errorf("%s is %+v, %v", id, found, err)
		}
	}
	var transaction string
	var first, next time.Time
	const find = "SELECT transaction, expires_at, next_expiry FROM ledger.reservations JOIN ledger.balances USING (ledger, account)"
	err = connection.QueryRow(t.Context(), find).Scan(&transaction, &first, &next)
	if err != nil || transaction != "open" || !first.Equal(at) || !next.Equal(at) {
		t.Errorf("%s is reserved up to %s, and the account's row says %s; %v", transaction, first, next, err)
	}
}

// TestMissingReservation ends a hold whose reservation is not there: the books are
// inconsistent, and nothing is committed.
func TestMissingReservation(t *testing.T) {
	t.Parallel()
	store, connection := newPlanner(t)
	books, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	usd := ledger.Asset{Code: "USD", Scale: 2}
	request := ledger.AccountRequest{ID: "a", Asset: usd, OpeningBalance: ledger.NewAmount(10)}
	if _, err := books.OpenAccount(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	hold := ledger.TransactionRequest{ID: "hold", Pending: true, Entries: []ledger.EntryRequest{
		{Account: "a", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(1)},
		{Account: ledger.WorldID("USD"), Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(1)},
	}}
	if _, err := books.Post(t.Context(), hold); err != nil {
		t.Fatal(err)
	}
	execute(t, connection, "DELETE FROM ledger.reservations")
	if outcome, err := books.VoidPending(t.Context(), ledger.VoidPendingRequest{Transaction: "hold"}); err == nil {
		t.Errorf("it is %s", outcome.Result)
	}
	if found, err := books.Transaction(t.Context(), "hold"); err != nil || found.Status != ledger.Pending {
		t.Errorf("%+v, %v", found, err)
	}
}
