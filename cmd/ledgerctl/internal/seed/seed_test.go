package seed_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/seed"
	"github.com/seed-d432d95b/ledger/ledger"
)

func open(t *testing.T, config memory.Config) *ledger.Ledger {
	t.Helper()
	books, err := ledger.Open(t.Context(), memory.New(config), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return books
}

func run(t *testing.T, books ledger.Service, config seed.Config) seed.Summary {
	t.Helper()
	summary, err := seed.Run(t.Context(), books, config, nil)
	if err != nil {
		t.Fatal(err)
	}
	return summary
}

// state is the accounts and totals of a ledger.
type state struct {
	accounts []ledger.Account
	totals   []ledger.AssetTotals
}

func stateOf(t *testing.T, books ledger.Service) state {
	t.Helper()
	var s state
	query := ledger.AccountQuery{OldestFirst: true, Limit: ledger.MaxLimit}
	for more := true; more; {
		page, err := books.FindAccounts(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		s.accounts = append(s.accounts, page.Accounts...)
		more = page.More
		query.After = page.Accounts[len(page.Accounts)-1].ID
	}
	// The times are the ledger's own.
	for i := range s.accounts {
		s.accounts[i].OpenedAt = time.Time{}
	}
	slices.SortFunc(s.accounts, func(a, b ledger.Account) int { return strings.Compare(a.ID, b.ID) })
	trial, err := books.TrialBalance(t.Context(), ledger.TrialBalanceQuery{})
	if err != nil {
		t.Fatal(err)
	}
	s.totals = trial.Totals
	return s
}

func transactions(t *testing.T, books ledger.Service) []ledger.Transaction {
	t.Helper()
	var all []ledger.Transaction
	query := ledger.TransactionQuery{OldestFirst: true, Limit: ledger.MaxLimit}
	for more := true; more; {
		page, err := books.FindTransactions(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Transactions...)
		more = page.More
		query.After = all[len(all)-1].ID
	}
	return all
}

func TestRunIsNeverRefusedAndRepeats(t *testing.T) {
	t.Parallel()
	for _, config := range []seed.Config{
		{Transactions: 1},
		{Transactions: 2},
		{Transactions: 3, Seed: 9},
		{Transactions: 499},
		{Transactions: 501},
		{Transactions: 5000, Seed: 1},
		{Transactions: 5000, Seed: 2},
		{Transactions: 5000, Seed: math.MaxUint64},
		{Transactions: 20_000, Seed: 4},
	} {
		books := open(t, memory.Config{})
		first := run(t, books, config)
		if first.Transactions != config.Transactions || first.Replayed != 0 || !first.Complete {
			t.Fatalf("%+v: %+v", config, first)
		}
		if n := len(transactions(t, books)); int64(n) != config.Transactions {
			t.Errorf("%+v made %d transactions", config, n)
		}
		once := stateOf(t, books)
		for _, total := range once.totals {
			if !total.IsBalanced() {
				t.Errorf("%+v: %+v", config, total)
			}
		}
		again := run(t, books, config)
		if again.Applied != 0 || again.Replayed != first.Applied || again.Transactions != first.Transactions || again.Steps != first.Steps {
			t.Errorf("%+v: the second run is %+v after %+v", config, again, first)
		}
		if twice := stateOf(t, books); !reflect.DeepEqual(once, twice) {
			t.Errorf("%+v: the second run changed the ledger", config)
		}
		other := open(t, memory.Config{})
		run(t, other, config)
		if !reflect.DeepEqual(once, stateOf(t, other)) {
			t.Errorf("%+v: another ledger became another one", config)
		}
	}
}

func TestDataIsABusiness(t *testing.T) {
	t.Parallel()
	books := open(t, memory.Config{})
	run(t, books, seed.Config{Transactions: 5000, Seed: 5})
	statuses := make(map[ledger.TransactionStatus]int)
	counts := make(map[string]int)
	for _, txn := range transactions(t, books) {
		statuses[txn.Status]++
		count := func(what string, is bool) {
			if is {
				counts[what]++
			}
		}
		count("reversals", txn.Reverses != "")
		count("related", txn.Related != "")
		count("with fees", len(txn.Entries) == 3)
		count("dated back", txn.EffectiveAt.Year() == 2024)
		count("with metadata", len(txn.Metadata) > 0)
		count("with a description", txn.Description != "")
		count("in part", len(txn.Reserved) > 0 && len(txn.Entries) > 0 && txn.Status == ledger.Posted && txn.Reserved[0] != txn.Entries[0].Amount)
	}
	for what, least := range map[string]int{
		"reversals": 20, "related": 50, "with fees": 1500, "dated back": 200, "with metadata": 5000, "with a description": 5000, "in part": 20,
	} {
		if counts[what] < least {
			t.Errorf("%d transactions are %s", counts[what], what)
		}
	}
	for _, status := range []ledger.TransactionStatus{ledger.Posted, ledger.Pending, ledger.Voided} {
		if statuses[status] < 20 {
			t.Errorf("%d transactions are %s", statuses[status], status)
		}
	}
	assets := make(map[string]int)
	accounts := make(map[ledger.Status]int)
	for _, account := range stateOf(t, books).accounts {
		accounts[account.Status]++
		if account.Sequence > 0 {
			assets[account.Asset.Code]++
		}
	}
	if accounts[ledger.StatusFrozen] != 1 || accounts[ledger.StatusClosed] != 1 {
		t.Errorf("accounts by status: %v", accounts)
	}
	for _, code := range []string{"USD", "EUR", "JPY", "POINTS"} {
		if assets[code] < 10 {
			t.Errorf("%d accounts in %s have entries", assets[code], code)
		}
	}
}

func TestSeedsDiffer(t *testing.T) {
	t.Parallel()
	one, two := open(t, memory.Config{}), open(t, memory.Config{})
	run(t, one, seed.Config{Transactions: 100, Seed: 1})
	run(t, two, seed.Config{Transactions: 100, Seed: 2})
	if reflect.DeepEqual(stateOf(t, one), stateOf(t, two)) {
		t.Error("two seeds make the same ledger")
	}
}

func TestHugeNumbersStream(t *testing.T) {
	t.Parallel()
	n := 0
	for range seed.Requests(seed.Config{Transactions: seed.MaxTransactions}) {
		if n++; n == 100_000 {
			break
		}
	}
	if n != 100_000 {
		t.Errorf("there are %d requests", n)
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	epoch := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
	early := memory.Config{Now: func() time.Time { return epoch.Add(-time.Hour) }}
	late := memory.Config{Now: func() time.Time { return time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) }}
	for want, test := range map[string]struct {
		store  memory.Config
		config seed.Config
	}{
		"transactions should be from 1 to 9223372036854, not 0":             {},
		"transactions should be from 1 to 9223372036854, not -1":            {config: seed.Config{Transactions: -1}},
		"transactions should be from 1 to 9223372036854, not 9223372036855": {config: seed.Config{Transactions: seed.MaxTransactions + 1}},
		"before 2100":                  {config: seed.Config{Transactions: 1, Epoch: time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC)}},
		"ahead of the ledger's time":   {store: early, config: seed.Config{Transactions: 1, Epoch: epoch}},
		"is past the end of the holds": {store: late, config: seed.Config{Transactions: 1}},
	} {
		if _, err := seed.Run(t.Context(), open(t, test.store), test.config, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	for range seed.Requests(seed.Config{}) {
		t.Fatal("a config that is not valid yields requests")
	}
}

func TestOtherDataIsLeftAlone(t *testing.T) {
	t.Parallel()
	books := open(t, memory.Config{})
	run(t, books, seed.Config{Transactions: 100, Seed: 1})
	before := stateOf(t, books)
	for _, config := range []seed.Config{
		{Transactions: 100, Seed: 2}, {Transactions: 1000, Seed: 1}, {Transactions: 100, Seed: 1, Epoch: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if _, err := seed.Run(t.Context(), books, config, nil); err == nil || !strings.Contains(err.Error(), "the ledger has other data; seed an empty ledger") {
			t.Errorf("%+v: %v", config, err)
		}
	}
	if !reflect.DeepEqual(before, stateOf(t, books)) {
		t.Error("the ledger changed")
	}
}

func TestRunGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	config := seed.Config{Transactions: 3000, Seed: 3}
	whole := open(t, memory.Config{})
	run(t, whole, config)
	books := open(t, memory.Config{})
	var done int64
	for range 4 {
		ctx, cancel := context.WithCancel(t.Context())
		summary, err := seed.Run(ctx, books, config, func(s seed.Summary) {
			if s.Transactions >= done+500 {
				cancel()
			}
		})
		cancel()
		if !errors.Is(err, context.Canceled) || summary.Complete || summary.Transactions < done+500 {
			t.Fatalf("%v, %+v", err, summary)
		}
		done = summary.Transactions
	}
	if summary := run(t, books, config); summary.Replayed < done || !summary.Complete {
		t.Errorf("%+v after %d", summary, done)
	}
	if !reflect.DeepEqual(stateOf(t, whole), stateOf(t, books)) {
		t.Error("a run that was stopped makes another ledger")
	}
}
