package postgres

import (
	"context"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The statements of a trial balance: a row for each asset if $1 is empty, and then a
// row for each account of the page after $1, as of one snapshot. Totals are over all
// rows of balances, along their primary key. There is a row with the time alone if there
// is nothing else.
const (
	trialBalanceHead = `
SELECT statement_timestamp(), r.*
FROM (VALUES (1)) AS one
LEFT JOIN (`

	trialBalanceTail = `
) AS r ON true
ORDER BY r.id NULLS FIRST, r.asset`

	pageOfAccounts = `(SELECT id FROM ledger.accounts WHERE ledger = $2 AND id > $1::text ORDER BY id LIMIT $3)`

	trialBalanceNow = trialBalanceHead + `
	SELECT NULL::text AS id, asset, scale, NULL::smallint AS normal,
		sum(debits)::text AS debits, sum(credits)::text AS credits, NULL::text AS pending_debits, NULL::text AS pending_credits
	FROM ledger.balances WHERE ledger = $2 AND $1::text = ''
	GROUP BY asset, scale
	UNION ALL
	SELECT a.id, a.asset, a.scale, a.normal, a.debits, a.credits, a.pending_debits, a.pending_credits
	FROM (` + accountsHead + pageOfAccounts + accountsTail + `) AS a` + trialBalanceTail

	trialBalanceAt = trialBalanceHead + `
	SELECT NULL::text AS id, b.asset, b.scale, NULL::smallint AS normal,
		sum(t.debits + c.debits)::text AS debits, sum(t.credits + c.credits)::text AS credits, NULL::text, NULL::text
	FROM (SELECT $3::timestamptz AS at) AS m
	CROSS JOIN ledger.balances AS b
	CROSS JOIN LATERAL ` + totalsAt + ` AS t
	CROSS JOIN LATERAL ` + correctionsAt + ` AS c
	WHERE b.ledger = $2 AND $1::text = ''
	GROUP BY b.asset, b.scale
	UNION ALL
	SELECT u.id, b.*, NULL, NULL
	FROM (SELECT id FROM ledger.accounts WHERE ledger = $2 AND id > $1::text ORDER BY id LIMIT $7) AS u
	CROSS JOIN LATERAL ` + balanceAt + ` AS b` + trialBalanceTail
)

// trialBalanceRow is an asset's totals, or an account's if it has an id, or neither.
type trialBalanceRow struct {
	now           time.Time
	id, code      *string
	scale, normal *int64
	balance       ledger.Balance
}

// fields are where the columns go.
func (r *trialBalanceRow) fields() []any {
	return []any{
		&r.now, &r.id, &r.code, &r.scale, &r.normal,
		numeric{&r.balance.Debits},
		numeric{&r.balance.Credits},
		numeric{&r.balance.PendingDebits},
		numeric{&r.balance.PendingCredits},
	}
}

// addTo adds the row to the trial balance.
func (r *trialBalanceRow) addTo(answer *ledger.TrialBalance) {
	answer.Now = r.now.UTC()
	if r.code == nil {
		return
	}
	asset := ledger.Asset{Code: *r.code, Scale: uint8(*r.scale)}
	if r.id == nil {
		answer.Totals = append(answer.Totals, ledger.AssetTotals{Asset: asset, Debits: r.balance.Debits, Credits: r.balance.Credits})
		return
	}
	answer.Accounts = append(answer.Accounts, ledger.BalanceAt{
		Account: *r.id, Asset: asset, Normal: ledger.Side(*r.normal), Balance: r.balance, Now: answer.Now,
	})
}

func readTrialBalance(ctx context.Context, q querier, book int32, query ledger.TrialBalanceQuery) (answer ledger.TrialBalance, err error) {
	statement, arguments := trialBalanceNow, []any{query.After, book, query.Limit}
	if !query.At.Time().IsZero() {
		m := momentOf(query.At)
		statement, arguments = trialBalanceAt, []any{query.After, book, m.at, m.levels, m.first, m.past, query.Limit}
	}
	var row trialBalanceRow
	err = q.query(ctx, statement, arguments, row.fields(), func() error {
		row.addTo(&answer)
		return nil
	})
	return answer, err
}
