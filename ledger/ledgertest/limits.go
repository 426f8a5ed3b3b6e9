package ledgertest

import (
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Limits is the suite about minimum balances.
func Limits(t *testing.T, newService NewService) {
	t.Helper()
	world := ledger.WorldID("USD")
	runScenarios(t, newService, []scenario{
		{"an account may be emptied and no more", func(b *books) {
			b.openAll("a", "b")
			b.deposit("one", "a", 10)
			if e := b.refused(ledger.ErrInsufficientFunds, move("two", "a", "b", 11)); e.Account != "a" {
				b.Errorf("the error names account %q, want a", e.Account)
			}
			b.post(move("two", "a", "b", 10))
			b.refused(ledger.ErrInsufficientFunds, move("three", "a", "b", 1))
		}},
		{"an overdraft ends at its limit", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", MinBalance: units(-5)}, ledger.AccountRequest{ID: "b"})
			b.refused(ledger.ErrInsufficientFunds, move("one", "a", "b", 6))
			b.post(move("one", "a", "b", 5))
			b.wantPosted("a", -5)
			b.refused(ledger.ErrInsufficientFunds, move("two", "a", "b", 1))
			b.check("a", "b")
		}},
		{"an account without a limit has none", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", Unlimited: true}, ledger.AccountRequest{ID: "b"})
			b.post(move("one", "a", "b", 1_000_000))
			b.wantPosted("a", -1_000_000)
			b.check("a", "b")
		}},
		{"a minimum above zero is kept, and reached from below", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", MinBalance: units(100), OpeningBalance: units(20)}, ledger.AccountRequest{ID: "b"})
			b.refused(ledger.ErrInsufficientFunds, move("one", "a", "b", 1))
			b.deposit("two", "a", 30)
			b.deposit("three", "a", 60)
			b.refused(ledger.ErrInsufficientFunds, move("four", "a", "b", 11))
			b.post(move("four", "a", "b", 10))
			b.check("a", "b")
		}},
		{"a debit-normal account is limited on its own side", func(b *books) {
			b.open(ledger.AccountRequest{ID: "cash", Normal: ledger.Debit}, ledger.AccountRequest{ID: "b", Unlimited: true})
			b.refused(ledger.ErrInsufficientFunds, move("one", "b", "cash", 1))
			b.post(move("one", "cash", "b", 10))
			b.wantPosted("cash", 10)
			b.refused(ledger.ErrInsufficientFunds, move("two", "b", "cash", 11))
			b.post(move("two", "b", "cash", 10))
			b.check("cash", "b")
		}},
		{"the net effect at the end is judged", func(b *books) {
			b.openAll("a", "b")
			through := ledger.TransactionRequest{ID: "one", Entries: []ledger.EntryRequest{
				{Account: "a", Side: ledger.Debit, Asset: usd, Amount: units(10)},
				{Account: "b", Side: ledger.Credit, Asset: usd, Amount: units(10)},
				{Account: "a", Side: ledger.Credit, Asset: usd, Amount: units(10)},
				{Account: world, Side: ledger.Debit, Asset: usd, Amount: units(10)},
			}}
			got := b.post(through)
			if got.Entries[0].Balance != units(-10) || got.Entries[2].Balance != units(0) {
				b.Errorf("the entries are %+v", got.Entries)
			}
			through.ID = "two"
			through.Entries[2].Amount, through.Entries[3].Amount = units(9), units(9)
			b.refused(ledger.ErrInsufficientFunds, through)
			b.check("a", "b")
		}},
	})
}
