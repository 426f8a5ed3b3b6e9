package ledgertest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Conditions is the suite about transactions that demand something of accounts,
// and those that take what there is.
func Conditions(t *testing.T, newService NewService) {
	t.Helper()
	runScenarios(t, newService, []scenario{
		{"a sequence number", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			b.refused(ledger.ErrConditionFailed, demanding(move("one", "a", "b", 4), atSequence("a", 0)))
			e := b.refused(ledger.ErrConditionFailed, demanding(move("one", "a", "b", 4), atSequence("a", 1), atSequence("b", 1)))
			if e.Account != "b" || e.Transaction != "one" {
				b.Errorf("the error names %q and %q", e.Account, e.Transaction)
			}
			b.post(demanding(move("one", "a", "b", 4), atSequence("a", 1), atSequence("b", 0)))
			b.check("a", "b")
		}},
		{"an available balance, of an account that takes no part", func(b *books) {
			b.openAll("a", "b", "backing")
			b.deposit("funds", "a", 10)
			b.deposit("backing", "backing", 7)
			b.refused(ledger.ErrConditionFailed, demanding(move("one", "a", "b", 4), withAvailable("backing", 8)))
			b.post(demanding(move("one", "a", "b", 4), withAvailable("backing", 7)))
			// It is judged before the transaction.
			b.post(demanding(move("two", "a", "b", 6), withAvailable("a", 6)))
			b.wantPosted("backing", 7)
			b.check("a", "b", "backing")
		}},
		{"a condition is part of the content", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			first := demanding(move("one", "a", "b", 4), atSequence("a", 1))
			b.post(first)
			// It holds no longer, and that is no matter to a replay.
			outcome, err := b.service.Post(b.Context(), first)
			if err != nil || outcome.Result != ledger.Replayed {
				b.Errorf("again it is %s, %v", outcome.Result, err)
			}
			b.refused(ledger.ErrTransactionConflict, move("one", "a", "b", 4))
			b.refused(ledger.ErrTransactionConflict, demanding(move("one", "a", "b", 4), atSequence("a", 2)))
			b.refused(ledger.ErrTransactionConflict, demanding(move("one", "a", "b", 4), withAvailable("a", 1)))
		}},
		{"conditions that can never hold", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			b.refused(ledger.ErrNotFound, demanding(move("one", "a", "b", 4), atSequence("nobody", 0)))
			for field, c := range map[string]ledger.Condition{
				"conditions[0].account":  atSequence(ledger.WorldID("USD"), 1),
				"conditions[0].sequence": {Account: "a"},
			} {
				if e := b.refused(ledger.ErrInvalidRequest, demanding(move("one", "a", "b", 4), c)); e.Field != field {
					b.Errorf("the error names the field %q, want %q", e.Field, field)
				}
			}
			many := make([]ledger.Condition, ledger.MaxConditions+1)
			for i := range many {
				many[i] = atSequence("a", 1)
			}
			b.refused(ledger.ErrInvalidRequest, demanding(move("one", "a", "b", 4), many...))
			b.post(demanding(move("one", "a", "b", 4), many[:ledger.MaxConditions]...))
		}},
		{"of callers who read the same number, one is first", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 100)
			var applied atomic.Int64
			var group sync.WaitGroup
			for caller := range 20 {
				group.Go(func() {
					_, err := b.service.Post(b.Context(), demanding(move(fmt.Sprint("caller", caller), "a", "b", 1), atSequence("a", 1)))
					switch {
					case err == nil:
						applied.Add(1)
					case codeOf(err) != ledger.ErrConditionFailed:
						b.Error(err)
					}
				})
			}
			group.Wait()
			if n := applied.Load(); n != 1 {
				b.Errorf("%d were applied", n)
			}
			b.wantPosted("b", 1)
		}},
		{"up to what is available", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a"}, ledger.AccountRequest{ID: "b"}, ledger.AccountRequest{ID: "over", MinBalance: units(-5)})
			b.deposit("funds", "a", 10)
			b.wantMoved(upTo(move("little", "a", "b", 4)), 4)
			b.wantMoved(upTo(move("rest", "a", "b", 40)), 6)
			b.refused(ledger.ErrInsufficientFunds, upTo(move("nothing", "a", "b", 1)))
			b.wantMoved(upTo(move("overdraft", "over", "b", 40)), 5)
			b.wantMoved(upTo(moveAsset("world", ledger.WorldID("USD"), "a", usd, 40)), 40)
			b.check("a", "b", "over")
		}},
		{"up to what both sides allow", func(b *books) {
			b.open(
				ledger.AccountRequest{ID: "a", OpeningBalance: units(10)},
				ledger.AccountRequest{ID: "stock", Normal: ledger.Debit, OpeningBalance: units(3)},
			)
			b.wantMoved(upTo(move("one", "a", "stock", 8)), 3)
			b.wantPosted("a", 7)
			b.wantPosted("stock", 0)
		}},
		{"up to is part of the content, and a replay answers with what was moved", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			b.wantMoved(upTo(move("one", "a", "b", 40)), 10)
			b.deposit("more", "a", 100)
			outcome, err := b.service.Post(b.Context(), upTo(move("one", "a", "b", 40)))
			if err != nil || outcome.Result != ledger.Replayed || outcome.Transaction.Entries[0].Amount != units(10) {
				b.Errorf("again it is %+v, %v", outcome, err)
			}
			b.refused(ledger.ErrTransactionConflict, move("one", "a", "b", 40))
			b.refused(ledger.ErrTransactionConflict, move("one", "a", "b", 10))
			three := upTo(move("three", "a", "b", 2))
			three.Entries = append(three.Entries[:1:1],
				ledger.EntryRequest{Account: "b", Side: ledger.Credit, Asset: usd, Amount: units(1)},
				ledger.EntryRequest{Account: "b", Side: ledger.Credit, Asset: usd, Amount: units(1)})
			if e := b.refused(ledger.ErrInvalidRequest, three); e.Field != "up_to" {
				b.Errorf("the error names the field %q", e.Field)
			}
		}},
	})
}

func demanding(request ledger.TransactionRequest, conditions ...ledger.Condition) ledger.TransactionRequest {
	request.Conditions = conditions
	return request
}

func atSequence(account string, sequence uint64) ledger.Condition {
	return ledger.Condition{Account: account, Sequence: &sequence}
}

func withAvailable(account string, amount int64) ledger.Condition {
	return ledger.Condition{Account: account, MinAvailable: new(units(amount))}
}

func upTo(request ledger.TransactionRequest) ledger.TransactionRequest {
	request.UpTo = true
	return request
}

// wantMoved posts a request and demands that it moves an amount.
func (b *books) wantMoved(request ledger.TransactionRequest, want int64) {
	b.Helper()
	for i, e := range b.post(request).Entries {
		if e.Amount != units(want) {
			b.Errorf("entry %d of %q is of %s, want %d", i, request.ID, e.Amount, want)
		}
	}
}
