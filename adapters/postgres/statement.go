package postgres

import (
	"context"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The statements of a statement: the numbers of the entries of the period are a range
// in each stripe of the account, and the totals before the first and after the last
// of them are those of the statement.
const (
	statementHead = `
WITH ranges AS MATERIALIZED (
	SELECT b.stripe, opening.last AS before, opening.debits AS opening_debits, opening.credits AS opening_credits,
		closing.last, closing.debits AS closing_debits, closing.credits AS closing_credits
	FROM ledger.balances AS b
	CROSS JOIN LATERAL (
		SELECT t.* FROM (SELECT $7::timestamptz - interval '1 microsecond' AS at) AS m
		CROSS JOIN LATERAL ` + totalsAt + ` AS t
	) AS opening
	CROSS JOIN LATERAL (
		SELECT t.* FROM (SELECT coalesce($8::timestamptz - interval '1 microsecond', 'infinity') AS at) AS m
		CROSS JOIN LATERAL ` + totalsAt + ` AS t
	) AS closing
	WHERE b.ledger = $2 AND b.account = $3
)
SELECT statement_timestamp(), t.*, a.*, e.*
FROM (` + selectAccounts + `) AS a
CROSS JOIN (
	SELECT sum(opening_debits)::text, sum(opening_credits)::text, sum(closing_debits)::text, sum(closing_credits)::text FROM ranges
) AS t
LEFT JOIN LATERAL (
	SELECT e.* FROM ranges AS r CROSS JOIN LATERAL (
		SELECT ` + columnsOfEntry + ` FROM ledger.entries
		WHERE ledger = $2 AND account = $3 AND stripe = r.stripe`

	statementNewest = statementHead + `
			AND sequence > r.before AND sequence <= least(r.last, CASE r.stripe WHEN $4 THEN $5::bigint - 1 END)
		ORDER BY sequence DESC LIMIT $6
	) AS e
	WHERE r.stripe <= $4
	ORDER BY e.stripe DESC, e.sequence DESC LIMIT $6
) AS e ON true
ORDER BY e.stripe DESC, e.sequence DESC`

	statementOldest = statementHead + `
			AND sequence > greatest(r.before, CASE r.stripe WHEN $4 THEN $5::bigint END) AND sequence <= r.last
		ORDER BY sequence LIMIT $6
	) AS e
	WHERE r.stripe >= $4
	ORDER BY e.stripe, e.sequence LIMIT $6
) AS e ON true
ORDER BY e.stripe, e.sequence`
)

func readStatement(ctx context.Context, q querier, book int32, query ledger.StatementQuery) (s ledger.Statement, err error) {
	statement := statementNewest
	if query.OldestFirst {
		statement = statementOldest
	}
	stripe, sequence := startAfter(query.OldestFirst, query.After)
	arguments := []any{
		[]string{query.Account}, book, query.Account, stripe, sequence, query.Limit, query.From, nullTime(query.To),
	}
	var now time.Time
	var account accountRow
	var row entryRow
	fields := []any{
		&now, numeric{&s.Opening.Debits}, numeric{&s.Opening.Credits}, numeric{&s.Closing.Debits}, numeric{&s.Closing.Credits},
	}
	fields = append(append(fields, account.fields()...), row.fields()...)
	found := false
	err = q.query(ctx, statement, arguments, fields, func() error {
		if !found {
			found = true
			s.Account, s.Now = account.read(), now.UTC()
		}
		if row.account != nil {
			s.Entries = append(s.Entries, row.read(s.Account.Asset))
		}
		return nil
	})
	if err == nil && !found {
		err = ledger.NoAccount(query.Account)
	}
	s.From, s.To = query.From, query.To
	return s, err
}
