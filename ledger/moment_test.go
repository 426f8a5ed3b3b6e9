package ledger_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// TestTimesOfReads asks for what was, in times that are refused and in those that
// reach the store.
func TestTimesOfReads(t *testing.T) {
	t.Parallel()
	ahead, far := bookNow.Add(time.Microsecond), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	balance := func(at ledger.Moment) func(context.Context, *ledger.Ledger) error {
		return func(ctx context.Context, l *ledger.Ledger) error {
			_, err := l.BalanceAt(ctx, "a", at)
			return err
		}
	}
	trial := func(at ledger.Moment) func(context.Context, *ledger.Ledger) error {
		return func(ctx context.Context, l *ledger.Ledger) error {
			_, err := l.TrialBalance(ctx, ledger.TrialBalanceQuery{At: at})
			return err
		}
	}
	statement := func(from, to time.Time) func(context.Context, *ledger.Ledger) error {
		return func(ctx context.Context, l *ledger.Ledger) error {
			_, err := l.Statement(ctx, ledger.StatementQuery{Account: "a", From: from, To: to})
			return err
		}
	}
	none := time.Time{}
	for name, test := range map[string]struct {
		field string
		read  func(context.Context, *ledger.Ledger) error
	}{
		"now":                 {"", balance(ledger.Moment{})},
		"effective now":       {"", balance(ledger.Moment{EffectiveAt: bookNow})},
		"recorded now":        {"", balance(ledger.Moment{RecordedAt: bookNow.Add(999)})},
		"effective ahead":     {"effective_at", balance(ledger.Moment{EffectiveAt: ahead})},
		"recorded ahead":      {"recorded_at", balance(ledger.Moment{RecordedAt: ahead})},
		"recorded far":        {"recorded_at", balance(ledger.Moment{RecordedAt: far})},
		"effective far":       {"effective_at", trial(ledger.Moment{EffectiveAt: far})},
		"both":                {"recorded_at", balance(ledger.Moment{RecordedAt: bookNow, EffectiveAt: bookNow})},
		"trial":               {"", trial(ledger.Moment{RecordedAt: bookNow})},
		"trial ahead":         {"recorded_at", trial(ledger.Moment{RecordedAt: ahead})},
		"statement":           {"", statement(bookNow, bookNow)},
		"statement to ahead":  {"to", statement(bookNow, ahead)},
		"statement from next": {"from", statement(ahead, none)},
		"statement backwards": {"to", statement(bookNow, bookNow.Add(-1000))},
		"statement far":       {"to", statement(bookNow, far)},
		"statement from far":  {"from", statement(far, none)},
		"whole statement":     {"", statement(none, none)},
	} {
		l, _ := open(t)
		err := test.read(marked(t), l)
		problem, _ := errors.AsType[*ledger.Error](err)
		switch {
		case test.field == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.field != "" && (problem == nil || problem.Code != ledger.ErrInvalidRequest || problem.Field != test.field):
			t.Errorf("%s: %v; want that %s is invalid", name, err, test.field)
		}
	}
}

func TestStatementSaysItsPeriod(t *testing.T) {
	t.Parallel()
	l, _ := open(t)
	from, to := bookNow.Add(-time.Hour).Add(1).In(time.FixedZone("", 3600)), bookNow.Add(-time.Minute)
	got, err := l.Statement(marked(t), ledger.StatementQuery{Account: "a", From: from, To: to})
	if err != nil || got.From != bookNow.Add(-time.Hour) || got.To != to {
		t.Errorf("got %v to %v, %v", got.From, got.To, err)
	}
}

// TestFindTransactionsByMicroseconds asks for times that are finer, in another zone.
func TestFindTransactionsByMicroseconds(t *testing.T) {
	t.Parallel()
	l, book := open(t)
	from := bookNow.Add(999).In(time.FixedZone("", 3600))
	if _, err := l.FindTransactions(marked(t), ledger.TransactionQuery{From: from, To: from.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if got := book.found[0]; got.From != bookNow || got.To != bookNow.Add(time.Hour) {
		t.Errorf("the store was asked for %s to %s", got.From, got.To)
	}
}

// TestPagesAskForOneMore goes through what finds, whose limit is one more in the
// store's eyes.
func TestPagesAskForOneMore(t *testing.T) {
	t.Parallel()
	for name, find := range map[string]func(*ledger.Ledger, int) error{
		"accounts": func(l *ledger.Ledger, limit int) error {
			_, err := l.FindAccounts(marked(t), ledger.AccountQuery{Limit: limit})
			return err
		},
		"transactions": func(l *ledger.Ledger, limit int) error {
			_, err := l.FindTransactions(marked(t), ledger.TransactionQuery{Limit: limit})
			return err
		},
		"statement": func(l *ledger.Ledger, limit int) error {
			_, err := l.Statement(marked(t), ledger.StatementQuery{Account: "a", Limit: limit})
			return err
		},
		"trial balance": func(l *ledger.Ledger, limit int) error {
			_, err := l.TrialBalance(marked(t), ledger.TrialBalanceQuery{Limit: limit})
			return err
		},
	} {
		l, book := open(t)
		for _, limit := range []int{-1, ledger.MaxLimit + 1} {
			if err := find(l, limit); !errors.Is(err, ledger.ErrInvalidRequest) {
				t.Errorf("%s: limit %d: %v", name, limit, err)
			}
		}
		if len(book.limits) > 0 {
			t.Errorf("%s: the store was asked for %v", name, book.limits)
		}
		for limit, asked := range map[int]int{0: ledger.DefaultLimit + 1, 1: 2, ledger.MaxLimit: ledger.MaxLimit + 1} {
			if err := find(l, limit); err != nil || book.limits[len(book.limits)-1] != asked {
				t.Errorf("%s: limit %d: the store was asked for %v, %v", name, limit, book.limits, err)
			}
		}
	}
}

func TestQueriesThatCannotBe(t *testing.T) {
	t.Parallel()
	l, book := open(t)
	for name, query := range map[string]ledger.AccountQuery{
		"status": {Status: ledger.StatusClosed + 1}, "asset": {Asset: "usd"}, "prefix": {Prefix: "a\x00"},
		"metadata": {Metadata: ledger.Metadata{"": "v"}},
	} {
		if _, err := l.FindAccounts(marked(t), query); !errors.Is(err, ledger.ErrInvalidRequest) {
			t.Errorf("accounts by %s: %v", name, err)
		}
	}
	if _, err := l.FindAccounts(marked(t), ledger.AccountQuery{After: "\x00"}); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("accounts after none: %v", err)
	}
	year10000 := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	for field, query := range map[string]ledger.TransactionQuery{
		"status": {Status: ledger.Expired + 1}, "metadata": {Metadata: ledger.Metadata{"": "v"}}, "limit": {Limit: -1},
		"from": {From: year10000}, "to": {From: bookNow, To: bookNow.Add(-time.Microsecond)},
	} {
		_, err := l.FindTransactions(marked(t), query)
		if e, ok := errors.AsType[*ledger.Error](err); !ok || e.Code != ledger.ErrInvalidRequest || e.Field != field {
			t.Errorf("transactions by %s: %v", field, err)
		}
	}
	for name, query := range map[string]ledger.TransactionQuery{"after none": {After: "\x00"}, "of no account": {Account: "\x00"}} {
		if _, err := l.FindTransactions(marked(t), query); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("transactions %s: %v", name, err)
		}
	}
	if _, err := l.TrialBalance(marked(t), ledger.TrialBalanceQuery{After: "\x00"}); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("trial balance after none: %v", err)
	}
	if len(book.limits) > 0 {
		t.Errorf("the store was asked for %v", book.limits)
	}
}
