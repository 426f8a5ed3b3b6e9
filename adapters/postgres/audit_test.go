package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// history is what was written to a ledger, to tell its past from.
type history struct {
	*ledger.Ledger
	accounts map[string]ledger.Account
	entries  []ledger.Entry
}

// newHistory writes transactions among a few accounts, every other one with an
// earlier effective time.
func newHistory(t *testing.T, store ledger.Store) *history {
	t.Helper()
	h := &history{Ledger: openAccounts(t, store, "history", 3), accounts: make(map[string]ledger.Account)}
	if _, err := h.OpenAccount(t.Context(), ledger.AccountRequest{ID: "opened", Asset: usd, OpeningBalance: ledger.NewAmount(500)}); err != nil {
		t.Fatal(err)
	}
	ids := []string{"user-0", "user-1", "user-2", "opened", ledger.WorldID("USD")}
	spans := []time.Duration{time.Microsecond, time.Millisecond, time.Second, 1000 * time.Hour}
	for n := range 60 {
		request := ledger.TransactionRequest{ID: "tx-" + strconv.Itoa(n), Entries: []ledger.EntryRequest{
			{Account: ledger.WorldID("USD"), Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(int64(n + 1))},
			{Account: ids[rand.N(4)], Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(int64(n + 1))},
		}}
		if n%2 == 1 {
			request.EffectiveAt = time.Now().Add(-rand.N(spans[rand.N(len(spans))]) - time.Millisecond)
		}
		if n%7 == 6 {
			request.Entries[0].Account = "user-0"
		}
		if _, err := h.Post(t.Context(), request); err != nil && n%7 != 6 {
			t.Fatal(err)
		}
	}
	for _, id := range ids {
		page, err := h.Entries(t.Context(), ledger.EntryQuery{Account: id, Limit: ledger.MaxLimit})
		if err != nil || page.More {
			t.Fatal(page.More, err)
		}
		h.accounts[id] = page.Account
		h.entries = append(h.entries, page.Entries...)
	}
	return h
}

// total sums the entries of an account, or of all accounts, that match.
func (h *history) total(t *testing.T, account string, matches func(ledger.Entry) bool) ledger.Balance {
	t.Helper()
	var total ledger.Balance
	for _, e := range h.entries {
		if account != "" && e.Account != account || !matches(e) {
			continue
		}
		moved := ledger.Balance{Credits: e.Amount}
		if e.Side == ledger.Debit {
			moved = ledger.Balance{Debits: e.Amount}
		}
		var err error
		if total, err = total.Add(moved); err != nil {
			t.Fatal(err)
		}
	}
	return total
}

// times are those of entries, and the microseconds before and after.
func (h *history) times(of func(ledger.Entry) time.Time) (times []time.Time) {
	for i := 0; i < len(h.entries); i += 5 {
		at := of(h.entries[i])
		times = append(times, at, at.Add(-time.Microsecond), at.Add(time.Microsecond))
	}
	return append(times, time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), time.Now().Add(-time.Millisecond).Truncate(time.Microsecond))
}

func recordedAt(e ledger.Entry) time.Time  { return e.RecordedAt }
func effectiveAt(e ledger.Entry) time.Time { return e.EffectiveAt }

// TestBalanceAt compares balances as of moments with the sums of entries.
func TestBalanceAt(t *testing.T) {
	t.Parallel()
	h := newHistory(t, newStore(t))
	time.Sleep(2 * time.Millisecond)
	check := func(name string, at ledger.Moment, matches func(ledger.Entry) bool) {
		t.Helper()
		for id := range h.accounts {
			got, err := h.BalanceAt(t.Context(), id, at)
			if err != nil {
				t.Fatal(err)
			}
			if want := h.total(t, id, matches); got.Balance != want {
				t.Errorf("%s: %s: got %v, want %v", name, id, got.Balance, want)
			}
		}
		h.checkTrialBalance(t, name, at, matches)
	}
	for _, at := range h.times(recordedAt) {
		check("recorded "+at.String(), ledger.Moment{RecordedAt: at}, func(e ledger.Entry) bool { return !e.RecordedAt.After(at) })
	}
	for _, at := range h.times(effectiveAt) {
		check("effective "+at.String(), ledger.Moment{EffectiveAt: at}, func(e ledger.Entry) bool { return !e.EffectiveAt.After(at) })
	}
	check("now", ledger.Moment{}, func(ledger.Entry) bool { return true })
}

// checkTrialBalance compares a trial balance, read by pages, with the sums of entries.
func (h *history) checkTrialBalance(t *testing.T, name string, at ledger.Moment, matches func(ledger.Entry) bool) {
	t.Helper()
	var accounts []ledger.BalanceAt
	query := ledger.TrialBalanceQuery{At: at, Limit: 2}
	for {
		page, err := h.TrialBalance(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		all := h.total(t, "", matches)
		want := []ledger.AssetTotals{{Asset: usd, Debits: all.Debits, Credits: all.Credits}}
		if query.After != "" {
			want = nil
		}
		if !slices.Equal(page.Totals, want) {
			t.Errorf("%s: after %q: got %v, want %v", name, query.After, page.Totals, want)
		}
		accounts = append(accounts, page.Accounts...)
		if !page.More {
			break
		}
		query.After = accounts[len(accounts)-1].Account
	}
	if len(accounts) != len(h.accounts) || !slices.IsSortedFunc(accounts, func(a, b ledger.BalanceAt) int {
		return slices.Compare([]byte(a.Account), []byte(b.Account))
	}) {
		t.Errorf("%s: got %v", name, accounts)
	}
	for _, a := range accounts {
		if want := h.total(t, a.Account, matches); a.Balance != want || a.Normal != h.accounts[a.Account].Normal || a.Asset != usd {
			t.Errorf("%s: got %+v, want %v", name, a, want)
		}
	}
}

// TestStatement compares statements of periods, read by pages, with what was
// written.
func TestStatement(t *testing.T) {
	t.Parallel()
	h := newHistory(t, newStore(t))
	time.Sleep(2 * time.Millisecond)
	times := append(h.times(recordedAt), time.Time{})
	for range 60 {
		from, to := times[rand.N(len(times))], times[rand.N(len(times))]
		if !to.IsZero() && to.Before(from) {
			from, to = to, from
		}
		for id := range h.accounts {
			for _, oldestFirst := range []bool{false, true} {
				h.checkStatement(t, ledger.StatementQuery{Account: id, From: from, To: to, OldestFirst: oldestFirst, Limit: 1 + rand.N(20)})
			}
		}
	}
}

func (h *history) checkStatement(t *testing.T, query ledger.StatementQuery) {
	t.Helper()
	name := fmt.Sprintf("%+v", query)
	opening := h.total(t, query.Account, func(e ledger.Entry) bool { return e.RecordedAt.Before(query.From) })
	closing := h.total(t, query.Account, func(e ledger.Entry) bool { return query.To.IsZero() || e.RecordedAt.Before(query.To) })
	var want []ledger.Entry
	for _, e := range h.entries {
		if e.Account == query.Account && !e.RecordedAt.Before(query.From) && (query.To.IsZero() || e.RecordedAt.Before(query.To)) {
			want = append(want, e)
		}
	}
	if query.OldestFirst {
		slices.Reverse(want)
	}
	var entries []ledger.Entry
	for {
		page, err := h.Statement(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		if page.Opening != opening || page.Closing != closing {
			t.Errorf("%s: got %v to %v, want %v to %v", name, page.Opening, page.Closing, opening, closing)
		}
		if page.Account.ID != query.Account || page.Account.Balance != h.accounts[query.Account].Balance {
			t.Errorf("%s: got %+v", name, page.Account)
		}
		entries = append(entries, page.Entries...)
		if !page.More {
			break
		}
		key := entries[len(entries)-1].Key()
		query.After = &key
	}
	if !slices.Equal(entries, want) {
		t.Errorf("%s: got %d entries, want %d:\n%v\n%v", name, len(entries), len(want), entries, want)
	}
}

// TestOneTime asks for the past of accounts many of whose entries were recorded at
// the same time, as those of a batch are, with and without an opening balance.
func TestOneTime(t *testing.T) {
	t.Parallel()
	h := &history{Ledger: openAccounts(t, newStore(t), "one-time", 1), accounts: make(map[string]ledger.Account)}
	if _, err := h.OpenAccount(t.Context(), ledger.AccountRequest{ID: "opened", Asset: usd, OpeningBalance: ledger.NewAmount(500)}); err != nil {
		t.Fatal(err)
	}
	ids := []string{"user-0", "opened", ledger.WorldID("USD")}
	for n, size := range []int{1, 14, 1, 15, 17, 40, 2} {
		var requests []ledger.TransactionRequest
		for i := range size {
			for _, id := range ids[:2] {
				requests = append(requests, ledger.Deposit{
					ID: fmt.Sprintf("%s-%d-%d", id, n, i), Account: id, Asset: usd, Amount: ledger.NewAmount(int64(n + 1)),
				}.Request())
			}
		}
		if _, err := h.PostBatch(t.Context(), requests); err != nil {
			t.Fatal(err)
		}
	}
	var times []time.Time
	for _, id := range ids {
		page, err := h.Entries(t.Context(), ledger.EntryQuery{Account: id, Limit: ledger.MaxLimit})
		if err != nil || page.More {
			t.Fatal(page.More, err)
		}
		h.accounts[id] = page.Account
		h.entries = append(h.entries, page.Entries...)
		for _, e := range page.Entries {
			times = append(times, e.RecordedAt, e.RecordedAt.Add(-time.Microsecond), e.RecordedAt.Add(time.Microsecond))
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	if times = slices.Compact(times); len(times) > 24 {
		t.Fatalf("the entries have %d times, with those around them; a batch should have one", len(times))
	}
	time.Sleep(2 * time.Millisecond)
	for _, at := range times {
		for _, id := range ids {
			got, err := h.BalanceAt(t.Context(), id, ledger.Moment{RecordedAt: at})
			if want := h.total(t, id, func(e ledger.Entry) bool { return !e.RecordedAt.After(at) }); err != nil || got.Balance != want {
				t.Errorf("%s at %s: got %v, %v, want %v", id, at, got.Balance, err, want)
			}
			h.checkStatement(t, ledger.StatementQuery{Account: id, From: at, Limit: ledger.MaxLimit})
			h.checkStatement(t, ledger.StatementQuery{Account: id, To: at, Limit: ledger.MaxLimit})
		}
	}
}
