package ledgertest

import (
	"fmt"
	"slices"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// openListed makes transactions of every kind, each recorded at a time of its own, and
// returns their times by their ids. Beside those with a status in their ids, "undo"
// reverses "2-posted". Those of "a" are all but "8-others".
func (b *books) openListed() map[string]time.Time {
	b.Helper()
	b.open(ledger.AccountRequest{ID: "a", OpeningBalance: units(100)}, ledger.AccountRequest{ID: "b", Unlimited: true}, ledger.AccountRequest{ID: "c"})
	times := map[string]time.Time{ledger.OpeningID("a"): b.transaction(ledger.OpeningID("a")).RecordedAt}
	do := func(post func() ledger.Transaction) {
		b.instant()
		t := post()
		times[t.ID] = t.RecordedAt
	}
	tagged := func(request ledger.TransactionRequest, metadata ledger.Metadata) ledger.TransactionRequest {
		request.Metadata = metadata
		return request
	}
	held := hold("5-expired", "a", "c", 1)
	do(func() ledger.Transaction { return b.post(hold("9-pending", "a", "b", 1)) })
	do(func() ledger.Transaction {
		return b.post(tagged(move("2-posted", "a", "b", 5), ledger.Metadata{"k": "v"}))
	})
	do(func() ledger.Transaction {
		return b.post(tagged(hold("3-voided", "b", "a", 1), ledger.Metadata{"k": "v"}))
	})
	do(func() ledger.Transaction {
		return b.post(tagged(hold("4-posted", "a", "b", 3), ledger.Metadata{"k": "v"}))
	})
	do(func() ledger.Transaction {
		held = b.holdFor(tagged(held, ledger.Metadata{"k": "w"}), shortly)
		return b.transaction(held.ID)
	})
	do(func() ledger.Transaction { return b.post(hold("1-pending", "a", "c", 1)) })
	do(func() ledger.Transaction { return b.reverse("undo", "2-posted") })
	do(func() ledger.Transaction { return b.deposit("8-others", "c", 7) })
	do(func() ledger.Transaction { return b.deposit("7-posted", "a", 7) })
	b.void("3-voided")
	b.settle(part("4-posted", 2))
	b.waitUntil(held.ExpiresAt)
	return times
}

func findTransactionScenarios() []scenario {
	world, opening := ledger.WorldID("USD"), ledger.OpeningID("a")
	return []scenario{
		{"transactions by their metadata, as they now stand", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 100)
			tag := func(request ledger.TransactionRequest, metadata ledger.Metadata) {
				request.Metadata = metadata
				b.post(request)
				b.instant()
			}
			tag(move("1", "a", "b", 1), ledger.Metadata{"order": "7", "kind": "sale"})
			tag(hold("2", "a", "b", 2), ledger.Metadata{"order": "7", "kind": "fee"})
			tag(move("10", "a", "b", 3), ledger.Metadata{"order": "8", "kind": "sale"})
			tag(hold("3", "a", "b", 4), ledger.Metadata{"order": "7", "kind": "sale"})
			tag(move("4", "a", "b", 4), nil)
			b.reverseAs(ledger.ReversalRequest{ID: "undo", Transaction: "1", Metadata: ledger.Metadata{"order": "7"}})
			b.settle(part("2", 1))
			b.void("3")
			for _, test := range []struct {
				metadata ledger.Metadata
				want     []string
			}{
				{ledger.Metadata{"order": "7"}, []string{"undo", "3", "2", "1"}},
				{ledger.Metadata{"order": "7", "kind": "sale"}, []string{"3", "1"}},
				{ledger.Metadata{"kind": "sale"}, []string{"3", "10", "1"}},
				{ledger.Metadata{"kind": "sale", "order": "9"}, nil},
				{ledger.Metadata{"kind": "7"}, nil},
				{ledger.Metadata{"kind": "sale", "none": ""}, nil},
			} {
				b.wantFoundTransactions(ledger.TransactionQuery{Metadata: test.metadata}, test.want...)
			}
		}},
		{"transactions of one moment are in the order of ids", func(b *books) {
			b.openAll("a")
			tagged := func(id string) ledger.TransactionRequest {
				request := move(id, world, "a", 1)
				request.Metadata = ledger.Metadata{"k": "v"}
				return request
			}
			outcomes := b.postAtomic(tagged("b"), tagged("a"), tagged("d"), tagged("c"), tagged("B"))
			want := []string{"d", "c", "b", "a", "B"}
			if first, last := outcomes[0].Transaction.RecordedAt, outcomes[4].Transaction.RecordedAt; !first.Equal(last) {
				b.Fatalf("a batch is of two moments: %s and %s", first, last)
			}
			b.wantFoundTransactions(ledger.TransactionQuery{Metadata: ledger.Metadata{"k": "v"}}, want...)
		}},
		{"transactions by each filter, by several, and by none", func(b *books) {
			times := b.openListed()
			tag := ledger.Metadata{"k": "v"}
			for _, test := range []struct {
				query ledger.TransactionQuery
				want  []string
			}{
				{ledger.TransactionQuery{}, []string{"7-posted", "8-others", "undo", "1-pending", "5-expired", "4-posted", "3-voided", "2-posted", "9-pending", opening}},
				{ledger.TransactionQuery{Status: ledger.Posted}, []string{"7-posted", "8-others", "undo", "4-posted", "2-posted", opening}},
				{ledger.TransactionQuery{Status: ledger.Pending}, []string{"1-pending", "9-pending"}},
				{ledger.TransactionQuery{Status: ledger.Voided}, []string{"3-voided"}},
				{ledger.TransactionQuery{Status: ledger.Expired}, []string{"5-expired"}},
				{ledger.TransactionQuery{Account: "a"}, []string{"7-posted", "undo", "1-pending", "5-expired", "4-posted", "3-voided", "2-posted", "9-pending", opening}},
				{ledger.TransactionQuery{Account: "b"}, []string{"undo", "4-posted", "3-voided", "2-posted", "9-pending"}},
				{ledger.TransactionQuery{Account: "c"}, []string{"8-others", "1-pending", "5-expired"}},
				{ledger.TransactionQuery{Account: world}, []string{"7-posted", "8-others", opening}},
				{ledger.TransactionQuery{Account: "a", Status: ledger.Posted}, []string{"7-posted", "undo", "4-posted", "2-posted", opening}},
				{ledger.TransactionQuery{Account: "a", Status: ledger.Pending}, []string{"1-pending", "9-pending"}},
				{ledger.TransactionQuery{Account: "b", Status: ledger.Pending}, []string{"9-pending"}},
				{ledger.TransactionQuery{Account: "b", Status: ledger.Voided}, []string{"3-voided"}},
				{ledger.TransactionQuery{Account: "c", Status: ledger.Voided}, nil},
				{ledger.TransactionQuery{Account: "c", Status: ledger.Expired}, []string{"5-expired"}},
				{ledger.TransactionQuery{Account: world, Status: ledger.Pending}, nil},
				{ledger.TransactionQuery{Metadata: tag, Status: ledger.Posted}, []string{"4-posted", "2-posted"}},
				{ledger.TransactionQuery{Metadata: tag, Status: ledger.Voided}, []string{"3-voided"}},
				{ledger.TransactionQuery{Metadata: tag, Status: ledger.Expired}, nil},
				{ledger.TransactionQuery{Metadata: tag, Account: "b"}, []string{"4-posted", "3-voided", "2-posted"}},
				{ledger.TransactionQuery{Metadata: tag, Account: "c"}, nil},
				{ledger.TransactionQuery{Metadata: ledger.Metadata{"k": "w"}, Account: "c"}, []string{"5-expired"}},
				{ledger.TransactionQuery{From: times["3-voided"], To: times["undo"]}, []string{"1-pending", "5-expired", "4-posted", "3-voided"}},
				{ledger.TransactionQuery{From: times["3-voided"].Add(time.Microsecond), To: times["undo"].Add(time.Microsecond)}, []string{"undo", "1-pending", "5-expired", "4-posted"}},
				{ledger.TransactionQuery{To: times["9-pending"]}, []string{opening}},
				{ledger.TransactionQuery{From: times["8-others"]}, []string{"7-posted", "8-others"}},
				{ledger.TransactionQuery{Account: "a", From: times["3-voided"], To: times["8-others"]}, []string{"undo", "1-pending", "5-expired", "4-posted", "3-voided"}},
				{ledger.TransactionQuery{Account: "a", To: times["9-pending"]}, []string{opening}},
				{ledger.TransactionQuery{Account: world, From: times["9-pending"], To: times["7-posted"]}, []string{"8-others"}},
				{ledger.TransactionQuery{Status: ledger.Posted, From: times["4-posted"], To: times["undo"]}, []string{"4-posted"}},
				{ledger.TransactionQuery{Status: ledger.Pending, To: times["1-pending"]}, []string{"9-pending"}},
				{ledger.TransactionQuery{Account: "a", Status: ledger.Pending, From: times["1-pending"]}, []string{"1-pending"}},
				{ledger.TransactionQuery{Metadata: tag, From: times["3-voided"], To: times["4-posted"]}, []string{"3-voided"}},
				{ledger.TransactionQuery{Metadata: tag, Account: "a", Status: ledger.Posted, From: times["3-voided"], To: times["7-posted"]}, []string{"4-posted"}},
				{ledger.TransactionQuery{From: times["undo"], To: times["undo"]}, nil},
				{ledger.TransactionQuery{From: b.now().Add(time.Hour), To: b.now().Add(2 * time.Hour)}, nil},
				{ledger.TransactionQuery{Account: "c", To: b.now().Add(time.Hour), From: time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)}, []string{"8-others", "1-pending", "5-expired"}},
				{ledger.TransactionQuery{To: time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), Status: ledger.Voided}, []string{"3-voided"}},
				{ledger.TransactionQuery{To: time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)}, nil},
			} {
				b.wantFoundTransactions(test.query, test.want...)
			}
			b.check("a", "b", "c")
		}},
		{"a query for transactions that is none", func(b *books) {
			b.openAll("a")
			b.deposit("one", "a", 1)
			year10000 := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
			for _, test := range []struct {
				field string
				query ledger.TransactionQuery
			}{
				{"metadata", ledger.TransactionQuery{Metadata: ledger.Metadata{"": "v"}}},
				{"limit", ledger.TransactionQuery{Limit: -1}},
				{"limit", ledger.TransactionQuery{Limit: ledger.MaxLimit + 1}},
				{"status", ledger.TransactionQuery{Status: ledger.Expired + 1}},
				{"from", ledger.TransactionQuery{From: year10000}},
				{"to", ledger.TransactionQuery{To: year10000}},
				{"to", ledger.TransactionQuery{From: b.now(), To: b.now().Add(-time.Hour), Account: "a"}},
			} {
				_, err := b.service.FindTransactions(b.Context(), test.query)
				if e := b.failed(ledger.ErrInvalidRequest, err); e.Field != test.field {
					b.Errorf("the error names the field %q, want %q", e.Field, test.field)
				}
			}
		}},
		{"an account or a cursor that is not there", func(b *books) {
			b.openAll("a", "b")
			b.deposit("one", "a", 1)
			for _, query := range []ledger.TransactionQuery{
				{}, {Account: "a"}, {Account: world}, {Status: ledger.Pending}, {Account: "a", Status: ledger.Voided}, {Metadata: ledger.Metadata{"k": "v"}},
			} {
				for _, id := range []string{"nothing", "\x00"} {
					query.After = id
					_, err := b.service.FindTransactions(b.Context(), query)
					if e := b.failed(ledger.ErrNotFound, err); e.Transaction != id {
						b.Errorf("the error names transaction %q, want %q", e.Transaction, id)
					}
				}
			}
			for _, account := range []string{"nobody", "\x00", "one", ledger.WorldID("EUR")} {
				for _, query := range []ledger.TransactionQuery{
					{}, {Status: ledger.Pending}, {Metadata: ledger.Metadata{"k": "v"}}, {After: "one"}, {After: "nothing"}, {To: b.now().Add(-time.Hour)},
				} {
					query.Account = account
					_, err := b.service.FindTransactions(b.Context(), query)
					if e := b.failed(ledger.ErrNotFound, err); e.Account != account {
						b.Errorf("the error names account %q, want %q", e.Account, account)
					}
				}
			}
			b.wantFoundTransactions(ledger.TransactionQuery{Account: "b"})
		}},
		{"a cursor need not be among the transactions that are asked for", func(b *books) {
			times := b.openListed()
			for _, test := range []struct {
				query          ledger.TransactionQuery
				newest, oldest []string
			}{
				{ledger.TransactionQuery{Metadata: ledger.Metadata{"k": "v"}, After: "5-expired"}, []string{"4-posted", "3-voided", "2-posted"}, nil},
				{ledger.TransactionQuery{Status: ledger.Pending, After: "4-posted"}, []string{"9-pending"}, []string{"1-pending"}},
				{ledger.TransactionQuery{Status: ledger.Voided, After: "undo"}, []string{"3-voided"}, nil},
				{ledger.TransactionQuery{Account: "c", After: "4-posted"}, nil, []string{"5-expired", "1-pending", "8-others"}},
				{ledger.TransactionQuery{Account: world, After: "3-voided"}, []string{opening}, []string{"8-others", "7-posted"}},
				{ledger.TransactionQuery{Status: ledger.Posted, After: "3-voided", From: times["2-posted"], To: times["undo"]}, []string{"2-posted"}, []string{"4-posted"}},
				// The bounds are on this side of the cursor, and beyond it.
				{ledger.TransactionQuery{After: "9-pending", From: times["8-others"]}, nil, []string{"8-others", "7-posted"}},
				{ledger.TransactionQuery{After: "8-others", To: times["2-posted"]}, []string{"9-pending", opening}, nil},
			} {
				for oldestFirst, want := range map[bool][]string{false: test.newest, true: test.oldest} {
					test.query.OldestFirst = oldestFirst
					page, err := b.service.FindTransactions(b.Context(), test.query)
					var got []string
					for _, t := range page.Transactions {
						got = append(got, t.ID)
					}
					if err != nil || page.More || !slices.Equal(got, want) {
						b.Errorf("%+v: found %q, more %t, %v; want %q", test.query, got, page.More, err, want)
					}
				}
			}
		}},
	}
}

func pagesOfTransactionsScenarios() []scenario {
	world := ledger.WorldID("USD")
	return []scenario{
		{"a hold stands where it was made, once, whatever becomes of it", func(b *books) {
			b.openAll("a", "b")
			b.deposit("1", "a", 10)
			b.instant()
			made := b.post(hold("2", "a", "b", 4))
			b.instant()
			b.post(move("3", "a", "b", 1))
			page := func(query ledger.TransactionQuery) { b.Helper(); b.wantFoundTransactions(query, "3", "2", "1") }
			page(ledger.TransactionQuery{Account: "a"})
			b.settle(part("2", 3))
			b.instant()
			b.wantFoundTransactions(ledger.TransactionQuery{From: made.RecordedAt, To: made.RecordedAt.Add(time.Microsecond)}, "2")
			b.wantFoundTransactions(ledger.TransactionQuery{Account: "b", To: made.RecordedAt.Add(time.Microsecond)}, "2")
			b.wantFoundTransactions(ledger.TransactionQuery{Account: "b", From: b.transaction("2").ResolvedAt})
			page(ledger.TransactionQuery{Account: "a"})
			page(ledger.TransactionQuery{})
			page(ledger.TransactionQuery{Account: "a", Status: ledger.Posted})
		}},
		{"holds that are posted in another order than they were made", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", OpeningBalance: units(1000)}, ledger.AccountRequest{ID: "b"})
			var want []string
			for i := range 12 {
				id := fmt.Sprintf("%02d", i)
				if i%3 == 0 {
					b.post(move(id, "a", "b", 1))
				} else {
					b.post(hold(id, "a", "b", 2))
				}
				want = append(want, id)
				b.instant()
			}
			for i := 11; i >= 0; i-- {
				if i%3 == 1 {
					b.settle(whole(fmt.Sprintf("%02d", i)))
				}
			}
			slices.Reverse(want)
			b.wantFoundTransactions(ledger.TransactionQuery{Account: "b"}, want...)
			posted := slices.DeleteFunc(slices.Clone(want), func(id string) bool { return b.transaction(id).Status != ledger.Posted })
			b.wantFoundTransactions(ledger.TransactionQuery{Account: "b", Status: ledger.Posted}, posted...)
		}},
		{"what is made and resolved at once, and what only world accounts are in", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", OpeningBalance: units(5)}, ledger.AccountRequest{ID: "e", Asset: eur})
			within := hold("1", world, world, 1)
			within.Entries = append(within.Entries, moveAsset("", ledger.WorldID("EUR"), ledger.WorldID("EUR"), eur, 1).Entries...)
			b.instant()
			b.post(within)
			b.instant()
			b.post(hold("2", world, "a", 1))
			b.wantFoundTransactions(ledger.TransactionQuery{Status: ledger.Pending}, "2", "1")
			b.wantFoundTransactions(ledger.TransactionQuery{Status: ledger.Pending, Account: world}, "2", "1")
			b.wantFoundTransactions(ledger.TransactionQuery{Account: ledger.WorldID("EUR")}, "1")
			b.settle(whole("1"))
			b.void("2")
			b.wantFoundTransactions(ledger.TransactionQuery{Status: ledger.Pending})
			b.wantFoundTransactions(ledger.TransactionQuery{Account: ledger.WorldID("EUR"), Status: ledger.Posted}, "1")
			b.wantFoundTransactions(ledger.TransactionQuery{Account: world}, "2", "1", ledger.OpeningID("a"))
		}},
		{"several entries on an account are one transaction", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", Unlimited: true})
			many := func(request ledger.TransactionRequest) ledger.TransactionRequest {
				for range 19 {
					request.Entries = append(request.Entries, request.Entries[:2]...)
				}
				return request
			}
			var want []string
			for i := range 4 {
				both := move(fmt.Sprint(i), "a", "a", 1)
				both.Entries = append(both.Entries, move("", world, "a", 3).Entries...)
				request := many(both)
				request.Pending = i%2 == 1
				b.post(request)
				b.instant()
				want = append(want, request.ID)
			}
			b.settle(whole("1"))
			slices.Reverse(want)
			b.wantFoundTransactions(ledger.TransactionQuery{Account: "a"}, want...)
			b.wantFoundTransactions(ledger.TransactionQuery{Account: world}, want...)
			b.wantFoundTransactions(ledger.TransactionQuery{Account: "a", Status: ledger.Posted}, "2", "1", "0")
			b.wantFoundTransactions(ledger.TransactionQuery{Account: "a", Status: ledger.Pending}, "3")
		}},
		{"pages within one moment, and across several", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", OpeningBalance: units(1000)}, ledger.AccountRequest{ID: "b"})
			var all, posted, held []string
			for _, moment := range []string{"x", "y", "z"} {
				b.instant()
				var requests []ledger.TransactionRequest
				for _, i := range []int{7, 3, 9, 1, 8, 2, 5} {
					request := move(fmt.Sprint(moment, i), "a", "b", 1)
					if request.Pending = i%4 == 1; request.Pending {
						held = append(held, request.ID)
					} else {
						posted = append(posted, request.ID)
					}
					requests, all = append(requests, request), append(all, request.ID)
				}
				b.postAtomic(requests...)
			}
			for _, ids := range [][]string{all, posted, held} {
				slices.Sort(ids)
				slices.Reverse(ids)
			}
			for _, account := range []string{"", "b"} {
				query := ledger.TransactionQuery{Account: account, From: b.transaction("x1").RecordedAt}
				b.wantFoundTransactions(query, all...)
				query.Status = ledger.Posted
				b.wantFoundTransactions(query, posted...)
				query.Status = ledger.Pending
				b.wantFoundTransactions(query, held...)
				query.Status, query.To = 0, b.transaction("z1").RecordedAt
				b.wantFoundTransactions(query, all[7:]...)
			}
		}},
		{"a long list of a world account, and of another", func(b *books) {
			b.openAll("a", "b")
			var all, ofA []string
			for i := range 60 {
				id, account := fmt.Sprintf("%02d", i), []string{"a", "b"}[i%2]
				b.deposit(id, account, 1)
				b.instant()
				all = append(all, id)
				if i%2 == 0 {
					ofA = append(ofA, id)
				}
			}
			slices.Reverse(all)
			slices.Reverse(ofA)
			from, to := b.transaction("11").RecordedAt, b.transaction("51").RecordedAt
			b.wantFoundTransactions(ledger.TransactionQuery{Account: world}, all...)
			b.wantFoundTransactions(ledger.TransactionQuery{Account: world, From: from, To: to}, all[9:49]...)
			b.wantFoundTransactions(ledger.TransactionQuery{Account: "a"}, ofA...)
			b.wantFoundTransactions(ledger.TransactionQuery{Account: "a", From: from, To: to}, ofA[4:24]...)
		}},
		{"transactions that are written behind a page do not move the next", func(b *books) {
			b.openAll("a")
			for _, id := range []string{"1", "2", "3"} {
				b.deposit(id, "a", 1)
				b.instant()
			}
			query := ledger.TransactionQuery{Account: "a", Limit: 2}
			first, err := b.service.FindTransactions(b.Context(), query)
			if err != nil || len(first.Transactions) != 2 || !first.More || first.Transactions[1].ID != "2" {
				b.Fatalf("the first page is %+v, %v", first, err)
			}
			b.deposit("4", "a", 1)
			query.After = "2"
			next, err := b.service.FindTransactions(b.Context(), query)
			if err != nil || len(next.Transactions) != 1 || next.Transactions[0].ID != "1" || next.More {
				b.Errorf("the next page is %+v, %v", next, err)
			}
		}},
		{"lists while much is written", listWhileWriting},
	}
}

// wantFoundTransactions is wantFoundAccounts for transactions.
func (b *books) wantFoundTransactions(query ledger.TransactionQuery, want ...string) {
	b.Helper()
	wantFound(b, fmt.Sprintf("%+v", query), query.OldestFirst, want, func(oldestFirst bool, after string, limit int) ([]string, bool) {
		query.OldestFirst, query.After, query.Limit = oldestFirst, after, limit
		page, err := b.service.FindTransactions(b.Context(), query)
		if err != nil {
			b.Fatalf("find %+v: %v", query, err)
		}
		var ids []string
		for _, t := range page.Transactions {
			ids = append(ids, t.ID)
			if alone := b.transaction(t.ID); !sameTransaction(t, alone) {
				b.Errorf("found %+v, which alone is %+v", t, alone)
			}
		}
		return ids, page.More
	})
}
