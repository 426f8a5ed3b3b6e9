package http_test

import (
	"cmp"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/http/internal/openapi"
)

func readDescription(t testing.TB) *openapi.Description {
	t.Helper()
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	description, err := openapi.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return description
}

// TestRoutesAreDescribed holds that the description has every path and method that
// the server has, and no other.
func TestRoutesAreDescribed(t *testing.T) {
	t.Parallel()
	described := make(map[string]bool)
	for _, operation := range readDescription(t).Operations() {
		for _, server := range operation.Servers {
			described[operation.Method+" "+server+operation.Path] = true
		}
	}
	served := make(map[string]bool)
	for path, methods := range ledgerhttp.Routes(newLedger(t), ledgerhttp.Config{}) {
		for _, method := range methods {
			if method != http.MethodHead {
				served[method+" "+path] = true
			}
		}
	}
	// Some ids are paths of their own as well, which still are ids.
	for route := range served {
		method, path, _ := strings.Cut(route, " ")
		if prefix, name := path[:strings.LastIndexByte(path, '/')+1], path[strings.LastIndexByte(path, '/')+1:]; strings.HasPrefix(name, "{id:") {
			delete(served, route)
			if !served[method+" "+prefix+"{id}"] {
				served[method+" "+prefix+strings.TrimSuffix(strings.TrimPrefix(name, "{id:"), "}")] = true
			}
		}
	}
	for _, route := range slices.Sorted(maps.Keys(served)) {
		if !described[route] {
			t.Errorf("%s is served and not described", route)
		}
	}
	for _, route := range slices.Sorted(maps.Keys(described)) {
		if !served[route] {
			t.Errorf("%s is described and not served", route)
		}
	}
}

// TestCodesAreDescribed holds that the description has the codes of the server's one
// table, with their statuses, and that each operation has its codes under their
// status.
func TestCodesAreDescribed(t *testing.T) {
	t.Parallel()
	description := readDescription(t)
	schema := description.Schema("ErrorCode")
	statuses := make(map[string]string)
	var codes []string
	for _, kind := range ledgerhttp.ProblemKinds() {
		code := string(kind.Code)
		codes = append(codes, code)
		statuses[code] = strconv.Itoa(kind.Status)
		if text := schema.EnumText[code]; !strings.HasPrefix(text, statuses[code]+": ") {
			t.Errorf("%s should be explained, beginning with its status, %s: %s", code, statuses[code], text)
		}
	}
	if !slices.Equal(schema.Enum, codes) || len(schema.EnumText) != len(codes) {
		t.Errorf("the codes are %q, and %d explained, want %q", schema.Enum, len(schema.EnumText), codes)
	}
	for _, operation := range description.Operations() {
		for _, response := range operation.Responses {
			_, isProblem := response.Value.Content.Find("application/problem+json")
			if isProblem != (len(response.Value.Codes) > 0) {
				t.Errorf("%s: %s should have codes if it is a problem", operation.ID, response.Name)
			}
			for _, code := range response.Value.Codes {
				if statuses[code] != response.Name {
					t.Errorf("%s: %s is there with status %s, want %s", operation.ID, code, response.Name, cmp.Or(statuses[code], "none"))
				}
			}
			if media, ok := response.Value.Content.Find("application/problem+json"); ok {
				for _, example := range media.Examples {
					if text := string(mustAnswer(t, example.Value)); !slices.ContainsFunc(response.Value.Codes, func(code string) bool {
						return strings.Contains(text, `"code":"`+code+`"`)
					}) {
						t.Errorf("%s: example %s has none of %q", operation.ID, example.Name, response.Value.Codes)
					}
				}
			}
		}
	}
}

func mustAnswer(t *testing.T, example *openapi.Example) []byte {
	t.Helper()
	body, err := example.Body()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestAccessIsDescribed holds that each operation says who may not ask for it, and how
// often, but the probes, which anybody may ask for at any time, and that those say so that
// need no token.
func TestAccessIsDescribed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, operation := range readDescription(t).Operations() {
		_, known := operation.Responses.Find("401")
		_, allowed := operation.Responses.Find("403")
		_, limited := operation.Responses.Find("429")
		got := [...]bool{known, allowed, limited}
		isOpen := strings.Contains(string(text), "operationId: "+operation.ID+"\n      security: []\n")
		want := [...]bool{true, true, true}
		switch {
		case operation.Path == "/healthz" || operation.Path == "/readyz":
			want = [3]bool{}
		case isOpen:
			want = [...]bool{false, true, true}
		}
		if isOpen != (wantOf(operation.Method, operation.Servers[0]+operation.Path, "main", "") == 0) {
			t.Errorf("%s: it is open: %t", operation.ID, isOpen)
		}
		if got != want {
			t.Errorf("%s has 401, 403, 429: %t, want %t", operation.ID, got, want)
		}
	}
}
