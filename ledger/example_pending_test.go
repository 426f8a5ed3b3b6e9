package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// A hold is posted in full, or in part; what it reserved beyond that is available
// again.
func ExampleLedger_PostPending() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "guest", Asset: usd, OpeningBalance: ledger.NewAmount(200_00)}, {ID: "hotel", Asset: usd},
	})
	check(err)
	for _, id := range []string{"room-1", "room-2"} {
		_, err = books.Post(ctx, ledger.TransactionRequest{ID: id, Pending: true, Entries: []ledger.EntryRequest{
			{Account: "guest", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(80_00)},
			{Account: "hotel", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(80_00)},
		}})
		check(err)
	}
	show := func(what string) {
		guest, err := books.Account(ctx, "guest")
		check(err)
		fmt.Println(what, "posted", usd.Format(guest.Posted()), "available", usd.Format(guest.Available()))
	}

	show("held:")
	_, err = books.PostPending(ctx, ledger.PostPendingRequest{Transaction: "room-1"})
	check(err)
	show("in full:")
	part := ledger.PostPendingRequest{Transaction: "room-2", Amount: new(ledger.NewAmount(50_00))}
	_, err = books.PostPending(ctx, part)
	check(err)
	show("in part:")

	outcome, err := books.PostPending(ctx, part)
	fmt.Println(outcome.Result, err)
	_, err = books.PostPending(ctx, ledger.PostPendingRequest{Transaction: "room-2"})
	fmt.Println(errors.Is(err, ledger.ErrAlreadyResolved))
	// Output:
	// held: posted 200.00 available 40.00
	// in full: posted 120.00 available 40.00
	// in part: posted 70.00 available 70.00
	// replayed <nil>
	// true
}

// A hold "up to" an amount reserves what is available of it.
func ExampleLedger_PostPending_upTo() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "guest", Asset: usd, OpeningBalance: ledger.NewAmount(60_00)}, {ID: "hotel", Asset: usd},
	})
	check(err)
	outcome, err := books.Post(ctx, ledger.TransactionRequest{
		ID: "room-1", Pending: true, UpTo: true,
		Entries: []ledger.EntryRequest{
			{Account: "guest", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(100_00)},
			{Account: "hotel", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(100_00)},
		},
	})
	check(err)
	fmt.Println(outcome.Transaction.Status, usd.Format(outcome.Transaction.Reserved[0]))
	_, err = books.PostPending(ctx, ledger.PostPendingRequest{Transaction: "room-1", Amount: new(ledger.NewAmount(70_00))})
	fmt.Println(errors.Is(err, ledger.ErrAmountOutOfRange), err)
	outcome, err = books.PostPending(ctx, ledger.PostPendingRequest{Transaction: "room-1"})
	check(err)
	fmt.Println(outcome.Transaction.Status, usd.Format(outcome.Transaction.Entries[0].Amount))
	// Output:
	// pending 60.00
	// true 70.00 USD is more than the 60.00 that transaction "room-1" reserves
	// posted 60.00
}

// A hold that nobody posts ends by itself, and frees what it reserved at that
// instant.
func ExampleLedger_VoidPending() {
	ctx := context.Background()
	clock := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	books, err := ledger.Open(ctx, memory.New(memory.Config{Now: clock.read}), ledger.Config{})
	check(err)
	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{
		{ID: "guest", Asset: usd, OpeningBalance: ledger.NewAmount(200_00)}, {ID: "hotel", Asset: usd},
	})
	check(err)
	hold := func(id string) {
		_, err = books.Post(ctx, ledger.TransactionRequest{
			ID: id, Pending: true, ExpiresAt: clock.now.Add(time.Hour),
			Entries: []ledger.EntryRequest{
				{Account: "guest", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(150_00)},
				{Account: "hotel", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(150_00)},
			},
		})
		check(err)
	}
	show := func() {
		guest, err := books.Account(ctx, "guest")
		check(err)
		fmt.Println("available:", usd.Format(guest.Available()))
	}

	hold("room-1")
	show()
	outcome, err := books.VoidPending(ctx, ledger.VoidPendingRequest{Transaction: "room-1", Actor: "desk"})
	check(err)
	fmt.Println(outcome.Transaction.Status, "by", outcome.Transaction.ResolvedBy)
	show()

	hold("room-2")
	show()
	clock.now = clock.now.Add(time.Hour)
	show()
	_, err = books.PostPending(ctx, ledger.PostPendingRequest{Transaction: "room-2"})
	fmt.Println(errors.Is(err, ledger.ErrExpired), err)
	// Output:
	// available: 50.00
	// voided by desk
	// available: 200.00
	// available: 50.00
	// available: 200.00
	// true transaction "room-2" expired at 2026-03-01T13:00:00Z
}
