package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// TestSharedReader has callers who arrive while a query is under way.
func TestSharedReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var queries [][]string
		r := &sharedReader{most: 1, running: &sync.WaitGroup{}, read: func(_ context.Context, ids []string) (map[string]ledger.Account, error) {
			queries = append(queries, slices.Clone(ids))
			number := uint64(len(queries))
			time.Sleep(time.Second)
			found := make(map[string]ledger.Account)
			for _, id := range ids {
				found[id] = ledger.Account{ID: id, Sequence: number}
			}
			return found, nil
		}}
		var group sync.WaitGroup
		ask := func(id string, want uint64) {
			group.Go(func() {
				found, err := r.accounts(t.Context(), []string{id})
				if err != nil || found[id].ID != id || found[id].Sequence != want {
					t.Errorf("%s: %+v, %v; want it from query %d", id, found[id], err, want)
				}
			})
		}
		ask("first", 1)
		synctest.Wait()
		for i := range 100 {
			ask(fmt.Sprint(i%10), 2)
		}
		ask("first", 2)
		synctest.Wait()
		time.Sleep(time.Second)
		synctest.Wait()
		ask("last", 3)
		group.Wait()
		ask("alone", 4)
		group.Wait()
		synctest.Wait()
		if len(queries) != 4 || len(queries[1]) != 11 {
			t.Errorf("the queries were for %q", queries)
		}
		if r.underWay != 0 || r.next != nil {
			t.Errorf("%d queries are under way", r.underWay)
		}
	})
}

// TestSharedReaderContext has a caller who leaves: the others get their answer.
func TestSharedReaderContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		failure := errors.New("away")
		r := &sharedReader{most: 1, running: &sync.WaitGroup{}, read: func(ctx context.Context, _ []string) (map[string]ledger.Account, error) {
			time.Sleep(time.Second)
			return nil, errors.Join(failure, ctx.Err())
		}}
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := r.accounts(ctx, []string{"a"}); !errors.Is(err, context.Canceled) || errors.Is(err, failure) {
				t.Errorf("who left got %v", err)
			}
		})
		synctest.Wait()
		group.Go(func() {
			if _, err := r.accounts(t.Context(), []string{"a"}); !errors.Is(err, failure) || errors.Is(err, context.Canceled) {
				t.Errorf("who stayed got %v", err)
			}
		})
		synctest.Wait()
		cancel()
		group.Wait()
	})
}
