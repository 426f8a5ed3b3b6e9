package ledger_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

var malformedIDs = []string{"", "a\x00", "a\x7f", "\xff", strings.Repeat("a", ledger.MaxID+1)}

func TestReadsOfMalformedIDs(t *testing.T) {
	t.Parallel()
	l, book := open(t)
	for _, id := range malformedIDs {
		_, account := l.Account(marked(t), id)
		_, accounts := l.Accounts(marked(t), []string{"fine", id})
		_, entries := l.Entries(marked(t), ledger.EntryQuery{Account: id})
		_, transaction := l.Transaction(marked(t), id)
		_, balance := l.BalanceAt(marked(t), id, ledger.Moment{})
		_, statement := l.Statement(marked(t), ledger.StatementQuery{Account: id})
		for _, err := range []error{account, accounts, entries, balance, statement} {
			problem, ok := errors.AsType[*ledger.Error](err)
			if !ok || problem.Code != ledger.ErrNotFound || problem.Account != id {
				t.Errorf("%q: %v; want that there is no such account", id, err)
			}
		}
		_, post := l.PostPending(marked(t), ledger.PostPendingRequest{Transaction: id})
		_, void := l.VoidPending(marked(t), ledger.VoidPendingRequest{Transaction: id})
		_, reversal := l.Reverse(marked(t), ledger.ReversalRequest{ID: "r", Transaction: id})
		for _, err := range []error{transaction, post, void, reversal} {
			problem, ok := errors.AsType[*ledger.Error](err)
			if !ok || problem.Code != ledger.ErrNotFound || problem.Transaction != id {
				t.Errorf("%q: %v; want that there is no such transaction", id, err)
			}
		}
	}
	if len(book.asked)+len(book.queries) > 0 {
		t.Errorf("the store was asked for %q and %v", book.asked, book.queries)
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	l, book := open(t)
	book.accounts = []ledger.Account{{ID: "a"}, {ID: "b"}}
	got, err := l.Accounts(marked(t), []string{"a", "b"})
	if err != nil || !reflect.DeepEqual(got, book.accounts) || !slices.Equal(book.asked, []string{"a", "b"}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, ids := range [][]string{{}, {"a"}, {"a", "b", "c"}} {
		if got, err := l.Accounts(marked(t), ids); !errors.Is(err, ledger.ErrInternal) || got != nil {
			t.Errorf("2 accounts for %d ids: %v, %v", len(ids), got, err)
		}
	}
	book.accounts = make([]ledger.Account, ledger.MaxBatch)
	ids := slices.Repeat([]string{"a"}, ledger.MaxBatch+1)
	if _, err := l.Accounts(marked(t), ids); !errors.Is(err, ledger.ErrInvalidRequest) {
		t.Errorf("one too many: %v", err)
	}
	if got, err := l.Accounts(marked(t), ids[:ledger.MaxBatch]); err != nil || len(got) != ledger.MaxBatch {
		t.Errorf("just enough: %d, %v", len(got), err)
	}
}

func TestAccount(t *testing.T) {
	t.Parallel()
	l, book := open(t)
	book.accounts = []ledger.Account{{ID: "a", Name: "Alice"}}
	if got, err := l.Account(marked(t), "a"); err != nil || !reflect.DeepEqual(got, book.accounts[0]) {
		t.Errorf("got %+v, %v", got, err)
	}
	book.err = ledger.NoAccount("a")
	if got, err := l.Account(marked(t), "a"); err != book.err || !reflect.DeepEqual(got, ledger.Account{}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTransaction(t *testing.T) {
	t.Parallel()
	l, book := open(t)
	if got, err := l.Transaction(marked(t), "opening:a"); err != nil || got.ID != "opening:a" {
		t.Errorf("got %+v, %v", got, err)
	}
	book.err = context.DeadlineExceeded
	if _, err := l.Transaction(marked(t), "t1"); err != context.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
}

func TestEntriesLimit(t *testing.T) {
	t.Parallel()
	for limit, asked := range map[int]int{0: ledger.DefaultLimit + 1, 1: 2, 2: 3, ledger.MaxLimit: ledger.MaxLimit + 1} {
		for _, extra := range []int{-1, 0, 1} {
			l, book := open(t)
			entries := make([]ledger.Entry, asked-1+extra)
			for i := range entries {
				entries[i].Sequence = uint64(i)
			}
			book.page = ledger.EntryPage{Account: ledger.Account{ID: "a"}, Entries: entries}
			after := &ledger.EntryKey{Stripe: 3, Sequence: 4}
			page, err := l.Entries(marked(t), ledger.EntryQuery{Account: "a", OldestFirst: true, After: after, Limit: limit})
			if err != nil {
				t.Fatal(err)
			}
			if want := (ledger.EntryQuery{Account: "a", OldestFirst: true, After: after, Limit: asked}); book.queries[0] != want {
				t.Errorf("the store was asked %+v, want %+v", book.queries[0], want)
			}
			want := ledger.EntryPage{Account: book.page.Account, Entries: entries[:min(len(entries), asked-1)], More: extra == 1}
			if !reflect.DeepEqual(page, want) {
				t.Errorf("limit %d with %d entries gives %d and %t", limit, len(entries), len(page.Entries), page.More)
			}
		}
	}
	l, book := open(t)
	for _, limit := range []int{-1, ledger.MaxLimit + 1} {
		_, err := l.Entries(marked(t), ledger.EntryQuery{Account: "a", Limit: limit})
		problem, ok := errors.AsType[*ledger.Error](err)
		if !ok || problem.Code != ledger.ErrInvalidRequest || problem.Field != "limit" || !strings.Contains(problem.Message, "between 1 and 1000") {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
	if len(book.queries) > 0 {
		t.Errorf("the store was asked %v", book.queries)
	}
}

func TestEntriesFails(t *testing.T) {
	t.Parallel()
	l, book := open(t)
	book.page, book.err = ledger.EntryPage{Entries: make([]ledger.Entry, 1)}, ledger.NoAccount("a")
	if page, err := l.Entries(marked(t), ledger.EntryQuery{Account: "a"}); err != book.err || page.Entries != nil {
		t.Errorf("got %+v, %v", page, err)
	}
}
