package ledger

import (
	"testing"
	"time"
)

func (b *books) reversing(id, original string) Operation {
	return newReverseOperation(ReversalRequest{ID: id, Transaction: original, Description: "wrong"}, b.transactions[original].Transaction)
}

func TestReversal(t *testing.T) {
	t.Parallel()
	for _, first := range []int{1, 2, 3} {
		b := newBooks(t, AccountRequest{ID: "a", Asset: usd, OpeningBalance: NewAmount(25)}, AccountRequest{ID: "b", Asset: usd})
		wantApplied(t, b.apply(t, moving(t, "sale", "a", "b", 10)))
		operations := []Operation{b.reversing("r", "sale"), b.reversing("r", "sale"), b.reversing("r2", "sale")}
		outcomes := b.apply(t, operations[:first]...)
		outcomes = append(outcomes, b.apply(t, operations[first:]...)...)
		wantApplied(t, outcomes[:1])
		if outcomes[1].Result != Replayed || !same(outcomes[1].Transaction, outcomes[0].Transaction) {
			t.Errorf("again it is %+v", outcomes[1])
		}
		wantRejected(t, outcomes[2], ErrAlreadyReversed)
		b.wantBalance(t, "a", 25, 2)
		b.wantBalance(t, "b", 0, 2)
		got := b.transactions["r"]
		if got.Reverses != "sale" || b.transactions["sale"].ReversedBy != "r" || got.Entries[0].Side != Credit || got.Description != "wrong" {
			t.Errorf("got %+v", got)
		}
		wantRejected(t, b.apply(t, b.reversing("rr", "r"))[0], ErrNotReversible)
		wantRejected(t, b.apply(t, moving(t, "r", "b", "a", 10))[0], ErrTransactionConflict)
	}
}

func TestReversalRefusals(t *testing.T) {
	t.Parallel()
	b := heldBooks(t, noon.Add(time.Hour))
	wantApplied(t, b.apply(t, moving(t, "sale", "a", "b", 10), moving(t, "spent", "b", "a", 10), moving(t, "other", "a", "b", 1)))
	wantRejected(t, b.apply(t, b.reversing("r", "h"))[0], ErrNotReversible)
	wantRejected(t, b.apply(t, b.reversing("other", "sale"))[0], ErrTransactionConflict)
	wantRejected(t, b.apply(t, b.reversing("r", "sale"))[0], ErrInsufficientFunds)
	if got := b.transactions["sale"]; got.ReversedBy != "" {
		t.Errorf("got %+v", got)
	}
	wantApplied(t, b.apply(t, b.stepping("h", partly(4)), b.reversing("r", "h")))
	b.wantBalance(t, "b", 1, 5)
	b.now = noon.Add(2 * time.Hour)
	wantApplied(t, b.apply(t, holding(t, "h2", time.Time{})))
	wantApplied(t, b.apply(t, b.stepping("h2", voiding)))
	wantRejected(t, b.apply(t, b.reversing("r3", "h2"))[0], ErrNotReversible)
}

// TestReversalOfWhatWasPendingWhenRead posts a hold between the reading of it and
// the decision.
func TestReversalOfWhatWasPendingWhenRead(t *testing.T) {
	t.Parallel()
	b := heldBooks(t, time.Time{})
	wantApplied(t, b.apply(t, b.stepping("h", partly(4)), b.reversing("r", "h")))
	b.wantBalance(t, "a", 25, 2)
}

func TestReversalRequestsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, request := range map[string]ReversalRequest{
		"no id": {Transaction: "t"}, "opening": {ID: "opening:a", Transaction: "t"},
		"description": {ID: "r", Transaction: "t", Description: "\x00"},
		"metadata":    {ID: "r", Transaction: "t", Metadata: Metadata{"": ""}},
		"time":        {ID: "r", Transaction: "t", EffectiveAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if err := request.validate(); err == nil {
			t.Errorf("%s: it is valid", name)
		}
	}
}
