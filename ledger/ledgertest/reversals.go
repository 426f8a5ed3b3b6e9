package ledgertest

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Reversals is the suite about undoing what was posted.
func Reversals(t *testing.T, newService NewService) {
	t.Helper()
	runScenarios(t, newService, slices.Concat(reversingScenarios(), notReversedScenarios()))
}

// reverse reverses a transaction, which must take effect now, and demands that the
// two name each other and mirror each other's entries.
func (b *books) reverse(id, original string) ledger.Transaction {
	b.Helper()
	return b.reverseAs(ledger.ReversalRequest{ID: id, Transaction: original})
}

func (b *books) reverseAs(request ledger.ReversalRequest) ledger.Transaction {
	b.Helper()
	undone := b.transaction(request.Transaction)
	outcome, err := b.service.Reverse(b.Context(), request)
	if err != nil || outcome.Result != ledger.Applied {
		b.Fatalf("reversing %q was %s, %v", request.Transaction, outcome.Result, err)
	}
	got := *outcome.Transaction
	if read := b.transaction(request.ID); !sameTransaction(got, read) {
		b.Errorf("the reversal is %+v, and reads as %+v", got, read)
	}
	if got.ID != request.ID || got.Status != ledger.Posted || got.Reverses != request.Transaction || got.ReversedBy != "" || len(got.Entries) != len(undone.Entries) {
		b.Fatalf("the reversal is %+v", got)
	}
	for i, e := range undone.Entries {
		mirror := got.Entries[i]
		if mirror.Account != e.Account || mirror.Side == e.Side || mirror.Asset != e.Asset || mirror.Amount != e.Amount || mirror.Transaction != request.ID {
			b.Errorf("entry %d is %+v, which does not undo %+v", i, mirror, e)
		}
	}
	undone.ReversedBy = request.ID
	if read := b.transaction(request.Transaction); !sameTransaction(read, undone) {
		b.Errorf("the reversed transaction reads as %+v, want %+v", read, undone)
	}
	return got
}

// notReversed demands that a reversal is refused with the code and changes nothing.
func (b *books) notReversed(code ledger.Code, id, original string) ledger.Error {
	b.Helper()
	before := b.transaction(original)
	var e ledger.Error
	b.unchanged(accountsOf(before), func() {
		b.Helper()
		outcome, err := b.service.Reverse(b.Context(), ledger.ReversalRequest{ID: id, Transaction: original})
		if outcome.Result != ledger.Rejected {
			b.Fatalf("reversing %q was %s, want rejected with %s", original, outcome.Result, code)
		}
		e = b.failed(code, err)
	})
	if after := b.transaction(original); !sameTransaction(before, after) {
		b.Errorf("a refused reversal made %+v of %+v", after, before)
	}
	return e
}

func (b *books) reverseAgain(request ledger.ReversalRequest) ledger.Transaction {
	b.Helper()
	outcome, err := b.service.Reverse(b.Context(), request)
	if err != nil || outcome.Result != ledger.Replayed {
		b.Fatalf("reversing %q again was %s, %v", request.Transaction, outcome.Result, err)
	}
	return *outcome.Transaction
}

func reversingScenarios() []scenario {
	return []scenario{
		{"all entries on the other sides, with numbers of their own", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			request := move("moved", "a", "b", 4)
			b.post(request)
			got := b.reverse("undo", "moved")
			want := []ledger.Entry{
				{Transaction: "undo", Account: "a", Side: ledger.Credit, Asset: usd, Amount: units(4), Sequence: 3, Balance: units(10), Debits: units(4)},
				{Transaction: "undo", Account: "b", Side: ledger.Debit, Asset: usd, Amount: units(4), Sequence: 2, Debits: units(4)},
			}
			for i := range want {
				want[i].RecordedAt, want[i].EffectiveAt = got.RecordedAt, got.RecordedAt
			}
			if !slices.Equal(got.Entries, want) {
				b.Errorf("the entries are %+v, want %+v", got.Entries, want)
			}
			if again := b.replay(request); again.ReversedBy != "undo" {
				b.Errorf("the request of what was reversed answers with %+v", again)
			}
			b.wantEntries("a", 10, -4, 4)
			b.wantBalance("a", 10, 0, 0)
			b.wantBalance("b", 0, 0, 0)
			b.check("a", "b")
		}},
		{"once: the same again is a replay, another is refused", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			b.post(move("moved", "a", "b", 4))
			request := ledger.ReversalRequest{ID: "undo", Transaction: "moved", Description: "returned", Metadata: ledger.Metadata{"k": "v"}, Actor: "ann"}
			first := b.reverseAs(request)
			if first.Description != "returned" || first.Metadata["k"] != "v" || first.Actor != "ann" {
				b.Errorf("the reversal is %+v", first)
			}
			b.setStatus("a", ledger.StatusFrozen)
			for _, actor := range []string{"ann", "bob"} {
				request.Actor = actor
				b.unchanged([]string{"a", "b"}, func() {
					if again := b.reverseAgain(request); !sameTransaction(first, again) {
						b.Errorf("again it is %+v, first it was %+v", again, first)
					}
				})
			}
			if e := b.notReversed(ledger.ErrAlreadyReversed, "other", "moved"); e.Transaction != "moved" {
				b.Errorf("the error names %q", e.Transaction)
			}
			b.check("a", "b")
		}},
		{"an opening balance and a deposit", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", OpeningBalance: units(10)})
			b.deposit("one", "a", 5)
			b.reverse("undo-one", "one")
			b.reverse("undo-opening", ledger.OpeningID("a"))
			b.wantEntries("a", 10, 5, -5, -10)
			b.wantPosted(ledger.WorldID("USD"), 0)
			b.setStatus("a", ledger.StatusClosed)
			b.check("a")
		}},
		{"many entries, several assets, and accounts that occur twice", func(b *books) {
			b.open(
				ledger.AccountRequest{ID: "ann-usd", OpeningBalance: units(100)}, ledger.AccountRequest{ID: "ann-eur", Asset: eur},
				ledger.AccountRequest{ID: "desk-usd"}, ledger.AccountRequest{ID: "desk-eur", Asset: eur, OpeningBalance: units(50)},
			)
			request := exchange("fx", 100, 50)
			request.Entries = append(request.Entries, leg("desk-usd", ledger.Debit, 7), leg("ann-usd", ledger.Credit, 7))
			b.post(request)
			b.reverse("undo", "fx")
			b.wantEntries("ann-usd", 100, -100, 7, 100, -7)
			b.wantPosted("desk-eur", 50)
			b.wantPosted("ann-eur", 0)
			b.check("ann-usd", "ann-eur", "desk-usd", "desk-eur")
		}},
		{"of a hold, what was posted", func(b *books) {
			b.ready()
			b.settle(part("held", 3))
			got := b.reverse("undo", "held")
			if got.Entries[0].Amount != units(3) || got.Reserved != nil {
				b.Errorf("the reversal is %+v", got)
			}
			b.wantBalance("a", 10, 0, 0)
			b.settleAgain(part("held", 3))
			b.notVoided(ledger.ErrAlreadyResolved, "held")
			if again := b.replay(hold("held", "a", "b", 4)); again.ReversedBy != "undo" {
				b.Errorf("the request again answers with %+v", again)
			}
			b.check("a", "b")
		}},
		{"with an earlier effective time", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			b.post(move("moved", "a", "b", 4))
			at := b.instant()
			got := b.reverseAs(ledger.ReversalRequest{ID: "undo", Transaction: "moved", EffectiveAt: at})
			if !got.EffectiveAt.Equal(at) || !got.RecordedAt.After(at) || !got.Entries[0].EffectiveAt.Equal(at) {
				b.Errorf("the reversal is %+v", got)
			}
			b.wantAt("a", ledger.Moment{EffectiveAt: at}, 10)
			b.wantAt("a", ledger.Moment{RecordedAt: at}, 6)
			b.check("a", "b")
		}},
	}
}

func notReversedScenarios() []scenario {
	return []scenario{
		{"what posted nothing can't be reversed, nor a reversal", func(b *books) {
			b.ready()
			b.post(hold("voided", "a", "b", 1))
			b.void("voided")
			b.expired(move("expired", "a", "b", 1))
			b.post(move("moved", "a", "b", 1))
			b.reverse("undo", "moved")
			for _, id := range []string{"held", "voided", "expired", "undo"} {
				if e := b.notReversed(ledger.ErrNotReversible, "other", id); e.Transaction != id {
					b.Errorf("the error names %q, want %q", e.Transaction, id)
				}
			}
			_, err := b.service.Transaction(b.Context(), "other")
			b.failed(ledger.ErrNotFound, err)
			b.settle(whole("held"))
			b.reverse("other", "held")
			b.check("a", "b")
		}},
		{"a limit refuses it, and it can be done later", func(b *books) {
			b.openAll("a", "b", "c")
			b.deposit("funds", "a", 10)
			b.post(move("moved", "a", "b", 4))
			b.post(move("spent", "b", "c", 1))
			if e := b.notReversed(ledger.ErrInsufficientFunds, "undo", "moved"); e.Account != "b" {
				b.Errorf("the error names account %q", e.Account)
			}
			_, err := b.service.Transaction(b.Context(), "undo")
			b.failed(ledger.ErrNotFound, err)
			b.deposit("more", "b", 1)
			b.post(hold("held", "b", "c", 1))
			b.notReversed(ledger.ErrInsufficientFunds, "undo", "moved")
			b.void("held")
			b.reverse("undo", "moved")
			b.check("a", "b", "c")
		}},
		{"a frozen or closed account refuses it", func(b *books) {
			b.openAll("a", "b", "c")
			b.deposit("funds", "a", 10)
			b.post(move("moved", "a", "b", 4))
			b.post(move("on", "b", "c", 4))
			b.setStatus("b", ledger.StatusFrozen)
			if e := b.notReversed(ledger.ErrAccountFrozen, "undo", "moved"); e.Account != "b" {
				b.Errorf("the error names account %q", e.Account)
			}
			b.setStatus("b", ledger.StatusClosed)
			b.notReversed(ledger.ErrAccountClosed, "undo", "moved")
			b.check("a", "b", "c")
		}},
		{"an id that another transaction has is a conflict", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			b.post(move("one", "a", "b", 1))
			b.post(move("two", "a", "b", 1))
			b.post(hold("held", "a", "b", 1))
			b.reverse("undo", "one")
			for _, id := range []string{"two", "funds", "undo", "held"} {
				if e := b.notReversed(ledger.ErrTransactionConflict, id, "two"); e.Transaction != id {
					b.Errorf("the error names %q, want %q", e.Transaction, id)
				}
			}
			// A transaction of the same entries is no reversal.
			b.refused(ledger.ErrTransactionConflict, move("undo", "b", "a", 1))
			b.post(move("back", "b", "a", 1))
			b.notReversed(ledger.ErrTransactionConflict, "back", "two")
			b.wantStatus("two", ledger.Posted)
			b.check("a", "b")
		}},
		{"other content under the same id is a conflict", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			b.post(move("moved", "a", "b", 4))
			at := b.instant()
			first := ledger.ReversalRequest{ID: "undo", Transaction: "moved", EffectiveAt: at, Description: "d", Metadata: ledger.Metadata{"k": "v"}}
			b.reverseAs(first)
			for field, change := range map[string]func(*ledger.ReversalRequest){
				"transaction": func(r *ledger.ReversalRequest) { r.Transaction = "funds" },
				"effective":   func(r *ledger.ReversalRequest) { r.EffectiveAt = at.Add(-1000) },
				"description": func(r *ledger.ReversalRequest) { r.Description = "" },
				"metadata":    func(r *ledger.ReversalRequest) { r.Metadata = ledger.Metadata{"k": "w"} },
			} {
				other := first
				change(&other)
				outcome, err := b.service.Reverse(b.Context(), other)
				if outcome.Result != ledger.Rejected {
					b.Errorf("%s: it was %s", field, outcome.Result)
				}
				b.failed(ledger.ErrTransactionConflict, err)
			}
			b.reverseAgain(first)
			b.wantBalance("a", 10, 0, 0)
		}},
		{"what isn't there, and requests that are none", func(b *books) {
			b.openAll("a")
			b.deposit("funds", "a", 10)
			for code, requests := range map[ledger.Code][]ledger.ReversalRequest{
				ledger.ErrNotFound: {{ID: "undo", Transaction: "nothing"}, {ID: "undo"}, {ID: "undo", Transaction: "\x00"}},
				ledger.ErrInvalidRequest: {
					{Transaction: "funds"},
					{ID: "a\x00", Transaction: "funds"},
					{ID: ledger.OpeningID("a"), Transaction: "funds"},
					{ID: "undo", Transaction: "funds", EffectiveAt: b.now().AddDate(1, 0, 0)},
					{ID: "undo", Transaction: "funds", Description: strings.Repeat("x", ledger.MaxDescription+1)},
					{ID: "undo", Transaction: "funds", Metadata: ledger.Metadata{"": "x"}},
					{ID: "undo", Transaction: "funds", Actor: strings.Repeat("x", ledger.MaxActor+1)},
				},
			} {
				for _, request := range requests {
					outcome, err := b.service.Reverse(b.Context(), request)
					b.failed(code, err)
					if outcome.Result != ledger.Rejected {
						b.Errorf("%+v was %s", request, outcome.Result)
					}
				}
			}
			b.reverse("undo", "funds")
			b.check("a")
		}},
	}
}
