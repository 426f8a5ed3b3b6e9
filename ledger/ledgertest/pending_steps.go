package ledgertest

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Steps is the suite about posting and voiding pending transactions.
func Steps(t *testing.T, newService NewService) {
	t.Helper()
	runScenarios(t, newService, slices.Concat(stepScenarios(), refusedStepScenarios()))
}

// ready opens accounts, of which "a" has ten, and holds four of them for "b".
func (b *books) ready() {
	b.Helper()
	b.openAll("a", "b", "c", "d")
	b.deposit("funds", "a", 10)
	b.post(hold("held", "a", "b", 4))
}

// split is a pending transaction of four entries, which takes ten from "a".
func split(id string) ledger.TransactionRequest {
	return ledger.TransactionRequest{ID: id, Pending: true, Entries: []ledger.EntryRequest{
		leg("a", ledger.Debit, 10), leg("b", ledger.Credit, 5), leg("c", ledger.Credit, 3), leg("d", ledger.Credit, 2),
	}}
}

func stepScenarios() []scenario {
	return []scenario{
		{"posted in full", func(b *books) {
			b.ready()
			made := b.transaction("held")
			b.instant()
			got := b.settle(ledger.PostPendingRequest{Transaction: "held", Actor: "ann"})
			if got.Status != ledger.Posted || got.ResolvedBy != "ann" || !got.ResolvedAt.After(got.RecordedAt) ||
				!got.RecordedAt.Equal(made.RecordedAt) || !got.EffectiveAt.Equal(got.ResolvedAt) || !slices.Equal(got.Reserved, made.Reserved) {
				b.Errorf("the transaction is %+v", got)
			}
			want := []ledger.Entry{
				{Transaction: "held", Account: "a", Side: ledger.Debit, Asset: usd, Amount: units(4), Sequence: 2, Balance: units(6), Debits: units(4)},
				{Transaction: "held", Account: "b", Side: ledger.Credit, Asset: usd, Amount: units(4), Sequence: 1, Balance: units(4)},
			}
			for i := range want {
				want[i].RecordedAt, want[i].EffectiveAt = got.ResolvedAt, got.ResolvedAt
			}
			if !slices.Equal(got.Entries, want) {
				b.Errorf("the entries are %+v, want %+v", got.Entries, want)
			}
			if listed := b.entries("b"); !slices.Equal(listed, want[1:]) {
				b.Errorf("the entries of b are %+v", listed)
			}
			b.wantBalance("a", 6, 0, 0)
			b.wantBalance("b", 4, 0, 0)
			b.check("a", "b", "c", "d")
		}},
		{"posted in part by an amount, which releases the rest", func(b *books) {
			b.ready()
			got := b.settle(part("held", 3))
			if got.Entries[0].Amount != units(3) || got.Entries[1].Amount != units(3) || got.Reserved[0] != units(4) || got.Reserved[1] != units(4) {
				b.Errorf("the transaction is %+v", got)
			}
			b.wantBalance("a", 7, 0, 0)
			b.wantBalance("b", 3, 0, 0)
			b.wantEntries("a", 10, -3)
			b.post(move("rest", "a", "b", 7))
			b.check("a", "b")
		}},
		{"posted in part by entries", func(b *books) {
			b.openAll("a", "b", "c", "d")
			b.deposit("funds", "a", 10)
			b.post(split("held"))
			b.wantBalance("a", 10, 0, 10)
			b.wantBalance("d", 0, 2, 0)
			got := b.settle(parts("held", leg("a", ledger.Debit, 7), leg("b", ledger.Credit, 5), leg("c", ledger.Credit, 1), leg("d", ledger.Credit, 1)))
			var posted []ledger.Amount
			for _, e := range got.Entries {
				posted = append(posted, e.Amount)
			}
			if !slices.Equal(posted, []ledger.Amount{units(7), units(5), units(1), units(1)}) ||
				!slices.Equal(got.Reserved, []ledger.Amount{units(10), units(5), units(3), units(2)}) {
				b.Errorf("of %v there was posted %v", got.Reserved, posted)
			}
			for id, want := range map[string]int64{"a": 3, "b": 5, "c": 1, "d": 1} {
				b.wantBalance(id, want, 0, 0)
			}
			b.check("a", "b", "c", "d")
		}},
		{"two entries can be posted by entries, and many in full", func(b *books) {
			b.ready()
			b.settle(parts("held", leg("a", ledger.Debit, 2), leg("b", ledger.Credit, 2)))
			b.wantBalance("b", 2, 0, 0)
			b.deposit("more", "a", 2)
			b.post(split("all"))
			b.settle(whole("all"))
			b.wantBalance("a", 0, 0, 0)
			b.wantBalance("c", 3, 0, 0)
			b.check("a", "b", "c", "d")
		}},
		{"voided, it releases all and leaves no entry", func(b *books) {
			b.ready()
			outcome, err := b.service.VoidPending(b.Context(), ledger.VoidPendingRequest{Transaction: "held", Actor: "ann"})
			got := b.stepped(outcome, err, ledger.Applied)
			if got.Status != ledger.Voided || got.ResolvedBy != "ann" || got.ResolvedAt.Before(got.RecordedAt) ||
				got.Entries[0].Sequence != 0 || got.Entries[0].Amount != units(4) || !got.EffectiveAt.Equal(got.RecordedAt) {
				b.Errorf("the transaction is %+v", got)
			}
			b.wantBalance("a", 10, 0, 0)
			b.wantBalance("b", 0, 0, 0)
			b.wantEntries("a", 10)
			b.wantEntries("b")
			b.post(move("all", "a", "b", 10))
			b.check("a", "b")
		}},
		{"numbers are taken when it is posted, in the order of posting", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			for _, id := range []string{"one", "two", "three"} {
				b.post(hold(id, "a", "b", 2))
			}
			b.post(move("between", "a", "b", 1))
			b.settle(whole("three"))
			b.void("two")
			b.settle(part("one", 1))
			b.wantEntries("a", 10, -1, -2, -1)
			b.wantEntries("b", 1, 2, 1)
			b.check("a", "b")
		}},
		{"the same step again is a replay", func(b *books) {
			b.ready()
			b.post(hold("other", "a", "b", 4))
			posted, voided := b.settle(part("held", 3)), b.void("other")
			b.deposit("more", "a", 1)
			b.setStatus("a", ledger.StatusFrozen)
			b.unchanged([]string{"a", "b"}, func() {
				for _, again := range []ledger.PostPendingRequest{
					part("held", 3), parts("held", leg("a", ledger.Debit, 3), leg("b", ledger.Credit, 3)),
					{Transaction: "held", Amount: new(units(3)), Actor: "somebody else"},
				} {
					if got := b.settleAgain(again); !sameTransaction(got, posted) {
						b.Errorf("again it is %+v, first it was %+v", got, posted)
					}
				}
				if got := b.voidAgain("other"); !sameTransaction(got, voided) {
					b.Errorf("again it is %+v, first it was %+v", got, voided)
				}
			})
		}},
		{"all of it and its amount are the same step", func(b *books) {
			b.ready()
			b.settle(whole("held"))
			b.settleAgain(part("held", 4))
			b.settleAgain(whole("held"))
		}},
		{"its request again answers with what became of it", func(b *books) {
			b.ready()
			b.post(hold("void", "a", "b", 1))
			posted, voided := b.settle(part("held", 3)), b.void("void")
			if got := b.replay(hold("held", "a", "b", 4)); !sameTransaction(got, posted) {
				b.Errorf("the replay shows %+v, want %+v", got, posted)
			}
			if got := b.replay(hold("void", "a", "b", 1)); !sameTransaction(got, voided) {
				b.Errorf("the replay shows %+v, want %+v", got, voided)
			}
			b.refused(ledger.ErrTransactionConflict, hold("held", "a", "b", 3))
			b.refused(ledger.ErrTransactionConflict, move("held", "a", "b", 3))
			b.wantBalance("a", 7, 0, 0)
		}},
		{"an effective time that was asked for stays", func(b *books) {
			b.ready()
			earlier := b.instant()
			request := hold("early", "a", "b", 2)
			request.EffectiveAt = earlier
			b.post(request)
			got := b.settle(whole("early"))
			if !got.EffectiveAt.Equal(earlier) || !got.Entries[0].EffectiveAt.Equal(earlier) || !got.Entries[0].RecordedAt.Equal(got.ResolvedAt) {
				b.Errorf("the transaction is %+v, want it effective at %s", got, earlier)
			}
			b.check("a", "b")
		}},
		{"what is answered belongs to the caller", func(b *books) {
			b.ready()
			got := b.settle(whole("held"))
			want := b.transaction("held")
			got.Entries[0], got.Reserved[0] = ledger.Entry{}, units(0)
			again := b.settleAgain(whole("held"))
			again.Entries[1], again.Reserved[1] = ledger.Entry{}, units(0)
			if read := b.transaction("held"); !sameTransaction(read, want) {
				b.Errorf("spoiling an answer made it %+v", read)
			}
		}},
	}
}

func refusedStepScenarios() []scenario {
	return []scenario{
		{"another step is refused", func(b *books) {
			b.ready()
			b.post(hold("other", "a", "b", 4))
			b.settle(part("held", 3))
			b.void("other")
			b.notSettled(ledger.ErrAlreadyResolved, part("held", 2))
			b.notSettled(ledger.ErrAlreadyResolved, part("held", 4))
			b.notSettled(ledger.ErrAlreadyResolved, whole("held"))
			b.notVoided(ledger.ErrAlreadyResolved, "held")
			b.notSettled(ledger.ErrAlreadyResolved, whole("other"))
			if e := b.notSettled(ledger.ErrAlreadyResolved, part("other", 3)); e.Transaction != "other" {
				b.Errorf("the error names %q", e.Transaction)
			}
			b.check("a", "b")
		}},
		{"what never was pending has no steps", func(b *books) {
			b.ready()
			b.notSettled(ledger.ErrAlreadyResolved, whole("funds"))
			b.notSettled(ledger.ErrAlreadyResolved, part("funds", 10))
			b.notVoided(ledger.ErrAlreadyResolved, "funds")
		}},
		{"what isn't there has none either", func(b *books) {
			b.openAll("a")
			for _, id := range []string{"nothing", "", "\x00", strings.Repeat("x", ledger.MaxID+1)} {
				outcome, err := b.service.PostPending(b.Context(), whole(id))
				b.failed(ledger.ErrNotFound, err)
				if outcome.Result != ledger.Rejected {
					b.Errorf("posting %q was %s", id, outcome.Result)
				}
				outcome, err = b.service.VoidPending(b.Context(), ledger.VoidPendingRequest{Transaction: id})
				b.failed(ledger.ErrNotFound, err)
				if outcome.Result != ledger.Rejected {
					b.Errorf("voiding %q was %s", id, outcome.Result)
				}
			}
		}},
		{"no more than is reserved can be posted", func(b *books) {
			b.ready()
			b.notSettled(ledger.ErrAmountOutOfRange, part("held", 5))
			b.notSettled(ledger.ErrAmountOutOfRange, parts("held", leg("a", ledger.Debit, 5), leg("b", ledger.Credit, 5)))
			large, err := ledger.ParseUnits("1" + strings.Repeat("0", ledger.MaxDigits))
			if err != nil {
				b.Fatal(err)
			}
			b.notSettled(ledger.ErrAmountOutOfRange, ledger.PostPendingRequest{Transaction: "held", Amount: &large})
			b.settle(part("held", 4))
			b.deposit("more", "a", 4)
			b.post(split("split"))
			b.notSettled(ledger.ErrAmountOutOfRange, parts("split",
				leg("a", ledger.Debit, 9), leg("b", ledger.Credit, 5), leg("c", ledger.Credit, 1), leg("d", ledger.Credit, 3)))
			b.void("split")
		}},
		{"an amount is positive, for two entries, and not beside entries", func(b *books) {
			b.ready()
			b.deposit("more", "a", 4)
			b.post(split("split"))
			for _, amount := range []int64{0, -1} {
				if e := b.notSettled(ledger.ErrInvalidRequest, part("held", amount)); e.Field != "amount" {
					b.Errorf("the error names the field %q", e.Field)
				}
			}
			if e := b.notSettled(ledger.ErrInvalidRequest, part("split", 1)); e.Field != "amount" {
				b.Errorf("the error names the field %q", e.Field)
			}
			both := parts("held", leg("a", ledger.Debit, 1), leg("b", ledger.Credit, 1))
			both.Amount = new(units(1))
			b.notSettled(ledger.ErrInvalidRequest, both)
			b.notSettled(ledger.ErrInvalidRequest, ledger.PostPendingRequest{Transaction: "held", Actor: "a\x00"})
			b.wantBalance("a", 14, 0, 14)
		}},
		{"entries are those of the transaction", func(b *books) {
			b.ready()
			euros := move("", "a", "b", 1).Entries
			euros[0].Asset, euros[1].Asset = eur, eur
			a, c := leg("a", ledger.Debit, 1), leg("b", ledger.Credit, 1)
			for _, test := range []struct {
				code    ledger.Code
				entries []ledger.EntryRequest
			}{
				{ledger.ErrInvalidRequest, []ledger.EntryRequest{}},
				{ledger.ErrInvalidRequest, []ledger.EntryRequest{a}},
				{ledger.ErrInvalidRequest, []ledger.EntryRequest{c, a}},
				{ledger.ErrInvalidRequest, []ledger.EntryRequest{a, leg("c", ledger.Credit, 1)}},
				{ledger.ErrInvalidRequest, []ledger.EntryRequest{leg("a", ledger.Credit, 1), leg("b", ledger.Debit, 1)}},
				{ledger.ErrInvalidRequest, []ledger.EntryRequest{a, c, a, c}},
				{ledger.ErrInvalidRequest, []ledger.EntryRequest{leg("a", ledger.Debit, 0), leg("b", ledger.Credit, 0)}},
				{ledger.ErrInvalidRequest, []ledger.EntryRequest{leg("a", ledger.Debit, -1), leg("b", ledger.Credit, -1)}},
				{ledger.ErrUnbalanced, []ledger.EntryRequest{a, leg("b", ledger.Credit, 2)}},
				{ledger.ErrAssetMismatch, euros},
			} {
				b.notSettled(test.code, parts("held", test.entries...))
			}

			b.settle(parts("held", a, c))
		}},
		{"a frozen account refuses posting and new holds, not voiding", func(b *books) {
			for _, frozen := range []string{"a", "b"} {
				hold := func(id string) ledger.TransactionRequest { return hold(id+"-"+frozen, "a", "b", 1) }
				if frozen == "a" {
					b.openAll("a", "b")
					b.deposit("funds", "a", 10)
				}
				b.post(hold("one"))
				b.post(hold("two"))
				b.setStatus(frozen, ledger.StatusFrozen)
				if e := b.notSettled(ledger.ErrAccountFrozen, whole("one-"+frozen)); e.Account != frozen {
					b.Errorf("the error names account %q, want %q", e.Account, frozen)
				}
				b.refused(ledger.ErrAccountFrozen, hold("three"))
				b.void("two-" + frozen)
				b.setStatus(frozen, ledger.StatusOpen)
				b.settle(whole("one-" + frozen))
			}
			b.wantBalance("a", 8, 0, 0)
			b.check("a", "b")
		}},
	}
}
