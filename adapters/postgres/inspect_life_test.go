package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestInspectOneMoment verifies and adds up while others write, who do not wait for it.
func TestInspectOneMoment(t *testing.T) {
	t.Parallel()
	b := newInspected(t)
	done := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 3 {
		writers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				if _, err := b.Post(t.Context(), moving(fmt.Sprintf("during-%d-%d", w, n), ledger.WorldID("USD"), "a", 1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	b.inspect(t, func(i ledger.Inspection) error {
		before := all(t, i.Entries(t.Context(), ledger.Scope{}))
		records := len(all(t, i.Records(t.Context(), ledger.Scope{})))
		// It is committed while the inspection is under way, and not seen by it.
		outcome, err := b.Post(t.Context(), moving("within", ledger.WorldID("USD"), "a", 1))
		if err != nil {
			t.Fatal(err)
		}
		if !outcome.Transaction.RecordedAt.After(i.Now()) {
			t.Errorf("%s is not after %s", outcome.Transaction.RecordedAt, i.Now())
		}
		if after := all(t, i.Entries(t.Context(), ledger.Scope{})); !slices.Equal(before, after) {
			t.Errorf("there were %d entries, and then %d", len(before), len(after))
		}
		if again := len(all(t, i.Records(t.Context(), ledger.Scope{}))); again != records {
			t.Errorf("there were %d records, and then %d", records, again)
		}
		return nil
	})
	for range 5 {
		for _, f := range b.verify(t, ledger.Scope{}) {
			t.Errorf("found %+v", f)
		}
		for _, f := range b.verify(t, ledger.Scope{Since: b.middle}) {
			t.Errorf("since: found %+v", f)
		}
	}
	close(done)
	writers.Wait()
}

// TestInspectTogether has several sequences under way, of which some are left early, with
// more rows than are fetched at a time.
func TestInspectTogether(t *testing.T) {
	t.Parallel()
	b := newInspected(t)
	const more = 7
	for n := range more {
		var requests []ledger.TransactionRequest
		for m := range ledger.MaxBatch {
			requests = append(requests, moving(fmt.Sprintf("many-%d-%d", n, m), ledger.WorldID("USD"), "a", 1))
		}
		if _, err := b.PostBatch(t.Context(), requests); err != nil {
			t.Fatal(err)
		}
	}
	b.inspect(t, func(i ledger.Inspection) error {
		entries, records := 0, 0
		next, stop := iter.Pull2(i.Entries(t.Context(), ledger.Scope{}))
		defer stop()
		for record, err := range i.Records(t.Context(), ledger.Scope{}) {
			if err != nil {
				t.Fatal(err)
			}
			records++
			if strings.HasPrefix(record.ID, "many") && len(record.Entries) != 2 {
				t.Fatalf("got %+v", record)
			}
			for range 3 {
				if _, err, ok := next(); err != nil {
					t.Fatal(err)
				} else if ok {
					entries++
				}
			}
			if records%1000 == 0 {
				for range i.Balances(t.Context(), ledger.Scope{}) {
					break
				}
			}
		}
		if want := len(b.allIDs(t)); records != want {
			t.Errorf("got %d records, want %d", records, want)
		}
		var want int
		if err := b.connection.QueryRow(t.Context(), "SELECT count(*) FROM ledger.entries AS e, ledger.ledgers AS l WHERE e.ledger = l.id AND l.name = 'inspected'").
			Scan(&want); err != nil || entries != want {
			t.Errorf("got %d entries, want %d, %v", entries, want, err)
		}
		return nil
	})
}

func (b *inspectedBooks) allIDs(t *testing.T) []string {
	t.Helper()
	rows, err := b.connection.Query(t.Context(), "SELECT t.id FROM ledger.transactions AS t, ledger.ledgers AS l WHERE t.ledger = l.id AND l.name = 'inspected'")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// TestInspectEnds ends inspections from outside: each is told why, and leaves nothing.
func TestInspectEnds(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	labelled(t, func() {
		store, err := postgres.Open(t.Context(), postgres.Config{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		b := fillInspected(t, dsn, store)
		errOwn := errors.New("the inspector's own")
		if err := b.book.Inspect(t.Context(), func(ledger.Inspection) error { return errOwn }); !errors.Is(err, errOwn) {
			t.Errorf("got %v", err)
		}
		first := func(ctx context.Context, end func()) error {
			return b.book.Inspect(ctx, func(i ledger.Inspection) error {
				for _, err := range i.Entries(ctx, ledger.Scope{}) {
					if err != nil {
						return err
					}
					break
				}
				end()
				for _, err := range i.Records(ctx, ledger.Scope{}) {
					if err != nil {
						return err
					}
				}
				_, err := i.Totals(ctx)
				return err
			})
		}
		ctx, cancel := context.WithCancel(t.Context())
		if err := first(ctx, cancel); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: got %v", err)
		}
		if err := b.book.Inspect(ctx, func(ledger.Inspection) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before: got %v", err)
		}
		var closing sync.WaitGroup
		err = first(t.Context(), func() {
			closing.Go(func() { _ = store.Close() })
			for _, err = b.store.Book(t.Context(), "none"); !isClosed(err); _, err = b.store.Book(t.Context(), "none") {
			}
		})
		if !isClosed(err) {
			t.Errorf("closed: got %v", err)
		}
		closing.Wait()
		if err := b.book.Inspect(t.Context(), func(ledger.Inspection) error { return nil }); !isClosed(err) {
			t.Errorf("closed before: got %v", err)
		}
	})
	expectNoGoroutine(t)
}

// TestInspectCancelled cancels an inspection while the server is at work for it, which
// ends there, too.
func TestInspectCancelled(t *testing.T) {
	t.Parallel()
	b := newInspected(t)
	lock := holding(t, b.dsn, "LOCK TABLE ledger.transactions IN ACCESS EXCLUSIVE MODE")
	defer lock()
	ctx, cancel := context.WithCancel(t.Context())
	var inspecting sync.WaitGroup
	inspecting.Go(func() {
		err := b.book.Inspect(ctx, func(i ledger.Inspection) error {
			for _, err := range i.Records(ctx, ledger.Scope{}) {
				return err
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	awaitWaiting(t, b.dsn, 1)
	cancel()
	inspecting.Wait()
	for deadline := time.Now().Add(10 * time.Second); ; {
		var n int
		err := b.connection.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%inspection_%' AND pid <> pg_backend_pid()").Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the server is at work still")
		}
	}
}
