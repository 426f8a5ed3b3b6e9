package postgres_test

import (
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// TestInTxAudit asks all that can be asked of the past inside of a database
// transaction that has posted, which alone is told of that.
func TestInTxAudit(t *testing.T) {
	t.Parallel()
	_, store, connection := business(t)
	outside := openLedger(t, store, 1)
	tx, err := connection.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	inside, err := ledger.Open(t.Context(), store.InTx(tx), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	pair := ledger.Metadata{"order": "1"}
	outcome, err := inside.Post(t.Context(), ledger.TransactionRequest{ID: "order", Metadata: pair, Entries: []ledger.EntryRequest{
		{Account: ledger.WorldID("USD"), Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(5)},
		{Account: "a0", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(5)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inside.ChangeAccount(t.Context(), "a0", ledger.AccountChange{Metadata: pair}); err != nil {
		t.Fatal(err)
	}
	at := ledger.Moment{RecordedAt: outcome.Transaction.RecordedAt}
	for name, books := range map[string]*ledger.Ledger{"inside": inside, "outside": outside} {
		want, found := ledger.NewAmount(5), 1
		if name == "outside" {
			want, found = ledger.Amount{}, 0
		}
		for _, moment := range []ledger.Moment{{}, at, {EffectiveAt: at.RecordedAt}} {
			if balance, err := books.BalanceAt(t.Context(), "a0", moment); err != nil || balance.Posted() != want {
				t.Errorf("%s: the balance is %v, %v", name, balance, err)
			}
			trial, err := books.TrialBalance(t.Context(), ledger.TrialBalanceQuery{At: moment})
			if err != nil || len(trial.Totals) != 1 || trial.Totals[0].Debits != want || !trial.Totals[0].IsBalanced() {
				t.Errorf("%s: the trial balance is %v, %v", name, trial, err)
			}
		}
		statement, err := books.Statement(t.Context(), ledger.StatementQuery{Account: "a0", From: at.RecordedAt})
		if err != nil || len(statement.Entries) != found || statement.Closing.Credits != want || statement.Opening != (ledger.Balance{}) {
			t.Errorf("%s: the statement is %v, %v", name, statement, err)
		}
		if page, err := books.FindAccounts(t.Context(), ledger.AccountQuery{Metadata: pair}); err != nil || len(page.Accounts) != found {
			t.Errorf("%s: the accounts are %v, %v", name, page, err)
		}
		if page, err := books.FindTransactions(t.Context(), ledger.TransactionQuery{Metadata: pair}); err != nil || len(page.Transactions) != found {
			t.Errorf("%s: the transactions are %v, %v", name, page, err)
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}
