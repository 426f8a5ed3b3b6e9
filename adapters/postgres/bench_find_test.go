package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/ledger"
)

// BenchmarkFind lists the transactions of a ledger that has b.N of them, by all that
// they can be listed by, and by turns those of one that has a thousand: 20 at a time,
// every second on one account, every tenth once pending and then posted, and every
// tenth once pending and then voided. Four are pending, and four have expired.
// "of-small" is the ratio of the times that a page takes.
func BenchmarkFind(b *testing.B) {
	const small = 1_000
	dsn := benchmarkServer(b)
	store, connection := openStore(b, dsn), connect(b, dsn)
	last := time.Now().UTC().Add(-time.Hour).Truncate(time.Microsecond)
	first := last.Add(-365 * 24 * time.Hour)
	all := map[int]*books{}
	of := func(b *testing.B, size int) *books {
		b.Helper()
		if all[size] == nil {
			name := fmt.Sprint("of-", size)
			all[size] = openBooks(b, store, name, 100)
			listedTransactions(b, connection, name, size, first, last)
			// As a server does by itself for tables that grow.
			exec(b, connection, "VACUUM")
		}
		return all[size]
	}
	const account = "user-0"
	behind := func(size int, query ledger.TransactionQuery) ledger.TransactionQuery {
		query.After = fmt.Sprint("tx_", size/3+rand.N(size/3))
		return query
	}
	atEnd := func(_ int, query ledger.TransactionQuery) ledger.TransactionQuery {
		query.After = fmt.Sprint("tx_", small/3)
		return query
	}
	atStart := func(_ int, query ledger.TransactionQuery) ledger.TransactionQuery { return query }
	pages := []struct {
		name string
		page func(size int, query ledger.TransactionQuery) ledger.TransactionQuery
	}{{"first", atStart}, {"middle", behind}, {"last", atEnd}}
	for _, question := range []struct {
		name  string
		query ledger.TransactionQuery
	}{
		{"all", ledger.TransactionQuery{}},
		{"oldest-first", ledger.TransactionQuery{OldestFirst: true}},
		{"period", ledger.TransactionQuery{From: first.Add(100 * 24 * time.Hour), To: first.Add(250 * 24 * time.Hour)}},
		{"posted", ledger.TransactionQuery{Status: ledger.Posted}},
		{"pending", ledger.TransactionQuery{Status: ledger.Pending}},
		{"voided", ledger.TransactionQuery{Status: ledger.Voided}},
		{"account", ledger.TransactionQuery{Account: account}},
		{"account-oldest-first", ledger.TransactionQuery{Account: account, OldestFirst: true}},
		{"account-period", ledger.TransactionQuery{Account: account, From: first.Add(100 * 24 * time.Hour), To: first.Add(250 * 24 * time.Hour)}},
		{"account-posted", ledger.TransactionQuery{Account: account, Status: ledger.Posted}},
		{"account-pending", ledger.TransactionQuery{Account: account, Status: ledger.Pending}},
		{"account-voided", ledger.TransactionQuery{Account: account, Status: ledger.Voided}},
		{"world", ledger.TransactionQuery{Account: ledger.WorldID("USD")}},
		{"tagged", ledger.TransactionQuery{Metadata: ledger.Metadata{"key": "value"}}},
		{"account-tagged", ledger.TransactionQuery{Account: account, Metadata: ledger.Metadata{"key": "value"}}},
	} {
		b.Run(question.name, func(b *testing.B) {
			large := max(b.N, small)
			listed := map[int]*books{large: of(b, large), small: of(b, small)}
			for _, p := range pages {
				const turns = 100
				times := map[int][]time.Duration{}
				for range turns {
					for size, l := range listed {
						query := p.page(size, question.query)
						start := time.Now()
						if _, err := l.FindTransactions(b.Context(), query); err != nil {
							b.Fatal(err)
						}
						times[size] = append(times[size], time.Since(start))
					}
				}
				slices.Sort(times[large])
				slices.Sort(times[small])
				b.ReportMetric(float64(times[large][turns/2])/float64(times[small][turns/2]), p.name+"-of-small")
				b.ReportMetric(float64(times[large][turns/2].Microseconds()), p.name+"-µs")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// listedTransactions gives a ledger so many transactions, as BenchmarkFind describes
// them, from one time to another.
func listedTransactions(b *testing.B, connection *pgx.Conn, book string, size int, first, last time.Time) {
	b.Helper()
	exec(b, connection, `
CREATE TEMPORARY TABLE listed AS
SELECT l.id AS ledger, 'tx_' || n AS id, n, at, at + CASE WHEN n % 10 = 5 THEN interval '2 hours' ELSE '0' END AS written_at,
	CASE WHEN open.k IS NOT NULL THEN 2 WHEN n % 10 = 5 THEN 1 WHEN n % 10 = 7 THEN 3 END AS ended,
	CASE WHEN open.k % 2 = 0 THEN $3::timestamptz END AS expires_at,
	CASE n % 2 WHEN 1 THEN 'user-0' ELSE 'user-' || 1 + n / 2 % 99 END AS account
FROM ledger.ledgers AS l CROSS JOIN generate_series(1, $2::int) AS n
CROSS JOIN LATERAL (SELECT $4::timestamptz + ($3::timestamptz - $4) * (n / 20 / ($2 / 20.0)::float8) AS at) AS t
LEFT JOIN generate_series(1, 8) AS open(k) ON open.k * ($2 / 10) + 3 = n
WHERE l.name = $1`, book, size, last, first)
	exec(b, connection, `
CREATE TEMPORARY TABLE written AS
SELECT l.*, k.side, k.name, k.stripe, row_number() OVER (PARTITION BY k.name, k.stripe ORDER BY written_at, n) AS sequence
FROM listed AS l CROSS JOIN LATERAL (VALUES (1, 'world:USD', n % 16), (2, account, 0)) AS k(side, name, stripe)
WHERE ended IS NULL OR ended = 1`)
	for _, statement := range []string{
		`
INSERT INTO ledger.entries (ledger, account, stripe, sequence, side, amount, balance, debits, transaction, recorded_at)
SELECT ledger, name, stripe, sequence, side, 1, sequence, CASE side WHEN 1 THEN sequence ELSE 0 END, id, written_at FROM written ORDER BY written_at, n`, `
INSERT INTO ledger.transactions (ledger, id, recorded_at, attempt, fingerprint, accounts, stripes, sequences, expires_at, reserved_sides, reserved_amounts, metadata)
SELECT l.ledger, l.id, l.at, 1, sha256(l.id::bytea), ARRAY['world:USD', account],
	CASE WHEN ended IS NULL THEN w.stripes ELSE '{}' END, CASE WHEN ended IS NULL THEN w.sequences ELSE '{}' END, expires_at,
	CASE WHEN ended IS NOT NULL THEN '{1,2}'::smallint[] END, CASE WHEN ended IS NOT NULL THEN '{1,1}'::numeric[] END,
	CASE WHEN l.n % 4 = 0 OR l.n % 4 = 1 THEN '{"key":"value"}'::jsonb END
FROM listed AS l
LEFT JOIN (
	SELECT n, array_agg(stripe::smallint ORDER BY side) AS stripes, array_agg(sequence ORDER BY side) AS sequences FROM written GROUP BY n
) AS w ON w.n = l.n
ORDER BY l.n`, `
INSERT INTO ledger.resolutions (ledger, transaction, status, recorded_at, attempt, stripes, sequences)
SELECT ledger, id, ended, written_at, 1, stripes, sequences FROM listed AS l
LEFT JOIN (
	SELECT n, array_agg(stripe::smallint ORDER BY side) AS stripes, array_agg(sequence ORDER BY side) AS sequences FROM written GROUP BY n
) AS w ON w.n = l.n AND l.ended = 1
WHERE ended IN (1, 3)`, `
INSERT INTO ledger.pending_accounts SELECT ledger, k.name, at, id FROM listed, LATERAL (VALUES ('world:USD'), (account)) AS k(name) WHERE ended IS NOT NULL`, `
INSERT INTO ledger.reservations (ledger, account, expires_at, transaction, debits, credits, recorded_at)
SELECT ledger, account, 'infinity', id, 0, 1, at FROM listed WHERE ended = 2 AND expires_at IS NULL`, `
INSERT INTO ledger.transaction_metadata SELECT ledger, 'key', 'value', at, id FROM listed WHERE n % 4 = 0 OR n % 4 = 1`, `
UPDATE ledger.balances AS b SET sequence = w.sequence, recorded_at = w.recorded_at,
	debits = CASE b.normal WHEN 1 THEN w.sequence ELSE 0 END, credits = CASE b.normal WHEN 2 THEN w.sequence ELSE 0 END
FROM (SELECT ledger, name, stripe, max(sequence) AS sequence, max(written_at) AS recorded_at FROM written GROUP BY ledger, name, stripe) AS w
WHERE (b.ledger, b.account, b.stripe) = (w.ledger, w.name, w.stripe)`,
		"DROP TABLE listed, written",
	} {
		exec(b, connection, statement)
	}
}
