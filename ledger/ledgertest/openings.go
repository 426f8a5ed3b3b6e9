package ledgertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Openings is the suite about what an inspection finds of opening balances, and about
// copies of ledgers that have them.
func Openings(t *testing.T, newStore NewStore) {
	t.Helper()
	t.Run("they are the entries with number 0", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		one, two := &books{TB: t, service: openLedger(t, store, "one")}, &books{TB: t, service: openLedger(t, store, "two")}
		two.open(ledger.AccountRequest{ID: "a", OpeningBalance: units(7)}, ledger.AccountRequest{ID: "plain", OpeningBalance: units(8)})
		one.open(ledger.AccountRequest{ID: "plain"})
		one.open(
			ledger.AccountRequest{ID: "a", OpeningBalance: units(5), EffectiveAt: one.now().Add(-time.Hour)},
			ledger.AccountRequest{ID: "idle", Normal: ledger.Debit, OpeningBalance: units(6)})
		one.deposit("d", "a", 1)
		one.deposit("e", "plain", 1)
		inspect(t, store, "one", func(i ledger.Inspection) error {
			ids := []string{"idle", "plain", "nobody", ledger.WorldID("USD"), "a"}
			got, err := i.FindOpenings(t.Context(), ids)
			if err != nil {
				return err
			}
			slices.SortFunc(got, func(a, b ledger.Entry) int { return cmp.Compare(a.Account, b.Account) })
			if want := openingsOf(t, i, "a", "idle"); !slices.Equal(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if none, err := i.FindOpenings(t.Context(), nil); err != nil || len(none) > 0 {
				t.Errorf("of no accounts there are %+v, %v", none, err)
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := i.FindOpenings(ended, ids); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			return nil
		})
	})
	t.Run("a copy has all of them, as of when they were there", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		original, copied := openLedger(t, store, "original"), openLedger(t, store, "copied")
		b := &books{TB: t, service: original}
		b.openAll("first")
		opened := b.now()
		requests := make([]ledger.AccountRequest, ledger.MaxLimit+2)
		for i := range requests {
			requests[i] = ledger.AccountRequest{ID: fmt.Sprintf("a%04d", i), Asset: usd, OpeningBalance: units(int64(i % 3))}
			if i%3 == 1 {
				requests[i].EffectiveAt = opened.Add(-time.Hour)
			}
		}
		for page := range slices.Chunk(requests, ledger.MaxBatch) {
			if _, err := original.OpenAccounts(t.Context(), page); err != nil {
				t.Fatal(err)
			}
		}
		b.deposit("d", "a0001", 10)
		opening := b.transaction(ledger.OpeningID("a0002")).EffectiveAt
		if err := original.Export(t.Context(), func(r ledger.Request) error { return Remake(t.Context(), copied, r) }); err != nil {
			t.Fatal(err)
		}
		(&books{TB: t, service: copied}).verifyWhole()
		for _, at := range []time.Time{opened.Add(-time.Hour - time.Microsecond), opened.Add(-time.Hour), opened, opening} {
			for _, id := range []string{"a0000", "a0001", "a0002", ledger.WorldID("USD")} {
				want, err := original.BalanceAt(t.Context(), id, ledger.Moment{EffectiveAt: at})
				if err != nil {
					t.Fatal(err)
				}
				got, err := copied.BalanceAt(t.Context(), id, ledger.Moment{EffectiveAt: at})
				if err != nil || got.Balance != want.Balance {
					t.Errorf("as of %s account %q has %+v, %v, and had %+v", at, id, got.Balance, err, want.Balance)
				}
			}
		}
	})
}

// openingsOf returns the opening entries of accounts as they stand among all of theirs.
func openingsOf(t *testing.T, i ledger.Inspection, ids ...string) (openings []ledger.Entry) {
	t.Helper()
	for _, id := range ids {
		for entry, err := range i.Entries(t.Context(), ledger.Scope{Account: id}) {
			if err != nil {
				t.Fatal(err)
			}
			if entry.Sequence == 0 {
				openings = append(openings, entry)
			}
		}
	}
	return openings
}

func inspect(t *testing.T, store ledger.Store, name string, inspect func(ledger.Inspection) error) {
	t.Helper()
	book, err := store.Book(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := book.Inspect(t.Context(), inspect); err != nil {
		t.Fatal(err)
	}
}
