package http

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

type panicking struct{ ledger.Service }

func (panicking) OpenAccount(context.Context, ledger.AccountRequest) (ledger.Outcome, error) {
	panic("x")
}

// TestBudgetIsGivenBack has requests that end in every way: nothing of their bodies is
// counted after it.
func TestBudgetIsGivenBack(t *testing.T) {
	t.Parallel()
	service, err := ledger.Open(t.Context(), memory.New(memory.Config{}), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	h := newHandler(panicking{service}, Config{MaxBodyBytes: 3000}.withDefaults())
	line := `{"id":"a","from":"x","to":"y","amount":"1"}` + strings.Repeat(" ", 500) + "\n"
	for _, test := range []struct{ path, contentType, body string }{
		{"/v1/accounts", "application/json", `{"id":"a","asset":"USD"}`},
		{"/v1/accounts", "application/json", "{" + strings.Repeat(" ", 1000)},
		{"/v1/accounts", "application/json", "{" + strings.Repeat(" ", 10_000)},
		{"/v1/transactions/x/void", "application/json", "{}"},
		{"/users/x/add", "application/json", "{}"},
		{"/v1/transactions/stream", streamType, strings.Repeat(line, 100)},
		{"/v1/transactions/stream", streamType, strings.Repeat(line, 3) + strings.Repeat(" ", 2<<20)},
		{"/v1/transactions/stream", streamType, line + "{"},
	} {
		for _, cut := range []bool{false, true} {
			body := io.Reader(strings.NewReader(test.body))
			if cut {
				body = io.MultiReader(body, brokenReader{})
			}
			r := httptest.NewRequest(http.MethodPost, test.path, body)
			r.Header.Set("Content-Type", test.contentType)
			h.ServeHTTP(httptest.NewRecorder(), r)
			if held := h.limits.bodies.held.Load(); held != 0 {
				t.Errorf("%s with %.40q: %d bytes are held", test.path, test.body, held)
			}
			if n := h.limits.inFlight.Load(); n != 0 {
				t.Errorf("%s: %d requests are in flight", test.path, n)
			}
		}
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
