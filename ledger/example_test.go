package ledger_test

import (
	"context"
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

// Ledgers in one store have nothing in common.
func ExampleOpen() {
	ctx := context.Background()
	store := memory.New(memory.Config{})
	usd := ledger.Asset{Code: "USD", Scale: 2}
	for _, name := range []string{"shop", "payroll"} {
		books, err := ledger.Open(ctx, store, ledger.Config{Name: name})
		check(err)
		outcome, err := books.OpenAccount(ctx, ledger.AccountRequest{ID: "cash", Asset: usd, Normal: ledger.Debit})
		fmt.Println(books.Name(), outcome.Result, err)
	}
	// Output:
	// shop applied <nil>
	// payroll applied <nil>
}
