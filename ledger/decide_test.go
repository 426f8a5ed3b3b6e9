package ledger

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

func TestBatchIsTakenInOrder(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd})
	spend := func(id string, units int64) Operation { return posting(t, id, debit("a", units), credit("b", units)) }
	outcomes := b.apply(t,
		spend("t1", 1),
		opening(t, AccountRequest{ID: "b", Asset: usd}),
		spend("t1", 1),
		depositing(t, "d1", "a", 10),
		spend("t1", 6),
		spend("t2", 6),
		spend("t3", 4),
		changing(t, "a", AccountChange{Status: StatusFrozen}),
		spend("t4", 1),
		changing(t, "a", AccountChange{Status: StatusClosed}),
		spend("t5", 1),
		spend("t1", 6),
	)
	wantRejected(t, outcomes[0], ErrNotFound)
	wantRejected(t, outcomes[2], ErrInsufficientFunds)
	wantRejected(t, outcomes[5], ErrInsufficientFunds)
	wantRejected(t, outcomes[8], ErrAccountFrozen)
	wantRejected(t, outcomes[10], ErrAccountClosed)
	for _, i := range []int{1, 3, 4, 6, 7, 9} {
		wantApplied(t, outcomes[i:i+1])
	}
	if outcomes[11].Result != Replayed || !reflect.DeepEqual(outcomes[11].Transaction, outcomes[4].Transaction) {
		t.Errorf("got %+v", outcomes[11])
	}
	b.wantBalance(t, "a", 0, 3)
	b.wantBalance(t, "b", 10, 2)
	if len(b.transactions) != 3 {
		t.Errorf("%d transactions are there", len(b.transactions))
	}
}

func TestRepeatedIDInBatch(t *testing.T) {
	t.Parallel()
	for _, position := range []int{0, 1, 2} {
		b := newBooks(t, AccountRequest{ID: "a", Asset: usd})
		operations := make([]Operation, 3, 6)
		for i := range operations {
			operations[i] = depositing(t, fmt.Sprint("d", i), "a", int64(i+1))
		}
		again, other := operations[position], depositing(t, fmt.Sprint("d", position), "a", 9)
		outcomes := b.apply(t, append(operations, again, other, again)...)
		wantApplied(t, outcomes[:3])
		for _, i := range []int{3, 5} {
			if outcomes[i].Result != Replayed || !reflect.DeepEqual(outcomes[i].Transaction, outcomes[position].Transaction) {
				t.Errorf("member %d again: %+v", position, outcomes[i])
			}
		}
		wantRejected(t, outcomes[4], ErrTransactionConflict)
		b.wantBalance(t, "a", 6, 3)
	}
}

func TestDecisionListsWhatIsNew(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd}, AccountRequest{ID: "b", Asset: usd}, AccountRequest{ID: "c", Asset: usd})
	wantApplied(t, b.apply(t, depositing(t, "d0", "a", 1)))
	decision, err := b.decide(t,
		changing(t, "c", AccountChange{Status: StatusOpen}), opening(t, AccountRequest{ID: "c", Asset: usd}),
		depositing(t, "d2", "a", 1), depositing(t, "d0", "a", 1), depositing(t, "d1", "a", 1),
		posting(t, "t1", debit("b", 1), credit("a", 1)), depositing(t, "d2", "a", 1))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, recorded := range decision.Transactions {
		ids = append(ids, recorded.ID)
	}
	if want := []string{"d2", "d1"}; !reflect.DeepEqual(ids, want) {
		t.Errorf("transactions %q are to be inserted, want %q", ids, want)
	}
	changed := map[string]bool{}
	for _, state := range decision.Accounts {
		changed[state.ID] = true
	}
	if want := map[string]bool{"a": true, "world:USD": true}; !reflect.DeepEqual(changed, want) || len(decision.Accounts) != 2 {
		t.Errorf("accounts %v are to be saved, want %v", changed, want)
	}
}

func TestEmptyBatch(t *testing.T) {
	t.Parallel()
	decision, err := newBooks(t).decide(t)
	if err != nil || len(decision.Outcomes)+len(decision.Accounts)+len(decision.Transactions) != 0 {
		t.Errorf("got %+v, %v", decision, err)
	}
}

// TestOutcomesAreTheCallers scribbles over every outcome and looks whether
// anything else changed.
func TestOutcomesAreTheCallers(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd})
	wantApplied(t, b.apply(t, depositing(t, "d0", "a", 1)))
	operations := []Operation{
		depositing(t, "d0", "a", 1), depositing(t, "d0", "a", 1),
		depositing(t, "d1", "a", 2), depositing(t, "d1", "a", 2), depositing(t, "d1", "a", 2),
		opening(t, AccountRequest{ID: "a", Asset: usd}), opening(t, AccountRequest{ID: "b", Asset: usd}), opening(t, AccountRequest{ID: "b", Asset: usd}),
		changing(t, "a", AccountChange{}), changing(t, "a", AccountChange{Status: StatusFrozen}),
	}
	want, err := b.decide(t, operations...)
	if err != nil {
		t.Fatal(err)
	}
	for i := range operations {
		view := b.view(t, operations)
		got, err := new(Decider).Decide(view, operations, b.now)
		if err != nil {
			t.Fatal(err)
		}
		if account := got.Outcomes[i].Account; account != nil {
			*account = Account{ID: "scribble"}
		}
		if transaction := got.Outcomes[i].Transaction; transaction != nil {
			transaction.ID, transaction.Entries[0].Amount = "scribble", NewAmount(999)
		}
		for j := range operations {
			if j != i && !reflect.DeepEqual(got.Outcomes[j], want.Outcomes[j]) {
				t.Errorf("outcome %d changed outcome %d", i, j)
			}
		}
		if !reflect.DeepEqual(got.Accounts, want.Accounts) {
			t.Errorf("outcome %d changed an account to be saved", i)
		}
		if !reflect.DeepEqual(view.(*guardedView).accounts, b.view(t, operations).(*guardedView).accounts) ||
			!reflect.DeepEqual(view.(*guardedView).transactions, b.view(t, operations).(*guardedView).transactions) {
			t.Errorf("outcome %d changed what the store holds", i)
		}
	}
}

// TestOutcomesOutliveTheBatch decides another batch with the same Decider.
func TestOutcomesOutliveTheBatch(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd})
	operations := []Operation{depositing(t, "d1", "a", 2), opening(t, AccountRequest{ID: "b", Asset: usd, OpeningBalance: NewAmount(3)})}
	want, err := new(Decider).Decide(b.view(t, operations), operations, b.now)
	if err != nil {
		t.Fatal(err)
	}
	var d Decider
	got, err := d.Decide(b.view(t, operations), operations, b.now)
	if err != nil {
		t.Fatal(err)
	}
	later := []Operation{depositing(t, "d2", "a", 70), opening(t, AccountRequest{ID: "c", Asset: eur, OpeningBalance: NewAmount(5)})}
	if _, err := d.Decide(b.view(t, later), later, b.now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Outcomes, want.Outcomes) {
		t.Errorf("outcomes became %+v", got.Outcomes)
	}
}

func TestDeciderForgetsALargeBatch(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	operations := make([]Operation, 0, 4*MaxBatch+1)
	for i := range cap(operations) {
		operations = append(operations, opening(t, AccountRequest{ID: fmt.Sprint("a", i), Asset: usd}))
	}
	var d Decider
	for _, size := range []int{len(operations), 1, 20, 1} {
		decision, err := d.Decide(b.view(t, operations[:size]), operations[:size], b.now)
		if err != nil || len(decision.Accounts) != size+1 || len(decision.Transactions) != 0 {
			t.Fatalf("%d operations gave %d accounts and %d transactions, %v", size, len(decision.Accounts), len(decision.Transactions), err)
		}
		wantApplied(t, decision.Outcomes)
	}
	if kept := len(d.states.items); kept > 4*MaxBatch {
		t.Errorf("memory for %d states is kept", kept)
	}
}

// TestDecideAgain decides a batch again, as after a commit that failed, and an
// empty one, which should leave nothing behind.
func TestDecideAgain(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd})
	operations := []Operation{
		depositing(t, "d1", "a", 1), depositing(t, "d2", "a", 2), depositing(t, "d3", "a", 3),
		opening(t, AccountRequest{ID: "b", Asset: usd, OpeningBalance: NewAmount(1)}),
	}
	var d Decider
	var memory int
	for i := range 10 {
		decision, err := d.Decide(b.view(t, operations), operations, b.now)
		if err != nil || len(decision.Transactions) != 4 || len(decision.Accounts) != 3 {
			t.Fatalf("time %d: %+v, %v", i, decision, err)
		}
		wantApplied(t, decision.Outcomes)
		if i == 0 {
			memory = len(d.states.items)
		}
	}
	if len(d.states.items) != memory {
		t.Errorf("memory for %d states became one for %d", memory, len(d.states.items))
	}
	if _, err := d.Decide(b.view(t, nil), nil, b.now); err != nil {
		t.Fatal(err)
	}
	for _, recorded := range d.transactions[:cap(d.transactions)] {
		if recorded != nil {
			t.Errorf("transaction %q is kept from the batch before", recorded.ID)
		}
	}
}

func TestInconsistentView(t *testing.T) {
	t.Parallel()
	account := func(spoil func(*AccountState)) func(*books) {
		return func(b *books) {
			state := b.accounts["a"]
			spoil(&state)
			b.accounts["a"] = state
		}
	}
	transaction := func(spoil func(*RecordedTransaction)) func(*books) {
		return func(b *books) {
			recorded := b.transactions["d0"].copy()
			spoil(&recorded)
			b.transactions["d1"] = recorded
		}
	}
	tests := map[string]struct {
		spoil func(*books)
		text  string
	}{
		"other account":      {account(func(s *AccountState) { s.ID = "b" }), `returned account "b" for "a"`},
		"no normal side":     {account(func(s *AccountState) { s.Normal = 0 }), "no side as its normal side"},
		"third normal side":  {account(func(s *AccountState) { s.Normal = 3 }), "no side as its normal side"},
		"no status":          {account(func(s *AccountState) { s.Status = 0 }), "no status"},
		"fourth status":      {account(func(s *AccountState) { s.Status = 4 }), "no status"},
		"negative debits":    {account(func(s *AccountState) { s.Balance.Debits = NewAmount(-1) }), "negative totals"},
		"negative credits":   {account(func(s *AccountState) { s.Balance.Credits = NewAmount(-1) }), "negative totals"},
		"stripe":             {account(func(s *AccountState) { s.Stripe = 1 }), "has a stripe"},
		"other transaction":  {transaction(func(*RecordedTransaction) {}), `returned "d0" with 2 entries for transaction "d1"`},
		"one entry":          {transaction(func(r *RecordedTransaction) { r.ID, r.Entries = "d1", r.Entries[:1] }), "with 1 entries"},
		"no entries":         {transaction(func(r *RecordedTransaction) { r.ID, r.Entries = "d1", nil }), "with 0 entries"},
		"world account":      {func(b *books) { b.accounts["world:USD"] = AccountState{} }, `returned account "" for "world:USD"`},
		"opening is there":   {func(b *books) { b.transactions["opening:c"] = opened(b, "opening:c") }, `"opening:c" is there before account "c"`},
		"opening is another": {func(b *books) { b.transactions["opening:c"] = opened(b, "d0") }, `returned "d0"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBooks(t, AccountRequest{ID: "a", Asset: usd}, AccountRequest{ID: "e", Asset: eur})
			wantApplied(t, b.apply(t, depositing(t, "d0", "a", 1)))
			b.handmade = true
			test.spoil(b)
			decision, err := b.decide(t,
				changing(t, "e", AccountChange{Status: StatusFrozen}),
				opening(t, AccountRequest{ID: "c", Asset: usd, OpeningBalance: NewAmount(1)}),
				changing(t, "a", AccountChange{Status: StatusFrozen}),
				depositing(t, "d1", "a", 1))
			wantProblem(t, err, ErrInternal, "", test.text)
			if !reflect.DeepEqual(decision, Decision{}) {
				t.Errorf("a broken batch is decided as %+v", decision)
			}
			wantApplied(t, b.apply(t, opening(t, AccountRequest{ID: "f", Asset: jpy}), posting(t, "d2", in(jpy, debit("world:JPY", 1)), in(jpy, credit("f", 1)))))
		})
	}
}

// opened returns a transaction of the books as id.
func opened(b *books, id string) RecordedTransaction {
	recorded := b.transactions["d0"].copy()
	recorded.ID = id
	return recorded
}

func TestInconsistentViewInEachOperation(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd}, AccountRequest{ID: "b", Asset: usd})
	for name, operation := range map[string]Operation{
		"open":               opening(t, AccountRequest{ID: "spoilt", Asset: usd}),
		"open in its asset":  opening(t, AccountRequest{ID: "c", Asset: Asset{Code: "BAD"}}),
		"change":             changing(t, "spoilt", AccountChange{}),
		"post":               posting(t, "t1", debit("spoilt", 1), credit("a", 1)),
		"post to the second": posting(t, "t1", debit("world:USD", 1), credit("spoilt", 1)),
	} {
		b.accounts["spoilt"], b.accounts["world:BAD"] = AccountState{}, AccountState{}
		_, err := b.decide(t, operation)
		if problem, ok := err.(*Error); !ok || problem.Code != ErrInternal {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWorldInSeveralStripes holds that world accounts, and no others, have
// stripes.
func TestWorldInSeveralStripes(t *testing.T) {
	t.Parallel()
	state := AccountState{Account: Account{ID: "world:USD", Normal: Debit, Status: StatusOpen}, Stripe: 15}
	if err := state.check("world:USD"); err != nil {
		t.Error(err)
	}
}

// TestAssertionsHoldPastValidation makes operations that no request can make.
func TestAssertionsHoldPastValidation(t *testing.T) {
	t.Parallel()
	huge := func(e EntryRequest) EntryRequest { e.Amount = amountOf(limit); return e }
	for name, test := range map[string]struct {
		entries []EntryRequest
		text    string
	}{
		"more debits":        {[]EntryRequest{debit("world:USD", 2), credit("a", 1)}, "debits and credits of USD/2 apart by 1 units"},
		"more credits":       {[]EntryRequest{debit("world:USD", 1), credit("a", 2)}, "apart by -1 units"},
		"credits alone":      {[]EntryRequest{credit("a", 1), credit("b", 1)}, "apart by -2 units"},
		"across assets":      {[]EntryRequest{debit("world:USD", 1), in(eur, credit("e", 1))}, "apart by"},
		"beyond every total": {[]EntryRequest{huge(debit("u", 0)), huge(debit("v", 0))}, "larger than the ledger can count"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBooks(t, AccountRequest{ID: "a", Asset: usd}, AccountRequest{ID: "b", Asset: usd},
				AccountRequest{ID: "e", Asset: eur}, AccountRequest{ID: "u", Asset: usd, Unlimited: true}, AccountRequest{ID: "v", Asset: usd, Unlimited: true})
			_, err := b.decide(t, depositing(t, "d1", "a", 1), &postOperation{id: "t1", entries: test.entries})
			wantProblem(t, err, ErrInternal, "", test.text)
		})
	}
}

func TestAssertionOnTimeHolds(t *testing.T) {
	t.Parallel()
	before := AccountState{Account: Account{ID: "a"}, LastRecordedAt: noon}
	after := AccountState{Account: Account{ID: "a"}, LastRecordedAt: noon.Add(-time.Microsecond)}
	d := Decider{drafts: []*workingAccount{{id: "a", state: &before, draft: &after}}}
	wantProblem(t, d.checkDrafts(&RecordedTransaction{}), ErrInternal, "", `turn back the time of account "a"`)
}
