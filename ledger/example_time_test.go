package ledger_test

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// clock is a clock that moves when it is told to.
type clock struct{ now time.Time }

func (c *clock) read() time.Time { return c.now }

// A payment that came in late changes what is known of yesterday, and not what the
// books said yesterday.
func ExampleLedger_BalanceAt() {
	ctx := context.Background()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := &clock{noon}
	books, err := ledger.Open(ctx, memory.New(memory.Config{Now: clock.read}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: usd, OpeningBalance: ledger.NewAmount(10_00)})
	check(err)

	clock.now = noon.Add(24 * time.Hour)
	late := ledger.Deposit{ID: "wire-1", Account: "alice", Asset: usd, Amount: ledger.NewAmount(5_00)}.Request()
	late.EffectiveAt = noon.Add(time.Hour)
	_, err = books.Post(ctx, late)
	check(err)

	yesterday := noon.Add(2 * time.Hour)
	for _, at := range []ledger.Moment{{RecordedAt: yesterday}, {EffectiveAt: yesterday}} {
		balance, err := books.BalanceAt(ctx, "alice", at)
		check(err)
		fmt.Println(usd.Format(balance.Posted()))
	}
	_, err = books.BalanceAt(ctx, "alice", ledger.Moment{RecordedAt: clock.now.Add(time.Second)})
	fmt.Println(err)
	// Output:
	// 10.00
	// 15.00
	// recorded_at should not be ahead of the ledger's time, which is 2026-03-02T12:00:00Z
}

// A statement has what was recorded in a period, and the balances before and after
// it.
func ExampleLedger_Statement() {
	ctx := context.Background()
	clock := &clock{time.Date(2026, 2, 27, 12, 0, 0, 0, time.UTC)}
	books, err := ledger.Open(ctx, memory.New(memory.Config{Now: clock.read}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: usd})
	check(err)
	for day := range 4 {
		deposit := ledger.Deposit{ID: fmt.Sprint("wage-", day), Account: "alice", Asset: usd, Amount: ledger.NewAmount(80_00)}
		_, err = books.Deposit(ctx, deposit)
		check(err)
		clock.now = clock.now.Add(24 * time.Hour)
	}

	march := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	statement, err := books.Statement(ctx, ledger.StatementQuery{Account: "alice", From: march, OldestFirst: true})
	check(err)
	normal := statement.Account.Normal
	fmt.Println("opening", usd.Format(statement.Opening.Posted(normal)))
	for _, e := range statement.Entries {
		fmt.Println(e.RecordedAt.Format(time.DateOnly), e.Transaction, e.Side, usd.Format(e.Amount), usd.Format(e.Balance))
	}
	fmt.Println("closing", usd.Format(statement.Closing.Posted(normal)))
	// Output:
	// opening 160.00
	// 2026-03-01 wage-2 credit 80.00 240.00
	// 2026-03-02 wage-3 credit 80.00 320.00
	// closing 320.00
}

// A trial balance adds up all accounts as of a moment: in every asset, debits equal
// credits.
func ExampleLedger_TrialBalance() {
	ctx := context.Background()
	clock := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	books, err := ledger.Open(ctx, memory.New(memory.Config{Now: clock.read}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "alice", Asset: usd, OpeningBalance: ledger.NewAmount(50_00)}, {ID: "shop", Asset: usd},
	})
	check(err)
	yesterday := clock.now
	clock.now = clock.now.Add(24 * time.Hour)
	_, err = books.Post(ctx, ledger.TransactionRequest{ID: "tx_1", Entries: []ledger.EntryRequest{
		{Account: "alice", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(20_00)},
		{Account: "shop", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(20_00)},
	}})
	check(err)

	for _, at := range []ledger.Moment{{RecordedAt: yesterday}, {}} {
		trial, err := books.TrialBalance(ctx, ledger.TrialBalanceQuery{At: at})
		check(err)
		for _, total := range trial.Totals {
			fmt.Println(total.Asset, usd.Format(total.Debits), usd.Format(total.Credits), total.IsBalanced())
		}
		for _, account := range trial.Accounts {
			fmt.Println(account.Account, usd.Format(account.Posted()))
		}
	}
	// Output:
	// USD/2 50.00 50.00 true
	// alice 50.00
	// shop 0.00
	// world:USD 50.00
	// USD/2 70.00 70.00 true
	// alice 30.00
	// shop 20.00
	// world:USD 50.00
}
