package postgres_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkLockedAccount has 256 callers deposit on 10,000 accounts, by turns
// freely and while somebody else holds one of the accounts locked. "of-free" is
// the median of the ratios of the rates, all callers counted, also those who wait
// for the locked account.
func BenchmarkLockedAccount(b *testing.B) {
	const turn = 4 * time.Second
	dsn := benchmarkServer(b)
	books := benchmarkBooks(b, dsn, 10_000)
	other := connect(b, dsn)
	var ratios, rates []float64
	next := 0
	for range min(b.N, 5) {
		free := runFor(b, turn, &next, books.deposit)
		exec(b, other, "BEGIN")
		exec(b, other, "SELECT 1 FROM ledger.balances WHERE account = 'user-17' FOR UPDATE")
		released := make(chan error)
		time.AfterFunc(turn, func() {
			_, err := other.Exec(b.Context(), "ROLLBACK")
			released <- err
		})
		locked := runFor(b, turn, &next, books.deposit)
		if err := <-released; err != nil {
			b.Fatal(err)
		}
		ratios, rates = append(ratios, locked/free), append(rates, locked)
	}
	b.ReportMetric(median(rates), "deposits/s")
	b.ReportMetric(median(ratios), "of-free")
	b.ReportMetric(0, "ns/op")
}

// runFor has 256 callers do it, from the number next on, for so long, and returns
// how often a second they did. It returns when the last of them is done.
func runFor(b *testing.B, turn time.Duration, next *int, do func(ctx context.Context, n int) error) float64 {
	b.Helper()
	var n, done atomic.Int64
	n.Store(int64(*next))
	var group sync.WaitGroup
	start := time.Now()
	for range 256 {
		group.Go(func() {
			for time.Since(start) < turn {
				if err := do(b.Context(), int(n.Add(1)-1)); err != nil {
					b.Error(err)
				}
				if time.Since(start) < turn {
					done.Add(1)
				}
			}
		})
	}
	group.Wait()
	*next = int(n.Load())
	return float64(done.Load()) / turn.Seconds()
}
