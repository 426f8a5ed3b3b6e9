package memory_test

import (
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

var usd = ledger.Asset{Code: "USD", Scale: 2}

// BenchmarkDeposit deposits through the library, and in the same run into a bare
// map under a mutex: the least that a balance in memory can cost, with no ids,
// entries or history. Its "of-map" is the ratio of the two rates.
func BenchmarkDeposit(b *testing.B) {
	for _, accounts := range []int{10_000, 1} {
		for _, callers := range []int{1, 16, 256} {
			b.Run(fmt.Sprintf("accounts=%d/callers=%d", accounts, callers), func(b *testing.B) {
				bare := benchmarkMap(b, accounts, callers)
				rate := benchmarkLedger(b, accounts, callers)
				b.ReportMetric(rate, "deposits/s")
				b.ReportMetric(bare, "map/s")
				b.ReportMetric(rate/bare, "of-map")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

func benchmarkMap(b *testing.B, accounts, callers int) float64 {
	b.Helper()
	names := accountNames(accounts)
	balances := make(map[string]int64, accounts)
	var mu sync.Mutex
	return run(b, callers, func(n int) {
		mu.Lock()
		balances[names[n%accounts]] += 100
		mu.Unlock()
	})
}

func benchmarkLedger(b *testing.B, accounts, callers int) float64 {
	b.Helper()
	books := open(b, accounts)
	names := accountNames(accounts)
	return run(b, callers, func(n int) {
		_, err := books.Deposit(b.Context(), ledger.Deposit{
			ID: "tx_" + strconv.Itoa(n), Account: names[n%accounts], Asset: usd, Amount: ledger.NewAmount(100),
		})
		if err != nil {
			b.Error(err)
		}
	})
}

// run calls do with each of 0 to b.N-1, from so many callers at once, and
// returns the rate per second.
func run(b *testing.B, callers int, do func(n int)) float64 {
	b.Helper()
	runtime.GC()
	var next atomic.Int64
	var group sync.WaitGroup
	b.ResetTimer()
	start := time.Now()
	for range callers {
		group.Go(func() {
			for n := next.Add(1) - 1; n < int64(b.N); n = next.Add(1) - 1 {
				do(int(n))
			}
		})
	}
	group.Wait()
	b.StopTimer()
	return float64(b.N) / time.Since(start).Seconds()
}

// BenchmarkBytes reports what a deposit leaves in memory.
func BenchmarkBytes(b *testing.B) {
	for _, accounts := range []int{10_000, 1} {
		b.Run(fmt.Sprintf("accounts=%d", accounts), func(b *testing.B) {
			books := open(b, accounts)
			names := accountNames(accounts)
			before := heap()
			n := 0
			for b.Loop() {
				_, err := books.Deposit(b.Context(), ledger.Deposit{
					ID: "tx_" + strconv.Itoa(n), Account: names[n%accounts], Asset: usd, Amount: ledger.NewAmount(100),
				})
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			b.ReportMetric(float64(heap()-before)/float64(n), "kept-B/deposit")
			runtime.KeepAlive(books)
		})
	}
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func open(b *testing.B, accounts int) *ledger.Ledger {
	b.Helper()
	books, err := ledger.Open(b.Context(), memory.New(memory.Config{}), ledger.Config{})
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range accountNames(accounts) {
		if _, err := books.OpenAccount(b.Context(), ledger.AccountRequest{ID: name, Asset: usd}); err != nil {
			b.Fatal(err)
		}
	}
	return books
}

func accountNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = "user-" + strconv.Itoa(i)
	}
	return names
}
