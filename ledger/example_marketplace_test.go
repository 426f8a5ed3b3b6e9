package ledger_test

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// A marketplace sale from the order to the refund: a hold with a fee, the capture
// of a part, and a refund of part of that. docs/concepts.md tells the story.
func Example_marketplace() {
	ctx := context.Background()
	store := memory.New(memory.Config{})
	books, err := ledger.Open(ctx, store, ledger.Config{Name: "marketplace"})
	check(err)

	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "buyer", Asset: usd, Metadata: ledger.Metadata{"kind": "customer"}},
		{ID: "seller", Asset: usd, Metadata: ledger.Metadata{"kind": "merchant"}},
		{ID: "fees", Asset: usd},
	})
	check(err)
	show := func(what string) {
		buyer, err := books.Account(ctx, "buyer")
		check(err)
		fmt.Println(what, usd.Format(buyer.Posted()), usd.Format(buyer.Available()))
	}

	_, err = books.Deposit(ctx, ledger.Deposit{ID: "card-1", Account: "buyer", Asset: usd, Amount: ledger.NewAmount(100_00)})
	check(err)
	show("deposited:")

	// The three entries of a sale: what the buyer pays, and who gets it.
	sale := func(pays, gets, fee int64) []ledger.EntryRequest {
		return []ledger.EntryRequest{
			{Account: "buyer", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(pays)},
			{Account: "seller", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(gets)},
			{Account: "fees", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(fee)},
		}
	}
	_, err = books.Post(ctx, ledger.TransactionRequest{
		ID:          "order-17",
		Entries:     sale(60_00, 57_00, 3_00),
		Pending:     true,
		ExpiresAt:   time.Now().Add(7 * 24 * time.Hour),
		Description: "two lamps",
		Metadata:    ledger.Metadata{"order": "17"},
		Actor:       "checkout",
	})
	check(err)
	show("held:")
	pending, err := books.FindTransactions(ctx, ledger.TransactionQuery{Account: "buyer", Status: ledger.Pending})
	check(err)
	for _, t := range pending.Transactions {
		fmt.Println("pending:", t.ID)
	}

	outcome, err := books.PostPending(ctx, ledger.PostPendingRequest{
		Transaction: "order-17",
		Entries:     sale(40_00, 38_00, 2_00), // one lamp was out of stock
		Actor:       "warehouse",
	})
	check(err)
	fmt.Println(outcome.Transaction.Status, "of", usd.Format(outcome.Transaction.Reserved[0]))
	show("captured:")

	_, err = books.Post(ctx, ledger.TransactionRequest{
		ID: "refund-17",
		Entries: []ledger.EntryRequest{
			{Account: "seller", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(9_50)},
			{Account: "fees", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(50)},
			{Account: "buyer", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(10_00)},
		},
		Related:     "order-17",
		Description: "a scratch",
		Metadata:    ledger.Metadata{"order": "17"},
	})
	check(err)
	show("refunded:")

	statement, err := books.Statement(ctx, ledger.StatementQuery{Account: "seller", OldestFirst: true})
	check(err)
	for _, e := range statement.Entries {
		fmt.Println(e.Sequence, e.Transaction, e.Side, usd.Format(e.Amount), usd.Format(e.Balance))
	}
	found, err := books.FindTransactions(ctx, ledger.TransactionQuery{Metadata: ledger.Metadata{"order": "17"}, OldestFirst: true})
	check(err)
	for _, t := range found.Transactions {
		fmt.Printf("%s %s %q\n", t.ID, t.Status, t.Related)
	}
	balance, err := books.TrialBalance(ctx, ledger.TrialBalanceQuery{})
	check(err)
	for _, total := range balance.Totals {
		fmt.Println(total.Asset, usd.Format(total.Debits), usd.Format(total.Credits), total.IsBalanced())
	}
	// Output:
	// deposited: 100.00 100.00
	// held: 100.00 40.00
	// pending: order-17
	// posted of 60.00
	// captured: 60.00 60.00
	// refunded: 70.00 70.00
	// 1 order-17 credit 38.00 38.00
	// 2 refund-17 debit 9.50 28.50
	// order-17 posted ""
	// refund-17 posted "order-17"
	// USD/2 150.00 150.00 true
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
