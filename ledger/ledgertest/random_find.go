package ledgertest

import (
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-d432d95b/ledger/ledger"
)

// compareFound compares what is found by metadata with what has it.
func (r *random) compareFound(metadata ledger.Metadata) {
	accounts, transactions := make(map[string]time.Time), make(map[string]time.Time)
	for id, a := range r.model.accounts {
		if a.metadata.Contains(metadata) {
			accounts[id] = a.openedAt
		}
	}
	for id, t := range r.model.transactions {
		if t.asked.Metadata.Contains(metadata) {
			transactions[id] = t.recordedAt
		}
	}
	var got []string
	foundAccounts, err := r.service.FindAccounts(r.testing.Context(), ledger.AccountQuery{Metadata: metadata, Limit: ledger.MaxLimit})
	for _, a := range foundAccounts.Accounts {
		got = append(got, a.ID)
		r.compareAccount(r.T, a)
	}
	if want := newestFirst(accounts); err != nil || !slices.Equal(got, want) {
		r.Fatalf("accounts with %v: found %q, %v; want %q", metadata, got, err, want)
	}
	got = nil
	foundTransactions, err := r.service.FindTransactions(r.testing.Context(), ledger.TransactionQuery{Metadata: metadata, Limit: ledger.MaxLimit})
	for _, t := range foundTransactions.Transactions {
		got = append(got, t.ID)
		r.compareTransaction(r.T, t)
	}
	if want := newestFirst(transactions); err != nil || !slices.Equal(got, want) {
		r.Fatalf("transactions with %v: found %q, %v; want %q", metadata, got, err, want)
	}
}

// newestFirst returns the ids in the order of times and, of one time, of ids, turned
// around.
func newestFirst(times map[string]time.Time) []string {
	ids := slices.Sorted(maps.Keys(times))
	slices.Reverse(ids)
	slices.SortStableFunc(ids, func(a, b string) int { return times[b].Compare(times[a]) })
	return ids
}

// compareList compares a list of transactions, by any filters and page by page, with
// those of the model that are so.
func (r *random) compareList(t *rapid.T) {
	query := r.drawQuery(t)
	times := make(map[string]time.Time)
	for id, written := range r.model.transactions {
		if written.matches(query) {
			times[id] = written.recordedAt
		}
	}
	want, asked := newestFirst(times), query
	if query.OldestFirst {
		slices.Reverse(want)
	}
	if query.After != "" {
		after := r.model.transactions[query.After].recordedAt
		times[query.After] = after
		order := newestFirst(times)
		if query.OldestFirst {
			slices.Reverse(order)
		}
		behind := order[slices.Index(order, query.After)+1:]
		want = slices.DeleteFunc(want, func(id string) bool { return !slices.Contains(behind, id) })
	}
	var got []string
	for more := true; more && len(got) <= len(want); {
		page, err := r.service.FindTransactions(r.testing.Context(), query)
		if r.isInDoubt() {
			return
		}
		switch _, there := r.model.accounts[query.Account]; {
		case query.Account != "" && !there:
			if codeOf(err) != ledger.ErrNotFound {
				t.Fatalf("%+v gave %+v, %v, and the account is not there", query, page, err)
			}
			return
		case err != nil || len(page.Transactions) > query.Limit:
			t.Fatalf("%+v gave %+v, %v", query, page, err)
		}
		for _, found := range page.Transactions {
			r.compareTransaction(t, found)
			got = append(got, found.ID)
			query.After = found.ID
		}
		more = page.More
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%+v found %q, want %q", asked, got, want)
	}
}

// drawQuery draws a query for transactions of this check alone.
func (r *random) drawQuery(t *rapid.T) ledger.TransactionQuery {
	query := ledger.TransactionQuery{
		Status:      rapid.SampledFrom([]ledger.TransactionStatus{0, 0, 0, ledger.Posted, ledger.Pending, ledger.Voided, ledger.Expired}).Draw(t, "status"),
		OldestFirst: rapid.Bool().Draw(t, "oldest first?"),
		Limit:       rapid.SampledFrom([]int{1, 2, 5, ledger.MaxLimit}).Draw(t, "limit"),
	}
	switch rapid.IntRange(0, 5).Draw(t, "account?") {
	case 0:
		query.Account = r.drawAccount.Draw(t, "any account")
	case 1, 2, 3:
		query.Account = rapid.SampledFrom(slices.Sorted(maps.Keys(r.model.accounts))).Draw(t, "account")
	}
	if rapid.IntRange(0, 3).Draw(t, "tagged?") == 0 {
		query.Metadata = r.drawTag.Draw(t, "tag")
	}
	if len(r.times) > 0 && rapid.Bool().Draw(t, "from?") {
		_, query.From = r.drawPast(t)
	}
	if len(r.times) > 0 && rapid.Bool().Draw(t, "to?") {
		_, query.To = r.drawPast(t)
	}
	if !query.To.IsZero() && query.To.Before(query.From) {
		query.From, query.To = query.To, query.From
	}
	if query.Account == "" && len(query.Metadata) == 0 && query.From.Before(r.began) {
		query.From = r.began
		if !query.To.IsZero() && query.To.Before(query.From) {
			query.To = query.From
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "after?") == 0 && len(r.model.transactions) > 0 {
		query.After = rapid.SampledFrom(slices.Sorted(maps.Keys(r.model.transactions))).Draw(t, "after")
	}
	return query
}
