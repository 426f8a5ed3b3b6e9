package ledgertest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Find is the suite about finding accounts and transactions.
func Find(t *testing.T, newService NewService) {
	t.Helper()
	runScenarios(t, newService, slices.Concat(findAccountScenarios(), findTransactionScenarios(), pagesOfTransactionsScenarios()))
}

func findAccountScenarios() []scenario {
	world := ledger.WorldID("USD")
	return []scenario{
		{"accounts by each filter, and by several", func(b *books) {
			b.openInTurn(
				ledger.AccountRequest{ID: "user:1", Metadata: ledger.Metadata{"tier": "gold", "city": "Bern"}},
				ledger.AccountRequest{ID: "user:2", Metadata: ledger.Metadata{"tier": "gold"}, Asset: eur},
				ledger.AccountRequest{ID: "user:10", Metadata: ledger.Metadata{"tier": "tin", "city": "Bern"}},
				ledger.AccountRequest{ID: "user", Metadata: ledger.Metadata{"tier": ""}},
				ledger.AccountRequest{ID: "User:1"},
				ledger.AccountRequest{ID: "us_r:1"},
			)
			b.setStatus("user:2", ledger.StatusFrozen)
			b.setStatus("User:1", ledger.StatusClosed)
			b.deposit("one", "user:1", 5)
			b.post(hold("held", "user:1", "user", 2))
			for _, test := range []struct {
				query ledger.AccountQuery
				want  []string
			}{
				{ledger.AccountQuery{Prefix: "user"}, []string{"user", "user:10", "user:2", "user:1"}},
				{ledger.AccountQuery{Prefix: "user:"}, []string{"user:10", "user:2", "user:1"}},
				{ledger.AccountQuery{Prefix: "user:1"}, []string{"user:10", "user:1"}},
				{ledger.AccountQuery{Prefix: "us_"}, []string{"us_r:1"}},
				{ledger.AccountQuery{Prefix: "us%"}, nil},
				{ledger.AccountQuery{Prefix: "world:USD"}, []string{world}},
				{ledger.AccountQuery{Prefix: "nobody"}, nil},
				{ledger.AccountQuery{Asset: "EUR", Prefix: "u"}, []string{"user:2"}},
				{ledger.AccountQuery{Asset: "JPY"}, nil},
				{ledger.AccountQuery{Status: ledger.StatusFrozen}, []string{"user:2"}},
				{ledger.AccountQuery{Status: ledger.StatusClosed}, []string{"User:1"}},
				{ledger.AccountQuery{Status: ledger.StatusOpen, Prefix: "user:"}, []string{"user:10", "user:1"}},
				{ledger.AccountQuery{Metadata: ledger.Metadata{"tier": "gold"}}, []string{"user:2", "user:1"}},
				{ledger.AccountQuery{Metadata: ledger.Metadata{"tier": "gold", "city": "Bern"}}, []string{"user:1"}},
				{ledger.AccountQuery{Metadata: ledger.Metadata{"city": "Bern"}}, []string{"user:10", "user:1"}},
				{ledger.AccountQuery{Metadata: ledger.Metadata{"city": "Bern"}, OldestFirst: true}, []string{"user:1", "user:10"}},
				{ledger.AccountQuery{Metadata: ledger.Metadata{"tier": ""}}, []string{"user"}},
				{ledger.AccountQuery{Metadata: ledger.Metadata{"tier": "GOLD"}}, nil},
				{ledger.AccountQuery{Metadata: ledger.Metadata{"city": "Bern", "none": ""}}, nil},
				{ledger.AccountQuery{Metadata: ledger.Metadata{"gold": "tier"}}, nil},
				{ledger.AccountQuery{Metadata: ledger.Metadata{"tier": "gold"}, Asset: "EUR", Status: ledger.StatusFrozen, Prefix: "user:"}, []string{"user:2"}},
				{ledger.AccountQuery{Metadata: ledger.Metadata{"tier": "gold"}, Asset: "USD", Status: ledger.StatusFrozen}, nil},
			} {
				b.wantFoundAccounts(test.query, test.want...)
			}
		}},
		{"an account is found by the metadata that it has now", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", Metadata: ledger.Metadata{"k": "old", "kept": "1"}})
			b.changeMetadata(ledger.Metadata{"k": "new", "kept": "1"}, ledger.Metadata{"k": "new", "kept": "1"})
			b.wantFoundAccounts(ledger.AccountQuery{Metadata: ledger.Metadata{"k": "old"}})
			b.wantFoundAccounts(ledger.AccountQuery{Metadata: ledger.Metadata{"k": "new"}}, "a")
			b.wantFoundAccounts(ledger.AccountQuery{Metadata: ledger.Metadata{"kept": "1"}}, "a")
			b.changeMetadata(ledger.Metadata{}, nil)
			b.wantFoundAccounts(ledger.AccountQuery{Metadata: ledger.Metadata{"kept": "1"}})
		}},
		{"all accounts, those of the world among them, by pages", func(b *books) {
			requests := make([]ledger.AccountRequest, 10)
			for i := range requests {
				requests[i] = ledger.AccountRequest{ID: fmt.Sprint("a", i), Asset: usd}
			}
			// Those that were opened at once are in the order of ids.
			slices.Reverse(requests)
			if _, err := b.service.OpenAccounts(b.Context(), requests); err != nil {
				b.Fatal(err)
			}
			b.clock = "a0"
			b.deposit("one", "a3", 1)
			b.wantFoundAccounts(ledger.AccountQuery{}, world, "a9", "a8", "a7", "a6", "a5", "a4", "a3", "a2", "a1", "a0")
			b.instant()
			b.open(ledger.AccountRequest{ID: "0", Asset: eur})
			b.wantFoundAccounts(ledger.AccountQuery{Prefix: "0"}, "0")
			b.wantFoundAccounts(ledger.AccountQuery{Asset: "EUR"}, ledger.WorldID("EUR"), "0")
		}},
		{"an account that is opened behind a page does not move the next", func(b *books) {
			b.openInTurn(ledger.AccountRequest{ID: "a"}, ledger.AccountRequest{ID: "b"}, ledger.AccountRequest{ID: "c"})
			query := ledger.AccountQuery{Asset: "USD", Limit: 2}
			first, err := b.service.FindAccounts(b.Context(), query)
			if err != nil || len(first.Accounts) != 2 || !first.More || first.Accounts[1].ID != "b" {
				b.Fatalf("the first page is %+v, %v", first, err)
			}
			b.openInTurn(ledger.AccountRequest{ID: "d"})
			query.After = "b"
			next, err := b.service.FindAccounts(b.Context(), query)
			if err != nil || next.Accounts[0].ID != "a" && next.Accounts[0].ID != world {
				b.Errorf("the next page is %+v, %v", next, err)
			}
		}},
		{"a cursor need not be among what is found, but be there", func(b *books) {
			b.openInTurn(ledger.AccountRequest{ID: "a", Metadata: ledger.Metadata{"k": "v"}}, ledger.AccountRequest{ID: "b"}, ledger.AccountRequest{ID: "c", Metadata: ledger.Metadata{"k": "v"}})
			query := ledger.AccountQuery{Metadata: ledger.Metadata{"k": "v"}, After: "b"}
			page, err := b.service.FindAccounts(b.Context(), query)
			if err != nil || len(page.Accounts) != 1 || page.Accounts[0].ID != "a" || page.More {
				b.Errorf("the page is %+v, %v", page, err)
			}
			query.OldestFirst = true
			page, err = b.service.FindAccounts(b.Context(), query)
			if err != nil || len(page.Accounts) != 1 || page.Accounts[0].ID != "c" || page.More {
				b.Errorf("the page is %+v, %v", page, err)
			}
			for _, id := range []string{"nobody", "\x00"} {
				_, err = b.service.FindAccounts(b.Context(), ledger.AccountQuery{After: id})
				b.failed(ledger.ErrNotFound, err)
			}
		}},
		{"a query for accounts that is none", func(b *books) {
			b.openAll("a")
			for field, query := range map[string]ledger.AccountQuery{
				"metadata": {Metadata: ledger.Metadata{"": "v"}},
				"status":   {Status: 9},
				"asset":    {Asset: "usd"},
				"prefix":   {Prefix: "a\x00"},
				"limit":    {Limit: ledger.MaxLimit + 1},
			} {
				_, err := b.service.FindAccounts(b.Context(), query)
				if e := b.failed(ledger.ErrInvalidRequest, err); e.Field != field {
					b.Errorf("the error names the field %q, want %q", e.Field, field)
				}
			}
		}},
	}
}

// openInTurn opens accounts, each at a time of its own.
func (b *books) openInTurn(requests ...ledger.AccountRequest) {
	b.Helper()
	for _, request := range requests {
		b.open(request)
		b.instant()
	}
}

// wantFoundAccounts demands that the query finds these accounts, each as it reads
// alone, in one page, and by pages of each order.
func (b *books) wantFoundAccounts(query ledger.AccountQuery, want ...string) {
	b.Helper()
	wantFound(b, fmt.Sprintf("%+v", query), query.OldestFirst, want, func(oldestFirst bool, after string, limit int) ([]string, bool) {
		query.OldestFirst, query.After, query.Limit = oldestFirst, after, limit
		page, err := b.service.FindAccounts(b.Context(), query)
		if err != nil {
			b.Fatalf("find %+v: %v", query, err)
		}
		var ids []string
		for _, account := range page.Accounts {
			ids = append(ids, account.ID)
			if alone := b.account(account.ID); !sameAccount(account, alone) {
				b.Errorf("found %+v, which alone is %+v", account, alone)
			}
		}
		return ids, page.More
	})
}

// wantFound demands that find gives what is wanted, given in one order, in pages of
// several sizes and of both orders.
func wantFound(b *books, query string, oldestFirst bool, want []string, find func(oldestFirst bool, after string, limit int) (ids []string, more bool)) {
	b.Helper()
	want = slices.Clone(want)
	for range 2 {
		for _, limit := range []int{0, 1, 2, max(1, len(want))} {
			var got []string
			after, more := "", true
			for more && len(got) <= len(want) {
				var ids []string
				ids, more = find(oldestFirst, after, limit)
				if len(ids) == 0 && more || limit > 0 && len(ids) > limit {
					b.Fatalf("%s: a page of %d has %d, and more: %t", query, limit, len(ids), more)
				}
				if got = append(got, ids...); len(got) > 0 {
					after = got[len(got)-1]
				}
			}
			if !slices.Equal(got, want) {
				b.Errorf("%s, oldest first %t, by %d: found %q, want %q", query, oldestFirst, limit, got, want)
			}
		}
		slices.Reverse(want)
		oldestFirst = !oldestFirst
	}
}
