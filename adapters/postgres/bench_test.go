package postgres_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// BenchmarkDeposit deposits through the library, and in the same run, on the
// same server, by a database transaction for each request that locks its rows.
// "of-row-lock" is the ratio to that, and "of-pipelined" to that when it sends
// together whatever statements it can.
func BenchmarkDeposit(b *testing.B) {
	dsn := benchmarkServer(b)
	for _, accounts := range []int{10_000, 1} {
		var plain, pipelined float64
		b.Run(fmt.Sprintf("accounts=%d/row-lock", accounts), func(b *testing.B) {
			plain = bestRowLock(b, dsn, accounts, false)
		})
		b.Run(fmt.Sprintf("accounts=%d/pipelined", accounts), func(b *testing.B) {
			pipelined = bestRowLock(b, dsn, accounts, true)
		})
		for _, callers := range []int{1, 256, 1024} {
			b.Run(fmt.Sprintf("accounts=%d/callers=%d", accounts, callers), func(b *testing.B) {
				books := benchmarkBooks(b, dsn, accounts)
				deposits := b.N
				if callers == 1 {
					deposits = min(deposits, 5_000)
				}
				l := run(b, callers, 0, deposits, books.deposit)
				b.ReportMetric(l.rate, "deposits/s")
				b.ReportMetric(l.rate/plain, "of-row-lock")
				b.ReportMetric(l.rate/pipelined, "of-pipelined")
				b.ReportMetric(l.milliseconds(50), "p50-ms")
				b.ReportMetric(l.milliseconds(99), "p99-ms")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// bestRowLock returns the rate at the number of connections that suits it best.
func bestRowLock(b *testing.B, dsn string, accounts int, pipelined bool) (best float64) {
	b.Helper()
	for _, connections := range []int{4, 8, 16, 40} {
		rate := newRowLock(b, dsn, accounts, connections, pipelined).rate(b, min(b.N, 10_000))
		if rate > best {
			best = rate
			b.ReportMetric(float64(connections), "connections")
		}
	}
	b.ReportMetric(best, "deposits/s")
	b.ReportMetric(0, "ns/op")
	return best
}

// BenchmarkSetBased inserts 1,000 double entries in each statement and does
// nothing else, on one, two and four connections, and then deposits through the
// library. "of-one" is the ratio to one connection, "of-best" to the number that
// suits it best, which is all that the machine can do.
func BenchmarkSetBased(b *testing.B) {
	dsn := benchmarkServer(b)
	one, best := 0.0, 0.0
	b.Run("set-based", func(b *testing.B) {
		one, best = 0, 0
		for _, connections := range []int{1, 2, 4} {
			rate := setBased{dsn: dsn, accounts: 10_000}.rate(b, connections, b.N)
			b.ReportMetric(rate, fmt.Sprintf("by-%d/s", connections))
			if connections == 1 {
				one = rate
			}
			best = max(best, rate)
		}
		b.ReportMetric(0, "ns/op")
	})
	for _, callers := range []int{256, 1024} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			l := run(b, callers, 0, b.N, benchmarkBooks(b, dsn, 10_000).deposit)
			b.ReportMetric(l.rate, "deposits/s")
			b.ReportMetric(l.rate/one, "of-one")
			b.ReportMetric(l.rate/best, "of-best")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkGrowth grows an empty database, which nothing vacuums or analyzes, by
// deposits with ids and accounts in no order. "last/first" is the rate of the
// last tenth against that of the first.
func BenchmarkGrowth(b *testing.B) {
	dsn := benchmarkServer(b, "autovacuum", "off")
	books := benchmarkBooks(b, dsn, 10_000)
	connection := connect(b, dsn)
	empty := booksBytes(b, connection)
	statements := statementCalls(b, connection)
	var rates [10]float64
	for i := range rates {
		rates[i] = run(b, 256, i*b.N/10, (i+1)*b.N/10, books.deposit).rate
	}
	b.ReportMetric(rates[0], "first/s")
	b.ReportMetric(rates[9], "last/s")
	b.ReportMetric(rates[9]/rates[0], "last/first")
	b.ReportMetric(float64(booksBytes(b, connection)-empty)/float64(b.N), "stored-B/deposit")
	b.ReportMetric(float64(statementCalls(b, connection)-statements)/float64(b.N), "statements/deposit")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkHistory reads pages of an account with b.N entries, and of one with a
// thousand. "of-small" is the ratio of their times.
func BenchmarkHistory(b *testing.B) {
	dsn := benchmarkServer(b)
	books := benchmarkBooks(b, dsn, 2)
	large, small := benchmarkEntries(b, dsn, "user-0", b.N), benchmarkEntries(b, dsn, "user-1", 1_000)
	read := func(account string, after *ledger.EntryKey) time.Duration {
		start := time.Now()
		page, err := books.Entries(b.Context(), ledger.EntryQuery{Account: account, After: after})
		if err != nil || len(page.Entries) != ledger.DefaultLimit {
			b.Fatal(len(page.Entries), err)
		}
		return time.Since(start)
	}
	places := []struct {
		name string
		of   func(entries int) *ledger.EntryKey
	}{
		{"first", func(int) *ledger.EntryKey { return nil }},
		{"middle", func(n int) *ledger.EntryKey { return &ledger.EntryKey{Sequence: uint64(n / 2)} }},
		{"last", func(int) *ledger.EntryKey { return &ledger.EntryKey{Sequence: ledger.DefaultLimit + 1} }},
	}
	for _, place := range places {
		// By turns, so that what else the machine does slows both.
		const pages = 1_000
		ofLarge, ofSmall := make([]time.Duration, pages), make([]time.Duration, pages)
		for i := range pages {
			ofLarge[i], ofSmall[i] = read("user-0", place.of(large)), read("user-1", place.of(small))
		}
		slices.Sort(ofLarge)
		slices.Sort(ofSmall)
		b.ReportMetric(float64(ofLarge[pages/2])/float64(ofSmall[pages/2]), place.name+"-of-small")
		b.ReportMetric(float64(ofLarge[pages/2].Microseconds()), place.name+"-µs")
	}
	b.ReportMetric(0, "ns/op")
}

// load is what a run measured.
type load struct {
	rate float64
	// latencies are sorted.
	latencies []time.Duration
}

// milliseconds returns a percentile of the latencies.
func (l load) milliseconds(percentile int) float64 {
	return l.latencies[(len(l.latencies)-1)*percentile/100].Seconds() * 1000
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// run calls do with each number from first to before last, from so many callers
// at once.
func run(b *testing.B, callers, first, last int, do func(ctx context.Context, n int) error) load {
	b.Helper()
	runtime.GC()
	latencies := make([]time.Duration, last-first)
	var next atomic.Int64
	next.Store(int64(first))
	var group sync.WaitGroup
	start := time.Now()
	for range callers {
		group.Go(func() {
			for n := int(next.Add(1) - 1); n < last; n = int(next.Add(1) - 1) {
				began := time.Now()
				if err := do(b.Context(), n); err != nil {
					b.Error(err)
				}
				latencies[n-first] = time.Since(began)
			}
		})
	}
	group.Wait()
	rate := float64(last-first) / time.Since(start).Seconds()
	slices.Sort(latencies)
	return load{rate: rate, latencies: latencies}
}
