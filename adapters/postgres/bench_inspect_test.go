package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// BenchmarkInspect reads a ledger of 100,000 transactions, of which one in ten was
// pending, and verifies it: all of it, the last hundredth and the last tenth. "rows/s" counts what is
// yielded, entries within records by themselves.
func BenchmarkInspect(b *testing.B) {
	const size = 100_000
	dsn := benchmarkServer(b)
	store, connection := openStore(b, dsn), connect(b, dsn)
	last := time.Now().UTC().Add(-time.Hour).Truncate(time.Microsecond)
	first := last.Add(-365 * 24 * time.Hour)
	books := openBooks(b, store, "inspected", 100)
	listedTransactions(b, connection, "inspected", size, first, last)
	// As a server does by itself for tables that grow.
	exec(b, connection, "VACUUM ANALYZE")
	book, err := store.Book(b.Context(), "inspected")
	if err != nil {
		b.Fatal(err)
	}
	for name, scope := range map[string]ledger.Scope{"whole": {}, "hundredth": {Since: last.Add(-last.Sub(first) / 100)}, "tenth": {Since: last.Add(-last.Sub(first) / 10)}} {
		for sequence, read := range map[string]func(ledger.Inspection) int{
			"entries": func(i ledger.Inspection) (rows int) {
				for _, err := range i.Entries(b.Context(), scope) {
					rows = count(b, rows+1, err)
				}
				return rows
			},
			"records": func(i ledger.Inspection) (rows int) {
				for record, err := range i.Records(b.Context(), scope) {
					rows = count(b, rows+1+len(record.Entries)+len(record.Reservations), err)
				}
				return rows
			},
			"flaws": func(i ledger.Inspection) (rows int) {
				for _, err := range i.Flaws(b.Context(), scope) {
					rows = count(b, rows+1, err)
				}
				return rows
			},
		} {
			b.Run(fmt.Sprintf("%s/%s", sequence, name), func(b *testing.B) {
				rows := 0
				for b.Loop() {
					if err := book.Inspect(b.Context(), func(i ledger.Inspection) error { rows += read(i); return nil }); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
			})
		}
		b.Run("verify/"+name, func(b *testing.B) {
			rows := uint64(0)
			for b.Loop() {
				done, err := books.Verify(b.Context(), ledger.VerifyQuery{Scope: scope})
				if err != nil {
					b.Fatal(err)
				}
				rows += done.Accounts + done.Entries + done.Transactions
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func count(b *testing.B, rows int, err error) int {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	return rows
}
