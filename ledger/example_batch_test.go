package ledger_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// The transactions of a batch are done in order, each seeing those before it and each
// with an outcome of its own.
func ExampleLedger_PostBatch() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "alice", Asset: usd, OpeningBalance: ledger.NewAmount(50_00)}, {ID: "bob", Asset: usd}, {ID: "carol", Asset: usd},
	})
	check(err)
	pay := func(id, from, to string, cents int64) ledger.TransactionRequest {
		return ledger.TransactionRequest{ID: id, Entries: []ledger.EntryRequest{
			{Account: from, Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(cents)},
			{Account: to, Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(cents)},
		}}
	}
	outcomes, err := books.PostBatch(ctx, []ledger.TransactionRequest{
		pay("tx_1", "alice", "bob", 50_00),
		pay("tx_2", "alice", "carol", 1_00), // there is nothing left
		pay("tx_3", "bob", "carol", 20_00),  // of what came in just before
		pay("tx_1", "alice", "bob", 50_00),  // once more
	})
	check(err)
	for _, outcome := range outcomes {
		fmt.Println(outcome.Result, outcome.Err)
	}
	// Output:
	// applied <nil>
	// rejected account "alice" has 0.00 USD available; this would leave -1.00, and it must keep at least 0.00
	// applied <nil>
	// replayed <nil>
}

// Transactions that belong together are done as a whole or not at all.
func ExampleLedger_PostAtomic() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "escrow", Asset: usd, OpeningBalance: ledger.NewAmount(50_00)},
		{ID: "seller", Asset: usd},
		{ID: "courier", Asset: usd},
	})
	check(err)
	pay := func(id, to string, cents int64) ledger.TransactionRequest {
		return ledger.TransactionRequest{ID: id, Entries: []ledger.EntryRequest{
			{Account: "escrow", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(cents)},
			{Account: to, Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(cents)},
		}}
	}
	_, err = books.PostAtomic(ctx, []ledger.TransactionRequest{pay("sale", "seller", 45_00), pay("delivery", "courier", 6_00)})
	if e, ok := errors.AsType[*ledger.Error](err); ok {
		fmt.Println(*e.Index, e)
	}
	escrow, err := books.Account(ctx, "escrow")
	fmt.Println(usd.Format(escrow.Posted()), err)
	// Output:
	// 1 account "escrow" has 5.00 USD available; this would leave -1.00, and it must keep at least 0.00
	// 50.00 <nil>
}

// A dry run says what would come of a transaction, and changes nothing.
func ExampleLedger_DryRun() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: usd})
	check(err)
	deposit := ledger.Deposit{ID: "tx_1", Account: "alice", Asset: usd, Amount: ledger.NewAmount(20_00)}

	outcome, err := books.DryRun(ctx, deposit.Request())
	check(err)
	fmt.Println(outcome.Result, usd.Format(outcome.Transaction.Entries[1].Balance))
	_, err = books.Transaction(ctx, "tx_1")
	fmt.Println(err)
	outcome, err = books.Deposit(ctx, deposit)
	fmt.Println(outcome.Result, err)
	// Output:
	// applied 20.00
	// transaction "tx_1" does not exist
	// applied <nil>
}
