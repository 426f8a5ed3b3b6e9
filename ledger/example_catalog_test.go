package ledger_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// A program with a ledger for each of its customers finds them by name. To ask for one
// that is not there does not make it.
func ExampleCatalog() {
	ctx := context.Background()
	ledgers := ledger.NewCatalog(memory.New(memory.Config{}))
	for _, name := range []string{"acme", "globex", "acme"} {
		result, err := ledgers.OpenLedger(ctx, name)
		check(err)
		fmt.Println(name, result)
	}

	books, err := ledgers.Ledger(ctx, "acme")
	check(err)
	_, err = books.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: ledger.Asset{Code: "USD", Scale: 2}})
	check(err)
	_, err = ledgers.Ledger(ctx, "initech")
	fmt.Println(errors.Is(err, ledger.ErrNotFound), err)

	page, err := ledgers.FindLedgers(ctx, ledger.LedgerQuery{Limit: 1})
	check(err)
	fmt.Println(page.Names, page.More)
	// Output:
	// acme applied
	// globex applied
	// acme replayed
	// true ledger "initech" does not exist
	// [globex] true
}
