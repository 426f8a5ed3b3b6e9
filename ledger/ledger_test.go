package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

var usd = ledger.Asset{Code: "USD", Scale: 2}

// bookNow is the time of fakeBook.
var bookNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type contextKey struct{}

// marked returns a context that fakeBook knows again.
func marked(t *testing.T) context.Context {
	t.Helper()
	return context.WithValue(t.Context(), contextKey{}, t.Name())
}

// fakeBook is a store with one book, which answers what it is told to and keeps
// what it was asked.
type fakeBook struct {
	t       *testing.T
	opened  []string
	written [][]ledger.Operation
	queries []ledger.EntryQuery
	asked   []string
	limits  []int
	found   []ledger.TransactionQuery

	err      error
	outcomes func([]ledger.Operation) []ledger.Outcome
	accounts []ledger.Account
	page     ledger.EntryPage
	result   ledger.Result
	names    []string
}

func (b *fakeBook) check(ctx context.Context) error {
	b.t.Helper()
	if got, ok := ctx.Value(contextKey{}).(string); !ok || got == "" {
		b.t.Error("the store was not given the caller's context")
	}
	return b.err
}

func (b *fakeBook) Book(ctx context.Context, name string) (ledger.Book, error) {
	b.asked = append(b.asked, name)
	err := b.check(ctx)
	return b, err
}

func (b *fakeBook) OpenBook(ctx context.Context, name string) (ledger.Book, ledger.Result, error) {
	b.opened = append(b.opened, name)
	err := b.check(ctx)
	return b, b.result, err
}

func (b *fakeBook) FindLedgers(ctx context.Context, query ledger.LedgerQuery) ([]string, error) {
	b.limits = append(b.limits, query.Limit)
	return b.names, b.check(ctx)
}

func (b *fakeBook) Write(ctx context.Context, operations []ledger.Operation) ([]ledger.Outcome, error) {
	b.written = append(b.written, operations)
	if err := b.check(ctx); err != nil {
		return nil, err
	}
	if b.outcomes != nil {
		return b.outcomes(operations), nil
	}
	outcomes := make([]ledger.Outcome, len(operations))
	for i, operation := range operations {
		outcomes[i] = ledger.Outcome{Result: ledger.Applied, Account: &ledger.Account{ID: operation.AppendAccounts(nil)[0]}}
		if ids := operation.AppendTransactions(nil); len(ids) > 0 {
			outcomes[i].Transaction = &ledger.Transaction{ID: ids[0]}
		}
	}
	return outcomes, nil
}

func (b *fakeBook) Accounts(ctx context.Context, ids []string) ([]ledger.Account, error) {
	b.asked = append(b.asked, ids...)
	return b.accounts, b.check(ctx)
}

func (b *fakeBook) Entries(ctx context.Context, query ledger.EntryQuery) (ledger.EntryPage, error) {
	b.queries = append(b.queries, query)
	return b.page, b.check(ctx)
}

func (b *fakeBook) Transaction(ctx context.Context, id string) (ledger.Transaction, error) {
	b.asked = append(b.asked, id)
	return ledger.Transaction{ID: id}, b.check(ctx)
}

func (b *fakeBook) FindAccounts(ctx context.Context, query ledger.AccountQuery) ([]ledger.Account, error) {
	b.limits = append(b.limits, query.Limit)
	return b.accounts, b.check(ctx)
}

func (b *fakeBook) FindTransactions(ctx context.Context, query ledger.TransactionQuery) ([]ledger.Transaction, error) {
	b.limits, b.found = append(b.limits, query.Limit), append(b.found, query)
	return nil, b.check(ctx)
}

func (b *fakeBook) BalanceAt(ctx context.Context, account string, _ ledger.Moment) (ledger.BalanceAt, error) {
	b.asked = append(b.asked, account)
	return ledger.BalanceAt{Account: account, Now: bookNow}, b.check(ctx)
}

func (b *fakeBook) Statement(ctx context.Context, query ledger.StatementQuery) (ledger.Statement, error) {
	b.limits = append(b.limits, query.Limit)
	return ledger.Statement{Now: bookNow, Entries: b.page.Entries}, b.check(ctx)
}

func (b *fakeBook) TrialBalance(ctx context.Context, query ledger.TrialBalanceQuery) (ledger.TrialBalance, error) {
	b.limits = append(b.limits, query.Limit)
	return ledger.TrialBalance{Now: bookNow}, b.check(ctx)
}

func open(t *testing.T) (*ledger.Ledger, *fakeBook) {
	t.Helper()
	book := &fakeBook{t: t, result: ledger.Applied}
	l, err := ledger.Open(marked(t), book, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return l, book
}

func deposit(id string) ledger.TransactionRequest {
	return ledger.Deposit{ID: id, Account: "alice", Asset: usd, Amount: ledger.NewAmount(1)}.Request()
}

// TestAssetsAreTheLedgers has a ledger whose dollar is not that of ISO 4217, as one
// from before the list was heeded may: its own scale is the one that counts.
func TestAssetsAreTheLedgers(t *testing.T) {
	t.Parallel()
	l, book := open(t)
	own := ledger.Asset{Code: "USD", Scale: 4}
	book.accounts = []ledger.Account{{ID: ledger.WorldID("USD"), Asset: own}}
	assets, err := l.Assets(marked(t))
	if err != nil {
		t.Fatal(err)
	}
	var dollars []ledger.Asset
	for _, asset := range assets {
		if asset.Code == "USD" {
			dollars = append(dollars, asset)
		}
	}
	if len(dollars) != 1 || dollars[0] != own {
		t.Errorf("the dollars are %v, want %s", dollars, own)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"": "main", "books:2026": "books:2026"} {
		book := &fakeBook{t: t, result: ledger.Applied}
		l, err := ledger.Open(marked(t), book, ledger.Config{Name: name})
		if err != nil || l.Name() != want || !slices.Equal(book.opened, []string{want}) {
			t.Errorf("Open(%q) = %v, %v; the store was asked for %q", name, l, err, book.opened)
		}
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	book := &fakeBook{t: t, err: &ledger.Error{Code: ledger.ErrUnavailable, Message: "the store is away"}}
	_, err := ledger.Open(marked(t), book, ledger.Config{Name: "books"})
	if !errors.Is(err, ledger.ErrUnavailable) || err.Error() != `open ledger "books": the store is away` {
		t.Errorf("got %v", err)
	}
	book = &fakeBook{t: t}
	if _, err := ledger.Open(marked(t), book, ledger.Config{Name: "no/slash"}); !errors.Is(err, ledger.ErrInvalidRequest) || len(book.opened) > 0 {
		t.Errorf("got %v, and the store was asked for %q", err, book.opened)
	}
}

// TestWritesOfOne goes through every method that writes one operation.
func TestWritesOfOne(t *testing.T) {
	t.Parallel()
	type write func(context.Context, *ledger.Ledger) (ledger.Result, error)
	of := func(outcome ledger.Outcome, err error) (ledger.Result, error) { return outcome.Result, err }
	for name, test := range map[string]struct{ valid, invalid write }{
		"OpenAccount": {
			func(ctx context.Context, l *ledger.Ledger) (ledger.Result, error) {
				return of(l.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: usd}))
			},
			func(ctx context.Context, l *ledger.Ledger) (ledger.Result, error) {
				return of(l.OpenAccount(ctx, ledger.AccountRequest{ID: "alice"}))
			},
		},
		"Post": {
			func(ctx context.Context, l *ledger.Ledger) (ledger.Result, error) {
				return of(l.Post(ctx, deposit("d1")))
			},
			func(ctx context.Context, l *ledger.Ledger) (ledger.Result, error) {
				return of(l.Post(ctx, deposit("")))
			},
		},
		"Deposit": {
			func(ctx context.Context, l *ledger.Ledger) (ledger.Result, error) {
				return of(l.Deposit(ctx, ledger.Deposit{ID: "d1", Account: "alice", Asset: usd, Amount: ledger.NewAmount(1)}))
			},
			func(ctx context.Context, l *ledger.Ledger) (ledger.Result, error) {
				return of(l.Deposit(ctx, ledger.Deposit{ID: "d1", Account: "alice", Asset: usd}))
			},
		},
		"ChangeAccount": {
			func(ctx context.Context, l *ledger.Ledger) (ledger.Result, error) {
				account, err := l.ChangeAccount(ctx, "alice", ledger.AccountChange{Status: ledger.StatusFrozen})
				if err == nil && account.ID != "alice" {
					return 0, fmt.Errorf("account %q was changed", account.ID)
				}
				return ledger.Applied, err
			},
			func(ctx context.Context, l *ledger.Ledger) (ledger.Result, error) {
				_, err := l.ChangeAccount(ctx, "alice", ledger.AccountChange{Status: 9})
				return ledger.Rejected, err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkWriteOfOne(t, test.valid, test.invalid)
		})
	}
}

func checkWriteOfOne(t *testing.T, valid, invalid func(context.Context, *ledger.Ledger) (ledger.Result, error)) {
	t.Helper()
	l, book := open(t)
	if result, err := invalid(marked(t), l); result != ledger.Rejected || !errors.Is(err, ledger.ErrInvalidRequest) || len(book.written) > 0 {
		t.Errorf("invalid: %s, %v, after %d writes", result, err, len(book.written))
	}
	if result, err := valid(marked(t), l); result != ledger.Applied || err != nil || len(book.written) != 1 || len(book.written[0]) != 1 {
		t.Errorf("valid: %s, %v, after %d writes", result, err, len(book.written))
	}
	refusal := &ledger.Error{Code: ledger.ErrAccountClosed}
	book.outcomes = func([]ledger.Operation) []ledger.Outcome {
		return []ledger.Outcome{{Result: ledger.Rejected, Err: refusal}}
	}
	if result, err := valid(marked(t), l); err != refusal || result != ledger.Rejected && result != ledger.Applied {
		t.Errorf("refused: %s, %v", result, err)
	}
	for _, n := range []int{0, 2} {
		book.outcomes = func([]ledger.Operation) []ledger.Outcome { return make([]ledger.Outcome, n) }
		if _, err := valid(marked(t), l); !errors.Is(err, ledger.ErrInternal) {
			t.Errorf("%d outcomes: %v", n, err)
		}
	}
	book.err = &ledger.Error{Code: ledger.ErrOverloaded}
	if _, err := valid(marked(t), l); err != book.err {
		t.Errorf("overloaded: %v", err)
	}
}

func TestPostReturnsARefusalWithItsOutcome(t *testing.T) {
	t.Parallel()
	l, book := open(t)
	book.outcomes = func([]ledger.Operation) []ledger.Outcome {
		return []ledger.Outcome{{Result: ledger.Rejected, Err: ledger.ErrAccountClosed}}
	}
	outcome, err := l.Post(marked(t), deposit("d1"))
	if outcome.Result != ledger.Rejected || err != ledger.ErrAccountClosed || outcome.Err != err {
		t.Errorf("got %+v, %v", outcome, err)
	}
	outcome, err = l.Post(marked(t), deposit(""))
	if outcome.Result != ledger.Rejected || err == nil || outcome.Err != err {
		t.Errorf("got %+v, %v", outcome, err)
	}
}

func TestChangeAccountThatCannotBe(t *testing.T) {
	t.Parallel()
	l, book := open(t)
	for id, code := range map[string]ledger.Code{
		"": ledger.ErrNotFound, "\x00": ledger.ErrNotFound, strings.Repeat("a", ledger.MaxID+1): ledger.ErrNotFound,
		"world": ledger.ErrInvalidRequest, "world:USD": ledger.ErrInvalidRequest,
	} {
		if _, err := l.ChangeAccount(marked(t), id, ledger.AccountChange{}); !errors.Is(err, code) {
			t.Errorf("%q: %v, want %s", id, err, code)
		}
	}
	if len(book.written) > 0 {
		t.Error("the store was asked")
	}
}

func TestPostBatch(t *testing.T) {
	t.Parallel()
	l, book := open(t)
	unbalanced := deposit("t3")
	unbalanced.Entries[0].Amount = ledger.NewAmount(2)
	outcomes, err := l.PostBatch(marked(t), []ledger.TransactionRequest{deposit(""), deposit("t1"), deposit("t2"), unbalanced, deposit("t4")})
	if err != nil || len(outcomes) != 5 || len(book.written) != 1 || len(book.written[0]) != 3 {
		t.Fatalf("got %+v, %v, after writing %v", outcomes, err, book.written)
	}
	for i, want := range []string{"", "t1", "t2", "", "t4"} {
		got := outcomes[i]
		if want == "" {
			if got.Result != ledger.Rejected || got.Err == nil || got.Transaction != nil {
				t.Errorf("member %d: %+v", i, got)
			}
		} else if got.Result != ledger.Applied || got.Transaction.ID != want {
			t.Errorf("member %d: %+v", i, got)
		}
	}
	if !errors.Is(outcomes[0].Err, ledger.ErrInvalidRequest) || !errors.Is(outcomes[3].Err, ledger.ErrUnbalanced) {
		t.Errorf("got %v and %v", outcomes[0].Err, outcomes[3].Err)
	}
}

func TestOpenAccounts(t *testing.T) {
	t.Parallel()
	l, book := open(t)
	outcomes, err := l.OpenAccounts(marked(t), []ledger.AccountRequest{{ID: "a", Asset: usd}, {ID: "world", Asset: usd}, {ID: "b", Asset: usd}})
	if err != nil || len(outcomes) != 3 || len(book.written) != 1 || len(book.written[0]) != 2 {
		t.Fatalf("got %+v, %v, after writing %v", outcomes, err, book.written)
	}
	if outcomes[0].Account.ID != "a" || !errors.Is(outcomes[1].Err, ledger.ErrInvalidRequest) || outcomes[2].Account.ID != "b" {
		t.Errorf("got %+v", outcomes)
	}
}

func TestBatchesThatAskNothing(t *testing.T) {
	t.Parallel()
	l, book := open(t)
	for _, n := range []int{0, 3} {
		outcomes, err := l.PostBatch(marked(t), make([]ledger.TransactionRequest, n))
		if err != nil || outcomes == nil || len(outcomes) != n {
			t.Errorf("%d invalid transactions: %v, %v", n, outcomes, err)
		}
	}
	if len(book.written) > 0 {
		t.Error("the store was asked")
	}
}

func TestBatchSize(t *testing.T) {
	t.Parallel()
	l, book := open(t)
	requests := make([]ledger.TransactionRequest, ledger.MaxBatch+1)
	for i := range requests {
		requests[i] = deposit(fmt.Sprint("t", i))
	}
	_, err := l.PostBatch(marked(t), requests)
	if !errors.Is(err, ledger.ErrInvalidRequest) || !strings.Contains(err.Error(), "at most 1000 members, not 1001") || len(book.written) > 0 {
		t.Errorf("one too many: %v", err)
	}
	if _, err := l.OpenAccounts(marked(t), make([]ledger.AccountRequest, ledger.MaxBatch+1)); !errors.Is(err, ledger.ErrInvalidRequest) {
		t.Errorf("one account too many: %v", err)
	}
	outcomes, err := l.PostBatch(marked(t), requests[:ledger.MaxBatch])
	if err != nil || len(outcomes) != ledger.MaxBatch || len(book.written) != 1 {
		t.Fatalf("just enough: %d outcomes, %v", len(outcomes), err)
	}
	if last := outcomes[ledger.MaxBatch-1]; last.Transaction.ID != "t999" {
		t.Errorf("the last is %+v", last)
	}
}

func TestBatchFails(t *testing.T) {
	t.Parallel()
	l, book := open(t)
	requests := []ledger.TransactionRequest{deposit("t1"), deposit("")}
	for _, n := range []int{0, 2} {
		book.outcomes = func([]ledger.Operation) []ledger.Outcome { return make([]ledger.Outcome, n) }
		if outcomes, err := l.PostBatch(marked(t), requests); !errors.Is(err, ledger.ErrInternal) || outcomes != nil {
			t.Errorf("%d outcomes for 1 operation: %v, %v", n, outcomes, err)
		}
	}
	book.err = context.Canceled
	if outcomes, err := l.PostBatch(marked(t), requests); err != context.Canceled || outcomes != nil {
		t.Errorf("got %v, %v", outcomes, err)
	}
}

func (b *fakeBook) Inspect(context.Context, func(ledger.Inspection) error) error { return b.err }
