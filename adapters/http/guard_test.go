package http_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// people is who has which token.
type people map[string]ledger.Principal

// Authenticate implements ledgerhttp.Authenticator.
func (p people) Authenticate(_ context.Context, token string) (ledger.Principal, error) {
	switch token {
	case "expired", "revoked":
		return ledger.Principal{}, fmt.Errorf("the token of ann was %s: %w", token, ledger.ErrUnauthorized)
	case "away":
		return ledger.Principal{}, &ledger.Error{Code: ledger.ErrUnavailable, Message: "connect to /run/postgresql", Cause: errSecret}
	case "busy":
		return ledger.Principal{}, ledger.ErrOverloaded
	case "slow":
		return ledger.Principal{}, context.DeadlineExceeded
	case "broken":
		return ledger.Principal{}, errSecret
	case "mistaken":
		return ledger.Principal{}, ledger.NoAccount(errSecret.Error())
	case "panics":
		panic(errSecret)
	}
	if principal, ok := p[token]; ok {
		return principal, nil
	}
	return ledger.Principal{}, ledger.ErrUnauthorized
}

// errSecret has what no answer should have.
var errSecret = errors.New(`ERROR: relation "secret.tokens" does not exist (SQLSTATE 42P01) at /srv/secret/store.go:42`)

// everybody is people of all roles, each for all ledgers and for one: "write" and
// "write@books".
func everybody() people {
	p := make(people)
	for _, role := range []ledger.Role{ledger.RoleRead, ledger.RoleWrite, ledger.RoleAdmin} {
		p[role.String()] = ledger.Principal{Name: "the " + role.String(), Role: role}
		for _, name := range []string{"main", otherLedger, "nowhere"} {
			p[role.String()+"@"+name] = ledger.Principal{Name: "the " + role.String() + " of " + name, Role: role, Ledger: name}
		}
	}
	p["nothing"] = ledger.Principal{Name: "nothing"}
	return p
}

func bearer(token string) http.Header {
	if token == "" {
		return http.Header{}
	}
	return http.Header{"Authorization": {"Bearer " + token}}
}

// guardedConfig lets in everybody, and nobody else.
func guardedConfig() ledgerhttp.Config {
	return ledgerhttp.Config{
		Authenticator: everybody(),
		Metrics:       http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ledger_up 1") }),
	}
}

// variables are those of the routes.
var variables = regexp.MustCompile(`\{(\w+)(?::(\w+))?\}`)

// targetOf returns a path of a route, and the ledger that it is about.
func targetOf(route string) (target, name string) {
	name = "main"
	target = variables.ReplaceAllStringFunc(route, func(variable string) string {
		match := variables.FindStringSubmatch(variable)
		switch {
		case match[2] != "":
			return match[2]
		case match[1] == "ledger":
			name = otherLedger
			return otherLedger
		}
		return "alice"
	})
	return target, name
}

// wantOf says what an answer to somebody should be: 401, 403, or 0 for neither.
func wantOf(method, route, name, token string) int {
	if slices.Contains([]string{"/healthz", "/readyz", "/docs", "/docs/{file}", "/v1/openapi.yaml"}, route) {
		return 0
	}
	who, known := everybody()[token]
	if !known {
		return http.StatusUnauthorized
	}
	needed := ledger.RoleWrite
	switch {
	case method == "GET", method == "HEAD", method == "POST" && strings.HasSuffix(route, "/accounts/{id:lookup}"):
		needed = ledger.RoleRead
	case method == "POST" && (route == "/v1/ledgers" || strings.HasSuffix(route, "/assets")):
		needed = ledger.RoleAdmin
	}
	switch {
	case !who.Role.Allows(needed):
		return http.StatusForbidden
	case route == "/v1/ledgers" && needed == ledger.RoleRead:
		return 0
	case who.Ledger != "" && (route == "/v1/ledgers" || route == "/metrics" || who.Ledger != name):
		return http.StatusForbidden
	}
	return 0
}

// TestWhoMayAskForWhat asks every route that the router has, with every method, as
// everybody and with every token that is nobody's.
func TestWhoMayAskForWhat(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, guardedConfig())
	before := w.snapshot(t)
	tokens := append(slices.Sorted(maps.Keys(everybody())), "", "bad", "expired", "revoked")
	asked := 0
	for route, methods := range ledgerhttp.Routes(w.services[0], guardedConfig()) {
		target, name := targetOf(route)
		for _, method := range methods {
			for _, token := range tokens {
				asked++
				header := bearer(token)
				// Nobody's request is one that could take effect.
				header.Set("Content-Type", "text/plain")
				got := ask(w, method, target, "x", header)
				checkAccess(t, fmt.Sprintf("%s %s as %q", method, route, token), got, wantOf(method, route, name, token), method, target)
			}
		}
	}
	if asked < 40*len(tokens) {
		t.Errorf("%d requests", asked)
	}
	if after := w.snapshot(t); after != before {
		t.Errorf("what was refused changed the ledgers from %s\nto %s", before, after)
	}
}

func checkAccess(t *testing.T, name string, got *httptest.ResponseRecorder, want int, method, target string) {
	t.Helper()
	challenge := got.Header().Get("WWW-Authenticate")
	if (challenge == "Bearer") != (got.Code == http.StatusUnauthorized) || challenge != "Bearer" && challenge != "" {
		t.Errorf("%s: WWW-Authenticate: %s", name, challenge)
	}
	if want == 0 {
		if got.Code == http.StatusUnauthorized || got.Code == http.StatusForbidden || got.Code >= 500 || got.Code == http.StatusMethodNotAllowed {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
		return
	}
	if got.Code != want {
		t.Errorf("%s: %d %s, want %d", name, got.Code, got.Body, want)
		return
	}
	code := map[int]string{401: "unauthorized", 403: "forbidden"}[want]
	switch {
	case method == http.MethodHead:
		if got.Body.Len() > 0 {
			t.Errorf("%s: %s", name, got.Body)
		}
	case strings.HasPrefix(target, "/v1/"):
		expectProblem(t, got, ledger.Code(code), "", "")
	default:
		expect(t, got, want, failure(want, code))
	}
}

// TestStrangersAndMethods asks paths without a token for what no token is needed: which
// methods there are, and which paths.
func TestStrangersAndMethods(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, guardedConfig())
	for route, methods := range ledgerhttp.Routes(w.services[0], guardedConfig()) {
		target, _ := targetOf(route)
		allow := strings.Join(slices.Sorted(slices.Values(append(slices.Clone(methods), "OPTIONS"))), ", ")
		for method, want := range map[string]int{"OPTIONS": 204, "DELETE": 405, "PROPFIND": 405} {
			got := ask(w, method, target, "", nil)
			if got.Code != want || got.Header().Get("Allow") != allow || got.Header().Get("WWW-Authenticate") != "" {
				t.Errorf("%s %s: %d, Allow: %s", method, route, got.Code, got.Header().Get("Allow"))
			}
		}
	}
	for _, path := range []string{"/", "/users", "/users/u/x", "/v1", "/v1/x", "/v1/ledgers/main", "/v1/accounts/alice/x", "/metrics/x"} {
		for _, method := range []string{"GET", "POST", "OPTIONS"} {
			if got := ask(w, method, path, "", nil); got.Code != http.StatusNotFound {
				t.Errorf("%s %s: %d", method, path, got.Code)
			}
		}
	}
}

// TestStrangersLearnNothing compares what somebody is told who may not ask of what is
// there and of what is not.
func TestStrangersLearnNothing(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, guardedConfig())
	for _, pair := range [][3]string{
		{"", "/v1/accounts/alice", "/v1/accounts/nobody"},
		{"", "/v1/transactions/paid", "/v1/transactions/none"},
		{"", "/users/alice/balance", "/users/nobody/balance"},
		{"", "/v1/ledgers/books/assets", "/v1/ledgers/none/assets"},
		{"expired", "/v1/accounts/alice", "/v1/accounts/nobody"},
		{"admin@main", "/v1/ledgers/books/assets", "/v1/ledgers/none/assets"},
		{"admin@main", "/v1/ledgers/books/accounts/alice", "/v1/ledgers/no/slash/in/it"},
		{"admin@main", "/v1/ledgers/books/accounts/alice", "/v1/ledgers/%2F/accounts/alice"},
		{"admin@main", "/v1/ledgers?cursor=" + wire.IDCursor("books"), "/v1/ledgers?cursor=" + wire.IDCursor("none")},
		{"admin@nowhere", "/v1/accounts/alice", "/v1/accounts/nobody"},
		{"admin@nowhere", "/users/alice/balance", "/users/nobody/balance"},
	} {
		header := bearer(pair[0])
		header.Set("X-Request-Id", "same")
		there, missing := ask(w, "GET", pair[1], "", header), ask(w, "GET", pair[2], "", header)
		if pair[2] == "/v1/ledgers/no/slash/in/it" {
			// That is no path, whoever asks.
			if missing.Code != http.StatusNotFound {
				t.Errorf("%s: %d", pair[2], missing.Code)
			}
			continue
		}
		if there.Code < 400 || there.Code != missing.Code || there.Body.String() != missing.Body.String() {
			t.Errorf("as %q: %s gives %d %s%s gives %d %s", pair[0], pair[1], there.Code, there.Body, pair[2], missing.Code, missing.Body)
		}
	}
}

// TestLedgersOfOneLedger lists ledgers for those who may use one.
func TestLedgersOfOneLedger(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, guardedConfig())
	own := `{"data":[{"name":"books"}],"next_cursor":null}`
	none := `{"data":[],"next_cursor":null}`
	for _, test := range [][3]string{
		{"read@books", "", own},
		{"read@books", "?limit=1&order=asc", own},
		{"read@books", "?cursor=" + wire.IDCursor("books"), none},
		{"read@nowhere", "", none},
		{"read", "?order=asc", `{"data":[{"name":"main"},{"name":"books"}],"next_cursor":null}`},
	} {
		expectJSON(t, ask(w, "GET", "/v1/ledgers"+test[1], "", bearer(test[0])), 200, test[2])
	}
	alone := ledgerhttp.NewHandler(newLedger(t), guardedConfig())
	expectProblem(t, ask(alone, "GET", "/v1/ledgers", "", bearer("read@main")), ledger.ErrNotFound, "", "no ledgers by name")
}

// TestOwnLedger has a handler whose own ledger is another than main.
func TestOwnLedger(t *testing.T) {
	t.Parallel()
	config := guardedConfig()
	config.Ledger = otherLedger
	handler := ledgerhttp.NewHandler(newLedger(t), config)
	for token, want := range map[string]int{"read@books": 200, "read@main": 403, "read": 200} {
		for _, path := range []string{"/v1/accounts/" + demoUser, "/users/" + demoUser + "/balance"} {
			if got := ask(handler, "GET", path, "", bearer(token)); got.Code != want {
				t.Errorf("%s as %s: %d", path, token, got.Code)
			}
		}
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	guarded := ledgerhttp.NewHandler(newLedger(t), guardedConfig())
	open := guardedConfig()
	open.Authenticator = nil
	for _, got := range []*httptest.ResponseRecorder{
		ask(guarded, "GET", "/metrics", "", bearer("read")), ask(ledgerhttp.NewHandler(newLedger(t), open), "GET", "/metrics", "", nil),
	} {
		if got.Code != http.StatusOK || got.Body.String() != "ledger_up 1\n" {
			t.Errorf("%d %s", got.Code, got.Body)
		}
	}
	if got := do(newHandler(t), "GET", "/metrics", ""); got.Code != http.StatusNotFound {
		t.Errorf("%d", got.Code)
	}
}
