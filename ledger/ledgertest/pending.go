package ledgertest

import (
	"slices"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Pending is the suite about what a pending transaction reserves while it is open.
// What ends it is the matter of [Steps] and [Expiry].
func Pending(t *testing.T, newService NewService) {
	t.Helper()
	runScenarios(t, newService, slices.Concat(reservingScenarios(), pendingRequestScenarios()))
}

func reservingScenarios() []scenario {
	world := ledger.WorldID("USD")
	return []scenario{
		{"what is to go out is reserved at once, what is to come in isn't available", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			got := b.post(hold("held", "a", "b", 4))
			want := ledger.Transaction{
				ID: "held", Status: ledger.Pending, RecordedAt: got.RecordedAt, EffectiveAt: got.RecordedAt,
				Reserved: []ledger.Amount{units(4), units(4)},
				Entries: []ledger.Entry{
					{Transaction: "held", Account: "a", Side: ledger.Debit, Asset: usd, Amount: units(4)},
					{Transaction: "held", Account: "b", Side: ledger.Credit, Asset: usd, Amount: units(4)},
				},
			}
			if !sameTransaction(got, want) || !sameTransaction(b.transaction("held"), want) || got.RecordedAt.IsZero() {
				b.Errorf("the answer is %+v, it reads as %+v; want %+v", got, b.transaction("held"), want)
			}
			b.wantBalance("a", 10, 0, 4)
			b.wantBalance("b", 0, 4, 0)
			b.refused(ledger.ErrInsufficientFunds, move("too-much", "a", "b", 7))
			b.refused(ledger.ErrInsufficientFunds, move("too-early", "b", "a", 1))
			b.post(move("the-rest", "a", "b", 6))
			b.wantBalance("a", 4, 0, 4)
			b.wantBalance("b", 6, 4, 0)
			b.check("a", "b")
		}},
		{"no entry is written and no number taken", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			b.post(hold("held", "a", "b", 4))
			b.wantEntries("a", 10)
			b.wantEntries("b")
			page, err := b.service.Entries(b.Context(), ledger.EntryQuery{Account: "a"})
			if err != nil || page.Account.Sequence != 1 || page.Account.Balance.PendingDebits != units(4) {
				b.Errorf("the page's account is %+v, %v", page.Account, err)
			}
			if e := b.post(move("next", "a", "b", 1)).Entries[0]; e.Sequence != 2 || e.Balance != units(9) {
				b.Errorf("the next entry is %+v", e)
			}
		}},
		{"a debit-normal account reserves what is to be credited", func(b *books) {
			b.open(
				ledger.AccountRequest{ID: "cash", Normal: ledger.Debit, OpeningBalance: units(10)},
				ledger.AccountRequest{ID: "payable", Unlimited: true},
			)
			b.post(hold("out", "payable", "cash", 4))
			b.wantBalance("cash", 10, 0, 4)
			b.refused(ledger.ErrInsufficientFunds, hold("more", "payable", "cash", 7))
			b.post(hold("in", "cash", "payable", 30))
			b.wantBalance("cash", 10, 30, 4)
			b.wantBalance("payable", 0, 30, 4)
			b.check("cash", "payable")
		}},
		{"holds on one account add up, and a limit counts them all", func(b *books) {
			b.openAll("a", "b", "c")
			b.deposit("funds", "a", 10)
			b.post(hold("one", "a", "b", 4))
			b.post(hold("two", "a", "c", 5))
			if e := b.refused(ledger.ErrInsufficientFunds, hold("three", "a", "b", 2)); e.Account != "a" || e.Transaction != "three" {
				b.Errorf("the error names %q and %q", e.Account, e.Transaction)
			}
			b.wantBalance("a", 10, 0, 9)
			b.post(hold("four", "a", "b", 1))
			b.refused(ledger.ErrInsufficientFunds, move("five", "a", "b", 1))
			b.wantBalance("b", 0, 5, 0)
			b.deposit("more", "a", 3)
			b.wantBalance("a", 13, 0, 10)
			b.post(move("five", "a", "b", 3))
			b.check("a", "b", "c")
		}},
		{"an overdraft can be held", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", MinBalance: units(-5)}, ledger.AccountRequest{ID: "b"})
			b.refused(ledger.ErrInsufficientFunds, hold("much", "a", "b", 6))
			b.post(hold("held", "a", "b", 5))
			b.wantBalance("a", 0, 0, 5)
			b.refused(ledger.ErrInsufficientFunds, move("one", "a", "b", 1))
			b.settle(whole("held"))
			b.wantBalance("a", -5, 0, 0)
			b.refused(ledger.ErrInsufficientFunds, hold("again", "a", "b", 1))
			b.check("a", "b")
		}},
		{"a minimum is kept from holds, and an account without a limit holds anything", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", MinBalance: units(3)}, ledger.AccountRequest{ID: "b"}, ledger.AccountRequest{ID: "free", Unlimited: true})
			b.deposit("funds", "a", 10)
			b.refused(ledger.ErrInsufficientFunds, hold("held", "a", "b", 8))
			b.post(hold("held", "a", "b", 7))
			b.post(hold("large", "free", "b", 1_000_000))
			b.wantBalance("free", 0, 0, 1_000_000)
			b.check("a", "b", "free")
		}},
		{"a deposit to an account below its minimum is not refused for its holds", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", MinBalance: units(100), OpeningBalance: units(20)}, ledger.AccountRequest{ID: "b", Unlimited: true})
			b.post(hold("in", "b", "a", 5))
			b.deposit("one", "a", 1)
			b.refused(ledger.ErrInsufficientFunds, hold("out", "a", "b", 1))
			b.check("a", "b")
		}},
		{"what leaves an account and comes back is reserved in full", func(b *books) {
			b.openAll("a")
			b.deposit("funds", "a", 10)
			b.refused(ledger.ErrInsufficientFunds, hold("round", "a", "a", 11))
			b.post(hold("round", "a", "a", 10))
			b.wantBalance("a", 10, 10, 10)
			b.settle(part("round", 4))
			b.wantBalance("a", 10, 0, 0)
			b.wantEntries("a", 10, -4, 4)
			b.check("a")
		}},
		{"nothing is pending on a world account", func(b *books) {
			b.openAll("a")
			b.post(hold("in", world, "a", 10))
			b.wantBalance(world, 0, 0, 0)
			b.wantBalance("a", 0, 10, 0)
			b.settle(part("in", 8))
			b.wantBalance(world, 8, 0, 0)
			b.wantBalance("a", 8, 0, 0)
			b.post(hold("out", "a", world, 5))
			b.wantBalance(world, 8, 0, 0)
			b.wantBalance("a", 8, 0, 5)
			b.void("out")
			b.wantBalance(world, 8, 0, 0)
			b.check("a")
		}},
		{"several assets at once", func(b *books) {
			b.open(
				ledger.AccountRequest{ID: "ann-usd", OpeningBalance: units(100)}, ledger.AccountRequest{ID: "ann-eur", Asset: eur},
				ledger.AccountRequest{ID: "desk-usd"}, ledger.AccountRequest{ID: "desk-eur", Asset: eur, OpeningBalance: units(50)},
			)
			request := pending(exchange("fx", 80, 60))
			if e := b.refused(ledger.ErrInsufficientFunds, request); e.Account != "desk-eur" {
				b.Errorf("the error names account %q", e.Account)
			}
			b.wantBalance("ann-usd", 100, 0, 0)
			b.post(pending(exchange("fx", 80, 40)))
			b.wantBalance("ann-usd", 100, 0, 80)
			b.wantBalance("desk-eur", 50, 0, 40)
			b.wantBalance("desk-usd", 0, 80, 0)
			b.wantBalance("ann-eur", 0, 40, 0)
			b.settle(whole("fx"))
			b.wantBalance("ann-usd", 20, 0, 0)
			b.wantBalance("desk-eur", 10, 0, 0)
			b.wantBalance("desk-usd", 80, 0, 0)
			b.wantBalance("ann-eur", 40, 0, 0)
			b.check("ann-usd", "ann-eur", "desk-usd", "desk-eur")
		}},
	}
}

// exchange gives Ann's dollars to the desk for its euros.
func exchange(id string, dollars, euros int64) ledger.TransactionRequest {
	return ledger.TransactionRequest{ID: id, Entries: []ledger.EntryRequest{
		{Account: "ann-usd", Side: ledger.Debit, Asset: usd, Amount: units(dollars)},
		{Account: "desk-eur", Side: ledger.Debit, Asset: eur, Amount: units(euros)},
		{Account: "desk-usd", Side: ledger.Credit, Asset: usd, Amount: units(dollars)},
		{Account: "ann-eur", Side: ledger.Credit, Asset: eur, Amount: units(euros)},
	}}
}

func pendingRequestScenarios() []scenario {
	return []scenario{
		{"conditions and up-to look at what is available", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			b.post(hold("held", "a", "b", 4))
			b.refused(ledger.ErrConditionFailed, demanding(move("one", "a", "b", 1), withAvailable("a", 7)))
			b.refused(ledger.ErrConditionFailed, demanding(move("one", "a", "b", 1), withAvailable("b", 1)))
			b.post(demanding(hold("one", "a", "b", 1), withAvailable("a", 6), atSequence("a", 1), atSequence("b", 0)))
			b.wantMoved(upTo(hold("most", "a", "b", 3)), 3)
			b.wantMoved(upTo(move("rest", "a", "b", 40)), 2)
			b.wantBalance("a", 8, 0, 8)
			b.refused(ledger.ErrInsufficientFunds, upTo(move("none", "a", "b", 1)))
			b.refused(ledger.ErrInsufficientFunds, upTo(hold("none", "a", "b", 1)))
			b.check("a", "b")
		}},
		{"up to what is available goes around in a hold, too", func(b *books) {
			b.openAll("a")
			b.deposit("funds", "a", 10)
			b.wantMoved(upTo(hold("round", "a", "a", 30)), 10)
			b.wantBalance("a", 10, 10, 10)
			b.refused(ledger.ErrInsufficientFunds, upTo(hold("again", "a", "a", 1)))
			b.check("a")
		}},
		{"a hold up to an amount reserves what it found, and may be posted of that", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			if got := b.post(upTo(hold("held", "a", "b", 30))); !slices.Equal(got.Reserved, []ledger.Amount{units(10), units(10)}) {
				b.Errorf("it reserves %v", got.Reserved)
			}
			b.deposit("more", "a", 30)
			b.notSettled(ledger.ErrAmountOutOfRange, part("held", 11))
			b.settle(whole("held"))
			b.wantBalance("a", 30, 0, 0)
			b.check("a", "b")
		}},
		{"the same again is a replay, and reserves nothing more", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			first := b.post(hold("held", "a", "b", 4))
			if again := b.replay(hold("held", "a", "b", 4)); !sameTransaction(again, first) {
				b.Errorf("again it is %+v, first it was %+v", again, first)
			}
			b.refused(ledger.ErrTransactionConflict, move("held", "a", "b", 4))
			b.refused(ledger.ErrTransactionConflict, hold("held", "a", "b", 5))
			b.refused(ledger.ErrTransactionConflict, pending(move("funds", ledger.WorldID("USD"), "a", 10)))
			b.wantBalance("a", 10, 0, 4)
			b.check("a", "b")
		}},
		{"a refused hold reserves nothing, and leaves its id free", func(b *books) {
			b.openAll("a", "b", "frozen")
			b.setStatus("frozen", ledger.StatusFrozen)
			b.deposit("funds", "a", 10)
			b.refused(ledger.ErrInsufficientFunds, hold("held", "a", "b", 11))
			b.refused(ledger.ErrAccountFrozen, hold("held", "a", "frozen", 1))
			b.refused(ledger.ErrNotFound, hold("held", "a", "nobody", 1))
			b.refused(ledger.ErrUnbalanced, ledger.TransactionRequest{
				ID: "held", Pending: true, Entries: []ledger.EntryRequest{leg("a", ledger.Debit, 2), leg("b", ledger.Credit, 1)},
			})
			b.wantBalance("a", 10, 0, 0)
			_, err := b.service.Transaction(b.Context(), "held")
			b.failed(ledger.ErrNotFound, err)
			b.post(move("held", "a", "b", 10))
		}},
		{"an account with something pending can't be closed", func(b *books) {
			b.openAll("a", "b")
			b.open(ledger.AccountRequest{ID: "over", Unlimited: true})
			b.post(hold("held", "over", "b", 4))
			for _, id := range []string{"over", "b"} {
				b.unchanged([]string{id}, func() {
					_, err := b.service.ChangeAccount(b.Context(), id, ledger.AccountChange{Status: ledger.StatusClosed})
					if e := b.failed(ledger.ErrAccountNotEmpty, err); e.Account != id {
						b.Errorf("the error names account %q, want %q", e.Account, id)
					}
				})
			}
			b.void("held")
			b.setStatus("over", ledger.StatusClosed)
			b.setStatus("b", ledger.StatusClosed)
			b.refused(ledger.ErrAccountClosed, hold("late", "a", "b", 1))
		}},
		{"in a batch, each sees what those before it reserve", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			outcomes := b.postBatch(
				hold("1", "a", "b", 6), move("2", "a", "b", 5), hold("1", "a", "b", 6), move("3", "a", "b", 3), hold("4", "a", "b", 2), hold("5", "a", "b", 1),
			)
			b.wantOutcomes(outcomes, "applied", "insufficient_funds", "replayed", "applied", "insufficient_funds", "applied")
			// What is answered belongs to the caller.
			outcomes[0].Transaction.Reserved[0], outcomes[0].Transaction.Entries[0] = units(0), ledger.Entry{}
			if replay := outcomes[2].Transaction; replay.Reserved[0] != units(6) || replay.Entries[0].Account != "a" {
				b.Errorf("spoiling one answer spoilt another: %+v", replay)
			}
			b.wantBalance("a", 7, 0, 7)
			b.wantBalance("b", 3, 7, 0)
			b.check("a", "b")
		}},
		{"an atomic batch reserves all or nothing", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			b.refusedAtomic(ledger.ErrInsufficientFunds, 2, hold("1", "a", "b", 6), move("2", "a", "b", 3), hold("3", "a", "b", 2))
			b.wantBalance("a", 10, 0, 0)
			b.wantBalance("b", 0, 0, 0)
			b.postAtomic(hold("1", "a", "b", 6), move("2", "a", "b", 3), hold("3", "a", "b", 1), hold("1", "a", "b", 6))
			b.wantBalance("a", 7, 0, 7)
			b.settle(whole("1"))
			b.void("3")
			b.wantBalance("a", 1, 0, 0)
			b.check("a", "b")
		}},
		{"a dry run reserves nothing and takes no id", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			for range 2 {
				outcome, err := b.service.DryRun(b.Context(), hold("held", "a", "b", 7))
				if err != nil || outcome.Result != ledger.Applied || outcome.Transaction.Status != ledger.Pending {
					b.Fatalf("it is %+v, %v", outcome, err)
				}
			}
			b.wantBalance("a", 10, 0, 0)
			_, err := b.service.Transaction(b.Context(), "held")
			b.failed(ledger.ErrNotFound, err)
			b.post(hold("held", "a", "b", 6))
			_, err = b.service.DryRun(b.Context(), hold("more", "a", "b", 5))
			b.failed(ledger.ErrInsufficientFunds, err)
			_, err = b.service.DryRun(b.Context(), hold("held", "a", "b", 7))
			b.failed(ledger.ErrTransactionConflict, err)
			b.wantBalance("a", 10, 0, 6)
			b.check("a", "b")
		}},
		{"what is pending is in the balance now, and not in that of a past moment", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			b.post(hold("held", "a", "b", 4))
			after := b.instant()
			now, err := b.service.BalanceAt(b.Context(), "a", ledger.Moment{})
			if err != nil || now.Balance.PendingDebits != units(4) || now.Posted() != units(10) {
				b.Errorf("now it is %+v, %v", now, err)
			}
			for _, at := range []ledger.Moment{{RecordedAt: after}, {EffectiveAt: after}} {
				past, err := b.service.BalanceAt(b.Context(), "a", at)
				if err != nil || past.Balance != (ledger.Balance{Credits: units(10)}) {
					b.Errorf("as of %+v it is %+v, %v", at, past, err)
				}
			}
		}},
		{"a hold whose end is far ahead stands like any other", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			for _, id := range []string{"posted", "voided"} {
				request := hold(id, "a", "b", 4)
				request.ExpiresAt = b.now().Add(time.Hour)
				if got := b.post(request); !got.ExpiresAt.Equal(request.ExpiresAt) {
					b.Errorf("it expires at %s, want %s", got.ExpiresAt, request.ExpiresAt)
				}
			}
			b.wantBalance("a", 10, 0, 8)
			b.settle(part("posted", 1))
			b.void("voided")
			b.wantBalance("a", 9, 0, 0)
			b.check("a", "b")
		}},
	}
}
