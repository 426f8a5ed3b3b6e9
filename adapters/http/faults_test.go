package http_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// lines keeps what is logged.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// all returns what each line says.
func (l *lines) all(t *testing.T) []map[string]any {
	t.Helper()
	var all []map[string]any
	decoder := json.NewDecoder(strings.NewReader(l.String()))
	for {
		var line map[string]any
		err := decoder.Decode(&line)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
}

// faulty is a service whose every answer is what fault does.
type faulty struct {
	ledger.Service
	fault func(context.Context) error
}

func (f faulty) Deposit(ctx context.Context, deposit ledger.Deposit) (ledger.Outcome, error) {
	if err := f.fault(ctx); err != nil {
		return ledger.Outcome{}, err
	}
	return f.Service.Deposit(ctx, deposit)
}

func (f faulty) Account(ctx context.Context, id string) (ledger.Account, error) {
	if err := f.fault(ctx); err != nil {
		return ledger.Account{}, err
	}
	return f.Service.Account(ctx, id)
}

func (f faulty) Entries(ctx context.Context, query ledger.EntryQuery) (ledger.EntryPage, error) {
	if err := f.fault(ctx); err != nil {
		return ledger.EntryPage{}, err
	}
	return f.Service.Entries(ctx, query)
}

// everyRoute asks each route of a faulty service once.
func everyRoute(handler http.Handler) []*httptest.ResponseRecorder {
	return []*httptest.ResponseRecorder{
		addTo(handler, demoUser, `{"amount":20,"transaction_id":"tx_1"}`),
		do(handler, http.MethodGet, "/users/"+demoUser+"/balance", ""),
		do(handler, http.MethodGet, historyPath(demoUser, "page_size=1"), ""),
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	const (
		busy = "the ledger is busy. nothing was lost: ask again with the same id"
		away = "the ledger is not available. nothing was lost: ask again with the same id"
	)
	for name, test := range map[string]struct {
		err     error
		status  int
		message string
		level   string
	}{
		"overloaded":       {&ledger.Error{Code: ledger.ErrOverloaded, Message: "secret"}, 503, busy, "WARN"},
		"overloaded, bare": {fmt.Errorf("write: %w", ledger.ErrOverloaded), 503, busy, "WARN"},
		"unavailable":      {&ledger.Error{Code: ledger.ErrUnavailable, Message: "secret", Cause: ledger.ErrNotFound}, 503, away, "WARN"},
		"too slow":         {fmt.Errorf("write: %w", context.DeadlineExceeded), 503, away, "WARN"},
		"cancelled":        {fmt.Errorf("write: %w", context.Canceled), 503, away, "WARN"},
		"internal":         {&ledger.Error{Code: ledger.ErrInternal, Message: "secret"}, 500, "internal error", "ERROR"},
		"impossible":       {&ledger.Error{Code: ledger.ErrUnbalanced, Message: "secret"}, 500, "internal error", "ERROR"},
		"unknown":          {errors.New("secret: password=hunter2"), 500, "internal error", "ERROR"},
		"unknown code":     {ledger.Code("made_up"), 500, "internal error", "ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lines
			handler := ledgerhttp.NewHandler(
				faulty{newLedger(t), func(context.Context) error { return test.err }},
				ledgerhttp.Config{Logger: log.logger()})
			answers := everyRoute(handler)
			for _, got := range answers {
				expect(t, got, test.status, failure(test.status, test.message))
				if retry := got.Header().Get("Retry-After"); (retry != "") != (test.status == 503) {
					t.Errorf("Retry-After: %q", retry)
				}
			}
			logged := log.all(t)
			if len(logged) != len(answers) {
				t.Fatalf("%d lines for %d requests: %s", len(logged), len(answers), log.String())
			}
			for i, line := range logged {
				if line["level"] != test.level || line["error"] != test.err.Error() || line["request_id"] != answers[i].Header().Get("X-Request-Id") {
					t.Errorf("logged %v", line)
				}
			}
		})
	}
}

// TestOutcomeWithoutEntry has a service that breaks its word.
func TestOutcomeWithoutEntry(t *testing.T) {
	t.Parallel()
	for _, outcome := range []ledger.Outcome{
		{Result: ledger.Applied},
		{Result: ledger.Applied, Transaction: &ledger.Transaction{}},
	} {
		handler := ledgerhttp.NewHandler(fixedOutcome{newLedger(t), outcome}, ledgerhttp.Config{})
		expect(t, addTo(handler, demoUser, `{"amount":20,"transaction_id":"tx_1"}`), 500, failure(500, "internal error"))
	}
}

type fixedOutcome struct {
	ledger.Service
	outcome ledger.Outcome
}

func (f fixedOutcome) Deposit(context.Context, ledger.Deposit) (ledger.Outcome, error) {
	return f.outcome, nil
}

func TestPanic(t *testing.T) {
	t.Parallel()
	var log lines
	handler := ledgerhttp.NewHandler(
		faulty{newLedger(t), func(context.Context) error { panic("secret in a panic") }},
		ledgerhttp.Config{Logger: log.logger()})
	answers := everyRoute(handler)
	for _, got := range answers {
		expect(t, got, 500, failure(500, "internal error"))
	}
	logged := log.all(t)
	if len(logged) != len(answers) {
		t.Fatalf("%d lines for %d requests", len(logged), len(answers))
	}
	for i, line := range logged {
		stack, _ := line["stack"].(string)
		if line["level"] != "ERROR" || line["error"] != "panic: secret in a panic" ||
			!strings.Contains(stack, "faults_test.go") || line["request_id"] != answers[i].Header().Get("X-Request-Id") {
			t.Errorf("logged %v", line)
		}
	}
}

// TestPanicInTheMiddle has an answer that cannot be finished: the server should
// cut the connection, not end the answer as if it were whole.
func TestPanicInTheMiddle(t *testing.T) {
	t.Parallel()
	var log lines
	handler := ledgerhttp.NewHandler(newLedger(t), ledgerhttp.Config{Logger: log.logger()})
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("recovered %v", err)
		}
		if !strings.Contains(log.String(), "panic: cannot write") {
			t.Errorf("log: %s", log.String())
		}
	}()
	handler.ServeHTTP(panicking{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	t.Error("the abort should go on to the server")
}

type panicking struct{ http.ResponseWriter }

func (panicking) Write([]byte) (int, error) { panic("cannot write") }

// TestAnyTextIsEscaped has a store with ids that this ledger would not take.
func TestAnyTextIsEscaped(t *testing.T) {
	t.Parallel()
	const id = "\x00\x1f\n\"\\/\u2028\x7f\xffé"
	handler := ledgerhttp.NewHandler(fixedPage{newLedger(t), ledger.EntryPage{
		Account: ledger.Account{Asset: usd, Normal: ledger.Credit, Sequence: 1},
		Entries: []ledger.Entry{{Transaction: id, Asset: usd, Side: ledger.Credit, Sequence: 1}},
	}}, ledgerhttp.Config{})
	want := strings.ToValidUTF8(id, "\ufffd")
	if got := historyOf(t, handler, demoUser, "page_size=1").Histories[0].TransactionID; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

type fixedPage struct {
	ledger.Service
	page ledger.EntryPage
}

func (f fixedPage) Entries(context.Context, ledger.EntryQuery) (ledger.EntryPage, error) {
	return f.page, nil
}

func TestAbortIsNotAnswered(t *testing.T) {
	t.Parallel()
	handler := ledgerhttp.NewHandler(faulty{newLedger(t), func(context.Context) error { panic(http.ErrAbortHandler) }}, ledgerhttp.Config{})
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("recovered %v", err)
		}
	}()
	addTo(handler, demoUser, `{"amount":20,"transaction_id":"tx_1"}`)
	t.Error("the abort should go on to the server")
}

func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := newLedger(t)
		stuck := func(ctx context.Context) error {
			<-ctx.Done()
			return nil // and on to the service, which finds that the time is up
		}
		handler := ledgerhttp.NewHandler(faulty{service, stuck}, ledgerhttp.Config{RequestTimeout: 3 * time.Second})
		start := time.Now()
		got := addTo(handler, demoUser, `{"amount":20,"transaction_id":"tx_1"}`)
		expect(t, got, 503, failure(503, "the ledger is not available. nothing was lost: ask again with the same id"))
		if elapsed := time.Since(start); elapsed != 3*time.Second {
			t.Errorf("answered after %v", elapsed)
		}
		if _, err := service.Transaction(t.Context(), "tx_1"); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("after the timeout: %v", err)
		}
	})
}

// TestHangUp has a client that leaves while its request waits: what has not
// begun never happens, and the id stays free.
func TestHangUp(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	begun, ended := make(chan struct{}), make(chan error, 1)
	waiting := func(ctx context.Context) error {
		close(begun)
		<-ctx.Done()
		ended <- ctx.Err()
		return nil
	}
	var log lines
	server := httptest.NewServer(ledgerhttp.NewHandler(faulty{service, waiting}, ledgerhttp.Config{Logger: log.logger()}))
	ctx, hangUp := context.WithCancel(t.Context())
	go func() {
		<-begun
		hangUp()
	}()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+addPath(demoUser), strings.NewReader(`{"amount":20,"transaction_id":"tx_1"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if response, err := http.DefaultClient.Do(request); err == nil {
		t.Fatalf("answered %s", readAll(t, response.Body))
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the service's context ended with %v", err)
	}
	server.Close()
	if _, err := service.Transaction(t.Context(), "tx_1"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("after the client hung up: %v", err)
	}
	for _, line := range log.all(t) {
		if line["level"] != "DEBUG" {
			t.Errorf("a hang-up is logged at %v", line["level"])
		}
	}
	handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
	expect(t, addTo(handler, demoUser, `{"amount":20,"transaction_id":"tx_1"}`), 202, added("120"))
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	var seen string
	var log lines
	handler := ledgerhttp.NewHandler(faulty{newLedger(t), func(ctx context.Context) error {
		seen = ledgerhttp.RequestID(ctx)
		return nil
	}}, ledgerhttp.Config{Logger: log.logger()})
	ids := make(map[string]bool)
	logged := func() any {
		all := log.all(t)
		return all[len(all)-1]["request_id"]
	}
	for sent, taken := range map[string]bool{
		"":                       false,
		"abc-123":                true,
		"~!@#$%^&*()":            true,
		strings.Repeat("x", 128): true,
		strings.Repeat("x", 129): false,
		"a b":                    false,
		"é":                      false,
		"a\x7f":                  false,
		"a\tb":                   false,
	} {
		request := httptest.NewRequest(http.MethodGet, "/users/"+demoUser+"/balance", nil)
		request.Header.Set("X-Request-Id", sent)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		got := recorder.Header().Get("X-Request-Id")
		if (got == sent) != taken || len(got) < 5 || ids[got] {
			t.Errorf("sent %q, answered %q", sent, got)
		}
		if seen != got {
			t.Errorf("the service saw %q, not %q", seen, got)
		}
		if logged() != got {
			t.Errorf("logged %q, not %q", logged(), got)
		}
		ids[got] = true
	}
	for _, path := range []string{"/", "/healthz", "/users/nobody/balance"} {
		for _, method := range []string{http.MethodGet, http.MethodOptions, http.MethodPut} {
			header := do(handler, method, path, "").Header()
			if header.Get("X-Request-Id") == "" || header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s %s: %v", method, path, header)
			}
		}
	}
	if id := ledgerhttp.RequestID(t.Context()); id != "" {
		t.Errorf("a context of no request has id %q", id)
	}
}

// TestLogKeepsSecrets asks in many ways and finds no id and no amount in the log.
func TestLogKeepsSecrets(t *testing.T) {
	t.Parallel()
	var log lines
	handler := ledgerhttp.NewHandler(newLedger(t), ledgerhttp.Config{Logger: log.logger()})
	addTo(handler, demoUser, `{"amount":7654321,"transaction_id":"tx_secret"}`)
	addTo(handler, demoUser, `{"amount":7654321,"transaction_id":"tx_secret"}`)
	do(handler, http.MethodGet, "/users/"+demoUser+"/balance", "")
	do(handler, http.MethodGet, historyPath(demoUser, "page_size=1"), "")
	if n := len(log.all(t)); n != 4 {
		t.Errorf("%d lines for 4 requests", n)
	}
	for _, secret := range []string{demoUser, "tx_secret", "7654321"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is in the log: %s", secret, log.String())
		}
	}
}
