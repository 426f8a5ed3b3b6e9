package postgres_test

import (
	"testing"
)

// partition makes eight partitions by hash of the tables that grow.
const partition = `
DROP TABLE plain.transactions, plain.entries;
CREATE TABLE plain.transactions (LIKE ledger.transactions INCLUDING ALL) PARTITION BY HASH (id);
CREATE TABLE plain.entries (LIKE ledger.entries INCLUDING ALL) PARTITION BY HASH (account);
DO $$ BEGIN
	FOR i IN 0..7 LOOP
		EXECUTE format('CREATE TABLE plain.transactions%s PARTITION OF plain.transactions FOR VALUES WITH (MODULUS 8, REMAINDER %s)', i, i);
		EXECUTE format('CREATE TABLE plain.entries%s PARTITION OF plain.entries FOR VALUES WITH (MODULUS 8, REMAINDER %s)', i, i);
	END LOOP;
END $$`

// BenchmarkPartitions inserts 100 double entries in each statement, by turns into
// tables that are partitioned and that are not. "of-whole" is the median of the
// ratios.
func BenchmarkPartitions(b *testing.B) {
	dsn := benchmarkServer(b)
	var ratios []float64
	for range 3 {
		whole := setBased{dsn: dsn, accounts: 10_000, size: 100}.rate(b, 2, b.N)
		parts := setBased{dsn: dsn, accounts: 10_000, size: 100, alter: partition}.rate(b, 2, b.N)
		ratios = append(ratios, parts/whole)
	}
	b.ReportMetric(median(ratios), "of-whole")
	b.ReportMetric(0, "ns/op")
}
