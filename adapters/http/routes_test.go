package http_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	handler := newHandler(t)
	for _, path := range []string{
		"/", "/users", "/users/", "/users/u", "/users/u/", "/users//balance", "/users/u/Balance", "/Users/u/balance",
		"/users/u/balance//", "//users/u/balance", "/users/u//balance", "/users/a/b/balance", "/users/u/balance/x",
		"/users/u/balance%2F", "/users%2Fu%2Fbalance", "/users/u%2Fbalance", "/users/../users/u/balance", "/./users/u/balance",
		"/healthz/x", "/v2/accounts",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodOptions} {
			got := do(handler, method, path, "")
			expect(t, got, 404, failure(404, "not found"))
			if location := got.Header().Get("Location"); location != "" {
				t.Errorf("%s is redirected to %s", path, location)
			}
		}
	}
}

func TestTrailingSlash(t *testing.T) {
	t.Parallel()
	handler := newHandler(t)
	expect(t, do(handler, http.MethodGet, "/users/"+demoUser+"/balance/", ""), 200, balanceIs("100"))
	expect(t, do(handler, http.MethodGet, "/users/"+demoUser+"/balance/?x=y", ""), 200, balanceIs("100"))
	expect(t, do(handler, http.MethodPost, addPath(demoUser)+"/", `{"amount":1,"transaction_id":"tx_1"}`), 202, added("101"))
	if got := do(handler, http.MethodGet, "/users/"+demoUser+"/history/?page_size=1", ""); got.Code != http.StatusOK {
		t.Errorf("history: %d %s", got.Code, got.Body)
	}
	expect(t, do(handler, http.MethodGet, "/healthz/", ""), 200, success("alive"))
}

func success(message string) string {
	return `{"success":true,"message":"` + message + `","status_code":200}` + "\n"
}

// TestEncodedIDs asks for users whose ids need escaping in a path, and for
// their neighbours, which plain unescaping would confuse them with.
func TestEncodedIDs(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
	for id, escaped := range map[string]string{
		"a/b":       "a%2Fb",
		"a/b/c":     "a%2fb%2Fc",
		"a%2Fb":     "a%252Fb",
		"a b":       "a%20b",
		"a+b":       "a+b",
		"é":         "%C3%A9",
		"a?b":       "a%3Fb",
		"a#b":       "a%23b",
		"..":        "%2e%2e",
		"a;b,c":     "a;b,c",
		"balance":   "balance",
		"a\"/b":     "a%22%2Fb",
		"x/balance": "x%2Fbalance",
	} {
		open(t, service, ledger.AccountRequest{ID: id, Asset: usd})
		expect(t, do(handler, http.MethodPost, addPath(escaped), `{"amount":1,"transaction_id":"tx_`+strings.Trim(fmt.Sprintf("%q", id), `"`)+`"}`),
			202, added("1"))
		expect(t, do(handler, http.MethodGet, "/users/"+escaped+"/balance", ""), 200, balanceIs("1"))
	}
}

// raw sends a request as it stands to a real server and returns its answer.
func raw(t *testing.T, address, request string) (*http.Response, string) {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := connection.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	return response, readAll(t, response.Body)
}

// TestUnescapedPath sends paths that only a careless client sends: with bytes
// that should have been escaped beside a slash that was.
func TestUnescapedPath(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	for _, id := range []string{"é", "é/b", "a\"/b", "a\""} {
		open(t, service, ledger.AccountRequest{ID: id, Asset: usd, OpeningBalance: ledger.NewAmount(int64(len(id)))})
	}
	server := httptest.NewServer(ledgerhttp.NewHandler(service, ledgerhttp.Config{}))
	defer server.Close()
	for path, want := range map[string]string{
		"/users/é/balance":       balanceIs("0.02"),
		"/users/é%2Fb/balance":   balanceIs("0.04"),
		"/users/a\"%2Fb/balance": balanceIs("0.04"),
		"/users/a\"%2Fbalance":   failure(404, "not found"),
		"/users/a\"/balance":     balanceIs("0.02"),
	} {
		_, body := raw(t, server.Listener.Addr().String(), "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if body != want {
			t.Errorf("%s: got %swant %s", path, body, want)
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	handler := newHandler(t)
	for path, allow := range map[string]string{
		addPath(demoUser):                    "OPTIONS, POST",
		"/users/" + demoUser + "/balance":    "GET, HEAD, OPTIONS",
		historyPath(demoUser, "page_size=1"): "GET, HEAD, OPTIONS",
		"/users/nobody/balance":              "GET, HEAD, OPTIONS",
		"/healthz":                           "GET, HEAD, OPTIONS",
		"/readyz":                            "GET, HEAD, OPTIONS",
		"/users/" + demoUser + "/balance/":   "GET, HEAD, OPTIONS",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "get", "PROPFIND"} {
			got := do(handler, method, path, "")
			if strings.Contains(allow, method) {
				if got.Code == http.StatusMethodNotAllowed || got.Header().Get("Allow") != "" {
					t.Errorf("%s %s: %d", method, path, got.Code)
				}
				continue
			}
			want := failure(405, "method not allowed")
			if method == http.MethodHead {
				want = ""
			}
			expect(t, got, 405, want)
			if got := got.Header().Get("Allow"); got != allow {
				t.Errorf("%s %s: Allow: %q, want %q", method, path, got, allow)
			}
		}
		got := do(handler, http.MethodOptions, path, "")
		if got.Code != http.StatusNoContent || got.Body.Len() > 0 || got.Header().Get("Allow") != allow {
			t.Errorf("OPTIONS %s: %d %q, Allow: %q", path, got.Code, got.Body, got.Header().Get("Allow"))
		}
	}
	if page := historyOf(t, handler, demoUser, "page_size=1"); page.Total != 0 {
		t.Errorf("a refused method made %d entries", page.Total)
	}
}

func TestHeadIsGetWithoutBody(t *testing.T) {
	t.Parallel()
	handler := newHandler(t)
	for _, path := range []string{
		"/users/" + demoUser + "/balance", "/users/nobody/balance", historyPath(demoUser, "page_size=1"), historyPath(demoUser, ""), "/healthz", "/x",
	} {
		get, head := do(handler, http.MethodGet, path, ""), do(handler, http.MethodHead, path, "")
		if head.Code != get.Code || head.Body.Len() != 0 {
			t.Errorf("HEAD %s: %d with %d bytes, GET: %d", path, head.Code, head.Body.Len(), get.Code)
		}
		for _, name := range []string{"Content-Length", "Content-Type"} {
			if head.Header().Get(name) != get.Header().Get(name) || get.Header().Get(name) == "" {
				t.Errorf("HEAD %s: %s %q, GET: %q", path, name, head.Header().Get(name), get.Header().Get(name))
			}
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	ready := errors.New("connect to postgres://user:secret@host: refused")
	var log lines
	handler := ledgerhttp.NewHandler(newLedger(t), ledgerhttp.Config{
		Ready:  func(context.Context) error { return ready },
		Logger: log.logger(),
	})
	expect(t, do(handler, http.MethodGet, "/healthz", ""), 200, success("alive"))
	got := do(handler, http.MethodGet, "/readyz", "")
	expect(t, got, 503, failure(503, "not ready"))
	if got.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if !strings.Contains(log.String(), ready.Error()) {
		t.Errorf("the log should say why: %s", log.String())
	}
	ready = nil
	expect(t, do(handler, http.MethodGet, "/readyz", ""), 200, success("ready"))
	expect(t, do(newHandler(t), http.MethodGet, "/readyz", ""), 200, success("ready"))
}
