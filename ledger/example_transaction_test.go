package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// A transaction has two or more entries, which balance in every asset. Here a
// buyer pays a seller and the house keeps a fee.
func ExampleLedger_Post() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{Name: "shop"})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "buyer", Asset: usd, OpeningBalance: ledger.NewAmount(50_00)},
		{ID: "seller", Asset: usd},
		{ID: "fees", Asset: usd},
	})
	check(err)
	order := ledger.TransactionRequest{ID: "order-17", Entries: []ledger.EntryRequest{
		{Account: "buyer", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(40_00)},
		{Account: "seller", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(38_80)},
		{Account: "fees", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(1_20)},
	}}
	_, err = books.Post(ctx, order)
	check(err)
	order.ID = "order-18"
	_, err = books.Post(ctx, order)
	fmt.Println(err)
	fmt.Println(errors.Is(err, ledger.ErrInsufficientFunds))

	accounts, err := books.Accounts(ctx, []string{"buyer", "seller", "fees"})
	check(err)
	for _, account := range accounts {
		fmt.Println(account.ID, usd.Format(account.Posted()))
	}
	// Output:
	// account "buyer" has 10.00 USD available; this would leave -30.00, and it must keep at least 0.00
	// true
	// buyer 10.00
	// seller 38.80
	// fees 1.20
}

// An exchange moves two assets in one transaction. Each balances by itself, through
// an account of the house that takes any position.
func ExampleLedger_Post_exchange() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	usd, eur := ledger.Asset{Code: "USD", Scale: 2}, ledger.Asset{Code: "EUR", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "alice:USD", Asset: usd, OpeningBalance: ledger.NewAmount(100_00)},
		{ID: "alice:EUR", Asset: eur},
		{ID: "fx:USD", Asset: usd, Unlimited: true},
		{ID: "fx:EUR", Asset: eur, Unlimited: true},
	})
	check(err)
	outcome, err := books.Post(ctx, ledger.TransactionRequest{ID: "exchange-1", Entries: []ledger.EntryRequest{
		{Account: "alice:USD", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(50_00)},
		{Account: "fx:USD", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(50_00)},
		{Account: "fx:EUR", Side: ledger.Debit, Asset: eur, Amount: ledger.NewAmount(46_00)},
		{Account: "alice:EUR", Side: ledger.Credit, Asset: eur, Amount: ledger.NewAmount(46_00)},
	}})
	check(err)
	for _, e := range outcome.Transaction.Entries {
		fmt.Println(e.Account, e.Asset.Format(e.Balance))
	}
	// Output:
	// alice:USD 50.00
	// fx:USD 50.00
	// fx:EUR -46.00
	// alice:EUR 46.00
}

// What a transaction posted is undone as a whole, once.
func ExampleLedger_Reverse() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: usd})
	check(err)
	_, err = books.Deposit(ctx, ledger.Deposit{ID: "tx_1", Account: "alice", Asset: usd, Amount: ledger.NewAmount(20_00)})
	check(err)

	undo := ledger.ReversalRequest{ID: "undo-tx_1", Transaction: "tx_1", Description: "charged twice", Actor: "support"}
	for range 2 {
		outcome, err := books.Reverse(ctx, undo)
		check(err)
		fmt.Println(outcome.Result, outcome.Transaction.ID, "reverses", outcome.Transaction.Reverses)
	}
	undo.ID = "once-more"
	_, err = books.Reverse(ctx, undo)
	fmt.Println(errors.Is(err, ledger.ErrAlreadyReversed), err)
	original, err := books.Transaction(ctx, "tx_1")
	fmt.Println(original.ReversedBy, err)
	// Output:
	// applied undo-tx_1 reverses tx_1
	// replayed undo-tx_1 reverses tx_1
	// true transaction "tx_1" was reversed by "undo-tx_1"
	// undo-tx_1 <nil>
}

// Transactions are found by their metadata. A delivery that is for an order is
// related to it.
func ExampleLedger_FindTransactions() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "buyer", Asset: usd, OpeningBalance: ledger.NewAmount(100_00)}, {ID: "shop", Asset: usd},
	})
	check(err)
	pay := func(id, related, kind string, cents int64) {
		_, err := books.Post(ctx, ledger.TransactionRequest{
			ID: id, Related: related, Metadata: ledger.Metadata{"order": "17", "kind": kind},
			Entries: []ledger.EntryRequest{
				{Account: "buyer", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(cents)},
				{Account: "shop", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(cents)},
			},
		})
		check(err)
	}
	pay("order-17", "", "goods", 40_00)
	pay("delivery-17", "order-17", "delivery", 5_00)

	for _, metadata := range []ledger.Metadata{{"order": "17"}, {"order": "17", "kind": "delivery"}} {
		page, err := books.FindTransactions(ctx, ledger.TransactionQuery{Metadata: metadata, OldestFirst: true})
		check(err)
		fmt.Println(metadata)
		for _, t := range page.Transactions {
			fmt.Printf("%s %s %q\n", t.ID, usd.Format(t.Entries[0].Amount), t.Related)
		}
	}
	// Output:
	// map[order:17]
	// order-17 40.00 ""
	// delivery-17 5.00 "order-17"
	// map[kind:delivery order:17]
	// delivery-17 5.00 "order-17"
}

// What is pending on an account, and all that was recorded on it in a period. A hold
// stands where it was made, whatever became of it.
func ExampleLedger_FindTransactions_account() {
	ctx := context.Background()
	clock := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	books, err := ledger.Open(ctx, memory.New(memory.Config{Now: clock.read}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "alice", Asset: usd, OpeningBalance: ledger.NewAmount(100_00)}, {ID: "hotel", Asset: usd},
	})
	check(err)
	for _, id := range []string{"night-1", "night-2", "night-3"} {
		clock.now = clock.now.Add(24 * time.Hour)
		_, err = books.Post(ctx, ledger.TransactionRequest{
			ID: id, Pending: true,
			Entries: []ledger.EntryRequest{
				{Account: "alice", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(30_00)},
				{Account: "hotel", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(30_00)},
			},
		})
		check(err)
	}
	_, err = books.PostPending(ctx, ledger.PostPendingRequest{Transaction: "night-2"})
	check(err)

	for _, query := range []ledger.TransactionQuery{
		{Account: "alice", Status: ledger.Pending},
		{Account: "alice", To: time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), OldestFirst: true},
	} {
		page, err := books.FindTransactions(ctx, query)
		check(err)
		for _, t := range page.Transactions {
			fmt.Println(t.RecordedAt.Format(time.DateOnly), t.ID, t.Status)
		}
		fmt.Println("more:", page.More)
	}
	// Output:
	// 2026-03-04 night-3 pending
	// 2026-03-02 night-1 pending
	// more: false
	// 2026-03-01 opening:alice posted
	// 2026-03-02 night-1 pending
	// 2026-03-03 night-2 posted
	// more: false
}
