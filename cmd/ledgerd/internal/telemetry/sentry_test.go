package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/cmd/ledgerd/internal/telemetry"
	"github.com/seed-d432d95b/ledger/ledger"
)

// wire keeps every byte of the requests that would be sent.
type wire struct {
	mu   sync.Mutex
	sent []string
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	var text bytes.Buffer
	if err := r.Write(&text); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, text.String())
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(`{"id":"x"}`)), Header: http.Header{}, Request: r}, nil
}

// reports sends what was reported and returns the requests for that.
func (w *wire) reports(t *testing.T, s *telemetry.Sentry) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent
}

func newSentry(t *testing.T) (*telemetry.Sentry, *wire) {
	t.Helper()
	w := &wire{}
	s, err := telemetry.NewSentry(telemetry.SentryConfig{
		DSN: "https://public@sentry.example.com/7", Environment: "testing", Release: "ledgerd@v1", Transport: w,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, w
}

// The words that no report may have.
const (
	secretAmount = 987654321
	secretWord   = "hunter2"
)

// secretRequest has a word in all that a request has.
func secretRequest(t *testing.T) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/accounts/hunter2?q=hunter2", strings.NewReader("hunter2"))
	r.Header.Set("Authorization", "Bearer hunter2")
	r.Header.Set("X-Request-Id", "hunter2")
	r.Header.Set("User-Agent", "hunter2")
	r.Header.Set("Cookie", "hunter2=hunter2")
	r.Host, r.RemoteAddr = "hunter2.example.com", "198.51.100.77:1234"
	return r
}

// fall panics with arguments that a stack shows, and returns what a server notes of it.
//
//go:noinline
func fall(amount int64, word string) (stack []byte, err error) {
	defer func() {
		err = fmt.Errorf("panic: %v", recover())
		// What is in a register when it panics is not always shown.
		shown := fmt.Sprintf("telemetry_test.fall(%#x, {%#x, %d})", amount, amount, len(word))
		stack = regexp.MustCompile(`telemetry_test\.fall\(.*\)`).ReplaceAll(debug.Stack(), []byte(shown))
	}()
	panic(fmt.Sprint(amount, word))
}

// TestReportsArePrivate looks at every byte that is sent.
func TestReportsArePrivate(t *testing.T) {
	t.Parallel()
	s, w := newSentry(t)
	stack, err := fall(secretAmount, secretWord)
	if !bytes.Contains(stack, fmt.Appendf(nil, "%#x", secretAmount)) {
		t.Fatalf("the stack has no argument to leave out: %s", stack)
	}
	for _, e := range []ledgerhttp.Exchange{
		{Route: "/v1/accounts/{id}", Method: "POST", Status: 500, Err: err, Stack: stack},
		{Route: "/v1/transactions", Method: "POST", Status: 500, Err: fmt.Errorf("%s 987654321: %w", secretWord, &ledger.Error{
			Code: ledger.ErrInternal, Message: secretWord, Account: secretWord, Transaction: secretWord, Field: secretWord,
			Cause: &pgconn.PgError{Code: "23505", Message: secretWord, Detail: "Key (id)=(hunter2)", ConstraintName: secretWord},
		})},
		{Route: "/v1/assets", Method: "POST", Status: 503, Err: errors.Join(errors.New(secretWord), refused(secretWord))},
	} {
		_, ended := s.Began(secretRequest(t))
		ended(e)
	}
	sent := w.reports(t, s)
	if len(sent) != 3 {
		t.Fatalf("%d reports, want 3", len(sent))
	}
	host, hostErr := os.Hostname()
	directory, directoryErr := os.Getwd()
	if hostErr != nil || directoryErr != nil {
		t.Fatal(hostErr, directoryErr)
	}
	forbidden := []string{
		secretWord, "198.51.100.77", "987654321", fmt.Sprintf("%x", secretAmount), directory, "/usr/", `"server_name"`, `"user"`, `"request"`,
		`"breadcrumbs"`, `"modules"`, `"contexts":{"d`, `"ip_address"`, "Cookie", "Bearer",
	}
	if len(host) > 3 {
		forbidden = append(forbidden, host)
	}
	for _, text := range sent {
		for _, word := range forbidden {
			if strings.Contains(text, word) {
				t.Errorf("%q is sent:\n%s", word, text)
			}
		}
		if !strings.Contains(text, `"environment":"testing"`) || !strings.Contains(text, `"release":"ledgerd@v1"`) {
			t.Errorf("it is not filed:\n%s", text)
		}
	}
}

// report is what an event has.
type report struct {
	Level       string
	Transaction string
	Tags        map[string]string
	Fingerprint []string
	Exception   []struct {
		Type, Value string
		Stacktrace  *struct {
			Frames []struct {
				Function, Module, Filename string
				Lineno                     int
				InApp                      bool `json:"in_app"`
			}
		}
	}
}

func readReport(t *testing.T, sent string) (r report) {
	t.Helper()
	for line := range strings.Lines(sent) {
		if strings.Contains(line, `"exception"`) {
			if err := json.Unmarshal([]byte(line[:strings.LastIndexByte(line, '}')+1]), &r); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			return r
		}
	}
	t.Fatalf("no event: %s", sent)
	return r
}

func TestReports(t *testing.T) {
	t.Parallel()
	stack, err := fall(1, "x")
	for name, test := range map[string]struct {
		exchange ledgerhttp.Exchange
		want     string
	}{
		"panic": {
			ledgerhttp.Exchange{Route: "/v1/assets", Method: "POST", Status: 500, Err: err, Stack: stack},
			"fatal POST /v1/assets: panic: POST /v1/assets: 500 internal",
		},
		"panic in a stream": {
			ledgerhttp.Exchange{Route: "/v1/assets", Method: "POST", Status: 200, Err: err, Stack: stack},
			"fatal POST /v1/assets: panic: POST /v1/assets: 200 internal",
		},
		"error": {
			ledgerhttp.Exchange{Route: "/v1/assets", Method: "GET", Status: 503, Err: fmt.Errorf("x: %w", &ledger.Error{
				Code: ledger.ErrUnavailable, Cause: &pgconn.PgError{Code: "57P01"},
			})},
			"error GET /v1/assets: *fmt.wrapError: *ledger.Error: *pgconn.PgError 57P01: GET /v1/assets: 503 unavailable",
		},
		"no route": {
			ledgerhttp.Exchange{Method: "OTHER", Status: 500, Err: errors.Join(errors.New("x"), refused("not one"))},
			"error OTHER none: *errors.joinError: telemetry_test.refused ?: OTHER none: 500 internal",
		},
		"refusal":  {ledgerhttp.Exchange{Route: "/v1/assets", Method: "GET", Status: 404, Err: ledger.ErrNotFound}, ""},
		"answer":   {ledgerhttp.Exchange{Route: "/v1/assets", Method: "GET", Status: 200}, ""},
		"shutdown": {ledgerhttp.Exchange{Route: "/readyz", Method: "GET", Status: 503}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, w := newSentry(t)
			observe(s, test.exchange)
			sent := w.reports(t, s)
			if test.want == "" {
				if len(sent) != 0 {
					t.Errorf("reported: %s", sent)
				}
				return
			}
			if len(sent) != 1 {
				t.Fatalf("%d reports", len(sent))
			}
			r := readReport(t, sent[0])
			if got := fmt.Sprintf("%s %s: %s: %s", r.Level, r.Transaction, r.Exception[0].Type, r.Exception[0].Value); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if len(r.Tags) != 4 || len(r.Fingerprint) < 4 {
				t.Errorf("tags %q, fingerprint %q", r.Tags, r.Fingerprint)
			}
			if trace := r.Exception[0].Stacktrace; (trace != nil) != (test.exchange.Stack != nil) {
				t.Errorf("stack: %+v", trace)
			} else if trace != nil {
				at := trace.Frames[len(trace.Frames)-1]
				if at.Function != "fall" || at.Filename != "sentry_test.go" || at.Lineno == 0 || !at.InApp ||
					at.Module != "github.com/seed-d432d95b/ledger/cmd/ledgerd/internal/telemetry_test" {
					t.Errorf("it fell at %+v", at)
				}
			}
		})
	}
}

// falling is a service that falls for whoever has the account hunter2.
type falling struct{ ledger.Service }

func (falling) Accounts(_ context.Context, ids []string) ([]ledger.Account, error) { panic(ids[0]) }

func (falling) Account(_ context.Context, id string) (ledger.Account, error) { panic(id) }

// TestPanicOfTheServer reports where a request fell, of those that a server answers.
func TestPanicOfTheServer(t *testing.T) {
	t.Parallel()
	s, w := newSentry(t)
	handler := ledgerhttp.NewHandler(falling{openBooks(t)}, ledgerhttp.Config{Observer: telemetry.Observers(newMetrics().HTTP(), s)})
	answered := httptest.NewRecorder()
	handler.ServeHTTP(answered, httptest.NewRequest(http.MethodGet, "/v1/accounts/hunter2", nil))
	sent := w.reports(t, s)
	if len(sent) != 1 || answered.Code != http.StatusInternalServerError || strings.Contains(sent[0], secretWord) {
		t.Fatalf("%d, reports: %q", answered.Code, sent)
	}
	r := readReport(t, sent[0])
	frames := r.Exception[0].Stacktrace.Frames
	if at := frames[len(frames)-1]; r.Transaction != "GET /v1/accounts/{id}" || !strings.HasPrefix(at.Function, "falling.Account") || !at.InApp {
		t.Errorf("%s fell at %+v", r.Transaction, at)
	}
}

// TestNobodyIsTold of a request whose client has hung up.
func TestNobodyIsTold(t *testing.T) {
	t.Parallel()
	s, w := newSentry(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, ended := s.Began(httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	cancel()
	ended(ledgerhttp.Exchange{Route: "/v1/assets", Method: "GET", Status: ledgerhttp.StatusHungUp, Err: context.Canceled})
	if sent := w.reports(t, s); len(sent) != 0 {
		t.Errorf("reported: %s", sent)
	}
}

// TestReportsAreFew: of each kind one a minute.
func TestReportsAreFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, w := newSentry(t)
		away := ledgerhttp.Exchange{Route: "/v1/assets", Method: "GET", Status: 503, Err: ledger.ErrUnavailable}
		other := away
		other.Route = "/v1/accounts"
		for range 100 {
			observe(s, away)
			observe(s, other)
		}
		time.Sleep(time.Minute)
		observe(s, away)
		if sent := w.reports(t, s); len(sent) != 3 {
			t.Errorf("%d reports, want 3", len(sent))
		}
	})
}

// TestSentryDSN: what is none is refused, and not repeated.
func TestSentryDSN(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"", "hunter2", "https://sentry.example.com/1", "https://hunter2@sentry.example.com", "ftp://hunter2@x/1"} {
		s, err := telemetry.NewSentry(telemetry.SentryConfig{DSN: dsn})
		if s != nil || err == nil || strings.Contains(err.Error(), secretWord) {
			t.Errorf("%q: %v", dsn, err)
		}
	}
}
