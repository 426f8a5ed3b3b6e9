package ledgertest

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// IDs is the suite about ids that only a program makes. A service need not take them
// for what it makes, for its own callers' sake, but a store takes any that are valid.
func IDs(t *testing.T, newService NewService) {
	t.Helper()
	runScenarios(t, newService, []scenario{
		{"the longest ids work, of characters of several bytes", func(b *books) {
			id := strings.Repeat("é", ledger.MaxID/2)
			b.open(ledger.AccountRequest{ID: id, OpeningBalance: units(7)})
			b.deposit(id, id, 3)
			b.wantPosted(id, 10)
			b.check(id)
		}},
		{"ids are told apart to the byte", func(b *books) {
			b.wantToldApart("a", "a ", " a", " ", "a\u00e9", "ae\u0301", "%", "_", "a/b", "a%2Fb", "..", `a"`, `a\`, "{a}", "a,b", "ключ")
		}},
		{"a wildcard in a prefix is a character", func(b *books) {
			b.openInTurn(ledger.AccountRequest{ID: "user:1"}, ledger.AccountRequest{ID: "us%r:1"}, ledger.AccountRequest{ID: `us\r:1`})
			b.wantFoundAccounts(ledger.AccountQuery{Prefix: "us%"}, "us%r:1")
			b.wantFoundAccounts(ledger.AccountQuery{Prefix: "us%r:1"}, "us%r:1")
			b.wantFoundAccounts(ledger.AccountQuery{Prefix: `us\`}, `us\r:1`)
			b.wantFoundAccounts(ledger.AccountQuery{Prefix: "us"}, `us\r:1`, "us%r:1", "user:1")
		}},
		{"a trial balance is in the order of bytes", func(b *books) {
			ids := []string{"b", "a", "A", "é", "z", "a b", "0", "ключ"}
			b.openAll(ids...)
			b.checkTrialBalance(ledger.Moment{})
			page, err := b.service.TrialBalance(b.Context(), ledger.TrialBalanceQuery{})
			var got []string
			for _, account := range page.Accounts {
				got = append(got, account.Account)
			}
			want := slices.Sorted(slices.Values(append(ids, ledger.WorldID("USD"))))
			if err != nil || !slices.Equal(got, want) {
				b.Errorf("the accounts are %q, %v; want %q", got, err, want)
			}
		}},
		{"a hold, its steps and a reversal", func(b *books) {
			b.openAll("ann's", "böb")
			b.deposit("?funds=1", "ann's", 10)
			b.post(demanding(hold("held #1", "ann's", "böb", 4), withAvailable("ann's", 10)))
			b.settle(part("held #1", 3))
			b.post(hold("/held/2", "ann's", "böb", 4))
			b.void("/held/2")
			b.reverse("undo held #1", "held #1")
			related := move("one/../two", "ann's", "böb", 1)
			related.Related = "undo held #1"
			b.post(related)
			b.wantPosted("böb", 1)
			b.check("ann's", "böb")
		}},
	})
}

// wantToldApart opens accounts with the ids, posts transactions of the same ids, and
// demands that each is the one that it is asked for.
func (b *books) wantToldApart(ids ...string) {
	b.Helper()
	for i, id := range ids {
		b.openAll(id)
		b.deposit(id, id, int64(i+1))
	}
	for i, id := range ids {
		b.wantPosted(id, int64(i+1))
		transaction, err := b.service.Transaction(b.Context(), id)
		if err != nil || transaction.ID != id || transaction.Entries[1].Account != id {
			b.Errorf("transaction %q reads as %+v, %v", id, transaction, err)
		}
	}
	b.check(ids...)
}
