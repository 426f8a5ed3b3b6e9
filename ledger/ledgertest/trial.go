package ledgertest

import (
	"slices"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// TrialBalances is the suite about the totals of all accounts.
func TrialBalances(t *testing.T, newService NewService) {
	t.Helper()
	runScenarios(t, newService, []scenario{
		{"every asset balances, now and at every moment", func(b *books) {
			b.open(
				ledger.AccountRequest{ID: "ann-usd", OpeningBalance: units(100)}, ledger.AccountRequest{ID: "ann-eur", Asset: eur},
				ledger.AccountRequest{ID: "desk-usd"}, ledger.AccountRequest{ID: "desk-eur", Asset: eur, OpeningBalance: units(50)},
			)
			opened := b.instant()
			b.post(exchange("fx", 30, 20))
			exchanged := b.instant()
			b.post(backdated(exchange("early", 7, 5), opened))
			b.post(pending(exchange("held", 7, 5)))
			after := b.instant()
			for _, test := range []struct {
				at       ledger.Moment
				usd, eur int64
			}{
				{ledger.Moment{}, 137, 75},
				{recordedAt(after), 137, 75},
				{effectiveAt(after), 137, 75},
				{recordedAt(exchanged), 130, 70},
				{effectiveAt(exchanged), 137, 75},
				{recordedAt(opened), 100, 50},
				{effectiveAt(opened), 107, 55},
				{recordedAt(opened.Add(-time.Hour)), 0, 0},
				{effectiveAt(opened.Add(-time.Hour)), 0, 0},
			} {
				want := []ledger.AssetTotals{
					{Asset: eur, Debits: units(test.eur), Credits: units(test.eur)}, {Asset: usd, Debits: units(test.usd), Credits: units(test.usd)},
				}
				if totals := b.checkTrialBalance(test.at); !slices.Equal(totals, want) {
					b.Errorf("as of %+v the totals are %v, want %v", test.at, totals, want)
				}
			}
			b.check("ann-usd", "ann-eur", "desk-usd", "desk-eur")
		}},
		{"a ledger without accounts has no totals", func(b *books) {
			balance, err := b.service.TrialBalance(b.Context(), ledger.TrialBalanceQuery{})
			if err != nil || len(balance.Totals) != 0 || len(balance.Accounts) != 0 || balance.More || balance.Now.IsZero() {
				b.Errorf("it is %+v, %v", balance, err)
			}
		}},
		{"accounts come in the order of ids, by pages", func(b *books) {
			b.openAll("b", "a", "A", "zz", "z", "a-b", "0")
			b.deposit("one", "a", 3)
			b.post(hold("held", "a", "z", 2))
			b.checkTrialBalance(ledger.Moment{})
			page, err := b.service.TrialBalance(b.Context(), ledger.TrialBalanceQuery{Limit: 2, After: "a"})
			if err != nil || len(page.Accounts) != 2 || !page.More || page.Accounts[0].Account != "a-b" || page.Accounts[1].Account != "b" || len(page.Totals) != 0 {
				b.Errorf("the page is %+v, %v", page, err)
			}
			// What follows an id is told whether or not it is there.
			page, err = b.service.TrialBalance(b.Context(), ledger.TrialBalanceQuery{Limit: 1, After: "c"})
			if err != nil || len(page.Accounts) != 1 || page.Accounts[0].Account != ledger.WorldID("USD") {
				b.Errorf("the page is %+v, %v", page, err)
			}
		}},
		{"a query that is none", func(b *books) {
			b.openAll("a")
			now := b.now()
			for field, query := range map[string]ledger.TrialBalanceQuery{
				"recorded_at":  {At: recordedAt(now.Add(time.Hour))},
				"effective_at": {At: effectiveAt(now.Add(time.Hour))},
				"limit":        {Limit: -1},
			} {
				_, err := b.service.TrialBalance(b.Context(), query)
				if e := b.failed(ledger.ErrInvalidRequest, err); e.Field != field {
					b.Errorf("the error names the field %q, want %q", e.Field, field)
				}
			}
			_, err := b.service.TrialBalance(b.Context(), ledger.TrialBalanceQuery{At: ledger.Moment{RecordedAt: now, EffectiveAt: now}})
			b.failed(ledger.ErrInvalidRequest, err)
			_, err = b.service.TrialBalance(b.Context(), ledger.TrialBalanceQuery{After: "\x00"})
			b.failed(ledger.ErrNotFound, err)
		}},
	})
}

// checkTrialBalance proves, while nobody writes, that each asset balances as of a
// moment, that the accounts' pages add up to the totals, and that each account is as
// it is when asked for alone. It returns the totals.
func (b *books) checkTrialBalance(at ledger.Moment) []ledger.AssetTotals {
	b.Helper()
	var totals []ledger.AssetTotals
	sums := make(map[ledger.Asset]ledger.Balance)
	query := ledger.TrialBalanceQuery{At: at, Limit: 3}
	for more := true; more; {
		page, err := b.service.TrialBalance(b.Context(), query)
		if err != nil {
			b.Fatalf("trial balance %+v: %v", query, err)
		}
		if query.After == "" {
			totals = page.Totals
		} else if len(page.Totals) != 0 {
			b.Errorf("a later page has the totals %v", page.Totals)
		}
		if len(page.Accounts) == 0 || len(page.Accounts) > 3 {
			b.Fatalf("a page of 3 has %d accounts", len(page.Accounts))
		}
		for _, account := range page.Accounts {
			if account.Account <= query.After {
				b.Errorf("account %q comes after %q", account.Account, query.After)
			}
			query.After = account.Account
			alone, err := b.service.BalanceAt(b.Context(), account.Account, at)
			if err != nil || alone.Balance != account.Balance || alone.Asset != account.Asset || alone.Normal != account.Normal {
				b.Errorf("as of %+v, among others the account is %+v, and alone %+v, %v", at, account, alone, err)
			}
			sum, err := sums[account.Asset].Add(account.Balance)
			if err != nil {
				b.Fatal(err)
			}
			sums[account.Asset] = sum
		}
		more = page.More
	}
	if len(totals) != len(sums) {
		b.Errorf("there are totals of %d assets, and accounts in %d", len(totals), len(sums))
	}
	for i, total := range totals {
		sum := sums[total.Asset]
		if !total.IsBalanced() || total.Debits != sum.Debits || total.Credits != sum.Credits {
			b.Errorf("as of %+v the totals are %+v, and the accounts' sum is %+v", at, total, sum)
		}
		if i > 0 && totals[i-1].Asset.Code >= total.Asset.Code {
			b.Errorf("the totals of %s come before those of %s", totals[i-1].Asset, total.Asset)
		}
	}
	return totals
}
