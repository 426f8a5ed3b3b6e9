package ledger_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// A ledger in memory: open an account, deposit, and ask again with the same id.
func Example() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	if err != nil {
		panic(err)
	}
	usd := ledger.Asset{Code: "USD", Scale: 2}
	if _, err := books.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: usd}); err != nil {
		panic(err)
	}
	deposit := ledger.Deposit{ID: "tx_1", Account: "alice", Asset: usd, Amount: ledger.NewAmount(20_00)}
	for range 3 {
		outcome, err := books.Deposit(ctx, deposit)
		if err != nil {
			panic(err)
		}
		fmt.Println(outcome.Result, usd.Format(outcome.Transaction.Entries[1].Balance))
	}
	// Output:
	// applied 20.00
	// replayed 20.00
	// replayed 20.00
}

// A transaction has two or more entries, which balance in every asset. Here a
// buyer pays a seller and the house keeps a fee.
func ExampleLedger_Post() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{Name: "shop"})
	if err != nil {
		panic(err)
	}
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "buyer", Asset: usd, OpeningBalance: ledger.NewAmount(50_00)},
		{ID: "seller", Asset: usd},
		{ID: "fees", Asset: usd},
	})
	if err != nil {
		panic(err)
	}
	order := ledger.TransactionRequest{ID: "order-17", Entries: []ledger.EntryRequest{
		{Account: "buyer", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(40_00)},
		{Account: "seller", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(38_80)},
		{Account: "fees", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(1_20)},
	}}
	if _, err := books.Post(ctx, order); err != nil {
		panic(err)
	}
	order.ID = "order-18"
	_, err = books.Post(ctx, order)
	fmt.Println(err)
	fmt.Println(errors.Is(err, ledger.ErrInsufficientFunds))

	accounts, err := books.Accounts(ctx, []string{"buyer", "seller", "fees"})
	if err != nil {
		panic(err)
	}
	for _, account := range accounts {
		fmt.Println(account.ID, usd.Format(account.Posted()))
	}
	// Output:
	// account "buyer" has 10.00 USD, and must keep at least 0.00
	// true
	// buyer 10.00
	// seller 38.80
	// fees 1.20
}

// Steps that belong together are done as a whole or not at all, and a dry run says
// what would come of one.
func ExampleLedger_PostAtomic() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	if err != nil {
		panic(err)
	}
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "escrow", Asset: usd, OpeningBalance: ledger.NewAmount(50_00)},
		{ID: "seller", Asset: usd},
		{ID: "courier", Asset: usd},
	})
	if err != nil {
		panic(err)
	}
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
	outcome, err := books.DryRun(ctx, pay("sale", "seller", 45_00))
	fmt.Println(outcome.Result, usd.Format(outcome.Transaction.Entries[0].Balance), err)

	escrow, err := books.Account(ctx, "escrow")
	fmt.Println(usd.Format(escrow.Posted()), err)
	// Output:
	// 1 account "escrow" has 5.00 USD, and must keep at least 0.00
	// applied 5.00 <nil>
	// 50.00 <nil>
}

// A condition makes sure that an account is still as it was read, and "up to" takes
// what there is.
func ExampleCondition() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	if err != nil {
		panic(err)
	}
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "wallet", Asset: usd, OpeningBalance: ledger.NewAmount(30_00)},
		{ID: "shop", Asset: usd},
	})
	if err != nil {
		panic(err)
	}
	wallet, err := books.Account(ctx, "wallet")
	if err != nil {
		panic(err)
	}
	request := ledger.TransactionRequest{
		ID: "sweep",
		Entries: []ledger.EntryRequest{
			{Account: "wallet", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(100_00)},
			{Account: "shop", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(100_00)},
		},
		Conditions: []ledger.Condition{{Account: "wallet", Sequence: &wallet.Sequence}},
		UpTo:       true,
	}
	outcome, err := books.Post(ctx, request)
	fmt.Println(outcome.Result, usd.Format(outcome.Transaction.Entries[0].Amount), err)

	request.ID = "sweep-again"
	_, err = books.Post(ctx, request)
	fmt.Println(err)
	// Output:
	// applied 30.00 <nil>
	// account "wallet" is at sequence number 1, not 0; read it again
}

// Amounts are exact counts of an asset's smallest unit.
func ExampleAsset_Parse() {
	btc := ledger.Asset{Code: "BTC", Scale: 8}
	amount, err := btc.Parse("0.00010001")
	fmt.Println(amount, btc.Format(amount), err)
	_, err = btc.Parse("0.000000001")
	fmt.Println(err)
	// Output:
	// 10001 0.00010001 <nil>
	// amount should have at most 8 decimal places
}

// An account's entries, newest first, a page at a time.
func ExampleLedger_Entries() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	if err != nil {
		panic(err)
	}
	jpy := ledger.Asset{Code: "JPY"}
	if _, err := books.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: jpy}); err != nil {
		panic(err)
	}
	for i := range 5 {
		deposit := ledger.Deposit{ID: fmt.Sprint("tx_", i), Account: "alice", Asset: jpy, Amount: ledger.NewAmount(100)}
		if _, err := books.Deposit(ctx, deposit); err != nil {
			panic(err)
		}
	}
	query := ledger.EntryQuery{Account: "alice", Limit: 2}
	for {
		page, err := books.Entries(ctx, query)
		if err != nil {
			panic(err)
		}
		for _, entry := range page.Entries {
			fmt.Println(entry.Sequence, jpy.Format(entry.Balance))
		}
		if !page.More {
			break
		}
		key := page.Entries[len(page.Entries)-1].Key()
		query.After = &key
	}
	// Output:
	// 5 500
	// 4 400
	// 3 300
	// 2 200
	// 1 100
}
