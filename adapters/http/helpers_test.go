package http_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

const demoUser = "6d7750a1-c3f2-4765-bf8f-33bc80f3f809"

var usd = ledger.Asset{Code: "USD", Scale: 2}

// newLedger returns a ledger in memory with the demo user, who has 100 USD.
func newLedger(t testing.TB) *ledger.Ledger {
	t.Helper()
	service, err := ledger.Open(t.Context(), memory.New(memory.Config{}), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	open(t, service, ledger.AccountRequest{ID: demoUser, Name: "Test", Asset: usd, OpeningBalance: ledger.NewAmount(100_00)})
	return service
}

func open(t testing.TB, service ledger.Service, request ledger.AccountRequest) {
	t.Helper()
	if _, err := service.OpenAccount(t.Context(), request); err != nil {
		t.Fatal(err)
	}
}

func setStatus(t testing.TB, service ledger.Service, account string, status ledger.Status) {
	t.Helper()
	if _, err := service.ChangeAccount(t.Context(), account, ledger.AccountChange{Status: status}); err != nil {
		t.Fatal(err)
	}
}

// do asks a handler in process.
func do(handler http.Handler, method, target, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, target, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

func addPath(user string) string { return "/users/" + user + "/add" }

func addTo(handler http.Handler, user, body string) *httptest.ResponseRecorder {
	return do(handler, http.MethodPost, addPath(user), body)
}

// expect checks the status, the type and every byte of the body.
func expect(t *testing.T, got *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if got.Code != status || got.Body.String() != body {
		t.Errorf("got %d %swant %d %s", got.Code, got.Body, status, body)
	}
	if got := got.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type: %q", got)
	}
}

// failure returns the envelope of an answer without data.
func failure(status int, message string) string {
	return `{"success":false,"message":"` + message + `","status_code":` + strconv.Itoa(status) + "}\n"
}

// padded returns a good body of n bytes.
func padded(n int) string {
	const head, tail = `{"amount":1,"transaction_id":"tx_1","padding":"`, `"}`
	return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
}

// added returns the envelope of a deposit that was made.
func added(balance string) string {
	return `{"success":true,"message":"transaction successful!","status_code":202,"data":{"current_balance":` + balance + "}}\n"
}

// balanceIs returns the envelope of a balance.
func balanceIs(balance string) string {
	return `{"success":true,"message":"request successful!","status_code":200,"data":{"balance":` + balance + "}}\n"
}

func newHandler(t testing.TB) http.Handler {
	t.Helper()
	return ledgerhttp.NewHandler(newLedger(t), ledgerhttp.Config{})
}

func readAll(t testing.TB, body io.ReadCloser) string {
	t.Helper()
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	if err := body.Close(); err != nil {
		t.Fatal(err)
	}
	return string(text)
}
