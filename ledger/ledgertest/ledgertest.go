// Package ledgertest has the suites that every [ledger.Service] and every
// [ledger.Store] must pass. An adapter's own test is a call of one of them:
//
//	func TestStore(t *testing.T) {
//		ledgertest.RunStore(t, func(testing.TB) ledger.Store { return memory.New(memory.Config{}) })
//	}
//
// The random suite is steered by the flags of [pgregory.net/rapid], such as
// -rapid.checks and -rapid.steps.
package ledgertest

import (
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// NewService returns an empty ledger for a test, and cleans up with it.
type NewService = func(testing.TB) ledger.Service

// NewStore returns an empty store for a test, and cleans up with it.
type NewStore = func(testing.TB) ledger.Store

// Run runs every suite on the services that newService makes. The ids of what they
// make are plain: a letter or digit and then letters, digits and ._:@-.
func Run(t *testing.T, newService NewService) {
	t.Helper()
	suites := []struct {
		name string
		run  func(*testing.T, NewService)
	}{
		{"Assets", Assets},
		{"Accounts", Accounts},
		{"Transactions", Transactions},
		{"Limits", Limits},
		{"Atomic", Atomic},
		{"DryRun", DryRun},
		{"Conditions", Conditions},
		{"Entries", Entries},
		{"Pending", Pending},
		{"Steps", Steps},
		{"Expiry", Expiry},
		{"Reversals", Reversals},
		{"Times", Times},
		{"Statements", Statements},
		{"TrialBalances", TrialBalances},
		{"Details", Details},
		{"Find", Find},
		{"Contexts", Contexts},
		{"Concurrency", Concurrency},
		{"Races", Races},
		{"Random", Random},
	}
	for _, suite := range suites {
		t.Run(suite.name, func(t *testing.T) {
			t.Parallel()
			suite.run(t, newService)
		})
	}
}

// RunStore runs every suite on the stores that newStore makes: those of [Run],
// [IDs] and [Verification] on a ledger in each, [Openings], and those about a store's
// several ledgers, by its catalog too. Whatever they have written is verified.
func RunStore(t *testing.T, newStore NewStore) {
	t.Helper()
	Run(t, FromStore(newStore))
	t.Run("IDs", func(t *testing.T) {
		t.Parallel()
		IDs(t, FromStore(newStore))
	})
	t.Run("Verification", func(t *testing.T) {
		t.Parallel()
		Verification(t, newStore)
	})
	t.Run("Openings", func(t *testing.T) {
		t.Parallel()
		Openings(t, newStore)
	})
	t.Run("Ledgers", func(t *testing.T) {
		t.Parallel()
		Ledgers(t, newStore)
	})
	t.Run("Catalogs", func(t *testing.T) {
		t.Parallel()
		Catalogs(t, func(t testing.TB) ledger.Catalog { t.Helper(); return ledger.NewCatalog(newStore(t)) })
	})
}

// FromStore makes services of stores: a ledger in a new store each time.
func FromStore(newStore NewStore) NewService {
	return func(t testing.TB) ledger.Service {
		t.Helper()
		return openLedger(t, newStore(t), "")
	}
}

func openLedger(t testing.TB, store ledger.Store, name string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), store, ledger.Config{Name: name})
	if err != nil {
		t.Fatalf("open ledger %q: %v", name, err)
	}
	return l
}

// scenario is a named behaviour, tested on a service of its own.
type scenario struct {
	name string
	test func(b *books)
}

func runScenarios(t *testing.T, newService NewService, scenarios []scenario) {
	t.Helper()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			b := &books{TB: t, service: newService(t)}
			s.test(b)
			b.verifyWhole()
		})
	}
}
