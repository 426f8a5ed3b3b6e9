package postgres

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// TestCountPending counts the transactions and not the accounts, in all ledgers, without
// those that have ended; and estimates what is beyond the limit.
func TestCountPending(t *testing.T) {
	t.Parallel()
	store, connection := newPlanner(t)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	count := func(most, want int64) {
		t.Helper()
		if got, err := store.countPending(t.Context(), most); err != nil || got != want {
			t.Errorf("of at most %d reservations: %d pending (%v), want %d", most, got, err, want)
		}
	}
	count(countedPending, 0)
	for _, name := range []string{"one", "two"} {
		books, err := ledger.Open(t.Context(), store, ledger.Config{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"a", "b"} {
			if _, err := books.OpenAccount(t.Context(), ledger.AccountRequest{ID: id, Asset: usd, OpeningBalance: ledger.NewAmount(1000)}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 12 {
			hold := ledger.TransactionRequest{ID: fmt.Sprint("hold", i), Pending: true, Entries: []ledger.EntryRequest{
				{Account: "a", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(1)},
				{Account: "b", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(1)},
			}}
			if _, err := books.Post(t.Context(), hold); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := books.VoidPending(t.Context(), ledger.VoidPendingRequest{Transaction: "hold0"}); err != nil {
			t.Fatal(err)
		}
		if _, err := books.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: "hold1"}); err != nil {
			t.Fatal(err)
		}
	}
	count(countedPending, 20)
	count(41, 20)
	// Nothing is known of the table yet, so that there is what was read.
	count(20, 10)
	execute(t, connection, "ANALYZE ledger.reservations")
	count(20, 20)

	execute(t, connection, `INSERT INTO ledger.reservations (ledger, account, expires_at, transaction, debits, credits, recorded_at)
VALUES (1, 'a', $1, 'expired', 1, 0, $1)`, time.Now().Add(-time.Hour))
	count(countedPending, 20)
}
