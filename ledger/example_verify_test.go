package ledger_test

import (
	"context"
	"fmt"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// An auditor proves a ledger: first all of it, and from then on what was written since.
// What is committed while it is read is not seen, so the next time begins somewhat
// earlier than the last one ended.
func ExampleLedger_Verify() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: usd, OpeningBalance: ledger.NewAmount(20_00)})
	check(err)
	_, err = books.Deposit(ctx, ledger.Deposit{ID: "payday", Account: "alice", Asset: usd, Amount: ledger.NewAmount(5_00)})
	check(err)

	done, err := books.Verify(ctx, ledger.VerifyQuery{
		Found: func(f ledger.Finding) error {
			fmt.Println(f.Check, f.Message)
			return nil
		},
	})
	check(err)
	fmt.Println(done.Accounts, "accounts,", done.Entries, "entries,", done.Transactions, "transactions,", done.Findings, "findings")

	done, err = books.Verify(ctx, ledger.VerifyQuery{Scope: ledger.Scope{Account: "alice"}})
	check(err)
	fmt.Println(done.Entries, "entries of one account,", done.Findings, "findings")
	// Output:
	// 2 accounts, 4 entries, 2 transactions, 0 findings
	// 2 entries of one account, 0 findings
}
