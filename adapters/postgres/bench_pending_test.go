package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/ledger"
)

// BenchmarkPending deposits, reads balances and posts holds in a ledger that has
// b.N pending transactions over 10,000 accounts, and by turns in one that has ten.
// Nine in ten of the many have expired; "swept" has had them swept, and "unswept"
// has nobody sweep. "of-few" are the ratios of the times.
func BenchmarkPending(b *testing.B) {
	for name, interval := range map[string]time.Duration{"swept": 0, "unswept": -1} {
		b.Run(name, func(b *testing.B) {
			dsn := benchmarkServer(b)
			store := openStore(b, dsn, func(c *postgres.Config) { c.SweepInterval = interval })
			many, few := openBooks(b, store, "many", pendingAccounts), openBooks(b, store, "few", pendingAccounts)
			benchmarkHolds(b, dsn, "many", max(b.N, pendingAccounts))
			benchmarkHolds(b, dsn, "few", 10)
			if interval >= 0 {
				b.ReportMetric(awaitSweep(b, dsn).Seconds(), "sweep-s")
			}
			const rounds = 1_000
			for _, step := range []struct {
				name    string
				prepare func(ctx context.Context, l ledger.Service, n int) error
				measure func(ctx context.Context, l ledger.Service, n int) error
			}{
				// Enough for all that is held by and by.
				{"deposit", nothing, func(ctx context.Context, l ledger.Service, n int) error {
					_, err := l.Deposit(ctx, ledger.Deposit{ID: fmt.Sprint("d-", n), Account: pendingAccount(n), Asset: usd, Amount: ledger.NewAmount(1_000_000)})
					return err
				}},
				{"balance", nothing, func(ctx context.Context, l ledger.Service, n int) error {
					_, err := l.Account(ctx, pendingAccount(n))
					return err
				}},
				{"post", func(ctx context.Context, l ledger.Service, n int) error {
					_, err := l.Post(ctx, ledger.TransactionRequest{
						ID: fmt.Sprint("p-", n), Pending: true, ExpiresAt: time.Now().Add(time.Hour),
						Entries: []ledger.EntryRequest{
							{Account: pendingAccount(n), Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(1)},
							{Account: pendingAccount(n + 1), Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(1)},
						},
					})
					return err
				}, func(ctx context.Context, l ledger.Service, n int) error {
					_, err := l.PostPending(ctx, ledger.PostPendingRequest{Transaction: fmt.Sprint("p-", n)})
					return err
				}},
			} {
				timed := func(l ledger.Service, n int) time.Duration {
					if err := step.prepare(b.Context(), l, n); err != nil {
						b.Fatal(err)
					}
					start := time.Now()
					if err := step.measure(b.Context(), l, n); err != nil {
						b.Fatal(err)
					}
					return time.Since(start)
				}
				ofMany, ofFew := make([]time.Duration, rounds), make([]time.Duration, rounds)
				for n := range rounds {
					ofMany[n], ofFew[n] = timed(many, n), timed(few, n)
				}
				slices.Sort(ofMany)
				slices.Sort(ofFew)
				b.ReportMetric(float64(ofMany[rounds/2])/float64(ofFew[rounds/2]), step.name+"-of-few")
				b.ReportMetric(float64(ofMany[rounds/2].Microseconds()), step.name+"-µs")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func nothing(context.Context, ledger.Service, int) error { return nil }

// pendingAccounts is the number of accounts that the holds of a benchmark are on.
const pendingAccounts = 10_000

func pendingAccount(n int) string { return fmt.Sprint("user-", n*7919%pendingAccounts) }

// benchmarkHolds gives a ledger so many pending transactions, of which nine in ten
// expired an hour ago and the others do in an hour.
func benchmarkHolds(b *testing.B, dsn, book string, holds int) {
	b.Helper()
	connection := connect(b, dsn)
	exec(b, connection, `
CREATE TEMPORARY TABLE holds AS
SELECT l.id AS ledger, 'hold-' || n AS id, 'user-' || n % $3 AS debited, 'user-' || (n + 1) % $3 AS credited,
	now() + CASE WHEN n % 10 = 0 THEN interval '1 hour' ELSE interval '-1 hour' END AS expires_at
FROM ledger.ledgers AS l, generate_series(1, $2::integer) AS n WHERE l.name = $1`, book, holds, pendingAccounts)
	exec(b, connection, `
INSERT INTO ledger.transactions (ledger, id, recorded_at, attempt, fingerprint, accounts, stripes, sequences, expires_at, reserved_sides, reserved_amounts)
SELECT ledger, id, now() - interval '2 hours', 1, sha256(id::bytea), ARRAY[debited, credited], '{}', '{}', expires_at, '{1,2}', '{1,1}' FROM holds`)
	exec(b, connection, `
INSERT INTO ledger.reservations (ledger, account, expires_at, transaction, debits, credits, recorded_at)
SELECT ledger, debited, expires_at, id, 1, 0, now() - interval '2 hours' FROM holds
UNION ALL SELECT ledger, credited, expires_at, id, 0, 1, now() - interval '2 hours' FROM holds`)
	exec(b, connection, `
UPDATE ledger.balances AS b SET pending_debits = r.debits, pending_credits = r.credits, next_expiry = r.next_expiry
FROM (
	SELECT ledger, account, sum(debits) AS debits, sum(credits) AS credits, min(expires_at) AS next_expiry
	FROM ledger.reservations GROUP BY ledger, account
) AS r JOIN ledger.ledgers AS l ON l.id = r.ledger AND l.name = $1
WHERE b.ledger = r.ledger AND b.account = r.account`, book)
	exec(b, connection, "DROP TABLE holds")
}

// awaitSweep waits until nothing that has expired is left, and returns how long that
// took.
func awaitSweep(b *testing.B, dsn string) time.Duration {
	b.Helper()
	connection, start := connect(b, dsn), time.Now()
	for left := true; left; time.Sleep(10 * time.Millisecond) {
		const find = "SELECT EXISTS (SELECT FROM ledger.reservations WHERE expires_at <= now())"
		if err := connection.QueryRow(b.Context(), find).Scan(&left); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}
