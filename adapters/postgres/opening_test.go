package postgres_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestSameAccountOpenedByInstances opens accounts with opening balances from
// several stores at once, which share no queue and no lock on what is not there.
func TestSameAccountOpenedByInstances(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	var ledgers []*ledger.Ledger
	for range 4 {
		l, err := ledger.Open(t.Context(), openWith(t, postgres.Config{DSN: dsn}), ledger.Config{})
		if err != nil {
			t.Fatal(err)
		}
		ledgers = append(ledgers, l)
	}
	for round := range 150 {
		request := ledger.AccountRequest{ID: fmt.Sprint("a", round), Asset: usd, OpeningBalance: ledger.NewAmount(3)}
		applied := make(chan ledger.Result, len(ledgers))
		var group sync.WaitGroup
		for _, l := range ledgers {
			group.Go(func() {
				outcome, err := l.OpenAccount(t.Context(), request)
				if err != nil {
					t.Errorf("round %d: %v", round, err)
				}
				applied <- outcome.Result
			})
		}
		group.Wait()
		close(applied)
		n := 0
		for result := range applied {
			if result == ledger.Applied {
				n++
			}
		}
		if n != 1 {
			t.Errorf("round %d: %d were applied", round, n)
		}
	}
	world, err := ledgers[0].Account(t.Context(), ledger.WorldID("USD"))
	if err != nil || world.Posted() != ledger.NewAmount(3*150) {
		t.Errorf("the world has %s, %v", world.Posted(), err)
	}
}
