package ledger

import (
	"errors"
	"slices"
	"testing"
)

func atomically(members ...Operation) Operation { return &atomicOperation{members: members} }

func moving(t reporter, id, from, to string, units int64) Operation {
	t.Helper()
	return posting(t, id, debit(from, units), credit(to, units))
}

// TestAtomicAmongOthers decides atomic batches and dry runs among operations of
// other callers: what is undone of one leaves the others', and its ids are free.
func TestAtomicAmongOthers(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd}, AccountRequest{ID: "b", Asset: usd}, AccountRequest{ID: "c", Asset: usd})
	outcomes := b.apply(t,
		depositing(t, "before", "a", 10),
		atomically(moving(t, "one", "a", "b", 4), moving(t, "two", "a", "b", 4), moving(t, "three", "a", "b", 4)),
		moving(t, "one", "a", "c", 3),
		dryOperation{moving(t, "dry", "a", "c", 3)},
		dryOperation{moving(t, "poor", "c", "a", 4)},
		atomically(moving(t, "two", "a", "b", 5), atomically(moving(t, "dry", "b", "c", 5))),
		dryOperation{atomically(moving(t, "poor", "a", "c", 1), moving(t, "poorer", "a", "c", 2))},
		moving(t, "after", "a", "c", 2),
	)
	problem := wantRejected(t, outcomes[1], ErrInsufficientFunds)
	if problem.Index == nil || *problem.Index != 2 || problem.Transaction != "three" {
		t.Errorf("the refusal is %+v", problem)
	}
	wantRejected(t, outcomes[4], ErrInsufficientFunds)
	wantRejected(t, outcomes[6], ErrInsufficientFunds)
	for _, i := range []int{0, 2, 3, 5, 7} {
		wantApplied(t, outcomes[i:i+1])
	}
	b.wantBalance(t, "a", 0, 4)
	b.wantBalance(t, "b", 0, 2)
	b.wantBalance(t, "c", 10, 3)
	if len(b.transactions) != 5 {
		t.Errorf("%d transactions were written", len(b.transactions))
	}
}

// TestUndoneIsNotSaved decides what leaves nothing to save.
func TestUndoneIsNotSaved(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd}, AccountRequest{ID: "b", Asset: usd})
	wantApplied(t, b.apply(t, depositing(t, "funds", "a", 10)))
	for name, operation := range map[string]Operation{
		"a dry run":          dryOperation{moving(t, "one", "a", "b", 4)},
		"of an opening":      dryOperation{opening(t, AccountRequest{ID: "c", Asset: eur, OpeningBalance: NewAmount(5)})},
		"an undone batch":    atomically(moving(t, "one", "a", "b", 4), moving(t, "two", "a", "b", 7)),
		"one with an opened": atomically(opening(t, AccountRequest{ID: "c", Asset: eur}), moving(t, "two", "a", "b", 11)),
	} {
		decision, err := b.decide(t, operation)
		if err != nil || len(decision.Accounts) != 0 || len(decision.Transactions) != 0 {
			t.Errorf("%s: %d accounts and %d transactions are to be saved, %v", name, len(decision.Accounts), len(decision.Transactions), err)
		}
	}
}

// TestAtomicResult is Applied if any member was.
func TestAtomicResult(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd})
	old, fresh := depositing(t, "old", "a", 1), depositing(t, "fresh", "a", 1)
	wantApplied(t, b.apply(t, old))
	for _, test := range []struct {
		want    Result
		members []Operation
	}{{Replayed, []Operation{old, old}}, {Applied, []Operation{fresh, old}}, {Replayed, []Operation{old, fresh}}} {
		if got := b.apply(t, atomically(test.members...))[0]; got.Result != test.want || len(got.Members) != 2 || got.Transaction != nil {
			t.Errorf("got %+v, want it %s", got, test.want)
		}
	}
}

// TestAtomicInconsistency finds a broken rule inside an atomic batch and a dry
// run, and decides nothing at all.
func TestAtomicInconsistency(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd}, AccountRequest{ID: "b", Asset: usd})
	broken := b.accounts["b"]
	broken.Normal = 0
	b.seed(broken)
	for _, operation := range []Operation{atomically(depositing(t, "one", "a", 1), depositing(t, "two", "b", 1)), dryOperation{depositing(t, "two", "b", 1)}} {
		if decision, err := b.decide(t, operation); !errors.Is(err, ErrInternal) || len(decision.Outcomes) != 0 {
			t.Errorf("got %+v, %v", decision, err)
		}
	}
}

// TestConditionsAreLoaded names accounts that take no part.
func TestConditionsAreLoaded(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd}, AccountRequest{ID: "b", Asset: usd}, AccountRequest{ID: "backing", Asset: usd})
	request := Deposit{ID: "one", Account: "a", Asset: usd, Amount: NewAmount(1)}.Request()
	request.Conditions = []Condition{{Account: "backing", MinAvailable: new(NewAmount(0))}}
	operation, err := newPostOperation(request)
	if err != nil {
		t.Fatal(err)
	}
	wantApplied(t, b.apply(t, operation))
	request.ID, request.Conditions[0].MinAvailable = "two", new(tooLargeByOne())
	if _, err := newPostOperation(request); !errors.Is(err, ErrAmountOutOfRange) {
		t.Errorf("got %v, want %s", err, ErrAmountOutOfRange)
	}
}

// TestConditionsAreTheStores changes conditions after the call that made them.
func TestConditionsAreTheStores(t *testing.T) {
	t.Parallel()
	request := Deposit{ID: "one", Account: "a", Asset: usd, Amount: NewAmount(1)}.Request()
	sequence, least := uint64(7), NewAmount(7)
	request.Conditions = []Condition{{Account: "a", Sequence: &sequence, MinAvailable: &least}}
	book := &keepingBook{}
	l := &Ledger{book: book}
	if _, err := l.Post(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	_, _ = l.PostAtomic(t.Context(), []TransactionRequest{request})
	if _, err := l.DryRun(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	request.Conditions[0].Account = "b"
	request.Entries[1].Account = "b"
	sequence, least = 8, NewAmount(8)
	for i, operation := range book.operations {
		if got := operation.AppendAccounts(nil); !slices.Equal(got, []string{"world:USD", "a", "a"}) {
			t.Errorf("operation %d is now on %q", i, got)
		}
	}
	if kept := book.operations[0].(*postOperation).conditions[0]; *kept.Sequence != 7 || *kept.MinAvailable != NewAmount(7) {
		t.Errorf("the condition is now %d and %s", *kept.Sequence, *kept.MinAvailable)
	}
}
