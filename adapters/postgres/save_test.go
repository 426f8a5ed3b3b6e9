package postgres

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// TestRowNotWhereItWasFound updates a balance at a place where it is not: nothing
// of the batch may be committed.
func TestRowNotWhereItWasFound(t *testing.T) {
	t.Parallel()
	store, connection := newPlanner(t)
	books, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	usd := ledger.Asset{Code: "USD", Scale: 2}
	if _, err := books.OpenAccount(t.Context(), ledger.AccountRequest{ID: "a", Asset: usd}); err != nil {
		t.Fatal(err)
	}
	taken := &taker{}
	taking, err := ledger.Open(t.Context(), taken, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = taking.Deposit(t.Context(), ledger.Deposit{ID: "tx", Account: "a", Asset: usd, Amount: ledger.NewAmount(5)})
	b := &batch{connection: connection, decider: &ledger.Decider{}, ledger: 1, operations: taken.operations}
	if err := b.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b.decision, err = b.decider.Decide(b, b.operations, b.now); err != nil {
		t.Fatal(err)
	}
	b.accounts["a"].place.BlockNumber++
	if err := b.save(t.Context()); err == nil {
		t.Error("it was saved")
	}
	execute(t, connection, "ROLLBACK")
	if _, err := books.Transaction(t.Context(), "tx"); err == nil {
		t.Error("the transaction is there")
	}
}

// taker is a store and its book, which keeps what it is asked to write.
type taker struct {
	ledger.Reader
	operations []ledger.Operation
}

func (s *taker) Book(context.Context, string) (ledger.Book, error) { return s, nil }

func (s *taker) Write(_ context.Context, operations []ledger.Operation) ([]ledger.Outcome, error) {
	s.operations = operations
	return nil, errors.New("only taken")
}
