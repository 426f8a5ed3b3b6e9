package postgres_test

import (
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/memory"
)

// BenchmarkMemory deposits through the library, by turns in memory and in the
// database. "of-postgres" is the median of the ratios.
func BenchmarkMemory(b *testing.B) {
	const callers, accounts, rounds = 256, 10_000, 5
	stored := benchmarkBooks(b, benchmarkServer(b), accounts)
	kept := &books{Ledger: openAccounts(b, memory.New(memory.Config{}), "books", accounts), accounts: accounts}
	var ratios, rates []float64
	for round := range rounds {
		first, last := round*b.N/rounds, (round+1)*b.N/rounds
		inMemory := run(b, callers, first, last, kept.deposit).rate
		rates = append(rates, inMemory)
		ratios = append(ratios, inMemory/run(b, callers, first, last, stored.deposit).rate)
	}
	b.ReportMetric(median(rates), "deposits/s")
	b.ReportMetric(median(ratios), "of-postgres")
	b.ReportMetric(0, "ns/op")
}
