package postgres

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
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
	deposit := ledger.Deposit{ID: "tx", Account: "a", Asset: usd, Amount: ledger.NewAmount(5)}
	b := &batch{connection: connection, decider: &ledger.Decider{}, ledger: 1, operations: take(t, deposit)}
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

// TestReplayWaitsForStandby finds its own work after a commit that was cut off
// while it waited for a standby, and must not answer before the standby has it.
func TestReplayWaitsForStandby(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t, nil)
	store, err := Open(t.Context(), Config{DSN: server.DSN})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	books, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	usd := ledger.Asset{Code: "USD", Scale: 2}
	if _, err := books.OpenAccount(t.Context(), ledger.AccountRequest{ID: "a", Asset: usd}); err != nil {
		t.Fatal(err)
	}
	deposit := ledger.Deposit{ID: "tx", Account: "a", Asset: usd, Amount: ledger.NewAmount(5)}
	if _, err := books.Deposit(t.Context(), deposit); err != nil {
		t.Fatal(err)
	}
	for uncertain, waits := range map[bool]bool{false: false, true: true} {
		connection, err := pgx.Connect(t.Context(), server.DSN)
		if err != nil {
			t.Fatal(err)
		}
		execute(t, connection, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
		execute(t, connection, "SELECT pg_reload_conf()")
		for names := ""; names == ""; time.Sleep(10 * time.Millisecond) {
			if err := connection.QueryRow(t.Context(), "SHOW synchronous_standby_names").Scan(&names); err != nil {
				t.Fatal(err)
			}
		}
		b := &batch{connection: connection, decider: &ledger.Decider{}, ledger: 1, operations: take(t, deposit), uncertain: uncertain}
		ctx, cancel := context.WithCancel(t.Context())
		if waits {
			// For ever, as there is no such standby.
			time.AfterFunc(time.Second, cancel)
		}
		err = b.run(ctx)
		cancel()
		if (err != nil) != waits {
			t.Errorf("uncertain %t: %v", uncertain, err)
		}
		_ = connection.Close(t.Context())
	}
}

// take returns the operations that a deposit is.
func take(t *testing.T, deposit ledger.Deposit) []ledger.Operation {
	t.Helper()
	taken := &taker{}
	books, err := ledger.Open(t.Context(), taken, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = books.Deposit(t.Context(), deposit)
	return taken.operations
}

// taker is a store and its book, which keeps what it is asked to write.
type taker struct {
	ledger.Store
	ledger.Reader
	ledger.Auditor
	ledger.Inspector
	operations []ledger.Operation
}

func (s *taker) OpenBook(context.Context, string) (ledger.Book, ledger.Result, error) {
	return s, ledger.Replayed, nil
}

func (s *taker) Write(_ context.Context, operations []ledger.Operation) ([]ledger.Outcome, error) {
	s.operations = operations
	return nil, errors.New("only taken")
}
