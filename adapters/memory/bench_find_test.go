package memory_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// BenchmarkFind lists the transactions of a ledger that has b.N of them, and by turns
// those of one that has a thousand: every second is on one account, every tenth was
// pending once, and two are. "of-small" is the ratio of the times that a page takes,
// for which writers wait.
func BenchmarkFind(b *testing.B) {
	const small = 1_000
	all := map[int]*ledger.Ledger{}
	of := func(b *testing.B, size int) *ledger.Ledger {
		b.Helper()
		if all[size] == nil {
			all[size] = listed(b, size)
		}
		return all[size]
	}
	for _, question := range []struct {
		name  string
		query ledger.TransactionQuery
	}{
		{"all", ledger.TransactionQuery{}},
		{"oldest-first", ledger.TransactionQuery{OldestFirst: true}},
		{"posted", ledger.TransactionQuery{Status: ledger.Posted}},
		{"pending", ledger.TransactionQuery{Status: ledger.Pending}},
		{"voided", ledger.TransactionQuery{Status: ledger.Voided}},
		{"account", ledger.TransactionQuery{Account: "user-0"}},
		{"account-pending", ledger.TransactionQuery{Account: "user-0", Status: ledger.Pending}},
		{"world", ledger.TransactionQuery{Account: ledger.WorldID("USD")}},
	} {
		b.Run(question.name, func(b *testing.B) {
			large := max(b.N, small)
			books := map[int]*ledger.Ledger{large: of(b, large), small: of(b, small)}
			for page, from := range map[string]func(size int) string{
				"first":  func(int) string { return "" },
				"middle": func(size int) string { return strconv.Itoa(size/3 + rand.N(size/3)) },
			} {
				const turns = 100
				times := map[int][]time.Duration{}
				for range turns {
					for size, l := range books {
						query := question.query
						query.After = from(size)
						start := time.Now()
						if _, err := l.FindTransactions(b.Context(), query); err != nil {
							b.Fatal(err)
						}
						times[size] = append(times[size], time.Since(start))
					}
				}
				slices.Sort(times[large])
				slices.Sort(times[small])
				b.ReportMetric(float64(times[large][turns/2])/float64(times[small][turns/2]), page+"-of-small")
				b.ReportMetric(float64(times[large][turns/2].Microseconds()), page+"-µs")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// listed returns a ledger with so many transactions.
func listed(b *testing.B, size int) *ledger.Ledger {
	b.Helper()
	books := open(b, 100)
	for n := range size {
		request := ledger.Deposit{
			ID: strconv.Itoa(n), Account: fmt.Sprint("user-", (n%2)*(n/2%100)), Asset: usd, Amount: ledger.NewAmount(1),
		}.Request()
		request.Pending = n%10 == 0
		if _, err := books.Post(b.Context(), request); err != nil {
			b.Fatal(err)
		}
		var err error
		switch {
		case n == size/20*10 || n == 0:
		case n%20 == 0:
			_, err = books.VoidPending(b.Context(), ledger.VoidPendingRequest{Transaction: request.ID})
		case n%10 == 0:
			_, err = books.PostPending(b.Context(), ledger.PostPendingRequest{Transaction: request.ID})
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	return books
}
