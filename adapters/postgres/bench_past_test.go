package postgres_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/ledger"
)

// BenchmarkPast asks for the past of an account with b.N entries, one of each
// thousand with an earlier effective time, and of one with a thousand, ten of which
// are so. "of-small" is the ratio of their times.
func BenchmarkPast(b *testing.B) {
	const small, span = 1_000, 365 * 24 * time.Hour
	large := max(b.N, small)
	dsn := benchmarkServer(b)
	books := benchmarkBooks(b, dsn, 2)
	connection := connect(b, dsn)
	last := time.Now().Truncate(time.Microsecond)
	first := last.Add(-span)
	pastEntries(b, connection, "user-0", large, max(large/1_000, 10), first, last)
	pastEntries(b, connection, "user-1", small, 10, first, last)
	// As a server does by itself for tables that grow.
	exec(b, connection, "VACUUM ledger.entries, ledger.corrections, ledger.balances")
	checkPast(b, books, connection, "user-0", first.Add(span/3))

	counts := map[string]int{"user-0": large, "user-1": small}
	questions := []struct {
		name string
		ask  func(account string, at time.Time) error
	}{
		{"now", func(account string, _ time.Time) error {
			_, err := books.BalanceAt(b.Context(), account, ledger.Moment{})
			return err
		}},
		{"recorded", func(account string, at time.Time) error {
			_, err := books.BalanceAt(b.Context(), account, ledger.Moment{RecordedAt: at})
			return err
		}},
		{"effective", func(account string, at time.Time) error {
			_, err := books.BalanceAt(b.Context(), account, ledger.Moment{EffectiveAt: at})
			return err
		}},
		{"statement", func(account string, at time.Time) error {
			_, err := books.Statement(b.Context(), ledger.StatementQuery{Account: account, From: at, To: at.Add(span / 4)})
			return err
		}},
		{"entries", func(account string, _ time.Time) error {
			after := ledger.EntryKey{Sequence: uint64(counts[account] / 2)}
			_, err := books.Entries(b.Context(), ledger.EntryQuery{Account: account, After: &after})
			return err
		}},
	}
	for _, question := range questions {
		// By turns, so that what else the machine does slows both.
		const turns = 1_000
		times := map[string][]time.Duration{}
		for range turns {
			at := first.Add(span/4 + rand.N(span/2)).UTC().Truncate(time.Microsecond)
			for account := range counts {
				start := time.Now()
				if err := question.ask(account, at); err != nil {
					b.Fatal(err)
				}
				times[account] = append(times[account], time.Since(start))
			}
		}
		slices.Sort(times["user-0"])
		slices.Sort(times["user-1"])
		b.ReportMetric(float64(times["user-0"][turns/2])/float64(times["user-1"][turns/2]), question.name+"-of-small")
		b.ReportMetric(float64(times["user-0"][turns/2].Microseconds()), question.name+"-µs")
	}
	b.ReportMetric(0, "ns/op")
}

// pastEntries gives the account entries that were recorded by chance from one time
// to another, so many of them effective up to a month earlier, and the corrections
// that follow from these.
func pastEntries(b *testing.B, connection *pgx.Conn, account string, entries, backdated int, first, last time.Time) {
	b.Helper()
	exec(b, connection, `
WITH gaps AS (SELECT n, sum(-ln(1 - random())) OVER (ORDER BY n) AS up_to FROM generate_series(1, $2::int) AS n)
INSERT INTO ledger.entries (ledger, account, stripe, sequence, side, amount, balance, debits, transaction, recorded_at, effective_at)
SELECT ledger, account, 0, n, 2, 100, 100 * n, 0, 'tx_' || n, at, CASE WHEN n % $3 = 0 THEN at - random() * interval '30 days' END
FROM ledger.balances CROSS JOIN gaps
CROSS JOIN LATERAL (SELECT $4::timestamptz + ($5::timestamptz - $4) * (up_to / (SELECT max(up_to) FROM gaps)) AS at) AS t
WHERE account = $1`, account, entries, entries/backdated, first, last)
	exec(b, connection, `
UPDATE ledger.balances SET sequence = $2, credits = 100 * $2::bigint, recorded_at = $3 WHERE account = $1`, account, entries, last)
	exec(b, connection, `
INSERT INTO ledger.corrections
SELECT ledger, account, stripe, level, span, sum(sign * amount * (2 - side)), sum(sign * amount * (side - 1))
FROM ledger.entries
CROSS JOIN LATERAL (SELECT
	(extract(epoch FROM effective_at) * 1000000)::bigint + 62135596800000000 AS effective,
	(extract(epoch FROM recorded_at) * 1000000)::bigint + 62135596800000000 AS recorded
) AS tick
CROSS JOIN generate_series(0, 11) AS level
CROSS JOIN LATERAL (VALUES (1, effective >> 5 * level), (-1, recorded >> 5 * level)) AS node(sign, span)
WHERE account = $1 AND effective >> 5 * level <> recorded >> 5 * level
GROUP BY ledger, account, stripe, level, span HAVING sum(sign * amount) <> 0
ORDER BY min(recorded_at)`, account)
}

// checkPast compares a balance as of an effective time with the sum of the entries.
func checkPast(b *testing.B, l *books, connection *pgx.Conn, account string, at time.Time) {
	b.Helper()
	at = at.UTC().Truncate(time.Microsecond)
	var want int64
	const sum = "SELECT sum(amount)::bigint FROM ledger.entries WHERE account = $1 AND coalesce(effective_at, recorded_at) <= $2"
	if err := connection.QueryRow(b.Context(), sum, account, at).Scan(&want); err != nil {
		b.Fatal(err)
	}
	got, err := l.BalanceAt(b.Context(), account, ledger.Moment{EffectiveAt: at})
	if err != nil || got.Posted() != ledger.NewAmount(want) {
		b.Fatalf("the balance as of %s is %v, %v; want %d", at, got.Posted(), err, want)
	}
}
