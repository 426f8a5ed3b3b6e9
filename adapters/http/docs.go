package http

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/gorilla/mux"
)

//go:generate go run ./internal/openapi/docsgen

// openAPI is the description of the whole API, and the source of the page.
//
//go:embed openapi.yaml
var openAPI []byte

// docsHTML is the page. It is made of openapi.yaml, and refers to the other two
// files by the names that they are served under.
//
//go:embed docs/index.html
var docsHTML []byte

//go:embed docs/style.css
var docsCSS []byte

//go:embed docs/script.js
var docsScript []byte

// docsPolicy lets the page load its own style sheet and script, ask its own server,
// have an empty icon in itself, and nothing else.
const docsPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const (
	// cacheAsk lets a copy be kept, and asks each time whether it still holds.
	cacheAsk = "no-cache"
	// cacheForever is for what has another name when it has other content.
	cacheForever = "public, max-age=31536000, immutable"
)

// file is something that is served as it is.
type file struct {
	contentType string
	cache       string
	policy      string
	body        []byte
	etag        string
}

// addDocs adds the description and the page. They ask nothing of a ledger, and so have
// no deadline, and are served while the server drains.
func (h *handler) addDocs(router *mux.Router, notFound http.Handler) {
	h.addRoute(router, "/v1/openapi.yaml", methods{http.MethodGet: openAPIFile()}, http.HandlerFunc(v1Method))
	h.addRoute(router, "/docs", methods{http.MethodGet: docsPage()}, endpoint(usersMethod))
	h.addRoute(router, "/docs/{file}", methods{http.MethodGet: docsFile(notFound)}, endpoint(usersMethod))
}

// openAPIFile answers GET /v1/openapi.yaml.
func openAPIFile() http.Handler {
	return newFile("application/yaml", cacheAsk, openAPI)
}

// docsPage answers GET /docs.
func docsPage() http.Handler {
	page := newFile("text/html; charset=utf-8", cacheAsk, docsHTML)
	page.policy = docsPolicy
	return page
}

// docsFile answers GET /docs/{file}, and has notFound answer for a name that it does
// not have.
func docsFile(notFound http.Handler) http.Handler {
	files := map[string]http.Handler{
		hashedName("style.css", docsCSS):    newFile("text/css; charset=utf-8", cacheForever, docsCSS),
		hashedName("script.js", docsScript): newFile("text/javascript; charset=utf-8", cacheForever, docsScript),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if found, ok := files[mux.Vars(r)["file"]]; ok {
			found.ServeHTTP(w, r)
			return
		}
		notFound.ServeHTTP(w, r)
	})
}

// hashedName returns a name that tells the content: style.css becomes
// style.0123456789ab.css. The page that internal/openapi/docsgen makes has the same names.
func hashedName(name string, body []byte) string {
	extension := path.Ext(name)
	return strings.TrimSuffix(name, extension) + "." + hashOf(body)[:12] + extension
}

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func newFile(contentType, cache string, body []byte) *file {
	return &file{contentType: contentType, cache: cache, body: body, etag: `"` + hashOf(body)[:32] + `"`}
}

// ServeHTTP implements http.Handler.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("ETag", f.etag)
	header.Set("Cache-Control", f.cache)
	if f.policy != "" {
		header.Set("Content-Security-Policy", f.policy)
		header.Set("Referrer-Policy", "no-referrer")
	}
	if f.isHeldBy(r) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", f.contentType)
	header.Set("Content-Length", strconv.Itoa(len(f.body)))
	w.WriteHeader(http.StatusOK)
	// If the client is gone there is nobody to tell.
	_, _ = bytes.NewReader(f.body).WriteTo(w)
}

// isHeldBy says whether the caller has what is served.
func (f *file) isHeldBy(r *http.Request) bool {
	for _, tags := range r.Header.Values("If-None-Match") {
		for tag := range strings.SplitSeq(tags, ",") {
			if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == f.etag {
				return true
			}
		}
	}
	return false
}
