package http_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
)

// BenchmarkStream has lines of deposits posted in memory, without a network.
func BenchmarkStream(b *testing.B) {
	handler := ledgerhttp.NewHandler(newLedger(b), ledgerhttp.Config{})
	var body strings.Builder
	for i := range b.N {
		body.WriteString(depositLine(fmt.Sprintf("t%d", i)))
	}
	request := streamRequest(strings.NewReader(body.String()))
	b.ReportAllocs()
	b.ResetTimer()
	handler.ServeHTTP(&discard{header: make(http.Header)}, request)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
