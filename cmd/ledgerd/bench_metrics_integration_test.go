//go:build integration

package main

import (
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// BenchmarkMetrics deposits through a ledgerd that measures and one that does not, in
// pairs that take turns at who is first, over HTTP as BenchmarkHTTP does. "overhead-%" is
// by how much the one that measures is slower, the mean over the pairs, and "low-%" and
// "high-%" are the bounds of its interval of 95 %. Neither is scraped meanwhile.
func BenchmarkMetrics(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "ledgerd")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	b.Run("memory", func(b *testing.B) {
		compareMetrics(b, binary, nil)
	})
	b.Run("postgres", func(b *testing.B) {
		dsn := postgrestest.Start(b, postgrestest.Settings{"shared_buffers": "512MB"}).DSN
		benchmarkBooks(b, dsn, metricsUsers)
		compareMetrics(b, binary, []string{"LEDGERD_DSN=" + dsn})
	})
}

// metricsUsers is how many users the deposits of BenchmarkMetrics are for.
const metricsUsers = 10_000

// openUsers opens the accounts of the users whom a ledgerd does not have yet.
func openUsers(b *testing.B, address string, users int) {
	b.Helper()
	client, err := ledgerhttp.NewClient(ledgerhttp.ClientConfig{URL: "http://" + address})
	if err != nil {
		b.Fatal(err)
	}
	requests := make([]ledger.AccountRequest, users)
	for i := range requests {
		requests[i] = ledger.AccountRequest{ID: userOf(int64(i), users), Asset: ledger.Asset{Code: "USD", Scale: 2}}
	}
	for chunk := range slices.Chunk(requests, ledger.MaxBatch) {
		if _, err := client.OpenAccounts(b.Context(), chunk); err != nil {
			b.Fatal(err)
		}
	}
}

// compareMetrics reports what metrics cost a ledgerd with the environment.
func compareMetrics(b *testing.B, binary string, environment []string) {
	b.Helper()
	const pairs = 20
	on := startDaemon(b, binary, environment, "--listen=127.0.0.1:0", "--metrics=true")
	off := startDaemon(b, binary, environment, "--listen=127.0.0.1:0", "--metrics=false")
	var next atomic.Int64
	each := max(callers, b.N/(2*pairs))
	var sides []*clients
	for _, d := range []daemon{on, off} {
		openUsers(b, d.address, metricsUsers)
		side := newClients(b, metricsUsers, []string{d.address})
		// At once, for a connection that asks nothing for five seconds is closed.
		drive(b, each, &next, side.deposit)
		sides = append(sides, side)
	}
	overheads := make([]float64, pairs)
	for pair := range overheads {
		var rates [2]float64
		for turn := range sides {
			side := (pair + turn) % len(sides)
			rates[side] = drive(b, each, &next, sides[side].deposit).rate
		}
		overheads[pair] = math.Log(rates[1] / rates[0])
	}
	mean, half := interval(overheads)
	percent := func(log float64) float64 { return 100 * (math.Exp(log) - 1) }
	b.ReportMetric(percent(mean), "overhead-%")
	b.ReportMetric(percent(mean-half), "low-%")
	b.ReportMetric(percent(mean+half), "high-%")
	b.ReportMetric(0, "ns/op")
}

// interval returns the mean of twenty values, and half the width of its interval of 95 %
// by Student's t.
func interval(values []float64) (mean, half float64) {
	// The quantile of 97.5 % with 19 degrees of freedom.
	const t19 = 2.093
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	variance := 0.0
	for _, v := range values {
		variance += (v - mean) * (v - mean) / (n - 1)
	}
	return mean, t19 * math.Sqrt(variance/n)
}
