package ledger_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

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

// The currencies of ISO 4217 are known; anything else is registered once.
func ExampleLedger_RegisterAsset() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	miles := ledger.Asset{Code: "MILES", Scale: 0}
	request := ledger.AccountRequest{ID: "alice", Asset: miles}
	_, err = books.OpenAccount(ctx, request)
	fmt.Println(errors.Is(err, ledger.ErrUnknownAsset), err)

	_, err = books.RegisterAsset(ctx, miles)
	check(err)
	outcome, err := books.OpenAccount(ctx, request)
	fmt.Println(outcome.Result, err)
	_, err = books.RegisterAsset(ctx, ledger.Asset{Code: "JPY", Scale: 2})
	fmt.Println(err)
	// Output:
	// true asset MILES/0 is no currency of ISO 4217; register it before you open an account in it
	// applied <nil>
	// asset JPY has a scale of 0, which never changes; JPY/2 contradicts it
}
