package ledgertest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Statements is the suite about what happened on an account in a period.
func Statements(t *testing.T, newService NewService) {
	t.Helper()
	world := ledger.WorldID("USD")
	runScenarios(t, newService, []scenario{
		{"a period has its first moment and not its last", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", OpeningBalance: units(100)})
			times := []time.Time{b.entries("a")[0].RecordedAt}
			b.instant()
			for i := range 4 {
				times = append(times, b.deposit(fmt.Sprint("tx", i), "a", 1<<i).RecordedAt)
				b.instant()
			}
			for _, test := range []struct {
				from, to         time.Time
				opening, closing int64
				entries          []uint64
			}{
				{time.Time{}, time.Time{}, 0, 115, []uint64{0, 1, 2, 3, 4}},
				{times[1], times[3], 100, 103, []uint64{1, 2}},
				{times[1].Add(time.Microsecond), times[3].Add(time.Microsecond), 101, 107, []uint64{2, 3}},
				{times[0], times[1], 0, 100, []uint64{0}},
				{times[2], time.Time{}, 101, 115, []uint64{2, 3, 4}},
				{time.Time{}, times[2], 0, 101, []uint64{0, 1}},
				{times[2], times[2], 101, 101, nil},
				{times[4].Add(time.Microsecond), time.Time{}, 115, 115, nil},
				{times[0].Add(-time.Hour), times[0], 0, 0, nil},
				{times[0].Add(-time.Hour), times[0].Add(time.Microsecond), 0, 100, []uint64{0}},
			} {
				got := b.statement(ledger.StatementQuery{Account: "a", From: test.from, To: test.to})
				var numbers []uint64
				for _, e := range got.Entries {
					numbers = append(numbers, e.Sequence)
				}
				slices.Reverse(numbers) // The newest is the first.
				if got.Opening.Posted(ledger.Credit) != units(test.opening) || got.Closing.Posted(ledger.Credit) != units(test.closing) || !slices.Equal(numbers, test.entries) {
					b.Errorf("from %s to %s there are %v between %+v and %+v, want %v between %d and %d",
						test.from, test.to, numbers, got.Opening, got.Closing, test.entries, test.opening, test.closing)
				}
				if !got.From.Equal(test.from) || !got.To.Equal(test.to) {
					b.Errorf("the period is %s to %s, at %s", got.From, got.To, got.Now)
				}
				b.wantPages(ledger.StatementQuery{Account: "a", From: test.from, To: test.to})
			}
		}},
		{"debits and credits are told apart, and the account is as it now stands", func(b *books) {
			b.openAll("a", "b")
			b.deposit("one", "a", 10)
			from := b.instant().Add(time.Microsecond)
			b.post(move("two", "a", "b", 4))
			b.post(move("three", "b", "a", 1))
			to := b.instant()
			b.post(hold("held", "a", "b", 2))
			got := b.statement(ledger.StatementQuery{Account: "a", From: from, To: to})
			if got.Opening != (ledger.Balance{Credits: units(10)}) || got.Closing != (ledger.Balance{Credits: units(11), Debits: units(4)}) {
				b.Errorf("the statement is from %+v to %+v", got.Opening, got.Closing)
			}
			if !sameAccount(got.Account, b.account("a")) || got.Account.Balance.PendingDebits != units(2) {
				b.Errorf("the account is %+v", got.Account)
			}
			b.wantPages(ledger.StatementQuery{Account: "a", From: from, To: to})
		}},
		{"pages, of an account and of the world, either way", func(b *books) {
			b.openAll("a", "b")
			var times []time.Time
			for i := range 20 {
				times = append(times, b.deposit(fmt.Sprint("tx", i), []string{"a", "b"}[i%2], int64(i+1)).RecordedAt)
				b.instant()
			}
			for _, id := range []string{"a", world} {
				b.wantPages(ledger.StatementQuery{Account: id})
				b.wantPages(ledger.StatementQuery{Account: id, From: times[3], To: times[17]})
				b.wantPages(ledger.StatementQuery{Account: id, From: times[3]})
				b.wantPages(ledger.StatementQuery{Account: id, To: times[17]})
			}
			first := b.statement(ledger.StatementQuery{Account: "a", OldestFirst: true, Limit: 3, From: times[3], To: times[17]})
			if len(first.Entries) != 3 || !first.More || first.Entries[0].Sequence != 3 || first.Entries[2].Sequence != 5 {
				b.Errorf("the first page is %+v", first.Entries)
			}
			last := b.statement(ledger.StatementQuery{Account: "a", Limit: 10, From: times[3], To: times[17], After: new(first.Entries[1].Key())})
			if len(last.Entries) != 1 || last.More || last.Entries[0].Sequence != 3 || last.Opening != first.Opening || last.Closing != first.Closing {
				b.Errorf("the last page is %+v", last)
			}
		}},
		{"an effective time is no matter to a statement", func(b *books) {
			b.openAll("a")
			from := b.instant().Add(time.Microsecond)
			b.post(backdated(move("early", world, "a", 5), from.Add(-time.Hour)))
			to := b.instant().Add(time.Microsecond)
			got := b.statement(ledger.StatementQuery{Account: "a", From: from, To: to})
			if len(got.Entries) != 1 || got.Opening != (ledger.Balance{}) || got.Closing != (ledger.Balance{Credits: units(5)}) {
				b.Errorf("the statement is %+v", got)
			}
			if before := b.statement(ledger.StatementQuery{Account: "a", To: from}); len(before.Entries) != 0 || before.Closing != (ledger.Balance{}) {
				b.Errorf("the statement before is %+v", before)
			}
		}},
		{"a period that is none, and limits", func(b *books) {
			b.openAll("a")
			now := b.now()
			for field, query := range map[string]ledger.StatementQuery{
				"to":    {Account: "a", To: now.Add(time.Hour)},
				"from":  {Account: "a", From: now.Add(time.Hour)},
				"limit": {Account: "a", Limit: ledger.MaxLimit + 1},
			} {
				_, err := b.service.Statement(b.Context(), query)
				if e := b.failed(ledger.ErrInvalidRequest, err); e.Field != field {
					b.Errorf("the error names the field %q, want %q", e.Field, field)
				}
			}
			_, err := b.service.Statement(b.Context(), ledger.StatementQuery{Account: "a", From: now, To: now.Add(-time.Microsecond)})
			b.failed(ledger.ErrInvalidRequest, err)
			for _, id := range []string{"nobody", "", "\x00"} {
				_, err := b.service.Statement(b.Context(), ledger.StatementQuery{Account: id})
				b.failed(ledger.ErrNotFound, err)
			}
		}},
	})
}

func (b *books) statement(query ledger.StatementQuery) ledger.Statement {
	b.Helper()
	statement, err := b.service.Statement(b.Context(), query)
	if err != nil {
		b.Fatalf("statement of %+v: %v", query, err)
	}
	return statement
}

// wantPages reads a statement in pages of each order, and demands that they have
// the entries of the period and that these make up what lies between its ends.
func (b *books) wantPages(query ledger.StatementQuery) {
	b.Helper()
	var want []ledger.Entry
	for _, e := range b.entries(query.Account) {
		if !e.RecordedAt.Before(query.From) && (query.To.IsZero() || e.RecordedAt.Before(query.To)) {
			want = append(want, e)
		}
	}
	for _, query.OldestFirst = range []bool{true, false} {
		var got []ledger.Entry
		query.After, query.Limit = nil, 3
		page := b.statement(query)
		opening, closing := page.Opening, page.Closing
		for {
			got = append(got, page.Entries...)
			if !page.More {
				break
			}
			query.After = new(got[len(got)-1].Key())
			page = b.statement(query)
			if page.Opening != opening || page.Closing != closing {
				b.Errorf("a later page is from %+v to %+v, the first from %+v to %+v", page.Opening, page.Closing, opening, closing)
			}
		}
		if !query.OldestFirst {
			slices.Reverse(got)
		}
		if !slices.Equal(got, want) {
			b.Errorf("the pages of %+v have %+v, want %+v", query, got, want)
		}
		for _, e := range got {
			addEntry(b, &opening, e)
		}
		if opening != closing {
			b.Errorf("the opening balance and the entries make up %+v, want %+v", opening, closing)
		}
	}
}
