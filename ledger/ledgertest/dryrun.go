package ledgertest

import (
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// DryRun is the suite about what would happen.
func DryRun(t *testing.T, newService NewService) {
	t.Helper()
	runScenarios(t, newService, []scenario{
		{"it says what would be written, and writes nothing", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			for range 2 {
				outcome, err := b.service.DryRun(b.Context(), move("one", "a", "b", 4))
				if err != nil || outcome.Result != ledger.Applied {
					b.Fatalf("it is %s, %v", outcome.Result, err)
				}
				if e := outcome.Transaction.Entries[0]; outcome.Transaction.ID != "one" || e.Sequence != 2 || e.Balance != units(6) {
					b.Errorf("the transaction would be %+v", outcome.Transaction)
				}
			}
			_, err := b.service.Transaction(b.Context(), "one")
			b.failed(ledger.ErrNotFound, err)
			b.wantPosted("a", 10)
			b.wantPosted("b", 0)
			// The id is free, for other content too.
			b.post(move("one", "a", "b", 5))
			b.check("a", "b")
		}},
		{"it refuses what would be refused", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			for code, request := range map[ledger.Code]ledger.TransactionRequest{
				ledger.ErrInsufficientFunds:   move("one", "a", "b", 11),
				ledger.ErrNotFound:            move("one", "a", "nobody", 1),
				ledger.ErrInvalidRequest:      move("one", "a", "b", 0),
				ledger.ErrTransactionConflict: move("funds", "a", "b", 1),
			} {
				outcome, err := b.service.DryRun(b.Context(), request)
				b.failed(code, err)
				if outcome.Result != ledger.Rejected {
					b.Errorf("%s: it is %s", code, outcome.Result)
				}
			}
		}},
		{"what was done is a replay", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			want := b.post(move("one", "a", "b", 4))
			outcome, err := b.service.DryRun(b.Context(), move("one", "a", "b", 4))
			if err != nil || outcome.Result != ledger.Replayed || !sameTransaction(*outcome.Transaction, want) {
				b.Errorf("it is %+v, %v", outcome, err)
			}
			b.check("a", "b")
		}},
	})
}
