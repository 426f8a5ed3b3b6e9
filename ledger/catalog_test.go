package ledger_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// TestCatalogOfBrokenStore has a store that is away, or answers what it should not.
func TestCatalogOfBrokenStore(t *testing.T) {
	t.Parallel()
	away := &ledger.Error{Code: ledger.ErrUnavailable, Message: "the store is away"}
	c := ledger.NewCatalog(&fakeBook{t: t, err: away, result: ledger.Applied, names: []string{"a"}})
	if result, err := c.OpenLedger(marked(t), "books"); result != 0 || !errors.Is(err, ledger.ErrUnavailable) || err.Error() != `open ledger "books": the store is away` {
		t.Errorf("OpenLedger gave %s, %v", result, err)
	}
	if service, err := c.Ledger(marked(t), "books"); service != nil || !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("Ledger gave %v, %v", service, err)
	}
	if page, err := c.FindLedgers(marked(t), ledger.LedgerQuery{}); page.Names != nil || page.More || !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("FindLedgers gave %v, %v", page, err)
	}
	for _, result := range []ledger.Result{0, ledger.Rejected} {
		broken := &fakeBook{t: t, result: result}
		if got, err := ledger.NewCatalog(broken).OpenLedger(marked(t), "books"); got != 0 || !errors.Is(err, ledger.ErrInternal) {
			t.Errorf("OpenLedger gave %s, %v", got, err)
		}
		if l, err := ledger.Open(marked(t), broken, ledger.Config{}); l != nil || !errors.Is(err, ledger.ErrInternal) {
			t.Errorf("Open gave %v, %v", l, err)
		}
	}
}

// TestCatalogAsksTheStore looks at what a store is asked for, and what it is not.
func TestCatalogAsksTheStore(t *testing.T) {
	t.Parallel()
	store := &fakeBook{t: t, result: ledger.Replayed, names: []string{"c", "b", "a"}}
	c := ledger.NewCatalog(store)
	for _, name := range []string{"", "no/slash"} {
		_, err := c.OpenLedger(marked(t), name)
		_, other := c.Ledger(marked(t), name)
		if !errors.Is(err, ledger.ErrInvalidRequest) || !errors.Is(other, ledger.ErrNotFound) {
			t.Errorf("%q: got %v and %v", name, err, other)
		}
	}
	if _, err := c.FindLedgers(marked(t), ledger.LedgerQuery{After: "no/slash"}); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := c.FindLedgers(marked(t), ledger.LedgerQuery{Limit: -1}); !errors.Is(err, ledger.ErrInvalidRequest) {
		t.Errorf("got %v", err)
	}
	if len(store.opened)+len(store.asked)+len(store.limits) != 0 {
		t.Errorf("the store was asked to open %q, for %q and for %d names", store.opened, store.asked, store.limits)
	}

	service, err := c.Ledger(marked(t), "books")
	if l, ok := service.(*ledger.Ledger); err != nil || !ok || l.Name() != "books" {
		t.Errorf("Ledger gave %v, %v", service, err)
	}
	if len(store.opened) != 0 || !slices.Equal(store.asked, []string{"books"}) {
		t.Errorf("the store was asked to open %q and for %q", store.opened, store.asked)
	}
	for limit, asked := range map[int]int{0: ledger.DefaultLimit + 1, 2: 3, ledger.MaxLimit: ledger.MaxLimit + 1} {
		store.limits = nil
		page, err := c.FindLedgers(marked(t), ledger.LedgerQuery{Limit: limit})
		if err != nil || page.More != (limit == 2) || !slices.Equal(store.limits, []int{asked}) {
			t.Errorf("limit %d: the page is %v, %v; the store was asked for %d", limit, page, err, store.limits)
		}
	}
}
