package http_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

const (
	oneTransaction = `{"id":"t1","entries":[{"account":"alice","side":"debit","amount":"1.00","asset":"USD","normal":"credit"},` +
		`{"account":"bob","side":"credit","amount":"1.00"}],"from":"alice","to":"bob","amount":"1.00","asset":"USD","pending":true,` +
		`"expires_at":"2030-01-01T00:00:00Z","effective_at":"2020-01-01T00:00:00Z","description":"d","metadata":{"k":"v"},"related":"paid",` +
		`"conditions":[{"account":"alice","sequence":1,"min_available":"0.01"}],"up_to":true,"actor":"me"}`
	oneAccount = `{"id":"a1","name":"n","asset":"USD","normal":"credit","min_balance":"0","opening_balance":"1.00",` +
		`"effective_at":"2020-01-01T00:00:00Z","metadata":{"k":"v"}}`
)

// bodyRoute is a route that takes a body, with one that has every member that there
// is. That need not make sense as a whole.
type bodyRoute struct {
	method, path, body string
	limit              int
	// optional says that no body is as good as an empty object.
	optional bool
}

// bodyRoutes are those under a prefix.
func bodyRoutes() []bodyRoute {
	return []bodyRoute{
		{"POST", "/assets", `{"code":"DOGE","scale":4}`, 1 << 20, false},
		{"POST", "/accounts", oneAccount, 1 << 20, false},
		{"POST", "/accounts/batch", `{"accounts":[` + oneAccount + `]}`, 16 << 20, false},
		{"POST", "/accounts/lookup", `{"ids":["alice","bob"]}`, 1 << 20, false},
		{"PATCH", "/accounts/alice", `{"name":"n","status":"frozen","metadata":{"k":"v"}}`, 1 << 20, false},
		{"POST", "/transactions", oneTransaction, 1 << 20, false},
		{"POST", "/transactions/batch", `{"transactions":[` + oneTransaction + `],"atomic":true}`, 16 << 20, false},
		{
			"POST", "/transactions/held/post", `{"amount":"1.00","entries":[{"account":"alice","side":"debit","amount":"1.00","asset":"USD","normal":"credit"}],"actor":"me"}`,
			1 << 20, true,
		},
		{"POST", "/transactions/held/void", `{"actor":"me"}`, 1 << 20, true},
		{
			"POST", "/transactions/paid/reverse", `{"id":"r1","effective_at":"2020-01-01T00:00:00Z","description":"d","metadata":{"k":"v"},"actor":"me"}`,
			1 << 20, false,
		},
	}
}

// routesOfBodies are all of them, with their prefixes.
func routesOfBodies() (routes []bodyRoute) {
	for _, prefix := range prefixes() {
		for _, route := range bodyRoutes() {
			route.path = prefix + route.path
			routes = append(routes, route)
		}
	}
	return append(routes, bodyRoute{"POST", "/v1/ledgers", `{"name":"new"}`, 1 << 20, false})
}

// place is somewhere in a body.
type place struct {
	// path is what an error calls it.
	path string
	// name is that of the member; items of arrays have none.
	name  string
	value any
	// with returns the body with a text in place of the value.
	with func(text string) string
}

const placeholder = "the place"

// placesOf returns every place of a body but itself.
func placesOf(t *testing.T, body string) (places []place) {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal([]byte(body), &root); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, value any)
	visit := func(path, name string, value any, set func(any)) {
		set(placeholder)
		text := encoded(t, root)
		set(value)
		places = append(places, place{path, name, value, func(with string) string {
			return strings.Replace(text, `"`+placeholder+`"`, with, 1)
		}})
		walk(path, value)
	}
	walk = func(path string, value any) {
		switch value := value.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(value)) {
				visit(strings.TrimPrefix(path+"."+name, "."), name, value[name], func(v any) { value[name] = v })
			}
		case []any:
			for i := range value {
				visit(fmt.Sprintf("%s[%d]", path, i), "", value[i], func(v any) { value[i] = v })
			}
		}
	}
	walk("", root)
	return places
}

// kindsOfJSON has a text of each kind.
func kindsOfJSON() map[string]string {
	return map[string]string{"string": `"x"`, "number": "1", "bool": "true", "array": "[]", "object": "{}"}
}

func kindOfValue(value any) string {
	switch value.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "bool"
	case []any:
		return "array"
	default:
		return "object"
	}
}

// badTexts returns what can be wrong with a place, by the path that the error names.
func (p place) badTexts(t *testing.T) (texts [][2]string) {
	t.Helper()
	for kind, text := range kindsOfJSON() {
		if kind != kindOfValue(p.value) {
			texts = append(texts, [2]string{p.with(text), p.path})
		}
	}
	good := encoded(t, p.value)
	parent := strings.TrimSuffix(strings.TrimSuffix(p.path, p.name), ".")
	beside := strings.TrimPrefix(parent+".", ".")
	inMetadata := strings.HasSuffix(parent, "metadata")
	if p.name == "" {
		texts = append(texts, [2]string{p.with("null"), p.path})
	} else {
		texts = append(texts,
			[2]string{p.with(good + `,"` + p.name + `":` + good), p.path},
			[2]string{p.with(good + `,"\u00` + fmt.Sprintf("%02x", p.name[0]) + p.name[1:] + `":null`), p.path},
			[2]string{p.with(good + `,"a":1,"a":1`), beside + "a"})
		if !inMetadata {
			texts = append(texts,
				[2]string{p.with(good + `,"unknown":null`), beside + "unknown"},
				[2]string{p.with(good + `,"` + strings.ToUpper(p.name) + `":` + good), beside + strings.ToUpper(p.name)})
		}
	}
	if _, isString := p.value.(string); isString {
		texts = append(texts, [2]string{p.with(`"\ud800"`), p.path}, [2]string{p.with(`"x\udc00\ud800"`), p.path}, [2]string{p.with(`"\ud83d\u0041"`), p.path})
		mayBeEmpty := inMetadata || slices.Contains([]string{"name", "description", "actor"}, p.name)
		if p.name != "" && (!mayBeEmpty || p.path == "name" && strings.Contains(p.with("1"), `{"name":1}`)) {
			texts = append(texts, [2]string{p.with(`""`), p.path})
		}
	}
	if _, isNumber := p.value.(float64); isNumber {
		for _, number := range []string{"-1", "1.0", "1e1", "-0", "9223372036854775808", "1" + strings.Repeat("0", 400)} {
			texts = append(texts, [2]string{p.with(number), p.path})
		}
	}
	return texts
}

// TestBadBodies sends to every route that takes a body each kind of bad one, with
// every member of it in turn.
func TestBadBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.snapshot(t)
	for _, route := range routesOfBodies() {
		refuse := func(body string, header http.Header, code ledger.Code, field string) {
			t.Helper()
			got := ask(w, route.method, route.path, body, header)
			if problem := problemOf(t, got); problem.Code != string(code) || problem.Field != field {
				t.Errorf("%s %s %.300q:\ngot %swant %s of field %q", route.method, route.path, body, got.Body, code, field)
			}
		}
		for _, contentType := range []string{"", "text/plain", "application/jsonx", "application/problem+json", "application/json; =", "*/*"} {
			refuse(route.body, http.Header{"Content-Type": {contentType}}, ledgerhttp.ErrUnsupportedMediaType, "")
		}
		for _, body := range []string{
			" ", "null", "[]", `"x"`, "1", "true", "{", "}", `{"a"}`, "{} x", "{}{}", "{},", "{\"a\":\"\xff\"}", "\xef\xbb\xbf{}", "{'a':1}", "{\"a\":\"\n\"}",
			`{"a":01}`, `{"a":NaN}`, route.body + "]", route.body + route.body, "\x00" + route.body, "[" + route.body + "]",
		} {
			refuse(body, nil, ledger.ErrInvalidRequest, "")
		}
		if !route.optional {
			refuse("", nil, ledger.ErrInvalidRequest, "")
		}
		more := func(member string) string { return strings.TrimSuffix(route.body, "}") + "," + member + "}" }
		refuse(more(`"`+strings.Repeat("é", 1000)+`":1`), nil, ledger.ErrInvalidRequest, strings.Repeat("é", 126)+"…")
		deep := more(`"deep":` + strings.Repeat("[", 40) + strings.Repeat("]", 40))
		refuse(deep, nil, ledger.ErrInvalidRequest, "deep"+strings.Repeat("[0]", 31))
		for _, p := range placesOf(t, route.body) {
			for _, text := range p.badTexts(t) {
				refuse(text[0], nil, ledger.ErrInvalidRequest, text[1])
			}
		}
		got := do(w, route.method, route.path+"?dry_runn=true", route.body)
		expectProblem(t, got, ledger.ErrInvalidRequest, "dry_runn", "is not a known parameter")
	}
	if after := w.snapshot(t); after != before {
		t.Errorf("what was refused changed the ledgers from %s\nto %s", before, after)
	}
}

// TestLargeBodies sends bodies of the most bytes and of one more, with their length
// told and untold.
func TestLargeBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, route := range routesOfBodies()[:len(bodyRoutes())] {
		body := strings.Repeat(" ", route.limit-2) + "[]"
		expectProblem(t, do(w, route.method, route.path, body), ledger.ErrInvalidRequest, "", "should be an object")
		for _, length := range []string{"told", "untold"} {
			request := newRequest(route.method, route.path, body+" ")
			if length == "untold" {
				request.ContentLength = -1
			}
			got := serve(w, request)
			expectProblem(t, got, ledgerhttp.ErrTooLarge, "", fmt.Sprintf("the body should have at most %d bytes", route.limit))
			if got.Header().Get("Connection") != "close" {
				t.Errorf("%s %s, length %s: the connection should be closed", route.method, route.path, length)
			}
		}
	}
}

// TestNullIsMissing sends every member that may be missing as null.
func TestNullIsMissing(t *testing.T) {
	t.Parallel()
	for _, route := range []bodyRoute{
		{
			method: "POST", path: "/v1/accounts",
			body: `{"id":"a1","asset":"USD","name":null,"normal":null,"min_balance":null,"opening_balance":null,"effective_at":null,"metadata":null}`,
		},
		{method: "POST", path: "/v1/accounts", body: `{"id":"a1","asset":"USD","metadata":{"k":null}}`},
		{
			method: "POST", path: "/v1/transactions",
			body: `{"id":"t1","entries":null,"from":"alice","to":"bob","amount":"1.00","asset":null,"pending":null,"expires_at":null,"effective_at":null,` +
				`"description":null,"metadata":null,"related":null,"conditions":null,"up_to":null,"actor":null}`,
		},
		{
			method: "POST", path: "/v1/transactions",
			body: `{"id":"t1","from":null,"to":null,"amount":null,"asset":null,"entries":[{"account":"alice","side":"debit","amount":"1.00","asset":null,"normal":null},` +
				`{"account":"bob","side":"credit","amount":"1.00"}],"conditions":[{"account":"alice","sequence":null,"min_available":"0"}]}`,
		},
		{method: "POST", path: "/v1/transactions/batch", body: `{"transactions":[],"atomic":null}`},
		{method: "POST", path: "/v1/transactions/held/post", body: `{"amount":null,"entries":null,"actor":null}`},
		{method: "POST", path: "/v1/transactions/held/void", body: `{"actor":null}`},
		{method: "POST", path: "/v1/transactions/paid/reverse", body: `{"id":"r1","effective_at":null,"description":null,"metadata":null,"actor":null}`},
	} {
		if got := do(newWorld(t), route.method, route.path, route.body); got.Code >= 300 {
			t.Errorf("%s %s: %d %s", route.path, route.body, got.Code, got.Body)
		}
	}
	w := newWorld(t)
	for _, route := range []struct{ method, path, body, field string }{
		{"POST", "/v1/accounts", `{"id":null,"asset":"USD"}`, "id"},
		{"POST", "/v1/accounts", `{"id":"a1","asset":null}`, "asset"},
		{"POST", "/v1/accounts/batch", `{"accounts":null}`, "accounts"},
		{"POST", "/v1/accounts/lookup", `{"ids":null}`, "ids"},
		{"POST", "/v1/assets", `{"code":null,"scale":2}`, "code"},
		{"POST", "/v1/assets", `{"code":"DOGE","scale":null}`, "scale"},
		{"POST", "/v1/ledgers", `{"name":null}`, "name"},
		{"POST", "/v1/transactions", `{"id":null,"from":"alice","to":"bob","amount":"1"}`, "id"},
		{"POST", "/v1/transactions", `{"id":"t1","from":null,"to":"bob","amount":"1"}`, "from"},
		{"POST", "/v1/transactions", `{"id":"t1","from":"alice","to":null,"amount":"1"}`, "to"},
		{"POST", "/v1/transactions", `{"id":"t1","from":"alice","to":"bob","amount":null}`, "amount"},
		{"POST", "/v1/transactions", `{"id":"t1","asset":"USD"}`, "from"},
		{"POST", "/v1/transactions", `{"id":"t1"}`, "entries"},
		{"POST", "/v1/transactions", `{"id":"t1","entries":[]}`, "entries"},
		{"POST", "/v1/transactions", `{"id":"t1","entries":[],"from":"alice","to":"bob","amount":"1"}`, "entries"},
		{"POST", "/v1/transactions", `{"id":"t1","entries":[{"account":null,"side":"debit","amount":"1"}]}`, "entries[0].account"},
		{"POST", "/v1/transactions", `{"id":"t1","entries":[{"account":"alice","side":null,"amount":"1"}]}`, "entries[0].side"},
		{"POST", "/v1/transactions", `{"id":"t1","entries":[{"account":"alice","side":"debit","amount":null}]}`, "entries[0].amount"},
		{"POST", "/v1/transactions", `{"id":"t1","from":"alice","to":"bob","amount":"1","conditions":[{"account":null,"sequence":1}]}`, "conditions[0].account"},
		{"POST", "/v1/transactions", `{"id":"t1","from":"alice","to":"bob","amount":"1","conditions":[{"account":"bob"}]}`, "conditions[0].sequence"},
		{"POST", "/v1/transactions/batch", `{"transactions":null}`, "transactions"},
		{"POST", "/v1/transactions/held/post", `{"entries":[]}`, "entries"},
		{"POST", "/v1/transactions/paid/reverse", `{"id":null}`, "id"},
	} {
		expectProblem(t, do(w, route.method, route.path, route.body), ledger.ErrInvalidRequest, route.field, "should")
	}
}
