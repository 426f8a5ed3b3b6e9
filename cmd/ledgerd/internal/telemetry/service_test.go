package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
	"github.com/seed-d432d95b/ledger/ledger/ledgertest"

	"github.com/seed-d432d95b/ledger/cmd/ledgerd/internal/telemetry"
)

var usd = ledger.Asset{Code: "USD", Scale: 2}

// transactionsOf returns the series of ledger_transactions_total that are not zero, as in
// "pending applied" and "transaction rejected not_found".
func transactionsOf(t *testing.T, m *telemetry.Metrics) map[string]string {
	t.Helper()
	counts := make(map[string]string)
	for _, line := range ours(scrape(t, m)) {
		labels, ok := strings.CutPrefix(line, "ledger_transactions_total{")
		labels, count, _ := strings.Cut(labels, "} ")
		if !ok || count == "0" {
			continue
		}
		values := strings.Split(labels, `"`)
		counts[strings.TrimSpace(values[3]+" "+values[5]+" "+values[1])] = count
	}
	return counts
}

func move(id, to string, amount int64) ledger.TransactionRequest {
	return ledger.TransactionRequest{ID: id, Entries: []ledger.EntryRequest{
		{Account: "a", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(amount)},
		{Account: to, Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(amount)},
	}}
}

func hold(id string, amount int64) ledger.TransactionRequest {
	r := move(id, "b", amount)
	r.Pending = true
	return r
}

// TestTransactions asks for one of everything.
func TestTransactions(t *testing.T) {
	t.Parallel()
	gone, leave := context.WithCancel(t.Context())
	leave()
	for name, test := range map[string]struct {
		ask  func(context.Context, ledger.Service)
		want map[string]string
	}{
		"deposit": {func(ctx context.Context, s ledger.Service) {
			for range 2 {
				_, _ = s.Deposit(ctx, ledger.Deposit{ID: "d", Account: "a", Asset: usd, Amount: ledger.NewAmount(1)})
			}
			_, _ = s.Deposit(ctx, ledger.Deposit{ID: "e", Account: "x", Asset: usd, Amount: ledger.NewAmount(1)})
			_, _ = s.Deposit(ctx, ledger.Deposit{})
		}, map[string]string{
			"transaction applied": "1", "transaction replayed": "1", "transaction rejected not_found": "1", "transaction rejected invalid_request": "1",
		}},
		"post": {func(ctx context.Context, s ledger.Service) {
			for range 3 {
				_, _ = s.Post(ctx, move("p", "b", 1))
			}
			_, _ = s.Post(ctx, move("q", "b", 1000))
			_, _ = s.Post(gone, move("r", "b", 1))
		}, map[string]string{
			"transaction applied": "1", "transaction replayed": "2", "transaction rejected insufficient_funds": "1", "transaction failed canceled": "1",
		}},
		"dry run": {func(ctx context.Context, s ledger.Service) {
			_, _ = s.DryRun(ctx, move("p", "b", 1))
			_, _ = s.DryRun(ctx, move("p", "b", 1000))
		}, map[string]string{}},
		"pending": {func(ctx context.Context, s ledger.Service) {
			_, _ = s.Post(ctx, hold("h", 1))
			_, _ = s.Post(ctx, hold("h", 1))
			_, _ = s.Post(ctx, hold("i", 1))
			_, _ = s.Post(ctx, hold("j", 1000))
			_, _ = s.PostPending(ctx, ledger.PostPendingRequest{Transaction: "h"})
			_, _ = s.PostPending(ctx, ledger.PostPendingRequest{Transaction: "h"})
			_, _ = s.VoidPending(ctx, ledger.VoidPendingRequest{Transaction: "h"})
			_, _ = s.VoidPending(ctx, ledger.VoidPendingRequest{Transaction: "i"})
			_, _ = s.Reverse(ctx, ledger.ReversalRequest{ID: "k", Transaction: "h"})
			_, _ = s.Reverse(ctx, ledger.ReversalRequest{ID: "l", Transaction: "i"})
		}, map[string]string{
			"pending applied": "2", "pending replayed": "1", "pending rejected insufficient_funds": "1", "post applied": "1", "post replayed": "1",
			"void rejected already_resolved": "1", "void applied": "1", "reversal applied": "1", "reversal rejected not_reversible": "1",
		}},
		"batch": {func(ctx context.Context, s ledger.Service) {
			batch := []ledger.TransactionRequest{move("p", "b", 1), move("p", "b", 1), hold("h", 1), move("q", "x", 1), {}}
			_, _ = s.PostBatch(ctx, batch)
			_, _ = s.PostBatch(gone, batch)
			_, _ = s.PostBatch(ctx, nil)
		}, map[string]string{
			"transaction applied": "1", "transaction replayed": "1", "pending applied": "1", "transaction rejected not_found": "1",
			"transaction rejected invalid_request": "1", "transaction failed canceled": "4", "pending failed canceled": "1",
		}},
		"atomic": {func(ctx context.Context, s ledger.Service) {
			_, _ = s.PostAtomic(ctx, []ledger.TransactionRequest{move("p", "b", 1), hold("h", 1)})
			_, _ = s.PostAtomic(ctx, []ledger.TransactionRequest{move("p", "b", 1), hold("h", 1)})
			_, _ = s.PostAtomic(ctx, []ledger.TransactionRequest{move("r", "b", 1), move("q", "b", 1000), hold("i", 1)})
		}, map[string]string{
			"transaction applied": "1", "pending applied": "1", "transaction replayed": "1", "pending replayed": "1",
			"transaction rejected insufficient_funds": "2", "pending rejected insufficient_funds": "1",
		}},
		"opening": {func(ctx context.Context, s ledger.Service) {
			_, _ = s.OpenAccount(ctx, ledger.AccountRequest{ID: "c", Asset: usd})
			_, _ = s.OpenAccount(ctx, ledger.AccountRequest{ID: "d", Asset: usd, OpeningBalance: ledger.NewAmount(1)})
			_, _ = s.OpenAccounts(ctx, []ledger.AccountRequest{
				{ID: "e", Asset: usd},
				{ID: "d", Asset: usd, OpeningBalance: ledger.NewAmount(1)},
				{ID: "d", Asset: usd, OpeningBalance: ledger.NewAmount(2)},
			})
		}, map[string]string{"transaction applied": "1", "transaction replayed": "1", "transaction rejected account_exists": "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			books := openBooks(t)
			for _, id := range []string{"a", "b"} {
				if _, err := books.OpenAccount(t.Context(), ledger.AccountRequest{
					ID: id, Asset: usd, OpeningBalance: ledger.NewAmount(100),
				}); err != nil {
					t.Fatal(err)
				}
			}
			m := newMetrics()
			test.ask(t.Context(), m.Service(books))
			if got := transactionsOf(t, m); !maps.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// TestCatalog: the services that it finds are counted together.
func TestCatalog(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	catalog := m.Catalog(ledger.NewCatalog(memory.New(memory.Config{})))
	for _, name := range []string{"one", "two"} {
		if _, err := catalog.OpenLedger(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		books, err := catalog.Ledger(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = books.OpenAccount(t.Context(), ledger.AccountRequest{ID: "a", Asset: usd, OpeningBalance: ledger.NewAmount(1)})
	}
	if got, want := transactionsOf(t, m), (map[string]string{"transaction applied": "2"}); !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := catalog.Ledger(t.Context(), "three"); !errors.Is(err, ledger.ErrNotFound) {
		t.Error(err)
	}
}

// TestDecoratedService: what is counted is a service as good as any.
func TestDecoratedService(t *testing.T) {
	t.Parallel()
	decorated := func(t testing.TB) ledger.Service {
		t.Helper()
		return newMetrics().Service(openBooks(t))
	}
	for _, suite := range []func(*testing.T, ledgertest.NewService){
		ledgertest.Accounts, ledgertest.Transactions, ledgertest.Atomic, ledgertest.Steps, ledgertest.Reversals,
	} {
		suite(t, decorated)
	}
}

// TestCodesAreKnown has each of the ledger's codes, as its source lists them, keep its
// name, and others have none.
func TestCodesAreKnown(t *testing.T) {
	t.Parallel()
	source, err := parser.ParseFile(token.NewFileSet(), "../../../../ledger/errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string]string)
	m := newMetrics()
	count := func(code string) {
		_, _ = m.Service(failing{openBooks(t)}).Deposit(t.Context(), ledger.Deposit{ID: code})
	}
	for literal := range ast.Preorder(source) {
		spec, ok := literal.(*ast.ValueSpec)
		if !ok || fmt.Sprint(spec.Type) != "Code" {
			continue
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		count(code)
		outcome := "rejected "
		if slices.Contains([]string{"internal", "unavailable", "overloaded"}, code) {
			outcome = "failed "
		}
		want["transaction "+outcome+code] = "1"
	}
	count("another")
	want["transaction failed internal"] = "2"
	if got := transactionsOf(t, m); len(want) < 20 || !maps.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
