package postgres_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// openFindable opens accounts of several assets and statuses, and with metadata, and
// returns all of them, those that were opened last first.
func openFindable(t *testing.T, l *ledger.Ledger) []ledger.Account {
	t.Helper()
	prefixes := []string{"a", "a:", "aé", "\ud7ff", "\ue000", "\U0010ffff", "\U0010ffff\U0010ffff", "b\U0010ffff", "c"}
	assets := []ledger.Asset{usd, {Code: "JPY"}}
	for n := range 60 {
		request := ledger.AccountRequest{ID: fmt.Sprintf("%s%d", prefixes[n%len(prefixes)], n), Asset: assets[n%2], Metadata: pairsOf(n)}
		if _, err := l.OpenAccount(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		if status := ledger.Status(n % 5); status > ledger.StatusOpen && status <= ledger.StatusClosed {
			if _, err := l.ChangeAccount(t.Context(), request.ID, ledger.AccountChange{Status: status}); err != nil {
				t.Fatal(err)
			}
		}
	}
	page, err := l.FindAccounts(t.Context(), ledger.AccountQuery{Limit: ledger.MaxLimit})
	if err != nil || len(page.Accounts) != 62 || page.More {
		t.Fatal(len(page.Accounts), page.More, err)
	}
	if !slices.IsSortedFunc(page.Accounts, func(a, b ledger.Account) int {
		return -cmp.Or(a.OpenedAt.Compare(b.OpenedAt), strings.Compare(a.ID, b.ID))
	}) {
		t.Error("the accounts are not in the order in which they were opened")
	}
	return page.Accounts
}

func pairsOf(n int) ledger.Metadata {
	pairs := ledger.Metadata{"even": fmt.Sprint(n%2 == 0), "third": fmt.Sprint(n % 3), `"<&>\`: "é\U0010ffff\"\\"}
	for key := range pairs {
		if n%4 == len(key)%4 {
			delete(pairs, key)
		}
	}
	return pairs
}

// anyPairs returns some of the pairs that accounts and transactions have.
func anyPairs(least int) ledger.Metadata {
	pairs := ledger.Metadata{"even": "true", "third": fmt.Sprint(rand.N(4)), `"<&>\`: "é\U0010ffff\"\\"}
	for key := range pairs {
		if len(pairs) > least && rand.N(2) == 0 {
			delete(pairs, key)
		}
	}
	return pairs
}

// TestFindAccounts compares what is found, page by page, with what should be.
func TestFindAccounts(t *testing.T) {
	t.Parallel()
	l := openLedger(t, newStore(t), 0)
	all := openFindable(t, l)
	prefixes := []string{"", "", "a", "a:", "aé", "\ud7ff", "\ue000", "\U0010ffff", "\U0010ffff\U0010ffff", "b", "b\U0010ffff", "world:", "none"}
	for range 300 {
		query := ledger.AccountQuery{
			Prefix: prefixes[rand.N(len(prefixes))], Asset: []string{"", "USD", "JPY", "BTC"}[rand.N(4)],
			Status: ledger.Status(rand.N(4)), OldestFirst: rand.N(2) == 0, Limit: 1 + rand.N(20),
		}
		if rand.N(2) == 0 {
			query.Metadata = anyPairs(0)
		}
		name := fmt.Sprintf("%+v", query)
		var want, got []string
		for _, a := range all {
			if strings.HasPrefix(a.ID, query.Prefix) && (query.Asset == "" || a.Asset.Code == query.Asset) &&
				(query.Status == 0 || a.Status == query.Status) && a.Metadata.Contains(query.Metadata) {
				want = append(want, a.ID)
			}
		}
		if query.OldestFirst {
			slices.Reverse(want)
		}
		for more := true; more; {
			page, err := l.FindAccounts(t.Context(), query)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, a := range page.Accounts {
				got = append(got, a.ID)
				query.After = a.ID
			}
			more = page.More
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestFindTransactions compares what is found, page by page, with what should be.
func TestFindTransactions(t *testing.T) {
	t.Parallel()
	l := openLedger(t, newStore(t), 2)
	var all []ledger.Transaction
	for n := range 60 {
		// The list of one account is longer than that of a pair, that of the other shorter.
		account := "a0"
		if n%20 == 1 || n%20 == 5 {
			account = "a1"
		}
		request := ledger.TransactionRequest{
			ID: fmt.Sprint("tx-", n), Metadata: pairsOf(n), Pending: n%5 == 0,
			Entries: []ledger.EntryRequest{
				{Account: ledger.WorldID("USD"), Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(int64(n + 1))},
				{Account: account, Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(int64(n + 1))},
			},
		}
		outcome, err := l.Post(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, *outcome.Transaction)
	}
	for range 200 {
		query := ledger.TransactionQuery{
			Account: []string{"", "a0", "a1", ledger.WorldID("USD")}[rand.N(4)], Status: ledger.TransactionStatus(rand.N(4)),
			Metadata: anyPairs(0), OldestFirst: rand.N(2) == 0, Limit: 1 + rand.N(20),
		}
		name := fmt.Sprintf("%+v", query)
		var want, got []ledger.Transaction
		for _, each := range all {
			onAccount := query.Account == "" || slices.ContainsFunc(each.Entries, func(e ledger.Entry) bool { return e.Account == query.Account })
			if onAccount && (query.Status == 0 || each.Status == query.Status) && each.Metadata.Contains(query.Metadata) {
				want = append(want, each)
			}
		}
		if !query.OldestFirst {
			slices.Reverse(want)
		}
		for more := true; more; {
			page, err := l.FindTransactions(t.Context(), query)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got = append(got, page.Transactions...)
			if more = page.More; more {
				query.After = got[len(got)-1].ID
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// TestReadNothing asks for what is not there.
func TestReadNothing(t *testing.T) {
	t.Parallel()
	l := openLedger(t, newStore(t), 1)
	pair := ledger.Metadata{"key": "value"}
	for name, ask := range map[string]func() error{
		"balance now": func() error {
			_, err := l.BalanceAt(t.Context(), "none", ledger.Moment{})
			return err
		},
		"balance": func() error {
			_, err := l.BalanceAt(t.Context(), "none", ledger.Moment{RecordedAt: time.Now().Add(-time.Hour)})
			return err
		},
		"statement": func() error {
			_, err := l.Statement(t.Context(), ledger.StatementQuery{Account: "none"})
			return err
		},
		"accounts after": func() error {
			_, err := l.FindAccounts(t.Context(), ledger.AccountQuery{After: "none"})
			return err
		},
		"accounts with metadata after": func() error {
			_, err := l.FindAccounts(t.Context(), ledger.AccountQuery{Metadata: pair, After: "none"})
			return err
		},
		"transactions after": func() error {
			_, err := l.FindTransactions(t.Context(), ledger.TransactionQuery{Metadata: pair, After: "none"})
			return err
		},
	} {
		if err := ask(); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What the page before ended with need not be what is asked for.
	accounts, err := l.FindAccounts(t.Context(), ledger.AccountQuery{Metadata: pair, After: "a0"})
	if err != nil || len(accounts.Accounts) != 0 {
		t.Errorf("got %v, %v", accounts, err)
	}
}
