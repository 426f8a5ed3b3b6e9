package ledger_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// Accounts are opened in bulk, each with an outcome of its own; one that is there
// already is a replay.
func ExampleLedger_OpenAccounts() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: usd})
	check(err)

	outcomes, err := books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "alice", Asset: usd},
		{ID: "bob", Asset: usd, OpeningBalance: ledger.NewAmount(5_00)},
		{ID: "alice", Asset: usd, Name: "Alice"},
	})
	check(err)
	for _, outcome := range outcomes {
		fmt.Println(outcome.Result, outcome.Err)
	}
	// Output:
	// replayed <nil>
	// applied <nil>
	// rejected account "alice" was opened with other content
}

// An account is renamed, frozen, opened again, and closed for good once it is empty.
func ExampleLedger_ChangeAccount() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: usd})
	check(err)

	account, err := books.ChangeAccount(ctx, "alice", ledger.AccountChange{Name: new("Alice"), Status: ledger.StatusFrozen})
	check(err)
	fmt.Println(account.Name, account.Status)
	deposit := ledger.Deposit{ID: "tx_1", Account: "alice", Asset: usd, Amount: ledger.NewAmount(20_00)}
	_, err = books.Deposit(ctx, deposit)
	fmt.Println(errors.Is(err, ledger.ErrAccountFrozen), err)

	_, err = books.ChangeAccount(ctx, "alice", ledger.AccountChange{Status: ledger.StatusOpen})
	check(err)
	_, err = books.Deposit(ctx, deposit)
	check(err)
	_, err = books.ChangeAccount(ctx, "alice", ledger.AccountChange{Status: ledger.StatusClosed})
	fmt.Println(errors.Is(err, ledger.ErrAccountNotEmpty), err)

	_, err = books.Reverse(ctx, ledger.ReversalRequest{ID: "undo-tx_1", Transaction: "tx_1"})
	check(err)
	account, err = books.ChangeAccount(ctx, "alice", ledger.AccountChange{Status: ledger.StatusClosed})
	check(err)
	fmt.Println(account.Name, account.Status)
	// Output:
	// Alice frozen
	// true account "alice" is frozen; it takes no transactions until it is opened again
	// true account "alice" has a balance of 20.00 USD; bring it to zero before you close it
	// Alice closed
}

// A negative minimum is an overdraft; an account that is unlimited has no minimum.
func ExampleAccountRequest_overdraft() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "giro", Asset: usd, MinBalance: ledger.NewAmount(-100_00)},
		{ID: "clearing", Asset: usd, Unlimited: true},
		{ID: "shop", Asset: usd},
	})
	check(err)
	pay := func(id, from string) {
		_, err := books.Post(ctx, ledger.TransactionRequest{ID: id, Entries: []ledger.EntryRequest{
			{Account: from, Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(80_00)},
			{Account: "shop", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(80_00)},
		}})
		fmt.Println(id, err)
	}
	pay("tx_1", "giro")
	pay("tx_2", "giro")
	pay("tx_3", "clearing")
	pay("tx_4", "clearing")

	accounts, err := books.Accounts(ctx, []string{"giro", "clearing"})
	check(err)
	for _, account := range accounts {
		fmt.Println(account.ID, usd.Format(account.Posted()))
	}
	// Output:
	// tx_1 <nil>
	// tx_2 account "giro" has -80.00 USD available; this would leave -160.00, and it must keep at least -100.00
	// tx_3 <nil>
	// tx_4 <nil>
	// giro -80.00
	// clearing -160.00
}

// Accounts are found by what their ids begin with, their asset, status and
// metadata, page by page.
func ExampleLedger_FindAccounts() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	for i, tier := range []string{"gold", "silver", "gold", "gold"} {
		request := ledger.AccountRequest{ID: fmt.Sprint("user:", i), Asset: usd, Metadata: ledger.Metadata{"tier": tier}}
		_, err = books.OpenAccount(ctx, request)
		check(err)
	}
	frozen, err := books.ChangeAccount(ctx, "user:2", ledger.AccountChange{Status: ledger.StatusFrozen})
	check(err)
	fmt.Println(frozen.ID, frozen.Status)

	query := ledger.AccountQuery{Prefix: "user:", Metadata: ledger.Metadata{"tier": "gold"}, Limit: 2}
	for more := true; more; {
		page, err := books.FindAccounts(ctx, query)
		check(err)
		for _, account := range page.Accounts {
			fmt.Println(account.ID, account.Status, account.Metadata["tier"])
		}
		more, query.After = page.More, page.Accounts[len(page.Accounts)-1].ID
	}
	// Output:
	// user:2 frozen
	// user:3 open gold
	// user:2 frozen gold
	// user:0 open gold
}

// An account's entries, newest first, a page at a time.
func ExampleLedger_Entries() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	jpy := ledger.Asset{Code: "JPY"}
	_, err = books.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: jpy})
	check(err)
	for i := range 5 {
		deposit := ledger.Deposit{ID: fmt.Sprint("tx_", i), Account: "alice", Asset: jpy, Amount: ledger.NewAmount(100)}
		_, err = books.Deposit(ctx, deposit)
		check(err)
	}
	query := ledger.EntryQuery{Account: "alice", Limit: 2}
	for {
		page, err := books.Entries(ctx, query)
		check(err)
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
