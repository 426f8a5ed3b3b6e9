package ledger_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// A transaction can demand that nothing was posted on an account since it was read,
// and that enough is available on it.
func ExampleCondition() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "wallet", Asset: usd, OpeningBalance: ledger.NewAmount(30_00)}, {ID: "shop", Asset: usd},
	})
	check(err)
	wallet, err := books.Account(ctx, "wallet")
	check(err)
	request := ledger.TransactionRequest{
		ID: "tx_1",
		Entries: []ledger.EntryRequest{
			{Account: "wallet", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(20_00)},
			{Account: "shop", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(20_00)},
		},
		Conditions: []ledger.Condition{{Account: "wallet", Sequence: &wallet.Sequence}},
	}
	outcome, err := books.Post(ctx, request)
	fmt.Println(outcome.Result, err)
	request.ID = "tx_2"
	_, err = books.Post(ctx, request)
	fmt.Println(errors.Is(err, ledger.ErrConditionFailed), err)

	request.Conditions = []ledger.Condition{{Account: "wallet", MinAvailable: new(ledger.NewAmount(25_00))}}
	_, err = books.Post(ctx, request)
	fmt.Println(errors.Is(err, ledger.ErrConditionFailed), err)
	// Output:
	// applied <nil>
	// true account "wallet" is at sequence number 1, not 0; read it again
	// true account "wallet" has 10.00 USD available, less than 25.00
}

// "Up to" moves as much of the amount as is available, unless that is nothing.
func ExampleTransactionRequest_upTo() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "wallet", Asset: usd, OpeningBalance: ledger.NewAmount(30_00)}, {ID: "shop", Asset: usd},
	})
	check(err)
	sweep := ledger.TransactionRequest{
		ID: "sweep-1",
		Entries: []ledger.EntryRequest{
			{Account: "wallet", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(100_00)},
			{Account: "shop", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(100_00)},
		},
		UpTo: true,
	}
	outcome, err := books.Post(ctx, sweep)
	check(err)
	fmt.Println(outcome.Result, usd.Format(outcome.Transaction.Entries[0].Amount))
	sweep.ID = "sweep-2"
	_, err = books.Post(ctx, sweep)
	fmt.Println(errors.Is(err, ledger.ErrInsufficientFunds), err)
	// Output:
	// applied 30.00
	// true account "wallet" has nothing available: it has 0.00 USD, and must keep at least 0.00
}
