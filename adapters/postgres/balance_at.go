package postgres

import (
	"context"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

const (
	// totalsAt is the totals that a row b of balances had at the time m.at, by what
	// was recorded up to then, and the number of the last entry up to then, -1 if there
	// was none. If nothing was recorded since, they are the row's. Otherwise an index of
	// every sixteenth entry finds the last of those up to the time, for recorded times
	// never run back along a sequence, and the entry is that or one of the next fifteen.
	totalsAt = `(
	SELECT b.sequence AS last, b.debits, b.credits WHERE b.recorded_at <= m.at
	UNION ALL
	SELECT coalesce(e.sequence, -1), coalesce(e.debits, 0),
		coalesce(CASE b.normal WHEN 1 THEN e.debits - e.balance ELSE e.debits + e.balance END, 0)
	FROM (
		SELECT coalesce((
			SELECT sequence FROM ledger.entries
			WHERE ledger = b.ledger AND account = b.account AND stripe = b.stripe AND recorded_at <= m.at AND sequence % 16 = 0
			ORDER BY recorded_at DESC, sequence DESC LIMIT 1
		), 0) AS first
		OFFSET 0
	) AS mark
	LEFT JOIN LATERAL (
		SELECT sequence, debits, balance FROM ledger.entries
		WHERE ledger = b.ledger AND account = b.account AND stripe = b.stripe
			AND sequence >= mark.first AND sequence < mark.first + 16 AND recorded_at <= m.at
		ORDER BY sequence DESC LIMIT 1
	) AS e ON true
	WHERE b.recorded_at > m.at
)`

	// correctionsAt is what corrects the totals of a row b of balances to those as of
	// an effective time, of which $4, $5 and $6 are the ranges; without ranges it is
	// nothing. Few accounts have corrections, and the others are asked no more.
	correctionsAt = `(
	SELECT coalesce(sum(c.debits), 0) AS debits, coalesce(sum(c.credits), 0) AS credits
	FROM unnest($4::smallint[], $5::bigint[], $6::bigint[]) AS r(level, first, past)
	CROSS JOIN LATERAL (
		SELECT debits, credits FROM ledger.corrections
		WHERE ledger = b.ledger AND account = b.account AND stripe = b.stripe AND level = r.level AND span >= r.first AND span < r.past
		OFFSET 0
	) AS c
	WHERE EXISTS (
		SELECT FROM ledger.corrections WHERE ledger = b.ledger AND account = b.account AND stripe = b.stripe OFFSET 0
	)
)`

	// balanceAt is the totals of the account u.id as of the time $3, corrected, over
	// all of its stripes.
	balanceAt = `(
	SELECT b.asset, b.scale, b.normal, sum(t.debits + c.debits)::text AS debits, sum(t.credits + c.credits)::text AS credits
	FROM (SELECT $3::timestamptz AS at) AS m
	CROSS JOIN ledger.balances AS b
	CROSS JOIN LATERAL ` + totalsAt + ` AS t
	CROSS JOIN LATERAL ` + correctionsAt + ` AS c
	WHERE b.ledger = $2 AND b.account = u.id
	GROUP BY b.asset, b.scale, b.normal
)`

	selectBalanceAt = `
SELECT b.asset, b.scale, b.normal, b.debits, b.credits, statement_timestamp()
FROM (SELECT $1::text AS id) AS u CROSS JOIN LATERAL ` + balanceAt + ` AS b`

	selectBalanceNow = `SELECT a.*, statement_timestamp() FROM (` + selectAccounts + `) AS a`
)

// moment is a moment as the statements take it: the time up to which entries were
// recorded, and the ranges of corrections to add, none for a recorded time.
type moment struct {
	at          time.Time
	levels      []int16
	first, past []int64
}

func momentOf(at ledger.Moment) moment {
	m := moment{at: at.Time(), levels: []int16{}, first: []int64{}, past: []int64{}}
	if at.EffectiveAt.IsZero() {
		return m
	}
	for _, r := range ledger.CorrectionsUpTo(at.EffectiveAt) {
		m.levels, m.first, m.past = append(m.levels, int16(r.Level)), append(m.first, r.From), append(m.past, r.To)
	}
	return m
}

func readBalanceAt(ctx context.Context, q querier, book int32, account string, at ledger.Moment) (ledger.BalanceAt, error) {
	if at.Time().IsZero() {
		return readBalanceNow(ctx, q, book, account)
	}
	balance := ledger.BalanceAt{Account: account}
	var scale, normal int64
	fields := []any{
		&balance.Asset.Code, &scale, &normal, numeric{&balance.Balance.Debits}, numeric{&balance.Balance.Credits}, &balance.Now,
	}
	m := momentOf(at)
	found := false
	err := q.query(ctx, selectBalanceAt, []any{account, book, m.at, m.levels, m.first, m.past}, fields, func() error {
		found = true
		return nil
	})
	if err == nil && !found {
		err = ledger.NoAccount(account)
	}
	balance.Asset.Scale, balance.Normal, balance.Now = uint8(scale), ledger.Side(normal), balance.Now.UTC()
	return balance, err
}

// readBalanceNow returns the balance that the account has, with what is pending.
func readBalanceNow(ctx context.Context, q querier, book int32, id string) (balance ledger.BalanceAt, err error) {
	var row accountRow
	var now time.Time
	found := false
	err = q.query(ctx, selectBalanceNow, []any{[]string{id}, book}, append(row.fields(), &now), func() error {
		found = true
		a := row.read()
		balance = ledger.BalanceAt{Account: a.ID, Asset: a.Asset, Normal: a.Normal, Balance: a.Balance, Now: now.UTC()}
		return nil
	})
	if err == nil && !found {
		err = ledger.NoAccount(id)
	}
	return balance, err
}
