package http_test

import (
	"net/http"
	"strings"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// allowed has what each path takes, under a prefix.
func allowed() map[string]string {
	const read, write, both = "GET, HEAD, OPTIONS", "OPTIONS, POST", "GET, HEAD, OPTIONS, POST"
	return map[string]string{
		"/assets":                    both,
		"/accounts":                  both,
		"/accounts/batch":            "GET, HEAD, OPTIONS, PATCH, POST",
		"/accounts/lookup":           "GET, HEAD, OPTIONS, PATCH, POST",
		"/accounts/alice":            "GET, HEAD, OPTIONS, PATCH",
		"/accounts/nobody":           "GET, HEAD, OPTIONS, PATCH",
		"/accounts/%62atch":          "GET, HEAD, OPTIONS, PATCH",
		"/accounts/alice/balance":    read,
		"/accounts/alice/entries":    read,
		"/accounts/alice/statement":  read,
		"/accounts/batch/balance":    read,
		"/transactions":              both,
		"/transactions/batch":        both,
		"/transactions/stream":       both,
		"/transactions/paid":         read,
		"/transactions/lookup":       read,
		"/transactions/held/post":    write,
		"/transactions/held/void":    write,
		"/transactions/paid/reverse": write,
		"/transactions/batch/post":   write,
		"/trial-balance":             read,
	}
}

// TestMethodsOfV1 asks each path with each method.
func TestMethodsOfV1(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.snapshot(t)
	paths := map[string]string{"/v1/ledgers": "GET, HEAD, OPTIONS, POST"}
	for _, prefix := range prefixes() {
		for path, allow := range allowed() {
			paths[prefix+path] = allow
		}
	}
	for path, allow := range paths {
		for _, slash := range []string{"", "/"} {
			got := do(w, http.MethodOptions, path+slash, "")
			if got.Code != 204 || got.Header().Get("Allow") != allow || got.Body.Len() != 0 {
				t.Errorf("OPTIONS %s%s: %d %q, Allow: %s", path, slash, got.Code, got.Body, got.Header().Get("Allow"))
			}
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "get", "PROPFIND"} {
				// What isn't JSON is refused wherever the method is taken.
				got := ask(w, method, path+slash, "x", http.Header{"Content-Type": {"text/plain"}})
				if got.Header().Get("Location") != "" {
					t.Errorf("%s %s%s is redirected", method, path, slash)
				}
				isAllowed := strings.Contains(", "+allow+",", ", "+method+",")
				if isAllowed != (got.Code != 405) || isAllowed != (got.Header().Get("Allow") == "") {
					t.Errorf("%s %s%s: %d %s", method, path, slash, got.Code, got.Body)
				}
				if isAllowed || method == "HEAD" {
					continue
				}
				expectProblem(t, got, ledgerhttp.ErrMethodNotAllowed, "", "does not take "+method)
				if got.Header().Get("Allow") != allow {
					t.Errorf("%s %s%s: Allow: %s, want %s", method, path, slash, got.Header().Get("Allow"), allow)
				}
			}
		}
	}
	if after := w.snapshot(t); after != before {
		t.Errorf("what was refused changed the ledgers from %s\nto %s", before, after)
	}
}

// TestHeadOfV1 compares HEAD with GET on every route that is read, and on errors.
func TestHeadOfV1(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	paths := []string{"/v1", "/v1/nothing", "/v1/accounts/nobody", "/v1/accounts?limit=0", "/v1/ledgers/none/assets", "/v1/transactions/held/post"}
	for _, route := range routesOfGets() {
		paths = append(paths, route.path, route.path+"/")
	}
	for _, path := range paths {
		header := http.Header{"X-Request-Id": {"r1"}}
		get, head := ask(w, "GET", path, "", header), ask(w, "HEAD", path, "", header)
		if head.Body.Len() != 0 || path != "/v1/transactions/held/post" && head.Code != get.Code {
			t.Errorf("%s: HEAD gives %d %q, GET %d", path, head.Code, head.Body, get.Code)
		}
		for name := range get.Header() {
			if name != "Content-Length" && get.Header().Get(name) != head.Header().Get(name) {
				t.Errorf("%s: HEAD gives %s: %s, GET %s", path, name, head.Header().Get(name), get.Header().Get(name))
			}
		}
		if head.Header().Get("Content-Length") == "" {
			t.Errorf("%s: HEAD gives no length", path)
		}
	}
}

func TestUnknownPathsOfV1(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{
		"/v1", "/v1/", "/v1/x", "/v1/Accounts", "/v1/accounts/alice/x", "/v1/accounts/alice/balance/x", "/v1/accounts//balance", "/v1/accounts/a/b/balance",
		"/v1/transactions/paid/undo", "/v1/trial-balance/x", "/v1/ledgers/x", "/v1/ledgers/x/ledgers", "/v1/ledgers/x/y/assets", "/v1/accounts/alice%2Fbalance/x",
		"/v1/" + strings.Repeat("x", 5000),
	} {
		for _, method := range []string{"GET", "POST", "OPTIONS", "DELETE"} {
			got := do(w, method, path, "")
			expectProblem(t, got, ledger.ErrNotFound, "", "there is no path")
			if got.Body.Len() > 2000 {
				t.Errorf("%.20s: the answer has %d bytes", path, got.Body.Len())
			}
		}
	}
}
