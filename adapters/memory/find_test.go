package memory

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// findAccounts returns the ids of all that is found, page by page.
func findAccounts(t *testing.T, books *ledger.Ledger, query ledger.AccountQuery) (ids []string) {
	t.Helper()
	for {
		page, err := books.FindAccounts(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		for _, account := range page.Accounts {
			ids = append(ids, account.ID)
		}
		if !page.More {
			return ids
		}
		query.After = ids[len(ids)-1]
	}
}

func TestFindAccounts(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	books, _ := openBooks(t, clock)
	random := rand.New(rand.NewPCG(7, 8))
	var accounts []ledger.Account
	change := func(account ledger.Account, change ledger.AccountChange) ledger.Account {
		changed, err := books.ChangeAccount(t.Context(), account.ID, change)
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	metadata := func() ledger.Metadata {
		return ledger.Metadata{"color": []string{"red", "green"}[random.IntN(2)], "size": fmt.Sprint(random.IntN(3))}
	}
	for i := range 100 {
		clock.advance(time.Duration(random.IntN(2)) * time.Second)
		outcome, err := books.OpenAccount(t.Context(), ledger.AccountRequest{
			ID: fmt.Sprint(random.IntN(10), "-", i), Asset: ledger.Asset{Code: []string{"USD", "EUR"}[random.IntN(2)], Scale: 2}, Metadata: metadata(),
		})
		if err != nil {
			t.Fatal(err)
		}
		accounts = append(accounts, *outcome.Account)
	}
	for i := range accounts {
		switch random.IntN(5) {
		case 0:
			accounts[i] = change(accounts[i], ledger.AccountChange{Metadata: metadata()})
		case 1:
			accounts[i] = change(accounts[i], ledger.AccountChange{Status: ledger.StatusFrozen})
		case 2:
			accounts[i] = change(accounts[i], ledger.AccountChange{Metadata: ledger.Metadata{}})
		case 3:
			change(accounts[i], ledger.AccountChange{Status: ledger.StatusFrozen})
			status := []ledger.Status{ledger.StatusOpen, ledger.StatusClosed}[random.IntN(2)]
			accounts[i] = change(accounts[i], ledger.AccountChange{Status: status})
		}
	}
	for _, id := range []string{"world:USD", "world:EUR"} {
		world, err := books.Account(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		accounts = append(accounts, world)
	}
	slices.SortFunc(accounts, func(a, b ledger.Account) int { return newItem(a.OpenedAt, a.ID).compare(newItem(b.OpenedAt, b.ID)) })
	for _, query := range []ledger.AccountQuery{
		{},
		{Asset: "EUR"},
		{Asset: "XXX"},
		{Status: ledger.StatusFrozen},
		{Status: ledger.StatusOpen},
		{Status: ledger.StatusClosed},
		{Prefix: "1"},
		{Prefix: "world:"},
		{Prefix: "wor"},
		{Prefix: "4-4"},
		{Prefix: "world:", Asset: "EUR"},
		{Metadata: ledger.Metadata{"color": "red"}},
		{Metadata: ledger.Metadata{"color": "red", "size": "1"}},
		{Metadata: ledger.Metadata{"size": "9"}},
		{Metadata: ledger.Metadata{"size": "2"}, Asset: "USD", Status: ledger.StatusOpen, Prefix: "3"},
	} {
		var want []string
		for _, a := range accounts {
			if strings.HasPrefix(a.ID, query.Prefix) && (query.Asset == "" || a.Asset.Code == query.Asset) &&
				(query.Status == 0 || a.Status == query.Status) && a.Metadata.Contains(query.Metadata) {
				want = append(want, a.ID)
			}
		}
		for _, query.Limit = range []int{1, 7, 1000} {
			query.OldestFirst = true
			if got := findAccounts(t, books, query); !slices.Equal(got, want) {
				t.Errorf("%+v finds %v, want %v", query, got, want)
			}
			query.OldestFirst = false
			got := findAccounts(t, books, query)
			if slices.Reverse(got); !slices.Equal(got, want) {
				t.Errorf("%+v finds %v, turned around; want %v", query, got, want)
			}
		}
	}
	if _, err := books.FindAccounts(t.Context(), ledger.AccountQuery{After: "nobody"}); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("behind an account that is not there: %v", err)
	}
}

// TestFindTransactions finds transactions in each state, whose times are not in the
// order in which they were written.
func TestFindTransactions(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	books, _ := openBooks(t, clock, "a", "b", "c", "d")
	var ids []string
	for i, step := range []time.Duration{time.Hour, -time.Hour, 0, time.Second, -time.Second} {
		clock.advance(step)
		// Each pair of accounts has a time of its own that never runs backwards.
		r := payment(fmt.Sprint("t", i), "a", "b", 1)
		if i > 0 {
			r = payment(r.ID, "c", "d", 1)
		}
		r.Metadata = ledger.Metadata{"kind": "test", "parity": fmt.Sprint(i % 2)}
		if i == 2 {
			r = pending(r, clock.now().Add(time.Minute))
		}
		post(t, books, r)
		ids = append(ids, r.ID)
	}
	if _, err := books.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: "t2"}); err != nil {
		t.Fatal(err)
	}
	if _, err := books.Reverse(t.Context(), ledger.ReversalRequest{ID: "undo", Transaction: "t1"}); err != nil {
		t.Fatal(err)
	}
	find := func(query ledger.TransactionQuery) (found []string) {
		for {
			page, err := books.FindTransactions(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			for _, transaction := range page.Transactions {
				found = append(found, transaction.ID)
				if read, err := books.Transaction(t.Context(), transaction.ID); err != nil || fmt.Sprint(read) != fmt.Sprint(transaction) {
					t.Errorf("found %+v, which reads as %+v, %v", transaction, read, err)
				}
			}
			if !page.More {
				return found
			}
			query.After = found[len(found)-1]
		}
	}
	if got, want := find(ledger.TransactionQuery{Metadata: ledger.Metadata{"kind": "test"}, Limit: 2}), []string{"t0", "t4", "t3", "t2", "t1"}; !slices.Equal(got, want) {
		t.Errorf("found %v of %v, want %v", got, ids, want)
	}
	even := ledger.Metadata{"parity": "0", "kind": "test"}
	if got, want := find(ledger.TransactionQuery{Metadata: even, OldestFirst: true, Limit: 1}), []string{"t2", "t4", "t0"}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
	if _, err := books.FindTransactions(t.Context(), ledger.TransactionQuery{Metadata: even, After: "none"}); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("behind a transaction that is not there: %v", err)
	}
}
