package postgres_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// stuckCommits counts the groups that waited for somebody until their patience
// ended.
type stuckCommits struct{ atomic.Int64 }

func (s *stuckCommits) Committed(c postgres.Commit) {
	if c.Err != nil {
		s.Add(1)
	}
}

// TestIdsAreInsertedInOneOrder posts the same ids from two stores at once, in
// opposite orders and to accounts of their own, so that only the ids can clash.
// Nobody may wait for somebody who waits for him.
func TestIdsAreInsertedInOneOrder(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	seen := &stuckCommits{}
	var ledgers []*ledger.Ledger
	for range 2 {
		ledgers = append(ledgers, openLedger(t, openWith(t, postgres.Config{DSN: dsn, Observer: seen, LockTimeout: time.Second / 2}), 2))
	}
	for round := range 30 {
		var group sync.WaitGroup
		for i, l := range ledgers {
			var requests []ledger.TransactionRequest
			for n := range 200 {
				requests = append(requests, deposit(fmt.Sprintf("%d-%d", round, n), fmt.Sprint("a", i)).Request())
			}
			if i == 1 {
				slices.Reverse(requests)
			}
			group.Go(func() {
				outcomes, err := l.PostBatch(t.Context(), requests)
				if err != nil {
					t.Error(err)
				}
				for _, outcome := range outcomes {
					if outcome.Result != ledger.Applied && codeOf(outcome.Err) != ledger.ErrTransactionConflict {
						t.Errorf("%s, %v", outcome.Result, outcome.Err)
					}
				}
			})
		}
		group.Wait()
	}
	if n := seen.Load(); n > 0 {
		t.Errorf("%d groups waited in vain", n)
	}
	world, err := ledgers[0].Account(t.Context(), ledger.WorldID("USD"))
	if err != nil || world.Posted() != ledger.NewAmount(30*200) {
		t.Errorf("the world has %s, %v", world.Posted(), err)
	}
}

func codeOf(err error) ledger.Code {
	if e, ok := errors.AsType[*ledger.Error](err); ok {
		return e.Code
	}
	return ""
}
