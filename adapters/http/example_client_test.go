package http_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// A client is a ledger like one in the same process: what takes a [ledger.Service]
// takes either.
func ExampleNewClient() {
	ctx := context.Background()
	server, err := newExampleServer(ctx)
	if err != nil {
		panic(err)
	}
	defer server.Close()

	client, err := ledgerhttp.NewClient(ledgerhttp.ClientConfig{URL: server.URL})
	if err != nil {
		panic(err)
	}
	defer client.CloseIdleConnections()
	var books ledger.Service = client

	usd := ledger.Asset{Code: "USD", Scale: 2}
	if _, err := books.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: usd}); err != nil {
		panic(err)
	}
	deposit := ledger.Deposit{ID: "deposit-1", Account: "alice", Asset: usd, Amount: ledger.NewAmount(20_00)}
	for range 2 {
		outcome, err := books.Deposit(ctx, deposit)
		if err != nil {
			panic(err)
		}
		fmt.Println(outcome.Result, usd.Format(outcome.Transaction.Entries[1].Balance))
	}
	_, err = books.Account(ctx, "bob")
	fmt.Println(errors.Is(err, ledger.ErrNotFound), err)
	// Output:
	// applied 20.00
	// replayed 20.00
	// true account "bob" does not exist
}

// Any number of transactions go over one connection, and what came of each comes back
// while others are sent.
func ExampleClient_PostStream() {
	ctx := context.Background()
	server, err := newExampleServer(ctx)
	if err != nil {
		panic(err)
	}
	defer server.Close()
	client, err := ledgerhttp.NewClient(ledgerhttp.ClientConfig{URL: server.URL})
	if err != nil {
		panic(err)
	}
	defer client.CloseIdleConnections()
	usd := ledger.Asset{Code: "USD", Scale: 2}
	if _, err := client.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: usd}); err != nil {
		panic(err)
	}

	salaries := func(yield func(ledger.TransactionRequest) bool) {
		for _, month := range []string{"2026-01", "2026-02", "2026-02", "2026-03"} {
			salary := ledger.Deposit{ID: "salary:" + month, Account: "alice", Asset: usd, Amount: ledger.NewAmount(4200_00)}
			if !yield(salary.Request()) {
				return
			}
		}
	}
	for outcome, err := range client.PostStream(ctx, salaries) {
		if err != nil {
			panic(err) // Sending all of it again is safe.
		}
		if outcome.Err != nil {
			fmt.Println(outcome.Err)
			continue
		}
		fmt.Println(outcome.Transaction.ID, outcome.Result)
	}
	// Output:
	// salary:2026-01 applied
	// salary:2026-02 applied
	// salary:2026-02 replayed
	// salary:2026-03 applied
}

// newExampleServer serves books in memory.
func newExampleServer(ctx context.Context) (*httptest.Server, error) {
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	if err != nil {
		return nil, err
	}
	return httptest.NewServer(ledgerhttp.NewHandler(books, ledgerhttp.Config{})), nil
}
