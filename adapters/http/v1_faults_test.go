package http_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestPanicOfV1 has a service that panics.
func TestPanicOfV1(t *testing.T) {
	t.Parallel()
	var log lines
	handler := ledgerhttp.NewHandler(failing{newLedger(t), func(context.Context) error { panic("secret") }}, ledgerhttp.Config{Logger: log.logger()})
	for _, request := range [][3]string{
		{"GET", "/v1/accounts/alice"}, {"POST", "/v1/transactions", `{"id":"t1","from":"a","to":"b","amount":"1"}`}, {"POST", "/v1/transactions/t1/void", ""},
	} {
		got := do(handler, request[0], request[1], request[2])
		expectProblem(t, got, ledger.ErrInternal, "", "internal error")
		if strings.Contains(got.Body.String(), "secret") {
			t.Errorf("%s: %s", request[1], got.Body)
		}
	}
	if !strings.Contains(log.String(), "panic: secret") || !strings.Contains(log.String(), `"level":"ERROR"`) {
		t.Errorf("the log should say why: %s", log.String())
	}
}

// TestTooSlow has a service that outlasts the time of a request.
func TestTooSlow(t *testing.T) {
	t.Parallel()
	handler := ledgerhttp.NewHandler(failing{newLedger(t), func(ctx context.Context) error {
		<-ctx.Done()
		return fmt.Errorf("read: %w", ctx.Err())
	}}, ledgerhttp.Config{RequestTimeout: time.Millisecond})
	expectProblem(t, do(handler, "GET", "/v1/accounts/alice", ""), ledger.ErrUnavailable, "", "ask again with the same id")
}

// TestCutOffBody has bodies that break off. That of a step may be left out, which
// posts all that is pending: one that does not arrive must not count as that.
func TestCutOffBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.snapshot(t)
	for _, prefix := range prefixes() {
		for _, path := range []string{"/transactions/held/post", "/transactions/held/void", "/transactions", "/accounts/batch"} {
			for _, arrived := range []string{"", "{", "{}", `{"amount":"1.00"`} {
				for _, err := range []error{io.ErrUnexpectedEOF, io.ErrNoProgress, context.DeadlineExceeded} {
					request := newRequest("POST", prefix+path, "")
					request.Body = io.NopCloser(io.MultiReader(strings.NewReader(arrived), iotest.ErrReader(err)))
					request.ContentLength = 100
					expectProblem(t, serve(w, request), ledger.ErrInvalidRequest, "", "the body ended before it was whole")
				}
			}
			// The time of the request runs out before the connection's.
			ctx, cancel := context.WithTimeout(t.Context(), 0)
			request := newRequest("POST", prefix+path, "").WithContext(ctx)
			request.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))
			expectProblem(t, serve(w, request), ledger.ErrUnavailable, "", "")
			cancel()
		}
	}
	if after := w.snapshot(t); after != before {
		t.Errorf("what was cut off changed the ledgers from %s\nto %s", before, after)
	}
}

// TestLateBody has the body of a step that does not arrive in time.
func TestLateBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := start(t, w.services[0], ledgerhttp.Config{ReadTimeout: 100 * time.Millisecond})
	for _, length := range []string{"Content-Length: 17", "Transfer-Encoding: chunked"} {
		c := server.connect(t)
		c.send(t, "POST /v1/transactions/held/post HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+length+"\r\n\r\n")
		if response, body := c.receive(t); response.StatusCode != 400 || !strings.Contains(body, "the body ended before it was whole") {
			t.Errorf("%s: %d %s", length, response.StatusCode, body)
		}
	}
	if err := server.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	server.expectEnd(t)
	if held, err := w.services[0].Transaction(t.Context(), "held"); err != nil || held.Status != ledger.Pending {
		t.Errorf("the transaction is %s, %v", held.Status, err)
	}
}

// TestShutdownOfV1 asks a server that is shutting down.
func TestShutdownOfV1(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.snapshot(t)
	server := start(t, w.services[0], ledgerhttp.Config{Catalog: w.catalog, DrainDelay: time.Hour})
	ctx, endDelay := context.WithCancel(t.Context())
	down := make(chan error, 1)
	go func() { down <- server.Shutdown(ctx) }()
	for {
		probe := server.connect(t)
		probe.send(t, getRequest("/readyz"))
		if response, _ := probe.receive(t); response.StatusCode == 503 {
			break
		}
	}
	const body = `{"id":"t1","from":"alice","to":"bob","amount":"1.00"}`
	post := fmt.Sprintf("/transactions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	for _, prefix := range prefixes() {
		for _, request := range []string{getRequest(prefix + "/accounts/alice"), getRequest(prefix + "/assets"), "POST " + prefix + post, getRequest("/v1/ledgers")} {
			c := server.connect(t)
			c.send(t, request)
			response, text := c.receive(t)
			if response.StatusCode != 503 || !response.Close || response.Header.Get("Retry-After") != "1" || response.Header.Get("Content-Type") != "application/problem+json" ||
				!strings.Contains(text, "the server is shutting down. nothing was lost: ask again with the same id") {
				t.Errorf("%.40q: %d %s close %v", request, response.StatusCode, text, response.Close)
			}
		}
	}
	endDelay()
	if err := <-down; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown: %v", err)
	}
	server.expectEnd(t)
	if after := w.snapshot(t); after != before {
		t.Errorf("what was refused changed the ledgers from %s\nto %s", before, after)
	}
}

// TestLogOfV1 has a line for each request, with its route and without its path.
func TestLogOfV1(t *testing.T) {
	t.Parallel()
	var log lines
	w := newWorldWith(t, ledgerhttp.Config{Logger: log.logger()})
	ask(w, "GET", "/v1/ledgers/"+otherLedger+"/accounts/alice/", "", http.Header{"X-Request-Id": {"r1"}})
	ask(w, "POST", "/v1/accounts/batch", "{}", http.Header{"X-Request-Id": {"r2"}})
	ask(w, "GET", "/v1/none", "", http.Header{"X-Request-Id": {"r3"}})
	logged := log.all(t)
	if len(logged) != 3 {
		t.Fatalf("logged %s", log.String())
	}
	for i, want := range []struct {
		route  string
		status float64
	}{{"/v1/ledgers/{ledger}/accounts/{id}", 200}, {"/v1/accounts/{id:batch}", 400}, {"", 404}} {
		line := logged[i]
		if line["route"] != want.route || line["status"] != want.status || line["request_id"] != fmt.Sprintf("r%d", i+1) || line["level"] != "DEBUG" {
			t.Errorf("logged %v", line)
		}
	}
}
