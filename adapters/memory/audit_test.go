package memory

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// history is what a test has written, to audit it by a plain walk.
type history struct {
	clock   *testClock
	books   *ledger.Ledger
	entries []ledger.Entry
}

func (h *history) remember(t ledger.Transaction) { h.entries = append(h.entries, t.Entries...) }

// write writes deposits and payments, of which some happened earlier, at times of
// which some are the same.
func (h *history) write(t *testing.T, count int) {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	for _, id := range []string{"a", "b"} {
		opening, err := h.books.Transaction(t.Context(), ledger.OpeningID(id))
		if err != nil {
			t.Fatal(err)
		}
		h.remember(opening)
	}
	for i := range count {
		r := payment(fmt.Sprint("t", i), []string{"a", "b", ledger.WorldID("USD")}[random.IntN(3)], []string{"a", "b"}[random.IntN(2)], int64(1+random.IntN(5)))
		h.clock.advance(time.Duration(random.IntN(3)) * time.Millisecond)
		if random.IntN(3) == 0 {
			r.EffectiveAt = h.clock.now().Add(-time.Duration(random.IntN(1_000_000)) * time.Microsecond)
		}
		h.remember(post(t, h.books, r))
	}
}

// totals returns the totals of an account by the entries that happened.
func (h *history) totals(account string, happened func(ledger.Entry) bool) (total ledger.Balance) {
	for _, e := range h.entries {
		switch {
		case e.Account != account || !happened(e):
		case e.Side == ledger.Debit:
			total.Debits = sumOf(total.Debits, e.Amount)
		default:
			total.Credits = sumOf(total.Credits, e.Amount)
		}
	}
	return total
}

func newHistory(t *testing.T) *history {
	t.Helper()
	clock := newTestClock()
	books, _ := openBooks(t, clock, "b", "a")
	h := &history{clock: clock, books: books}
	h.write(t, 600)
	return h
}

func TestAudit_balances(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	start := h.clock.now().Add(-1500 * time.Millisecond)
	ids := []string{"a", "b", ledger.WorldID("USD")}
	for step := range 300 {
		at := start.Add(time.Duration(step) * 5 * time.Millisecond)
		for _, moment := range []ledger.Moment{{RecordedAt: at}, {EffectiveAt: at}} {
			happened := func(e ledger.Entry) bool {
				return !e.RecordedAt.After(at) || !moment.EffectiveAt.IsZero() && !e.EffectiveAt.After(at)
			}
			trial, err := h.books.TrialBalance(t.Context(), ledger.TrialBalanceQuery{At: moment})
			if err != nil || len(trial.Accounts) != len(ids) || len(trial.Totals) != 1 || !trial.Totals[0].IsBalanced() {
				t.Fatalf("the trial balance is %+v, %v", trial, err)
			}
			for i, id := range ids {
				want := h.totals(id, happened)
				got, err := h.books.BalanceAt(t.Context(), id, moment)
				if err != nil || got.Balance != want || got.Now != h.clock.now() {
					t.Fatalf("at %+v, %q has %+v, %v; want %+v", moment, id, got, err, want)
				}
				if trial.Accounts[i] != got {
					t.Fatalf("the trial balance has %+v, want %+v", trial.Accounts[i], got)
				}
			}
		}
	}
	now, err := h.books.BalanceAt(t.Context(), "a", ledger.Moment{})
	if want := h.totals("a", func(ledger.Entry) bool { return true }); err != nil || now.Balance != want {
		t.Errorf("now the account has %+v, %v; want %+v", now, err, want)
	}
}

func TestAudit_statements(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	random := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		from := h.clock.now().Add(-time.Duration(random.IntN(800)) * time.Millisecond)
		to := from.Add(min(time.Duration(random.IntN(400))*time.Millisecond, h.clock.now().Sub(from)))
		id := []string{"a", "b", ledger.WorldID("USD")}[random.IntN(3)]
		var want []ledger.Entry
		for _, e := range h.entries {
			if e.Account == id && !e.RecordedAt.Before(from) && e.RecordedAt.Before(to) {
				want = append(want, e)
			}
		}
		slices.SortFunc(want, func(a, b ledger.Entry) int {
			return cmp.Or(cmp.Compare(a.Stripe, b.Stripe), cmp.Compare(a.Sequence, b.Sequence))
		})
		query := ledger.StatementQuery{Account: id, From: from, To: to, OldestFirst: random.IntN(2) == 0, Limit: 1 + random.IntN(20)}
		if !query.OldestFirst {
			slices.Reverse(want)
		}
		var got []ledger.Entry
		for {
			page, err := h.books.Statement(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			opening := h.totals(id, func(e ledger.Entry) bool { return e.RecordedAt.Before(from) })
			closing := h.totals(id, func(e ledger.Entry) bool { return e.RecordedAt.Before(to) })
			if page.Opening != opening || page.Closing != closing {
				t.Fatalf("the statement goes from %+v to %+v, want %+v to %+v", page.Opening, page.Closing, opening, closing)
			}
			got = append(got, page.Entries...)
			if !page.More {
				break
			}
			query.After = new(page.Entries[len(page.Entries)-1].Key())
		}
		if !slices.Equal(got, want) {
			t.Fatalf("the statement of %q from %v to %v has %d entries, want %d", id, from, to, len(got), len(want))
		}
	}
}

func TestTrialBalance_pages(t *testing.T) {
	t.Parallel()
	books, _ := openBooks(t, newTestClock(), "d", "b", "a")
	want := []string{"a", "b", "d", "world:USD"}
	for limit := range 5 {
		query := ledger.TrialBalanceQuery{Limit: limit + 1}
		var got []string
		for {
			page, err := books.TrialBalance(t.Context(), query)
			if err != nil || (page.Totals == nil) != (query.After != "") {
				t.Fatalf("%+v, %v", page, err)
			}
			for _, account := range page.Accounts {
				got = append(got, account.Account)
			}
			if !page.More {
				break
			}
			query.After = got[len(got)-1]
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("in pages of %d, the accounts are %v, want %v", limit+1, got, want)
		}
	}
	if _, err := books.OpenAccount(t.Context(), ledger.AccountRequest{ID: "c", Asset: usd}); err != nil {
		t.Fatal(err)
	}
	page, err := books.TrialBalance(t.Context(), ledger.TrialBalanceQuery{After: "b", Limit: 1})
	if err != nil || len(page.Accounts) != 1 || page.Accounts[0].Account != "c" {
		t.Errorf("behind b there is %+v, %v", page, err)
	}
}
