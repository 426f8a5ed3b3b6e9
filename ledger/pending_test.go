package ledger

import (
	"testing"
	"time"
)

// holding makes a pending transaction of 10 from a to b.
func holding(t reporter, id string, expiresAt time.Time) Operation {
	t.Helper()
	operation, err := newPostOperation(TransactionRequest{
		ID: id, Entries: []EntryRequest{debit("a", 10), credit("b", 10)}, Pending: true, ExpiresAt: expiresAt,
	})
	if err != nil {
		t.Fatal(err)
	}
	return operation
}

// stepping makes a step of a transaction as it stands.
func (b *books) stepping(id string, complete func(*stepOperation)) Operation {
	op := newStepOperation(b.transactions[id].Transaction, "clerk")
	if complete != nil {
		complete(op)
	}
	return op
}

func voiding(op *stepOperation) { op.void = true }

func partly(units int64) func(*stepOperation) {
	return func(op *stepOperation) { op.amount = new(NewAmount(units)) }
}

func heldBooks(t *testing.T, expiresAt time.Time) *books {
	t.Helper()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd, OpeningBalance: NewAmount(25)}, AccountRequest{ID: "b", Asset: usd})
	wantApplied(t, b.apply(t, holding(t, "h", expiresAt)))
	return b
}

func (b *books) wantAvailable(t *testing.T, id string, posted, available int64) {
	t.Helper()
	account := b.accounts[id].Account
	if account.Posted() != NewAmount(posted) || account.Available() != NewAmount(available) {
		t.Errorf("account %q has %s and %s available, want %d and %d", id, account.Posted(), account.Available(), posted, available)
	}
}

func TestHoldReservesAtOnce(t *testing.T) {
	t.Parallel()
	b := heldBooks(t, time.Time{})
	b.wantAvailable(t, "a", 25, 15)
	b.wantAvailable(t, "b", 0, 0)
	if in, out := b.accounts["b"].Balance.PendingIn(Credit), b.accounts["a"].Balance.PendingOut(Credit); in != NewAmount(10) || out != in {
		t.Errorf("%s comes in and %s goes out, want 10", in, out)
	}
	if got := b.transactions["h"]; got.Status != Pending || got.Entries[0].Sequence != 0 || got.Reserved[1] != NewAmount(10) {
		t.Errorf("got %+v", got)
	}
	wantRejected(t, b.apply(t, moving(t, "much", "a", "b", 16))[0], ErrInsufficientFunds)
	wantApplied(t, b.apply(t, holding(t, "h2", time.Time{}), moving(t, "rest", "a", "b", 5)))
	wantRejected(t, b.apply(t, changing(t, "a", AccountChange{Status: StatusClosed}))[0], ErrAccountNotEmpty)
}

// TestSteps takes a hold through two steps one after the other, in one batch and in
// two.
func TestSteps(t *testing.T) {
	t.Parallel()
	full := func(*stepOperation) {}
	for name, test := range map[string]struct {
		first, second func(*stepOperation)
		result        Result
		code          Code
		posted        int64
	}{
		"full, full":         {full, full, Replayed, "", 10},
		"full, same amount":  {full, partly(10), Replayed, "", 10},
		"full, part":         {full, partly(9), Rejected, ErrAlreadyResolved, 10},
		"part, part":         {partly(4), partly(4), Replayed, "", 4},
		"part, full":         {partly(4), full, Rejected, ErrAlreadyResolved, 4},
		"part, too much":     {partly(4), partly(11), Rejected, ErrAlreadyResolved, 4},
		"void, void":         {voiding, voiding, Replayed, "", 0},
		"void, post":         {voiding, full, Rejected, ErrAlreadyResolved, 0},
		"post, void":         {full, voiding, Rejected, ErrAlreadyResolved, 10},
		"void after part":    {partly(1), voiding, Rejected, ErrAlreadyResolved, 1},
		"too much, the rest": {partly(11), full, Applied, "", 10},
	} {
		for _, batches := range []int{1, 2} {
			b := heldBooks(t, time.Time{})
			first, second := b.stepping("h", test.first), b.stepping("h", test.second)
			var outcomes []Outcome
			if batches == 1 {
				outcomes = b.apply(t, first, second)
			} else {
				outcomes = append(b.apply(t, first), b.apply(t, second)...)
			}
			got := outcomes[1]
			if got.Result != test.result || got.Err != nil && got.Err.(*Error).Code != test.code {
				t.Errorf("%s in %d batches: %+v, want %s %s", name, batches, got, test.result, test.code)
			}
			if test.result == Replayed && !same(got.Transaction, outcomes[0].Transaction) {
				t.Errorf("%s: the replay is %+v, not %+v", name, got.Transaction, outcomes[0].Transaction)
			}
			b.wantAvailable(t, "a", 25-test.posted, 25-test.posted)
			b.wantAvailable(t, "b", test.posted, test.posted)
		}
	}
}

func TestStepSaysWhoAndWhen(t *testing.T) {
	t.Parallel()
	b := heldBooks(t, time.Time{})
	b.now = noon.Add(time.Hour)
	wantApplied(t, b.apply(t, b.stepping("h", partly(3))))
	got := b.transactions["h"]
	if got.Status != Posted || !got.RecordedAt.Equal(noon) || !got.ResolvedAt.Equal(b.now) || !got.EffectiveAt.Equal(b.now) ||
		got.ResolvedBy != "clerk" || got.Entries[0].Amount != NewAmount(3) || got.Reserved[0] != NewAmount(10) {
		t.Errorf("got %+v", got)
	}
}

// TestExpiry judges a hold at the instant at which it expires and just before.
func TestExpiry(t *testing.T) {
	t.Parallel()
	end := noon.Add(time.Minute)
	for name, at := range map[string]time.Time{"before": end.Add(-time.Microsecond), "then": end, "later": end.Add(time.Hour)} {
		b := heldBooks(t, end)
		b.now = at
		live := name == "before"
		outcomes := b.apply(t, holding(t, "h", end), moving(t, "all", "a", "b", 25), b.stepping("h", nil), b.stepping("h", voiding))
		if got := outcomes[0].Transaction.Status; (got == Pending) != live || (got == Expired) == live {
			t.Errorf("%s: the replay is %s", name, got)
		}
		if live {
			wantRejected(t, outcomes[1], ErrInsufficientFunds)
			wantApplied(t, outcomes[2:3])
			wantRejected(t, outcomes[3], ErrAlreadyResolved)
			continue
		}
		wantApplied(t, outcomes[1:2])
		wantRejected(t, outcomes[2], ErrExpired)
		wantRejected(t, outcomes[3], ErrExpired)
		wantApplied(t, b.apply(t, changing(t, "a", AccountChange{Status: StatusClosed})))
	}
}

// TestExpiryIsJudgedByTheAccounts has a clock that was set back: what an account
// saw expire stays expired.
func TestExpiryIsJudgedByTheAccounts(t *testing.T) {
	t.Parallel()
	end := noon.Add(time.Minute)
	b := heldBooks(t, end)
	b.now = end
	wantApplied(t, b.apply(t, moving(t, "all", "a", "b", 25)))
	b.handmade = true
	b.now = noon
	wantRejected(t, b.apply(t, b.stepping("h", nil))[0], ErrExpired)
}

func TestStepRefusals(t *testing.T) {
	t.Parallel()
	entries := func(entries ...EntryRequest) func(*stepOperation) {
		return func(op *stepOperation) { op.entries = entries }
	}
	b := heldBooks(t, time.Time{})
	wantApplied(t, b.apply(t, moving(t, "plain", "a", "b", 1)))
	three, err := newPostOperation(TransactionRequest{
		ID: "three", Entries: []EntryRequest{debit("a", 6), credit("b", 5), credit("world:USD", 1)}, Pending: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	wantApplied(t, b.apply(t, three))
	for name, test := range map[string]struct {
		id   string
		step func(*stepOperation)
		code Code
	}{
		"never pending":        {"plain", nil, ErrAlreadyResolved},
		"more":                 {"h", partly(11), ErrAmountOutOfRange},
		"an amount for three":  {"three", partly(1), ErrInvalidRequest},
		"too few":              {"three", entries(debit("a", 1), credit("b", 1)), ErrInvalidRequest},
		"another account":      {"h", entries(debit("b", 1), credit("b", 1)), ErrInvalidRequest},
		"another side":         {"h", entries(credit("a", 1), debit("b", 1)), ErrInvalidRequest},
		"another asset":        {"h", entries(in(eur, debit("a", 1)), in(eur, credit("b", 1))), ErrAssetMismatch},
		"one entry is too big": {"three", entries(debit("a", 3), credit("b", 1), credit("world:USD", 2)), ErrAmountOutOfRange},
	} {
		decision, err := b.decide(t, b.stepping(test.id, test.step))
		if err != nil || len(decision.Accounts)+len(decision.Resolutions) > 0 {
			t.Fatalf("%s: %+v, %v", name, decision, err)
		}
		wantRejected(t, decision.Outcomes[0], test.code)
	}
	wantApplied(t, b.apply(t, b.stepping("three", entries(debit("a", 3), credit("b", 2), credit("world:USD", 1)))))
	wantApplied(t, b.apply(t, changing(t, "b", AccountChange{Status: StatusFrozen})))
	wantRejected(t, b.apply(t, b.stepping("h", nil))[0], ErrAccountFrozen)
	wantRejected(t, b.apply(t, holding(t, "h2", time.Time{}))[0], ErrAccountFrozen)
	wantApplied(t, b.apply(t, b.stepping("h", voiding)))
}

func TestStepOfNothing(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	wantRejected(t, b.apply(t, &stepOperation{id: "h"})[0], ErrNotFound)
}

func TestStepRequestsThatCannotBe(t *testing.T) {
	t.Parallel()
	amount := NewAmount(1)
	for name, request := range map[string]PostPendingRequest{
		"both":        {Amount: &amount, Entries: []EntryRequest{debit("a", 1), credit("b", 1)}},
		"zero":        {Amount: new(Amount{})},
		"negative":    {Amount: new(NewAmount(-1))},
		"no entries":  {Entries: []EntryRequest{}},
		"zero entry":  {Entries: []EntryRequest{debit("a", 0), credit("b", 0)}},
		"control":     {Actor: "\x00"},
		"long actor":  {Actor: string(make([]byte, MaxActor+1))},
		"large":       {Amount: new(tooLargeByOne())},
		"unbalanced":  {Entries: []EntryRequest{debit("a", 2), credit("b", 1)}},
		"large entry": {Entries: []EntryRequest{{Account: "a", Side: Debit, Asset: usd, Amount: tooLargeByOne()}, credit("b", 1)}},
	} {
		if err := request.validate(); err == nil {
			t.Errorf("%s: it is valid", name)
		}
	}
	if err := (PostPendingRequest{Amount: &amount}).validate(); err != nil {
		t.Error(err)
	}
}

// TestReleaseFindsInconsistency releases more than the account says is pending.
func TestReleaseFindsInconsistency(t *testing.T) {
	t.Parallel()
	b := heldBooks(t, time.Time{})
	state := b.accounts["b"]
	state.Balance.PendingCredits = NewAmount(9)
	b.seed(state)
	if decision, err := b.decide(t, b.stepping("h", nil)); err == nil {
		t.Errorf("got %+v", decision)
	}
}

func TestHoldNeedsTimeAhead(t *testing.T) {
	t.Parallel()
	b := heldBooks(t, time.Time{})
	problem := wantRejected(t, b.apply(t, holding(t, "late", noon))[0], ErrInvalidRequest)
	if problem.Field != "expires_at" {
		t.Errorf("got %+v", problem)
	}
	wantApplied(t, b.apply(t, holding(t, "just", noon.Add(time.Microsecond))))
}
