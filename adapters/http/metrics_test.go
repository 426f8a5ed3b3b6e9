package http_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
)

// TestMetricsStatus: an answer that begins without a status has one in the log.
func TestMetricsStatus(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	handler := ledgerhttp.NewHandler(newLedger(t), ledgerhttp.Config{
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") }),
		Logger:  slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if !strings.Contains(log.String(), "level=DEBUG") || !strings.Contains(log.String(), "route=/metrics status=200") {
		t.Errorf("log: %s", &log)
	}
}

// TestMetricsRoute: the path is there only if somebody answers it.
func TestMetricsRoute(t *testing.T) {
	t.Parallel()
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") })
	for name, test := range map[string]struct {
		metrics http.Handler
		method  string
		status  int
		body    string
	}{
		"none": {nil, http.MethodGet, http.StatusNotFound, `{"success":false,"message":"not found","status_code":404}` + "\n"},
		"GET":  {metrics, http.MethodGet, http.StatusOK, "up 1\n"},
		"HEAD": {metrics, http.MethodHead, http.StatusOK, ""},
		"POST": {metrics, http.MethodPost, http.StatusMethodNotAllowed, `{"success":false,"message":"method not allowed","status_code":405}` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answered := httptest.NewRecorder()
			handler := ledgerhttp.NewHandler(newLedger(t), ledgerhttp.Config{Metrics: test.metrics})
			handler.ServeHTTP(answered, httptest.NewRequest(test.method, "/metrics", nil))
			if answered.Code != test.status || answered.Body.String() != test.body {
				t.Errorf("%d %q, want %d %q", answered.Code, answered.Body, test.status, test.body)
			}
		})
	}
}
