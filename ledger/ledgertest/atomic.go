package ledgertest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Atomic is the suite about batches that are done as a whole or not at all.
func Atomic(t *testing.T, newService NewService) {
	t.Helper()
	runScenarios(t, newService, []scenario{
		{"all of it is done, in order", func(b *books) {
			b.openAll("a", "b", "c")
			outcomes := b.postAtomic(ledger.Deposit{ID: "in", Account: "a", Asset: usd, Amount: units(10)}.Request(), move("on", "a", "b", 7), move("out", "b", "c", 7))
			for i, id := range []string{"in", "on", "out"} {
				if outcomes[i].Result != ledger.Applied || outcomes[i].Transaction.ID != id {
					b.Errorf("member %d is %+v", i, outcomes[i])
				}
			}
			b.wantPosted("a", 3)
			b.wantPosted("b", 0)
			b.wantPosted("c", 7)
			b.check("a", "b", "c")
		}},
		{"a refusal undoes what came before it", func(b *books) {
			b.openAll("a", "b", "c")
			b.deposit("funds", "a", 10)
			e := b.refusedAtomic(ledger.ErrInsufficientFunds, 2, move("one", "a", "b", 4), move("two", "b", "c", 4), move("three", "a", "c", 7), move("four", "a", "c", 1))
			if e.Transaction != "three" || e.Account != "a" {
				b.Errorf("the error names %q and %q", e.Transaction, e.Account)
			}
			for _, id := range []string{"one", "two", "three", "four"} {
				_, err := b.service.Transaction(b.Context(), id)
				b.failed(ledger.ErrNotFound, err)
			}
			b.wantPosted("a", 10)
			// The ids are free, and the numbers have no gap.
			b.post(move("one", "a", "c", 1))
			b.postAtomic(move("two", "a", "b", 9))
			b.check("a", "b", "c")
		}},
		{"what others do in the same call is not undone", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			b.refusedAtomic(ledger.ErrInsufficientFunds, 1, move("one", "a", "b", 5), move("two", "a", "b", 6))
			b.postAtomic(move("one", "a", "b", 5), move("two", "a", "b", 5))
			b.wantPosted("b", 10)
			b.check("a", "b")
		}},
		{"again it is a replay", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			first := b.postAtomic(move("one", "a", "b", 1), move("two", "a", "b", 2))
			for range 2 {
				again, err := b.service.PostAtomic(b.Context(), []ledger.TransactionRequest{move("one", "a", "b", 1), move("two", "a", "b", 2)})
				if err != nil {
					b.Fatal(err)
				}
				for i, outcome := range again {
					if outcome.Result != ledger.Replayed || !sameTransaction(*outcome.Transaction, *first[i].Transaction) {
						b.Errorf("member %d is %+v", i, outcome)
					}
				}
			}
			mixed := b.postAtomic(move("two", "a", "b", 2), move("three", "a", "b", 3), move("three", "a", "b", 3))
			for i, want := range []ledger.Result{ledger.Replayed, ledger.Applied, ledger.Replayed} {
				if mixed[i].Result != want {
					b.Errorf("member %d is %s, want %s", i, mixed[i].Result, want)
				}
			}
			b.refusedAtomic(ledger.ErrTransactionConflict, 1, move("four", "a", "b", 1), move("two", "a", "b", 1))
			b.check("a", "b")
		}},
		{"an invalid member is refused with its place", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			e := b.refusedAtomic(ledger.ErrInvalidRequest, 1, move("one", "a", "b", 1), move("two", "a", "b", -1))
			if e.Field != "entries[0].amount" {
				b.Errorf("the error names the field %q", e.Field)
			}
			b.wantPosted("a", 10)
		}},
		{"sizes", func(b *books) {
			b.openAll("a", "b")
			if outcomes, err := b.service.PostAtomic(b.Context(), nil); err != nil || len(outcomes) != 0 {
				b.Errorf("nothing gave %v, %v", outcomes, err)
			}
			b.deposit("funds", "a", ledger.MaxBatch)
			requests := make([]ledger.TransactionRequest, ledger.MaxBatch)
			for i := range requests {
				requests[i] = move(fmt.Sprint("tx", i), "a", "b", 1)
			}
			_, err := b.service.PostAtomic(b.Context(), append(requests, move("more", "a", "b", 1)))
			b.failed(ledger.ErrInvalidRequest, err)
			b.postAtomic(requests...)
			b.wantPosted("b", ledger.MaxBatch)
			b.check("a", "b")
		}},
		{"of batches at once, those that fit are whole", atomicAtOnce},
	})
}

// atomicAtOnce has callers take five units each in two steps from an account that
// has enough for some of them.
func atomicAtOnce(b *books) {
	b.openAll("a", "b", "c")
	b.deposit("funds", "a", 23)
	var group sync.WaitGroup
	for caller := range 20 {
		group.Go(func() {
			id := fmt.Sprint("caller", caller)
			_, err := b.service.PostAtomic(b.Context(), []ledger.TransactionRequest{move(id+"-1", "a", "b", 2), move(id+"-2", "a", "c", 3)})
			if err != nil && codeOf(err) != ledger.ErrInsufficientFunds {
				b.Error(err)
			}
		})
	}
	group.Wait()
	b.wantPosted("a", 3)
	b.wantPosted("b", 8)
	b.wantPosted("c", 12)
	b.check("a", "b", "c")
}

func (b *books) postAtomic(requests ...ledger.TransactionRequest) []ledger.Outcome {
	b.Helper()
	outcomes, err := b.service.PostAtomic(b.Context(), requests)
	if err != nil || len(outcomes) != len(requests) {
		b.Fatalf("a batch of %d gave %d outcomes, %v", len(requests), len(outcomes), err)
	}
	b.pending.add(requests...)
	return outcomes
}

// refusedAtomic demands that the batch is refused for the sake of a member.
func (b *books) refusedAtomic(code ledger.Code, index int, requests ...ledger.TransactionRequest) ledger.Error {
	b.Helper()
	outcomes, err := b.service.PostAtomic(b.Context(), requests)
	e := b.failed(code, err)
	if len(outcomes) != 0 || e.Index == nil || *e.Index != index {
		b.Fatalf("got %d outcomes and %+v, want the refusal of member %d", len(outcomes), e, index)
	}
	return e
}
