package http_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// watching is an observer that keeps what it is told.
type watching struct {
	mu        sync.Mutex
	begun     []string
	exchanges []ledgerhttp.Exchange
}

type watchedKey struct{}

func (w *watching) Began(r *http.Request) (context.Context, func(ledgerhttp.Exchange)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun = append(w.begun, r.Method+" "+r.URL.Path+" "+ledgerhttp.RequestID(r.Context()))
	return context.WithValue(r.Context(), watchedKey{}, true), func(e ledgerhttp.Exchange) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.exchanges = append(w.exchanges, e)
	}
}

// TestObserver has one told of requests of every kind.
func TestObserver(t *testing.T) {
	t.Parallel()
	fault := map[string]func(){
		"panic": func() { panic("secret") }, "abort": func() { panic(http.ErrAbortHandler) },
	}
	for _, test := range []struct {
		method, path, want string
		header             http.Header
		body               string
	}{
		{"GET", "/v1/accounts/" + demoUser, "/v1/accounts/{id} GET 200", bearer("read"), ""},
		{"HEAD", "/v1/accounts/" + demoUser, "/v1/accounts/{id} HEAD 200", bearer("read"), ""},
		{"OPTIONS", "/v1/accounts/x", "/v1/accounts/{id} OPTIONS 204", nil, ""},
		{"PATCH", "/v1/accounts/x", "/v1/accounts/{id} PATCH 403 forbidden", bearer("read"), ""},
		{"DELETE", "/v1/accounts/x", "/v1/accounts/{id} OTHER 405 method_not_allowed", nil, ""},
		{"BREW", "/healthz", "/healthz OTHER 405", nil, ""},
		{"GET", "/healthz", "/healthz GET 200", nil, ""},
		{"GET", "/docs", "/docs GET 200", nil, ""},
		{"GET", "/metrics", "/metrics GET 200", bearer("read"), ""},
		{"GET", "/metrics", "/metrics GET 401 unauthorized", nil, ""},
		{"GET", "/v1/none", " GET 404 not_found", nil, ""},
		{"GET", "/none", " GET 404", nil, ""},
		{"GET", "/v1/accounts/x", "/v1/accounts/{id} GET 401 unauthorized", nil, ""},
		{"GET", "/users/x/balance", "/users/{uid}/balance GET 401 unauthorized", nil, ""},
		{"GET", "/v1/accounts/panic", "/v1/accounts/{id} GET 500 panic: secret", bearer("read"), ""},
		{"GET", "/v1/accounts/abort", "/v1/accounts/{id} GET 500", bearer("read"), ""},
		{"POST", "/v1/transactions/stream", "/v1/transactions/{id:stream} POST 200", bearer("write"), "{}\n"},
		{"POST", "/v1/transactions/stream", "/v1/transactions/{id:stream} POST 401 unauthorized", nil, "{}\n"},
		{"POST", "/v1/transactions/stream", "/v1/transactions/{id:stream} POST 500 internal", bearer("write"), depositLine("broken")},
		{"POST", "/v1/ledgers/none/transactions/stream", "/v1/ledgers/{ledger}/transactions/{id:stream} POST 404 not_found", bearer("write"), "{}\n"},
	} {
		t.Run(test.method+" "+test.want, func(t *testing.T) {
			t.Parallel()
			observer := &watching{}
			config := guardedConfig()
			config.Observer = observer
			service := observed{newLedger(t), t, fault}
			handler := ledgerhttp.NewHandler(service, config)
			request := httptest.NewRequest(test.method, test.path, strings.NewReader(test.body))
			maps.Copy(request.Header, test.header)
			request.Header.Set("X-Request-Id", "r1")
			request.Header.Set("Content-Type", "application/x-ndjson")
			func() {
				defer func() { _ = recover() }()
				serve(handler, request)
			}()
			if len(observer.begun) != 1 || observer.begun[0] != test.method+" "+test.path+" r1" || len(observer.exchanges) != 1 {
				t.Fatalf("it was told of %q and %+v", observer.begun, observer.exchanges)
			}
			e := observer.exchanges[0]
			got := fmt.Sprintf("%s %s %d", e.Route, e.Method, e.Status)
			if e.Err != nil {
				code := e.Err.Error()
				if refusal, ok := errors.AsType[*ledger.Error](e.Err); ok {
					code = string(refusal.Code)
				}
				got += " " + code
			}
			if got != test.want || e.Elapsed < 0 || (len(e.Stack) > 0) != strings.Contains(test.want, "panic") {
				t.Errorf("it was told %s, want %s", got, test.want)
			}
		})
	}
}

// TestObserverOfHangUp has a client that does not wait, and a server that is late.
func TestObserverOfHangUp(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		hangsUp bool
		want    int
	}{"hung up": {true, ledgerhttp.StatusHungUp}, "late": {false, http.StatusServiceUnavailable}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			service := faulty{newLedger(t), func(ctx context.Context) error {
				if test.hangsUp {
					cancel()
				}
				<-ctx.Done()
				return ctx.Err()
			}}
			observer := &watching{}
			handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{Observer: observer, RequestTimeout: time.Millisecond})
			request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/v1/accounts/"+demoUser, nil)
			if test.hangsUp {
				handler = ledgerhttp.NewHandler(service, ledgerhttp.Config{Observer: observer})
			}
			serve(handler, request)
			if got := observer.exchanges; len(got) != 1 || got[0].Status != test.want {
				t.Errorf("got %+v, want %d", got, test.want)
			}
		})
	}
}

// observed is a service whose calls must have the observer's context.
type observed struct {
	ledger.Service
	t     *testing.T
	fault map[string]func()
}

func (o observed) Account(ctx context.Context, id string) (ledger.Account, error) {
	if ctx.Value(watchedKey{}) == nil {
		o.t.Error("the context is not the observer's")
	}
	if fault, ok := o.fault[id]; ok {
		fault()
	}
	return o.Service.Account(ctx, id)
}

func (o observed) PostBatch(ctx context.Context, requests []ledger.TransactionRequest) ([]ledger.Outcome, error) {
	if requests[0].ID == "broken" {
		return nil, &ledger.Error{Code: ledger.ErrInternal, Message: "x"}
	}
	return o.Service.PostBatch(ctx, requests)
}

// indifferent is an observer who does not want to hear the end.
type indifferent struct{}

func (indifferent) Began(r *http.Request) (context.Context, func(ledgerhttp.Exchange)) {
	return r.Context(), nil
}

func TestObserverWithoutEnd(t *testing.T) {
	t.Parallel()
	handler := ledgerhttp.NewHandler(newLedger(t), ledgerhttp.Config{Observer: indifferent{}})
	if got := do(handler, "GET", "/v1/assets", ""); got.Code != http.StatusOK {
		t.Errorf("%d", got.Code)
	}
}
