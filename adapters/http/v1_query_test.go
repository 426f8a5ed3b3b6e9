package http_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// getRoute is a route that is read, with the parameters that it takes.
type getRoute struct {
	path       string
	parameters []string
}

func getRoutes() []getRoute {
	return []getRoute{
		{"/assets", []string{"limit", "cursor"}},
		{"/accounts", []string{"prefix", "asset", "status", "limit", "cursor", "order", "metadata.tier"}},
		{"/accounts/alice", nil},
		{"/accounts/alice/balance", []string{"at", "recorded_at"}},
		{"/accounts/alice/entries", []string{"from", "to", "limit", "cursor", "order"}},
		{"/accounts/alice/statement", []string{"from", "to", "limit", "cursor", "order"}},
		{"/transactions", []string{"account", "from", "to", "status", "limit", "cursor", "order", "metadata.tier"}},
		{"/transactions/paid", nil},
		{"/trial-balance", []string{"at", "recorded_at", "limit", "cursor"}},
	}
}

// routesOfGets are all of them, with their prefixes.
func routesOfGets() (routes []getRoute) {
	for _, prefix := range prefixes() {
		for _, route := range getRoutes() {
			routes = append(routes, getRoute{prefix + route.path, route.parameters})
		}
	}
	return append(routes, getRoute{"/v1/ledgers", []string{"limit", "cursor", "order"}})
}

// badParameters has bad values of parameters that several routes take.
func badParameters() map[string][]string {
	cursor := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	return map[string][]string{
		"limit":  {"0", "1001", "-1", "x", "1e2", "+1", " 1", "1.0", "65536", "99999999999999999999"},
		"order":  {"ASC", "up", "asc "},
		"status": {"Open", "Posted", "x", "no status"},
		"from":   {"x", "2026-01-31", "0000-01-01T00:00:00Z"},
		"asset":  {"usd", "USD/2", "é", strings.Repeat("U", 33)},
		"prefix": {strings.Repeat("x", 129), "\x00", "\xff"},
		"cursor": {"!", "=", "YQ\n", "YQ==", "YR", cursor("\x00"), cursor("\xff"), cursor(strings.Repeat("x", 129)), strings.Repeat("A", 10_000)},
	}
}

// TestBadQueries asks every route that is read with every bad parameter.
func TestBadQueries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, route := range routesOfGets() {
		refuse := func(query, field string) {
			t.Helper()
			got := do(w, "GET", route.path+"?"+query, "")
			if problem := problemOf(t, got); problem.Code != "invalid_request" || problem.Field != field {
				t.Errorf("%s?%.100s: got %swant the field %s", route.path, query, got.Body, field)
			}
			if got.Body.Len() > 4096 {
				t.Errorf("%s?%.100s: the answer has %d bytes", route.path, query, got.Body.Len())
			}
		}
		for _, mangled := range []string{"%", "%zz=1", "a=%f", "a;b", "a=1;b=2"} {
			refuse(mangled, "")
		}
		refuse("unknown=1", "unknown")
		refuse("unknown", "unknown")
		refuse("=1", "")
		refuse("Limit=1", "Limit")
		refuse("limit%00=1", "limit\x00")
		refuse("metadata=1", "metadata")
		refuse("dry_run=true", "dry_run")
		refuse(strings.Repeat("x", 10_000)+"=1", strings.Repeat("x", 253)+"…")
		for _, parameter := range route.parameters {
			if parameter != "metadata.tier" {
				refuse(parameter+"=", parameter)
				refuse(parameter, parameter)
			}
			refuse(parameter+"=1&"+parameter+"=1", parameter)
			for _, value := range badParameters()[parameter] {
				refuse(url.Values{parameter: {value}}.Encode(), parameter)
			}
		}
	}
	for _, prefix := range prefixes() {
		for query, field := range map[string]string{
			"metadata.=v":                                   "metadata",
			"metadata.k=%00":                                "metadata.k",
			"metadata.%00=v":                                "metadata",
			"metadata.k=%ff":                                "metadata.k",
			"metadata.k=" + strings.Repeat("v", 513):        "metadata",
			"metadata." + strings.Repeat("k", 65) + "=v":    "metadata",
			"metadata.k=1&metadata.k=2":                     "metadata.k",
			"metadata.k=1&metadata.%6b=2":                   "metadata.k",
			strings.Repeat("&metadata.a=1", 1) + "&limit=x": "limit",
		} {
			for _, path := range []string{"/accounts", "/transactions"} {
				got := do(w, "GET", prefix+path+"?"+query, "")
				if problem := problemOf(t, got); problem.Code != "invalid_request" || problem.Field != field {
					t.Errorf("%s?%.100s: got %swant the field %s", path, query, got.Body, field)
				}
			}
		}
		for _, value := range []string{"", "1", "TRUE", "yes"} {
			got := do(w, "POST", prefix+"/transactions?dry_run="+value, `{"id":"t1","from":"alice","to":"bob","amount":"1"}`)
			expectProblem(t, got, ledger.ErrInvalidRequest, "dry_run", "should")
		}
		got := do(w, "POST", prefix+"/transactions?dry_run=true&dry_run=false", `{"id":"t1","from":"alice","to":"bob","amount":"1"}`)
		expectProblem(t, got, ledger.ErrInvalidRequest, "dry_run", "should be given only once")
	}
}

// TestForeignCursors asks for the page behind what another list has, or what isn't
// there.
func TestForeignCursors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cursor := func(path string) string {
		got := do(w, "GET", path, "")
		_, rest, found := strings.Cut(got.Body.String(), `"next_cursor":"`)
		text, _, closed := strings.Cut(rest, `"`)
		if !found || !closed {
			t.Fatalf("%s: %s", path, got.Body)
		}
		return text
	}
	unknown := base64.RawURLEncoding.EncodeToString([]byte("nobody"))
	for _, prefix := range prefixes() {
		account, entry := cursor(prefix+"/accounts?limit=1"), cursor(prefix+"/accounts/alice/entries?limit=1")
		for path, cursors := range map[string][]string{
			"/accounts?":                          {unknown, entry},
			"/transactions?metadata.order=7&":     {unknown, entry, account},
			"/accounts/alice/entries?":            {unknown, account, base64.RawURLEncoding.EncodeToString([]byte("00.1"))},
			"/accounts/alice/statement?":          {unknown, account, base64.RawURLEncoding.EncodeToString([]byte("256.1"))},
			"/accounts/alice/entries?order=asc&":  {unknown, base64.RawURLEncoding.EncodeToString([]byte("0.-1"))},
			"/accounts/alice/entries?order=desc&": {base64.RawURLEncoding.EncodeToString([]byte("0.18446744073709551616"))},
		} {
			for _, c := range cursors {
				expectProblem(t, do(w, "GET", prefix+path+"cursor="+c, ""), ledger.ErrInvalidRequest, "cursor", "should be the next_cursor of the page before")
			}
		}
	}
	for _, c := range []string{unknown, cursor("/v1/accounts?limit=1")} {
		expectProblem(t, do(w, "GET", "/v1/ledgers?cursor="+c, ""), ledger.ErrInvalidRequest, "cursor", "should be the next_cursor")
	}
}

// TestIDsInPaths has ids in paths that nothing has, or that cannot be.
func TestIDsInPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.snapshot(t)
	long := strings.Repeat("x", 5000)
	for _, id := range []string{"nobody", "%00", "%ff", "%2F", "a%2Fb", "alice%2F", "%20alice", "alice%20", "ALICE", "%2e%2e", "é", "a%0Ab", "alice%3Flimit=1", "x" + long} {
		for _, prefix := range prefixes() {
			for _, s := range []slot{
				{"GET", "/accounts/$", "", ""},
				{"PATCH", "/accounts/$", `{"status":"frozen"}`, ""},
				{"GET", "/accounts/$/balance", "", ""},
				{"GET", "/accounts/$/entries", "", ""},
				{"GET", "/accounts/$/entries?from=2020-01-01T00:00:00Z", "", ""},
				{"GET", "/accounts/$/statement", "", ""},
				{"GET", "/transactions/$", "", ""},
				{"GET", "/transactions?account=$", "", ""},
				{"POST", "/transactions/$/post", "", ""},
				{"POST", "/transactions/$/post", `{"amount":"1"}`, ""},
				{"POST", "/transactions/$/void", "", ""},
				{"POST", "/transactions/$/reverse", `{"id":"r1"}`, ""},
			} {
				got := do(w, s.method, prefix+strings.Replace(s.path, "$", id, 1), s.body)
				if problem := problemOf(t, got); problem.Code != "not_found" || problem.Account+problem.Transaction == "" {
					t.Errorf("%s %s of %.40s: %s", s.method, s.path, id, got.Body)
				}
				if got.Body.Len() > 4096 {
					t.Errorf("%s %s of %.40s: the answer has %d bytes", s.method, s.path, id, got.Body.Len())
				}
			}
		}
		expectProblem(t, do(w, "GET", "/v1/ledgers/"+id+"/assets", ""), ledger.ErrNotFound, "ledger", "ledger")
		expectProblem(t, do(w, "POST", "/v1/ledgers/"+id+"/accounts", `{"id":"a","asset":"USD"}`), ledger.ErrNotFound, "ledger", "ledger")
	}
	if after := w.snapshot(t); after != before {
		t.Errorf("what was refused changed the ledgers from %s\nto %s", before, after)
	}
}

// TestMangledPaths sends what net/http refuses by itself, or passes on as it stands.
func TestMangledPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open(t, w.services[0], ledger.AccountRequest{ID: "é", Asset: usd})
	server := httptest.NewServer(w)
	defer server.Close()
	for path, status := range map[string]int{
		"/v1/accounts/%zz":        http.StatusBadRequest,
		"/v1/accounts/%":          http.StatusBadRequest,
		"/v1/accounts/%f":         http.StatusBadRequest,
		"/v1/accounts/\xff":       http.StatusNotFound,
		"/v1/accounts/é":          http.StatusOK,
		"/v1/accounts/a\"%2Fb":    http.StatusNotFound,
		"/v1/./accounts/alice":    http.StatusNotFound,
		"/v1/../v1/assets":        http.StatusNotFound,
		"/v1//accounts/alice":     http.StatusNotFound,
		"/v1/accounts//":          http.StatusNotFound,
		"/v1%2Faccounts/alice":    http.StatusNotFound,
		"/v1/ledgers//assets":     http.StatusNotFound,
		"/v1/ledgers/\xff/assets": http.StatusNotFound,
	} {
		response, body := raw(t, server.Listener.Addr().String(), "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if response.StatusCode != status {
			t.Errorf("%q: %d %s", path, response.StatusCode, body)
		}
		if status == http.StatusNotFound && (response.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, `"code":"not_found"`)) {
			t.Errorf("%q: %s", path, body)
		}
	}
}

// TestNoCatalog has a handler without ledgers by name.
func TestNoCatalog(t *testing.T) {
	t.Parallel()
	handler := ledgerhttp.NewHandler(newLedger(t), ledgerhttp.Config{})
	for _, request := range [][3]string{
		{"GET", "/v1/ledgers"},
		{"POST", "/v1/ledgers", `{"name":"x"}`},
		{"GET", "/v1/ledgers/main/assets"},
		{"POST", "/v1/ledgers/x/accounts", `{"id":"a","asset":"USD"}`},
	} {
		expectProblem(t, do(handler, request[0], request[1], request[2]), ledger.ErrNotFound, "", "this server serves no ledgers by name")
	}
}
