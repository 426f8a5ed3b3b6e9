package http

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"
)

// routes returns the router. It never redirects.
func (h *handler) routes() *mux.Router {
	router := mux.NewRouter().UseEncodedPath().SkipClean(true)
	route := func(path string, methods map[string]endpoint) {
		// One trailing slash is ignored.
		router.Handle(path+"{slash:/?}", newResource(methods)).Name(path)
	}
	route("/users/{uid}/add", map[string]endpoint{http.MethodPost: h.unlessDraining(h.add)})
	route("/users/{uid}/balance", map[string]endpoint{http.MethodGet: h.unlessDraining(h.balance)})
	route("/users/{uid}/history", map[string]endpoint{http.MethodGet: h.unlessDraining(h.history)})
	route("/healthz", map[string]endpoint{http.MethodGet: h.healthz})
	route("/readyz", map[string]endpoint{http.MethodGet: h.readyz})
	router.NotFoundHandler = endpoint(func(*http.Request) answer {
		return answer{status: http.StatusNotFound, message: "not found"}
	})
	return router
}

// endpoint answers a request. It is an http.Handler behind a [handler], whose
// response it tells the answer.
type endpoint func(*http.Request) answer

// ServeHTTP implements http.Handler.
func (e endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := e(r)
	if response, ok := w.(*response); ok {
		response.err = a.err
	}
	a.send(w)
}

// resource is what one path answers to, by method.
type resource struct {
	methods map[string]endpoint
	allow   string
}

func newResource(methods map[string]endpoint) *resource {
	allow := []string{http.MethodOptions}
	for method := range methods {
		allow = append(allow, method)
	}
	if get, ok := methods[http.MethodGet]; ok {
		// The response leaves out the body.
		methods[http.MethodHead] = get
		allow = append(allow, http.MethodHead)
	}
	slices.Sort(allow)
	return &resource{methods: methods, allow: strings.Join(allow, ", ")}
}

// ServeHTTP implements http.Handler.
func (res *resource) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if response, ok := w.(*response); ok {
		response.route = mux.CurrentRoute(r).GetName()
	}
	if e, ok := res.methods[r.Method]; ok {
		e.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Allow", res.allow)
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer{status: http.StatusMethodNotAllowed, message: "method not allowed"}.send(w)
}

// segment returns a part of the path that the route names, unescaped.
func segment(r *http.Request, name string) (value string, ok bool) {
	value, err := url.PathUnescape(mux.Vars(r)[name])
	return value, err == nil
}

// routable returns the request with a path that its segments can be told from.
// Of a path with a byte that should have been escaped, as in "/a%2F\"/b",
// net/url forgets what was escaped, so that a%2F would become two segments.
func routable(r *http.Request) *http.Request {
	raw := r.URL.RawPath
	if raw == "" || r.URL.EscapedPath() == raw {
		return r
	}
	var escaped strings.Builder
	for i := range len(raw) {
		if c := raw[i]; c == '/' || c == '%' {
			escaped.WriteByte(c)
		} else {
			escaped.WriteString(url.PathEscape(raw[i : i+1]))
		}
	}
	location := *r.URL
	location.RawPath = escaped.String()
	routed := *r
	routed.URL = &location
	return &routed
}
