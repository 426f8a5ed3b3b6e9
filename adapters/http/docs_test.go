package http_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

// docsPaths are the paths of the description, the page, and all that it refers to.
func docsPaths(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("docs/index.html")
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{"/v1/openapi.yaml": "application/yaml", "/docs": "text/html; charset=utf-8"}
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
	for _, match := range regexp.MustCompile(`(?:href|src)="(/docs/[^"]+?(\.[a-z]+))"`).FindAllStringSubmatch(string(page), -1) {
		paths[match[1]] = types[match[2]]
	}
	if len(paths) != 4 {
		t.Fatalf("the page should refer to a style sheet and a script: %v", paths)
	}
	return paths
}

func get(handler http.Handler, method, path, etag string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

func TestDocsAreServed(t *testing.T) {
	t.Parallel()
	handler := newHandler(t)
	for path, contentType := range docsPaths(t) {
		got := get(handler, http.MethodGet, path, "")
		header := got.Header()
		if got.Code != http.StatusOK || header.Get("Content-Type") != contentType || got.Body.Len() == 0 {
			t.Errorf("%s: %d %s with %d bytes", path, got.Code, header.Get("Content-Type"), got.Body.Len())
		}
		if header.Get("X-Request-Id") == "" || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, header)
		}
		cache := "no-cache"
		if strings.HasPrefix(path, "/docs/") {
			cache = "public, max-age=31536000, immutable"
		}
		if header.Get("Cache-Control") != cache {
			t.Errorf("%s: Cache-Control: %s", path, header.Get("Cache-Control"))
		}
		if slash := get(handler, http.MethodGet, path+"/", ""); slash.Code != http.StatusOK || slash.Body.String() != got.Body.String() {
			t.Errorf("%s/: %d", path, slash.Code)
		}
		head := get(handler, http.MethodHead, path, "")
		if head.Code != http.StatusOK || head.Body.Len() > 0 || head.Header().Get("Content-Length") != header.Get("Content-Length") {
			t.Errorf("HEAD %s: %d with %d bytes, %v", path, head.Code, head.Body.Len(), head.Header())
		}
	}
	if got := get(handler, http.MethodGet, "/v1/openapi.yaml", "").Body.String(); !strings.HasPrefix(got, "openapi: 3.1.0\n") {
		t.Errorf("the description begins with %.40q", got)
	}
	if got := get(handler, http.MethodGet, "/docs/nothing.css", ""); got.Code != http.StatusNotFound {
		t.Errorf("a file that is not there: %d", got.Code)
	}
}

func TestDocsAreCached(t *testing.T) {
	t.Parallel()
	handler := newHandler(t)
	for path := range docsPaths(t) {
		etag := get(handler, http.MethodGet, path, "").Header().Get("ETag")
		if len(etag) < 10 {
			t.Fatalf("%s: ETag: %q", path, etag)
		}
		for _, held := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
			got := get(handler, http.MethodGet, path, held)
			if got.Code != http.StatusNotModified || got.Body.Len() > 0 || got.Header().Get("ETag") != etag || got.Header().Get("Cache-Control") == "" {
				t.Errorf("%s with %s: %d with %d bytes, %v", path, held, got.Code, got.Body.Len(), got.Header())
			}
		}
		if got := get(handler, http.MethodGet, path, `"other"`); got.Code != http.StatusOK {
			t.Errorf("%s with another: %d", path, got.Code)
		}
	}
}

func TestDocsTakeNoOtherMethod(t *testing.T) {
	t.Parallel()
	handler := newHandler(t)
	for path := range docsPaths(t) {
		got := get(handler, http.MethodPost, path, "")
		want := "application/json"
		if strings.HasPrefix(path, "/v1/") {
			want = "application/problem+json"
		}
		if got.Code != http.StatusMethodNotAllowed || got.Header().Get("Allow") != "GET, HEAD, OPTIONS" || got.Header().Get("Content-Type") != want {
			t.Errorf("POST %s: %d, %v", path, got.Code, got.Header())
		}
		if got := get(handler, http.MethodOptions, path, ""); got.Code != http.StatusNoContent {
			t.Errorf("OPTIONS %s: %d", path, got.Code)
		}
	}
}

// TestDocsPolicy holds that the page may load what it needs and nothing else, and
// that it needs nothing inline.
func TestDocsPolicy(t *testing.T) {
	t.Parallel()
	got := get(newHandler(t), http.MethodGet, "/docs", "")
	policy := got.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("Content-Security-Policy: %s", policy)
	}
	page := got.Body.String()
	for _, inline := range []string{`<style`, ` style="`, ` onclick="`, ` onsubmit="`, "javascript:", "<script>", `src="http`, `href="http`} {
		if strings.Contains(page, inline) {
			t.Errorf("the page has %q, which its policy forbids or the network has to bring", inline)
		}
	}
}

// TestDocsTakeAToken holds that the page has where to enter a token, and that its script
// sends it and keeps it nowhere.
func TestDocsTakeAToken(t *testing.T) {
	t.Parallel()
	handler := newHandler(t)
	page := get(handler, http.MethodGet, "/docs", "").Body.String()
	if !strings.Contains(page, `<input id="token" type="password" autocomplete="off"`) {
		t.Error("the page has no field for a token")
	}
	for path, contentType := range docsPaths(t) {
		if !strings.HasPrefix(contentType, "text/javascript") {
			continue
		}
		script := get(handler, http.MethodGet, path, "").Body.String()
		if !strings.Contains(script, `options.headers.Authorization = "Bearer " + token.value`) || strings.Contains(script, "Storage") || strings.Contains(script, "cookie") {
			t.Error("the script should send the token, and keep it nowhere")
		}
	}
}
