package load_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/load"
	"github.com/seed-d432d95b/ledger/ledger"
)

func TestCheckFindsALiar(t *testing.T) {
	t.Parallel()
	applied := ledger.Outcome{Result: ledger.Applied}
	for name, test := range map[string]struct {
		lie  func(books ledger.Service, d ledger.Deposit) (ledger.Outcome, error)
		want string
	}{
		"loses one": {func(ledger.Service, ledger.Deposit) (ledger.Outcome, error) { return applied, nil }, "lost 1 of"},
		"doubles one": {func(books ledger.Service, d ledger.Deposit) (ledger.Outcome, error) {
			if outcome, err := books.Deposit(t.Context(), d); err != nil {
				return outcome, err
			}
			d.ID += "-again"
			return books.Deposit(t.Context(), d)
		}, "1 entries beyond"},
		"takes another amount": {func(books ledger.Service, d ledger.Deposit) (ledger.Outcome, error) {
			d.Amount = ledger.NewAmount(1_000_000)
			return books.Deposit(t.Context(), d)
		}, "what was acknowledged makes"},
		"refuses and does it": {func(books ledger.Service, d ledger.Deposit) (ledger.Outcome, error) {
			_, _ = books.Deposit(t.Context(), d)
			return ledger.Outcome{}, &ledger.Error{Code: ledger.ErrAccountFrozen}
		}, "1 entries beyond"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			books := open(t)
			var n atomic.Int64
			liar := decorated{books, func(ctx context.Context, d ledger.Deposit) (ledger.Outcome, error) {
				if n.Add(1) == 77 {
					return test.lie(books, d)
				}
				return books.Deposit(ctx, d)
			}}
			report := run(t, load.Config{Services: []ledger.Service{liar}, Accounts: 10, Callers: 4, Count: 300})
			if err := report.Err(); err == nil || !strings.Contains(err.Error(), "wrong in 2 places") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v\n%q", err, report.Books.Problems)
			}
		})
	}
}

func TestUnclearAnswersAreAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		books := open(t)
		var n atomic.Int64
		unsure := decorated{books, func(ctx context.Context, d ledger.Deposit) (ledger.Outcome, error) {
			switch n.Add(1) {
			case 5: // done, and not answered
				_, _ = books.Deposit(ctx, d)
				return ledger.Outcome{}, &ledger.Error{Code: ledger.ErrUnavailable}
			case 6: // neither
				return ledger.Outcome{}, &ledger.Error{Code: ledger.ErrUnavailable}
			case 7:
				return ledger.Outcome{}, &ledger.Error{Code: ledger.ErrOverloaded}
			case 8:
				return ledger.Outcome{}, &ledger.Error{Code: ledger.ErrInsufficientFunds}
			}
			return books.Deposit(ctx, d)
		}}
		report := run(t, load.Config{Services: []ledger.Service{unsure}, Accounts: 10, Callers: 1, Count: 100})
		if err := report.Err(); err != nil {
			t.Fatal(err)
		}
		if report.Operations != 96 || report.Failed != 2 || report.Overloaded != 1 || report.Refused != 1 ||
			report.Errors["unavailable"] != 2 || report.Errors["overloaded"] != 1 || report.Errors["insufficient_funds"] != 1 {
			t.Errorf("%+v", report)
		}
		if report.Books.AskedAgain != 3 || report.Books.Unknown != 0 {
			t.Errorf("%+v", report.Books)
		}
	})
}

func TestWhatStaysUnknownIsAllowedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		books := open(t)
		var n atomic.Int64
		var away ledger.Deposit
		half := decorated{books, func(ctx context.Context, d ledger.Deposit) (ledger.Outcome, error) {
			if n.Add(1) == 5 {
				away = d
				_, _ = books.Deposit(ctx, d)
			}
			if d.ID == away.ID {
				return ledger.Outcome{}, &ledger.Error{Code: ledger.ErrUnavailable}
			}
			return books.Deposit(ctx, d)
		}}
		report, err := load.Run(t.Context(), load.Config{Services: []ledger.Service{half}, Accounts: 10, Callers: 1, Count: 20})
		if err != nil || report.Err() != nil || report.Books.Unknown != 1 {
			t.Errorf("%v, %v, %+v", err, report.Err(), report.Books)
		}
	})
}

// stale is a service whose entries are those of another account.
type stale struct{ ledger.Service }

func (s stale) Entries(ctx context.Context, query ledger.EntryQuery) (ledger.EntryPage, error) {
	page, err := s.Service.Entries(ctx, query)
	if len(page.Entries) > 0 {
		page.Entries = page.Entries[1:]
	}
	return page, err
}

func TestReadsAreChecked(t *testing.T) {
	t.Parallel()
	report := run(t, load.Config{Services: []ledger.Service{stale{open(t)}}, Accounts: 2, Callers: 1, Count: 100, Mix: mix(t, "deposit=1,read=1")})
	if err := report.Err(); err == nil || !strings.Contains(err.Error(), "together with a latest entry") || report.Errors["inconsistent_read"] == 0 {
		t.Errorf("%v, %v", err, report.Errors)
	}
}
