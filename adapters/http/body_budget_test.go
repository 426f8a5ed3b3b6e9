package http_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

const roomy = 1 << 20

// paddedAccount is the body of a request to open an account, of n bytes.
func paddedAccount(id string, n int) string {
	body := `{"id":"` + id + `","asset":"USD"}`
	return body + strings.Repeat(" ", n-len(body))
}

// held is a service whose accounts are opened when they are released.
type held struct {
	ledger.Service
	begun, release chan struct{}
}

func (h held) OpenAccount(ctx context.Context, request ledger.AccountRequest) (ledger.Outcome, error) {
	h.begun <- struct{}{}
	<-h.release
	return h.Service.OpenAccount(ctx, request)
}

// TestMaxBodyBytes has a body held, of which there is room for one, and others beside it.
func TestMaxBodyBytes(t *testing.T) {
	t.Parallel()
	service := held{newLedger(t), make(chan struct{}), make(chan struct{})}
	var log lines
	handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{MaxBodyBytes: roomy + 1000, Logger: log.logger()})
	var under sync.WaitGroup
	under.Go(func() {
		if got := do(handler, "POST", "/v1/accounts", paddedAccount("a", roomy)); got.Code != http.StatusCreated {
			t.Errorf("%d %s", got.Code, got.Body)
		}
	})
	<-service.begun
	refused := func(path, body string) {
		t.Helper()
		for name, reader := range map[string]io.Reader{"length told": strings.NewReader(body), "untold": io.MultiReader(strings.NewReader(body))} {
			request := newRequest("POST", path, "")
			request.Body = io.NopCloser(reader)
			request.ContentLength = map[string]int64{"length told": int64(len(body)), "untold": -1}[name]
			got := serve(handler, request)
			if got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") != "1" || !strings.Contains(got.Body.String(), "the ledger is busy") {
				t.Errorf("%s, %s: %d %s", path, name, got.Code, got.Body)
			}
		}
	}
	refused("/v1/accounts", paddedAccount("b", 2000))
	refused("/v1/transactions/batch", `{"transactions":[]}`+strings.Repeat(" ", 2000))
	refused("/v1/transactions/x/post", "{}"+strings.Repeat(" ", 2000))
	refused(addPath(demoUser), padded(2000))
	// What is too large is not held.
	if got := do(handler, "POST", "/v1/accounts", paddedAccount("b", roomy+1)); got.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if got := do(handler, "POST", addPath(demoUser), `{"amount":1,"transaction_id":"tx_1"}`); got.Code != http.StatusAccepted {
		t.Errorf("a small body: %d %s", got.Code, got.Body)
	}
	// A stream goes on, line by line.
	var body strings.Builder
	for i := range 20 {
		body.WriteString(strings.TrimSpace(depositLine(fmt.Sprintf("t%d", i))) + strings.Repeat(" ", 2000) + "\n")
	}
	for i, o := range stream(t, handler, strings.NewReader(body.String())) {
		if want := fmt.Sprintf("201 t%d", i); summary(o) != want {
			t.Errorf("line %d: %s", i, summary(o))
		}
	}
	close(service.release)
	under.Wait()
	if !strings.Contains(log.String(), "the limit bodies is reached") {
		t.Error("the log should say why")
	}
	go func() { <-service.begun }()
	if got := do(handler, "POST", "/v1/accounts", paddedAccount("b", roomy)); got.Code != http.StatusCreated {
		t.Errorf("after it is answered: %d %s", got.Code, got.Body)
	}
}

// breaking is a service that panics at streams.
type breaking struct{ ledger.Service }

func (breaking) PostBatch(context.Context, []ledger.TransactionRequest) ([]ledger.Outcome, error) {
	panic("broken")
}

// TestStreamsThatPanic leave the room of their lines to others.
func TestStreamsThatPanic(t *testing.T) {
	t.Parallel()
	handler := ledgerhttp.NewHandler(breaking{newLedger(t)}, ledgerhttp.Config{MaxBodyBytes: 100_000})
	line := strings.TrimSuffix(depositLine("t"), "\n") + strings.Repeat(" ", 40_000) + "\n"
	for range 10 {
		request := newRequest("POST", streamPath, line)
		request.Header.Set("Content-Type", "application/x-ndjson")
		func() {
			defer func() { _ = recover() }()
			serve(handler, request)
		}()
	}
	if got := do(handler, "POST", "/v1/accounts", paddedAccount("a", 90_000)); got.Code != http.StatusCreated {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}
