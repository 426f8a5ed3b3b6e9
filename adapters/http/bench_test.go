package http_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// discard is a response that nobody reads.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// BenchmarkAdd is what a deposit costs besides the connection.
func BenchmarkAdd(b *testing.B) {
	handler := newHandler(b)
	var made atomic.Int64
	b.ReportAllocs()
	for b.Loop() {
		request := httptest.NewRequest(http.MethodPost, addPath(demoUser),
			strings.NewReader(fmt.Sprintf(`{"amount":20,"transaction_id":"tx_%d"}`, made.Add(1))))
		request.Header.Set("Content-Type", "application/json")
		response := discard{header: make(http.Header)}
		if handler.ServeHTTP(&response, request); response.status != http.StatusAccepted {
			b.Fatal(response.status)
		}
	}
}

// BenchmarkHistory is what a page costs besides the connection.
func BenchmarkHistory(b *testing.B) {
	handler := newHandler(b)
	for i := range 1000 {
		addTo(handler, demoUser, fmt.Sprintf(`{"amount":20,"transaction_id":"tx_%d"}`, i))
	}
	for _, size := range []int{10, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				request := httptest.NewRequest(http.MethodGet, historyPath(demoUser, fmt.Sprintf("page_size=%d", size)), nil)
				response := discard{header: make(http.Header)}
				if handler.ServeHTTP(&response, request); response.status != http.StatusOK {
					b.Fatal(response.status)
				}
			}
		})
	}
}
