package postgres

import (
	"errors"
	"fmt"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// TestUnknownLedgersAreNotRemembered asks for ledgers that are not there, as anybody
// can, and for one that is.
func TestUnknownLedgersAreNotRemembered(t *testing.T) {
	t.Parallel()
	store, connection := newPlanner(t)
	execute(t, connection, "INSERT INTO ledger.ledgers (name) VALUES ('books')")
	for i := range 20 {
		if _, err := store.Book(t.Context(), fmt.Sprint("nothing-", i)); !errors.Is(err, ledger.ErrNotFound) {
			t.Fatal(err)
		}
	}
	first, err := store.Book(t.Context(), "books")
	if err != nil {
		t.Fatal(err)
	}
	again, err := store.Book(t.Context(), "books")
	if err != nil || again != first {
		t.Errorf("the book is another, %v: its callers do not share their reads", err)
	}
	if n := len(store.books); n != 1 {
		t.Errorf("%d books are remembered, want 1", n)
	}
}

// TestOpeningAgainUsesNoID opens a ledger that is there again and again, from stores
// that do not know it: ids are few enough to run out of.
func TestOpeningAgainUsesNoID(t *testing.T) {
	t.Parallel()
	store, _ := newPlanner(t)
	for want := range int32(3) {
		for range 5 {
			opened, result, err := store.open(t.Context(), fmt.Sprint("ledger-", want))
			if err != nil || opened.id != want+1 {
				t.Fatalf("opened %+v, %s, %v; want the id %d", opened, result, err, want+1)
			}
			clear(store.books)
		}
	}
}
