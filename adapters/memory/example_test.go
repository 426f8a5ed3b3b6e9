package memory_test

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// Books in memory, for a test that has a clock of its own. The zero Config takes
// the time from the machine.
func Example() {
	ctx := context.Background()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	store := memory.New(memory.Config{Now: func() time.Time { return noon }})
	books, err := ledger.Open(ctx, store, ledger.Config{})
	if err != nil {
		panic(err)
	}
	usd := ledger.Asset{Code: "USD", Scale: 2}
	if _, err := books.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: usd}); err != nil {
		panic(err)
	}
	outcome, err := books.Deposit(ctx, ledger.Deposit{ID: "tx_1", Account: "alice", Asset: usd, Amount: ledger.NewAmount(20_00)})
	if err != nil {
		panic(err)
	}
	entry := outcome.Transaction.Entries[1]
	fmt.Println(usd.Format(entry.Balance), entry.RecordedAt)
	// Output:
	// 20.00 2026-03-01 12:00:00 +0000 UTC
}
