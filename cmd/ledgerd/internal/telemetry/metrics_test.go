package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/cmd/ledgerd/internal/telemetry"
	"github.com/seed-d432d95b/ledger/ledger"
)

func newMetrics() *telemetry.Metrics {
	return telemetry.NewMetrics(telemetry.Build{Version: "v1", Revision: "abc", GoVersion: "go1"})
}

// scrape returns the answer to a scrape.
func scrape(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	answered := httptest.NewRecorder()
	m.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(answered, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if answered.Code != http.StatusOK {
		t.Fatalf("status %d: %s", answered.Code, answered.Body)
	}
	return answered.Body.String()
}

// ours returns the lines of a scrape that are about the ledger, in order.
func ours(scraped string) []string {
	var lines []string
	for line := range strings.Lines(scraped) {
		if strings.HasPrefix(line, "ledger_") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

func expectLines(t *testing.T, scraped string, want ...string) {
	t.Helper()
	lines := ours(scraped)
	for _, line := range want {
		if !slices.Contains(lines, line) {
			t.Errorf("%s is missing of\n%s", line, strings.Join(lines, "\n"))
		}
	}
}

// observe tells the observer of a request.
func observe(o ledgerhttp.Observer, e ledgerhttp.Exchange) {
	_, ended := o.Began(httptest.NewRequest(http.MethodGet, "/", nil))
	ended(e)
}

// limited returns a refusal by a limit.
func limited(limit ledgerhttp.Limit) error {
	return &ledger.Error{Code: ledger.ErrOverloaded, Cause: &ledgerhttp.LimitError{Limit: limit}}
}

func full(t *testing.T) *telemetry.Metrics {
	t.Helper()
	m := newMetrics()
	observe(m.HTTP(), ledgerhttp.Exchange{Route: "/v1/transactions", Method: "POST", Status: 201, Elapsed: time.Millisecond})
	m.Commits().Committed(postgres.Commit{Callers: 1, Operations: 1, Attempts: 1, Err: ledger.ErrUnavailable})
	ctx, cancel := context.WithCancel(t.Context())
	m.Watch(ctx, telemetry.Store{
		Stats: func() postgres.Stats { return postgres.Stats{} },
		CountPending: func(context.Context) (int64, error) {
			cancel()
			return 1, nil
		},
	})
	return m
}

// TestConventions holds the names to Prometheus' conventions.
func TestConventions(t *testing.T) {
	t.Parallel()
	linter := promlint.New(strings.NewReader(withoutRuntime(scrape(t, full(t)))))
	problems, err := linter.Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// withoutRuntime leaves out what the Go client's own collectors have named.
func withoutRuntime(scraped string) string {
	var kept strings.Builder
	for line := range strings.Lines(scraped) {
		if strings.HasPrefix(line, "ledger_") || strings.Contains(line, " ledger_") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// TestList holds the list of metrics that the documents refer to: name, type, labels
// and help of each.
func TestList(t *testing.T) {
	t.Parallel()
	const golden = "../../testdata/metrics.txt"
	var got strings.Builder
	var help string
	scraped := scrape(t, full(t))
	for line := range strings.Lines(withoutRuntime(scraped)) {
		words := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
		switch words[1] {
		case "HELP":
			help = words[3]
		case "TYPE":
			fmt.Fprintf(&got, "%s%s\n\t%s\n\t%s\n", words[2], labelsOf(scraped, words[2]), words[3], help)
		}
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("UPDATE_GOLDEN=1 writes %s anew; got\n%s", golden, &got)
	}
	for _, name := range []string{"go_goroutines ", "process_resident_memory_bytes "} {
		if !strings.Contains(scraped, "\n"+name) {
			t.Errorf("%s is missing", name)
		}
	}
}

// labelsOf returns the names of a metric's labels, as in {pool,state}.
func labelsOf(scraped, name string) string {
	for line := range strings.Lines(scraped) {
		rest, ok := strings.CutPrefix(line, name)
		rest, _ = strings.CutPrefix(strings.TrimPrefix(rest, "_bucket"), "{")
		labels, _, isLabelled := strings.Cut(rest, "}")
		if !ok || !isLabelled {
			continue
		}
		var names []string
		for label := range strings.SplitSeq(labels, ",") {
			if label, _, _ = strings.Cut(label, "="); label != "le" {
				names = append(names, label)
			}
		}
		if len(names) > 0 {
			return "{" + strings.Join(names, ",") + "}"
		}
	}
	return ""
}

func TestRequests(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	o := m.HTTP()
	_, ended := o.Began(httptest.NewRequest(http.MethodGet, "/", nil))
	expectLines(t, scrape(t, m), "ledger_http_requests_in_flight 1")
	ended(ledgerhttp.Exchange{Route: "/v1/accounts/{id}", Method: "GET", Status: 200, Elapsed: 30 * time.Millisecond})
	observe(o, ledgerhttp.Exchange{Route: "/v1/accounts/{id}", Method: "GET", Status: 503, Elapsed: time.Second, Err: ledger.ErrUnavailable})
	observe(o, ledgerhttp.Exchange{Method: "OTHER", Status: 404, Err: ledger.ErrNotFound})
	for err, n := range map[error]int{
		ledger.ErrUnauthorized: 1, &ledger.Error{Code: ledger.ErrForbidden}: 2, limited("token_rate"): 3,
		fmt.Errorf("x: %w", limited("address_rate")): 4, limited("in_flight"): 5, limited("bodies"): 6, limited("mood"): 7,
	} {
		for range n {
			observe(o, ledgerhttp.Exchange{Route: "/v1/assets", Method: "POST", Status: 400, Err: err})
		}
	}
	expectLines(t, scrape(t, m),
		"ledger_http_requests_in_flight 0",
		`ledger_http_requests_total{method="GET",route="/v1/accounts/{id}",status="200"} 1`,
		`ledger_http_requests_total{method="GET",route="/v1/accounts/{id}",status="503"} 1`,
		`ledger_http_requests_total{method="OTHER",route="none",status="404"} 1`,
		`ledger_http_request_duration_seconds_bucket{method="GET",route="/v1/accounts/{id}",le="0.025"} 0`,
		`ledger_http_request_duration_seconds_bucket{method="GET",route="/v1/accounts/{id}",le="0.05"} 1`,
		`ledger_http_request_duration_seconds_count{method="GET",route="/v1/accounts/{id}"} 2`,
		`ledger_http_refused_total{reason="unauthorized"} 1`,
		`ledger_http_refused_total{reason="forbidden"} 2`,
		`ledger_http_refused_total{reason="token_rate"} 3`,
		`ledger_http_refused_total{reason="address_rate"} 4`,
		`ledger_http_refused_total{reason="in_flight"} 5`,
		`ledger_http_refused_total{reason="bodies"} 6`,
	)
}

func TestCommits(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	if strings.Contains(scrape(t, m), "ledger_commit") {
		t.Error("commits are measured though there is no database")
	}
	o := m.Commits()
	o.Committed(postgres.Commit{Callers: 3, Operations: 7, Attempts: 4, Waited: 30 * time.Millisecond, Elapsed: 2 * time.Second, Uncertain: true, Slow: true})
	for _, err := range []error{
		&ledger.Error{Code: ledger.ErrOverloaded}, errors.New("connection reset"), refused("57P01"), refused("08006"), refused("25006"),
		refused("55P03"), refused("40001"), refused("40P01"), refused("23505"), refused("22003"), refused("P0001"), refused("42P01"),
	} {
		o.Committed(postgres.Commit{Callers: 1, Operations: 1, Attempts: 1, Err: fmt.Errorf("commit: %w", err)})
	}
	expectLines(t, scrape(t, m),
		"ledger_commit_callers_sum 15", "ledger_commit_operations_sum 19", "ledger_commit_operations_count 13",
		"ledger_commit_queue_wait_seconds_sum 0.03", "ledger_commit_duration_seconds_sum 2",
		"ledger_commit_retries_total 3", "ledger_commit_uncertain_total 1", "ledger_commit_slow_total 1",
		`ledger_commit_failures_total{code="overloaded"} 1`, `ledger_commit_failures_total{code="unavailable"} 4`,
		`ledger_commit_failures_total{code="lock_timeout"} 1`, `ledger_commit_failures_total{code="conflict"} 3`,
		`ledger_commit_failures_total{code="refused"} 2`, `ledger_commit_failures_total{code="internal"} 1`,
	)
}

// refused is an error of a database.
type refused string

func (r refused) Error() string    { return "refused" }
func (r refused) SQLState() string { return string(r) }

// TestCardinality has many requests and writes that differ in all that callers choose,
// and no more series for them than for a few.
func TestCardinality(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	service := m.Service(failing{openBooks(t)})
	o, commits := m.HTTP(), m.Commits()
	counts := make(map[int]int)
	for i := range 2000 {
		request := httptest.NewRequest(fmt.Sprint("M", i), fmt.Sprintf("/v1/accounts/a%d?x=%d", i, i), nil)
		_, ended := o.Began(request)
		ended(ledgerhttp.Exchange{Method: "OTHER", Status: 404, Err: limited(ledgerhttp.Limit(fmt.Sprint("limit", i)))})
		if _, err := service.Deposit(t.Context(), ledger.Deposit{ID: fmt.Sprint("tx", i)}); err == nil {
			t.Fatal("the service does not fail")
		}
		commits.Committed(postgres.Commit{Attempts: 1, Err: refused(fmt.Sprintf("%05d", 10000+i))})
		if i == 1 || i == 1999 {
			counts[i] = len(ours(scrape(t, m)))
		}
	}
	if more := counts[1999] - counts[1]; more != 0 {
		t.Errorf("%d more series for 2000 requests than for 2", more)
	}
}

// failing fails with codes of its own.
type failing struct{ ledger.Service }

func (failing) Deposit(_ context.Context, d ledger.Deposit) (ledger.Outcome, error) {
	return ledger.Outcome{}, &ledger.Error{Code: ledger.Code(d.ID), Transaction: d.ID}
}

func openBooks(t testing.TB) *ledger.Ledger {
	t.Helper()
	books, err := ledger.Open(t.Context(), memory.New(memory.Config{}), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return books
}

// TestHandler negotiates format and encoding.
func TestHandler(t *testing.T) {
	t.Parallel()
	h := newMetrics().Handler(slog.New(slog.DiscardHandler))
	for accept, want := range map[string]string{
		"":                                   "text/plain; version=0.0.4",
		"application/openmetrics-text":       "application/openmetrics-text",
		"text/plain;version=0.0.4,*/*;q=0.1": "text/plain; version=0.0.4",
	} {
		request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		request.Header.Set("Accept", accept)
		request.Header.Set("Accept-Encoding", "gzip")
		answered := httptest.NewRecorder()
		h.ServeHTTP(answered, request)
		if got := answered.Header().Get("Content-Type"); !strings.HasPrefix(got, want) {
			t.Errorf("%q is answered with %s, want %s", accept, got, want)
		}
		if got := answered.Header().Get("Content-Encoding"); got != "gzip" {
			t.Errorf("encoding %q", got)
		}
	}
}

// TestObservers: each is told, in order and back again, and hands on its context.
func TestObservers(t *testing.T) {
	t.Parallel()
	if telemetry.Observers() != nil || telemetry.Observers(nil, nil) != nil {
		t.Error("nobody is somebody")
	}
	var told []string
	a, b := &recorder{"a", &told}, &recorder{"b", &told}
	if telemetry.Observers(nil, a) != ledgerhttp.Observer(a) {
		t.Error("one alone should be himself")
	}
	ctx, ended := telemetry.Observers(a, silent{}, b).Began(httptest.NewRequest(http.MethodGet, "/", nil))
	ended(ledgerhttp.Exchange{Status: 200})
	if want := []string{"a began", "b began in a", "b ended", "a ended"}; !slices.Equal(told, want) || ctx.Value(key{}) != "b" {
		t.Errorf("told %q, want %q; the context is %v's", told, want, ctx.Value(key{}))
	}
}

type key struct{}

type recorder struct {
	name string
	told *[]string
}

func (r *recorder) Began(request *http.Request) (context.Context, func(ledgerhttp.Exchange)) {
	began := r.name + " began"
	if outer, ok := request.Context().Value(key{}).(string); ok {
		began += " in " + outer
	}
	*r.told = append(*r.told, began)
	return context.WithValue(request.Context(), key{}, r.name), func(ledgerhttp.Exchange) { *r.told = append(*r.told, r.name+" ended") }
}

type silent struct{}

func (silent) Began(r *http.Request) (context.Context, func(ledgerhttp.Exchange)) {
	return r.Context(), nil
}
