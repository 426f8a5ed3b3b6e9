package ledgertest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Entries is the suite about reading an account's entries.
func Entries(t *testing.T, newService NewService) {
	t.Helper()
	sequences := func(entries []ledger.Entry) []uint64 {
		numbers := []uint64{}
		for _, e := range entries {
			numbers = append(numbers, e.Sequence)
		}
		return numbers
	}
	ask := func(b *books, query ledger.EntryQuery) ledger.EntryPage {
		b.Helper()
		page, err := b.service.Entries(b.Context(), query)
		if err != nil {
			b.Fatal(err)
		}
		return page
	}
	after := func(sequence uint64) *ledger.EntryKey { return &ledger.EntryKey{Sequence: sequence} }
	runScenarios(t, newService, []scenario{
		{"pages by key, either way", func(b *books) {
			b.openAll("a")
			b.open(ledger.AccountRequest{ID: "o", OpeningBalance: units(1)})
			for i := range 5 {
				b.deposit(fmt.Sprint("a", i), "a", 1)
				b.deposit(fmt.Sprint("o", i), "o", 1)
			}
			for _, test := range []struct {
				query ledger.EntryQuery
				want  []uint64
				more  bool
			}{
				{ledger.EntryQuery{Account: "a"}, []uint64{5, 4, 3, 2, 1}, false},
				{ledger.EntryQuery{Account: "a", Limit: 5}, []uint64{5, 4, 3, 2, 1}, false},
				{ledger.EntryQuery{Account: "a", Limit: 2}, []uint64{5, 4}, true},
				{ledger.EntryQuery{Account: "a", Limit: 2, After: after(4)}, []uint64{3, 2}, true},
				{ledger.EntryQuery{Account: "a", Limit: 2, After: after(2)}, []uint64{1}, false},
				{ledger.EntryQuery{Account: "a", Limit: 2, After: after(1)}, []uint64{}, false},
				{ledger.EntryQuery{Account: "a", Limit: 2, After: after(0)}, []uint64{}, false},
				{ledger.EntryQuery{Account: "a", Limit: 2, After: after(1 << 63)}, []uint64{5, 4}, true},
				{ledger.EntryQuery{Account: "a", OldestFirst: true}, []uint64{1, 2, 3, 4, 5}, false},
				{ledger.EntryQuery{Account: "a", OldestFirst: true, Limit: 3}, []uint64{1, 2, 3}, true},
				{ledger.EntryQuery{Account: "a", OldestFirst: true, Limit: 3, After: after(0)}, []uint64{1, 2, 3}, true},
				{ledger.EntryQuery{Account: "a", OldestFirst: true, Limit: 3, After: after(3)}, []uint64{4, 5}, false},
				{ledger.EntryQuery{Account: "a", OldestFirst: true, Limit: 3, After: after(5)}, []uint64{}, false},
				{ledger.EntryQuery{Account: "a", OldestFirst: true, Limit: 3, After: after(1<<64 - 1)}, []uint64{}, false},
				{ledger.EntryQuery{Account: "o", Limit: 3, After: after(2)}, []uint64{1, 0}, false},
				{ledger.EntryQuery{Account: "o", Limit: 1, After: after(1)}, []uint64{0}, false},
				{ledger.EntryQuery{Account: "o", OldestFirst: true, Limit: 2}, []uint64{0, 1}, true},
				{ledger.EntryQuery{Account: "o", OldestFirst: true, Limit: 9, After: after(0)}, []uint64{1, 2, 3, 4, 5}, false},
			} {
				page := ask(b, test.query)
				if got := sequences(page.Entries); !slices.Equal(got, test.want) || page.More != test.more {
					b.Errorf("%+v gave %v, more %t; want %v, more %t", test.query, got, page.More, test.want, test.more)
				}
				if !sameAccount(page.Account, b.account(test.query.Account)) {
					b.Errorf("the page's account is %+v", page.Account)
				}
			}
		}},
		{"entries read as they were posted", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", OpeningBalance: units(5)})
			opening, err := b.service.Transaction(b.Context(), ledger.OpeningID("a"))
			if err != nil {
				b.Fatal(err)
			}
			want := []ledger.Entry{opening.Entries[1]}
			for i := range 3 {
				want = append(want, b.deposit(fmt.Sprint(i), "a", 7).Entries[1])
			}
			if got := b.entries("a"); !slices.Equal(got, want) {
				b.Errorf("read %+v, want %+v", got, want)
			}
			if want[0].RecordedAt.IsZero() {
				b.Error("the opening has no time")
			}
		}},
		{"an account without entries", func(b *books) {
			b.openAll("a")
			if page := ask(b, ledger.EntryQuery{Account: "a"}); len(page.Entries) != 0 || page.More || page.Account.ID != "a" {
				b.Errorf("the page is %+v", page)
			}
			for _, id := range []string{"nobody", "", "\x00"} {
				_, err := b.service.Entries(b.Context(), ledger.EntryQuery{Account: id})
				b.failed(ledger.ErrNotFound, err)
			}
		}},
		{"a page has a limit", func(b *books) {
			b.openAll("a")
			world := ledger.WorldID("USD")
			requests := make([]ledger.TransactionRequest, ledger.MaxBatch)
			for _, round := range []string{"x", "y"} {
				for i := range requests {
					requests[i] = move(fmt.Sprint(round, i), world, "a", 1)
				}
				if _, err := b.service.PostBatch(b.Context(), requests); err != nil {
					b.Fatal(err)
				}
			}
			for _, limit := range []int{-1, ledger.MaxLimit + 1} {
				_, err := b.service.Entries(b.Context(), ledger.EntryQuery{Account: "a", Limit: limit})
				b.failed(ledger.ErrInvalidRequest, err)
			}
			if page := ask(b, ledger.EntryQuery{Account: "a", Limit: ledger.MaxLimit}); len(page.Entries) != ledger.MaxLimit || !page.More {
				b.Errorf("%d entries, more %t", len(page.Entries), page.More)
			}
			if page := ask(b, ledger.EntryQuery{Account: "a"}); len(page.Entries) != ledger.DefaultLimit || !page.More {
				b.Errorf("%d entries, more %t", len(page.Entries), page.More)
			}
			b.check("a")
		}},
		{"the world's entries newest first are those oldest first turned around", func(b *books) {
			b.openAll("a")
			for i := range 40 {
				b.deposit(fmt.Sprint(i), "a", 1)
			}
			world := ledger.WorldID("USD")
			oldest := b.entries(world)
			var newest []ledger.Entry
			query := ledger.EntryQuery{Account: world, Limit: 7}
			for more := true; more; {
				page := ask(b, query)
				newest, more = append(newest, page.Entries...), page.More
				query.After = new(newest[len(newest)-1].Key())
			}
			slices.Reverse(newest)
			if len(oldest) != 40 || !slices.Equal(oldest, newest) {
				b.Errorf("%d entries oldest first, %d newest first", len(oldest), len(newest))
			}
		}},
		{"paging while entries arrive neither skips nor repeats", func(b *books) {
			b.openAll("a")
			for i := range 20 {
				b.deposit(fmt.Sprint("before", i), "a", 1)
			}
			var got []uint64
			query := ledger.EntryQuery{Account: "a", Limit: 3}
			for i := 0; ; i++ {
				page := ask(b, query)
				got = append(got, sequences(page.Entries)...)
				if !page.More {
					break
				}
				query.After = new(page.Entries[len(page.Entries)-1].Key())
				b.deposit(fmt.Sprint("during", i), "a", 1)
			}
			for i, sequence := range got {
				if sequence != uint64(20-i) {
					b.Fatalf("the pages gave %v", got)
				}
			}
			if len(got) != 20 {
				b.Errorf("the pages gave %d entries, want 20", len(got))
			}
		}},
	})
}
