package postgres_test

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

func BenchmarkDeposit(b *testing.B) {
	server := postgrestest.Start(b, postgrestest.Settings{"shared_buffers": "512MB"})
	store, err := postgres.Open(b.Context(), postgres.Config{DSN: server.DSN})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	usd := ledger.Asset{Code: "USD", Scale: 2}
	for _, accounts := range []int{10000, 1} {
		l, err := ledger.Open(b.Context(), store, ledger.Config{Name: fmt.Sprint("bench", accounts)})
		if err != nil {
			b.Fatal(err)
		}
		for start := 0; start < accounts; start += 1000 {
			var requests []ledger.AccountRequest
			for i := range min(1000, accounts) {
				requests = append(requests, ledger.AccountRequest{ID: "user-" + strconv.Itoa(start+i), Asset: usd})
			}
			if _, err := l.OpenAccounts(b.Context(), requests); err != nil {
				b.Fatal(err)
			}
		}
		for _, callers := range []int{1, 256, 1024} {
			b.Run(fmt.Sprintf("accounts=%d/callers=%d", accounts, callers), func(b *testing.B) {
				var next atomic.Int64
				var group sync.WaitGroup
				start := time.Now()
				run := start.UnixNano()
				for range callers {
					group.Go(func() {
						for n := next.Add(1) - 1; n < int64(b.N); n = next.Add(1) - 1 {
							_, err := l.Deposit(b.Context(), ledger.Deposit{ID: fmt.Sprint("tx_", run, "-", n), Account: "user-" + strconv.Itoa(int(n*7919)%accounts), Asset: usd, Amount: ledger.NewAmount(100)})
							if err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				group.Wait()
				b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "deposits/s")
			})
		}
	}
}
