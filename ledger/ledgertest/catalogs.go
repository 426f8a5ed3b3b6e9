package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// NewCatalog returns a catalog for a test, and cleans up with it. It may have ledgers
// already, as a server's has its default one, but nobody else makes any there.
type NewCatalog = func(testing.TB) ledger.Catalog

// Catalogs is the suite about ledgers that are reached by name.
func Catalogs(t *testing.T, newCatalog NewCatalog) {
	t.Helper()
	for name, test := range map[string]func(*catalog){
		"a ledger is made once":                              (*catalog).testOpen,
		"a ledger that is not there is not made":             (*catalog).testNotFound,
		"a name that is none is refused":                     (*catalog).testNames,
		"the services of a ledger share its books":           (*catalog).testServices,
		"pages of names":                                     (*catalog).testPages,
		"a ledger that is made behind a page moves no other": (*catalog).testGrowth,
		"a page is the caller's own":                         (*catalog).testOwnPages,
		"a query for ledgers that is none":                   (*catalog).testQueries,
		"many open the same ledger at once":                  (*catalog).testRace,
		"many open ledgers of their own at once":             (*catalog).testMany,
		"a context that has ended":                           (*catalog).testContexts,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &catalog{TB: t, Catalog: newCatalog(t)}
			c.names = c.find(ledger.LedgerQuery{OldestFirst: true, Limit: ledger.MaxLimit}).Names
			test(c)
		})
	}
}

// catalog is a catalog under test.
type catalog struct {
	testing.TB
	ledger.Catalog
	// names has the ledgers that should be there, those made first first.
	names []string
}

// open makes ledgers.
func (c *catalog) open(names ...string) {
	c.Helper()
	for _, name := range names {
		if result, err := c.OpenLedger(c.Context(), name); err != nil || result != ledger.Applied {
			c.Fatalf("to open ledger %q gave %s, %v", name, result, err)
		}
		c.names = append(c.names, name)
	}
}

// ledger returns the service of a ledger that is there.
func (c *catalog) ledger(name string) *books {
	c.Helper()
	service, err := c.Ledger(c.Context(), name)
	if err != nil || service == nil {
		c.Fatalf("ledger %q is %v, %v", name, service, err)
	}
	return &books{TB: c.TB, service: service}
}

// find returns a page.
func (c *catalog) find(query ledger.LedgerQuery) ledger.LedgerPage {
	c.Helper()
	page, err := c.FindLedgers(c.Context(), query)
	if err != nil {
		c.Fatalf("find ledgers by %+v: %v", query, err)
	}
	return page
}

// noLedger demands that err says that there is no such ledger.
func (c *catalog) noLedger(err error) {
	c.Helper()
	if e := (&books{TB: c.TB}).failed(ledger.ErrNotFound, err); e.Field != "ledger" {
		c.Errorf("the error names the field %q", e.Field)
	}
}

// wantNames demands that the catalog lists the names that should be there, and no
// other.
func (c *catalog) wantNames() {
	c.Helper()
	page := c.find(ledger.LedgerQuery{OldestFirst: true, Limit: ledger.MaxLimit})
	if !slices.Equal(page.Names, c.names) || page.More {
		c.Errorf("the ledgers are %q, and more: %t; want %q", page.Names, page.More, c.names)
	}
}

func (c *catalog) testOpen() {
	c.open("one", "two")
	for range 2 {
		if result, err := c.OpenLedger(c.Context(), "one"); err != nil || result != ledger.Replayed {
			c.Errorf("to open it again gave %s, %v", result, err)
		}
	}
	c.ledger("one")
	c.ledger("two")
	c.wantNames()
}

func (c *catalog) testNotFound() {
	for range 2 {
		service, err := c.Ledger(c.Context(), "later")
		c.noLedger(err)
		if service != nil {
			c.Errorf("the service of no ledger is %v", service)
		}
		_, err = c.FindLedgers(c.Context(), ledger.LedgerQuery{After: "later"})
		c.noLedger(err)
	}
	c.wantNames()
	// That it was not there is not remembered.
	c.open("later")
	c.ledger("later").openAll("a")
	c.wantNames()
}

func (c *catalog) testNames() {
	longest := strings.Repeat("a", ledger.MaxID)
	for _, name := range []string{"", " ", "a b", "-a", "a/b", "..", "é", "a\x00", "\xff", longest + "a"} {
		result, err := c.OpenLedger(c.Context(), name)
		if e := (&books{TB: c.TB}).failed(ledger.ErrInvalidRequest, err); e.Field != "ledger" || result != ledger.Rejected {
			c.Errorf("to open ledger %q gave %s and the field %q", name, result, e.Field)
		}
		_, err = c.Ledger(c.Context(), name)
		c.noLedger(err)
	}
	c.wantNames()
	c.open(longest, "Books:2026.a_b@c-d", "books:2026.a_b@c-d", "7")
	for _, name := range c.names {
		c.ledger(name)
	}
	c.wantNames()
}

func (c *catalog) testServices() {
	c.open("one", "two")
	one, two := c.ledger("one"), c.ledger("two")
	one.openAll("a")
	one.deposit("tx", "a", 5)
	c.ledger("one").wantPosted("a", 5)
	_, err := two.service.Account(c.Context(), "a")
	two.failed(ledger.ErrNotFound, err)
	two.openAll("a")
	two.deposit("tx", "a", 7)
	one.wantPosted("a", 5)
	one.check("a")
	two.check("a")
}

func (c *catalog) testPages() {
	// Not in the order of their names.
	c.open("d", "b", "e", "a", "c")
	for _, oldestFirst := range []bool{false, true} {
		want := slices.Clone(c.names)
		if !oldestFirst {
			slices.Reverse(want)
		}
		if page := c.find(ledger.LedgerQuery{OldestFirst: oldestFirst}); !slices.Equal(page.Names, want) || page.More {
			c.Errorf("without a limit: %q, and more: %t; want %q", page.Names, page.More, want)
		}
		for limit := 1; limit <= len(want)+1; limit++ {
			query := ledger.LedgerQuery{OldestFirst: oldestFirst, Limit: limit}
			for rest := want; ; {
				page := c.find(query)
				n := min(limit, len(rest))
				if more := len(rest) > n; !slices.Equal(page.Names, rest[:n]) || page.More != more {
					c.Fatalf("%+v: %q, and more: %t; want %q and %t", query, page.Names, page.More, rest[:n], more)
				}
				if !page.More {
					break
				}
				query.After, rest = page.Names[n-1], rest[n:]
			}
			query.After = want[len(want)-1]
			if page := c.find(query); len(page.Names) != 0 || page.More {
				c.Errorf("%+v: after the last: %q, and more: %t", query, page.Names, page.More)
			}
		}
	}
}

func (c *catalog) testGrowth() {
	c.open("a", "b", "c")
	c.open("d")
	if page := c.find(ledger.LedgerQuery{After: "c", Limit: 2}); !slices.Equal(page.Names, []string{"b", "a"}) {
		c.Errorf("the page after c is %q", page.Names)
	}
	if page := c.find(ledger.LedgerQuery{After: "c", OldestFirst: true}); !slices.Equal(page.Names, []string{"d"}) || page.More {
		c.Errorf("the ledgers made after c are %q, and more: %t", page.Names, page.More)
	}
}

func (c *catalog) testOwnPages() {
	c.open("a", "b", "c")
	for _, oldestFirst := range []bool{false, true} {
		page := c.find(ledger.LedgerQuery{OldestFirst: oldestFirst, Limit: 2})
		page.Names[0] = "changed"
		_ = append(page.Names, "appended")
		c.wantNames()
	}
}

func (c *catalog) testQueries() {
	c.open("a")
	for _, limit := range []int{-1, ledger.MaxLimit + 1} {
		_, err := c.FindLedgers(c.Context(), ledger.LedgerQuery{Limit: limit})
		if e := (&books{TB: c.TB}).failed(ledger.ErrInvalidRequest, err); e.Field != "limit" {
			c.Errorf("the error names the field %q", e.Field)
		}
	}
	for _, oldestFirst := range []bool{false, true} {
		for _, after := range []string{"nobody", "A", "a ", "a b", "\x00", "\xff"} {
			_, err := c.FindLedgers(c.Context(), ledger.LedgerQuery{After: after, OldestFirst: oldestFirst})
			c.noLedger(err)
		}
	}
}

func (c *catalog) testRace() {
	const openers = 32
	results := make([]ledger.Result, openers)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() {
			var err error
			if results[i], err = c.OpenLedger(c.Context(), "new"); err != nil {
				c.Error(err)
				return
			}
			// Whoever was answered finds it.
			if _, err := c.Ledger(c.Context(), "new"); err != nil {
				c.Error(err)
			}
		})
	}
	group.Wait()
	slices.Sort(results)
	want := append([]ledger.Result{ledger.Applied}, slices.Repeat([]ledger.Result{ledger.Replayed}, openers-1)...)
	if !slices.Equal(results, want) {
		c.Errorf("the results are %s", results)
	}
	c.names = append(c.names, "new")
	c.wantNames()
}

func (c *catalog) testMany() {
	const openers = 32
	var group sync.WaitGroup
	var made []string
	for i := range openers {
		name := fmt.Sprintf("ledger-%d", i)
		made = append(made, name)
		group.Go(func() {
			if result, err := c.OpenLedger(c.Context(), name); err != nil || result != ledger.Applied {
				c.Errorf("to open ledger %q gave %s, %v", name, result, err)
			}
			if page, err := c.FindLedgers(c.Context(), ledger.LedgerQuery{Limit: ledger.MaxLimit}); err != nil || !slices.Contains(page.Names, name) {
				c.Errorf("ledger %q is not among %q, %v", name, page.Names, err)
			}
		})
	}
	group.Wait()
	page := c.find(ledger.LedgerQuery{OldestFirst: true, Limit: ledger.MaxLimit})
	before := min(len(c.names), len(page.Names))
	slices.Sort(page.Names[before:])
	slices.Sort(made)
	if !slices.Equal(page.Names, slices.Concat(c.names, made)) {
		c.Errorf("the ledgers are %q", page.Names)
	}
}

func (c *catalog) testContexts() {
	c.open("there")
	c.ledger("there")
	ctx, cancel := context.WithCancel(c.Context())
	cancel()
	for what, call := range map[string]func() error{
		"OpenLedger, there": func() error { _, err := c.OpenLedger(ctx, "there"); return err },
		"OpenLedger":        func() error { _, err := c.OpenLedger(ctx, "new"); return err },
		"Ledger, there":     func() error { _, err := c.Ledger(ctx, "there"); return err },
		"Ledger":            func() error { _, err := c.Ledger(ctx, "new"); return err },
		"FindLedgers":       func() error { _, err := c.FindLedgers(ctx, ledger.LedgerQuery{}); return err },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			c.Errorf("%s gave error %v, want context.Canceled", what, err)
		}
	}
	c.wantNames()
}
