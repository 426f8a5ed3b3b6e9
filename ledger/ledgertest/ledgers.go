package ledgertest

import (
	"slices"
	"sync"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Ledgers is the suite about the several ledgers of one store.
func Ledgers(t *testing.T, newStore NewStore) {
	t.Helper()
	t.Run("ledgers share nothing", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		one := &books{TB: t, service: openLedger(t, store, "one")}
		two := &books{TB: t, service: openLedger(t, store, "two")}
		one.openAll("a")
		_, err := two.service.Account(t.Context(), "a")
		two.failed(ledger.ErrNotFound, err)
		_, err = two.service.Account(t.Context(), ledger.WorldID("USD"))
		two.failed(ledger.ErrNotFound, err)
		two.open(ledger.AccountRequest{ID: "a", OpeningBalance: units(7)})
		one.deposit("tx", "a", 5)
		_, err = two.service.Transaction(t.Context(), "tx")
		two.failed(ledger.ErrNotFound, err)
		one.wantPosted("a", 5)
		two.wantPosted("a", 7)
		one.check("a")
		two.check("a")
	})
	t.Run("an asset is registered in one ledger alone", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		one := &books{TB: t, service: openLedger(t, store, "one")}
		two := &books{TB: t, service: openLedger(t, store, "two")}
		gold := ledger.Asset{Code: "GOLD", Scale: 4}
		one.register(gold)
		_, err := two.service.OpenAccount(t.Context(), ledger.AccountRequest{ID: "a", Asset: gold})
		two.failed(ledger.ErrUnknownAsset, err)
		if slices.Contains(two.assets(), gold) || !slices.Contains(one.assets(), gold) {
			t.Error("gold should be listed where it is registered alone")
		}
		other := ledger.Asset{Code: "GOLD", Scale: 5}
		two.wantRegistered(ledger.Applied, other)
		two.open(ledger.AccountRequest{ID: "a", Asset: other})
		one.contradicted(other)
		one.open(ledger.AccountRequest{ID: "a", Asset: gold})
	})
	t.Run("a hold, a step, a reversal and a search stay in their ledger", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		one := &books{TB: t, service: openLedger(t, store, "one")}
		two := &books{TB: t, service: openLedger(t, store, "two")}
		tagged := ledger.Metadata{"order": "7"}
		for _, b := range []*books{one, two} {
			b.open(ledger.AccountRequest{ID: "a", OpeningBalance: units(10), Metadata: tagged}, ledger.AccountRequest{ID: "b"})
			request := hold("held", "a", "b", 4)
			request.Metadata = tagged
			b.post(request)
			b.post(move("moved", "a", "b", 1))
		}
		one.settle(part("held", 3))
		one.reverse("undo", "moved")
		one.wantBalance("a", 7, 0, 0)
		two.wantBalance("a", 9, 0, 4)
		two.wantStatus("held", ledger.Pending)
		two.void("held")
		two.reverse("undo", "moved")
		two.wantBalance("a", 10, 0, 0)
		one.wantStatus("held", ledger.Posted)
		one.wantFoundAccounts(ledger.AccountQuery{Metadata: tagged}, "a")
		one.wantFoundTransactions(ledger.TransactionQuery{Metadata: tagged}, "held")
		one.check("a", "b")
		two.check("a", "b")
	})
	t.Run("a ledger opened again is the same", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		first := &books{TB: t, service: openLedger(t, store, "")}
		first.openAll("a")
		first.deposit("tx", "a", 5)
		again := openLedger(t, store, ledger.DefaultName)
		if again.Name() != ledger.DefaultName {
			t.Errorf("the ledger is named %q", again.Name())
		}
		(&books{TB: t, service: again}).wantPosted("a", 5)
	})
	t.Run("a catalog has the ledgers that were opened", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		first := &books{TB: t, service: openLedger(t, store, "first")}
		first.openAll("a")
		first.deposit("tx", "a", 5)
		c := &catalog{TB: t, Catalog: ledger.NewCatalog(store), names: []string{"first"}}
		if result, err := c.OpenLedger(t.Context(), "first"); err != nil || result != ledger.Replayed {
			t.Errorf("to open it again gave %s, %v", result, err)
		}
		found := c.ledger("first")
		found.wantPosted("a", 5)
		found.deposit("more", "a", 2)
		first.wantPosted("a", 7)
		c.open("second")
		c.ledger("second").openAll("b")
		second := &books{TB: t, service: openLedger(t, store, "second")}
		second.wantPosted("b", 0)
		c.wantNames()
	})
	t.Run("a store is asked for a page", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		for _, name := range []string{"a", "b", "c"} {
			openLedger(t, store, name)
		}
		for limit := 1; limit <= 3; limit++ {
			// Not one more, as the catalog asks for.
			names, err := store.FindLedgers(t.Context(), ledger.LedgerQuery{Limit: limit, After: "c"})
			if want := []string{"b", "a"}[:min(limit, 2)]; err != nil || !slices.Equal(names, want) {
				t.Errorf("at most %d after c are %q, %v; want %q", limit, names, err, want)
			}
		}
	})
	t.Run("many open the same ledger at once", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		var group sync.WaitGroup
		for range 32 {
			group.Go(func() {
				l, err := ledger.Open(t.Context(), store, ledger.Config{Name: "new"})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := l.OpenAccount(t.Context(), ledger.AccountRequest{ID: "a", Asset: usd, OpeningBalance: units(3)}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		b := &books{TB: t, service: openLedger(t, store, "new")}
		b.wantPosted("a", 3)
		b.check("a")
	})
	t.Run("a name that is none is refused", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{" ", "a b", "-a", "a/b", "é"} {
			_, err := ledger.Open(t.Context(), newStore(t), ledger.Config{Name: name})
			(&books{TB: t}).failed(ledger.ErrInvalidRequest, err)
		}
	})
}
