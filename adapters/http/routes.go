package http

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"
)

// methods are what one path answers to.
type methods map[string]http.Handler

// routes returns the router. It never redirects.
func (h *handler) routes() *mux.Router {
	router := mux.NewRouter().UseEncodedPath().SkipClean(true)
	users := func(path, method string, e endpoint) {
		h.addRoute(router, path, methods{method: h.inTime(h.guard(needFor(method, path), h.unlessDraining(e)))}, endpoint(usersMethod))
	}
	users("/users/{uid}/add", http.MethodPost, h.add)
	users("/users/{uid}/balance", http.MethodGet, h.balance)
	users("/users/{uid}/history", http.MethodGet, h.history)
	// Whoever watches the server is told the truth at any time: no limit applies.
	addProbe := func(path string, e endpoint) {
		router.Handle(path+"{slash:/?}", newResource(methods{http.MethodGet: h.inTime(e)}, endpoint(usersMethod), nil)).Name(path)
	}
	addProbe("/healthz", h.healthz)
	addProbe("/readyz", h.readyz)
	if h.config.Metrics != nil {
		const path = "/metrics"
		h.addRoute(router, path, methods{http.MethodGet: h.inTime(h.guard(needFor(http.MethodGet, path), h.config.Metrics))}, endpoint(usersMethod))
	}
	h.addV1(router)
	notFound := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isV1(r) {
			refuse(r.Context(), noRoute(r)).send(r, w)
			return
		}
		answer{status: http.StatusNotFound, message: "not found"}.send(w)
	})
	h.addDocs(router, notFound)
	router.NotFoundHandler = h.limits.around(notFound)
	return router
}

// addRoute adds a path, of which one trailing slash is ignored. wrongMethod answers
// all methods but those that it takes.
func (h *handler) addRoute(router *mux.Router, path string, taken methods, wrongMethod http.Handler) {
	router.Handle(path+"{slash:/?}", newResource(taken, wrongMethod, h.limits)).Name(path)
}

func usersMethod(*http.Request) answer {
	return answer{status: http.StatusMethodNotAllowed, message: "method not allowed"}
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
	methods     methods
	allow       string
	wrongMethod http.Handler
	// limits is nil if none apply.
	limits *limits
}

func newResource(taken methods, wrongMethod http.Handler, l *limits) *resource {
	allow := append(slices.Collect(maps.Keys(taken)), http.MethodOptions)
	if get, ok := taken[http.MethodGet]; ok {
		// The response leaves out the body.
		taken[http.MethodHead] = get
		allow = append(allow, http.MethodHead)
	}
	slices.Sort(allow)
	return &resource{methods: taken, allow: strings.Join(allow, ", "), wrongMethod: wrongMethod, limits: l}
}

// ServeHTTP implements http.Handler.
func (res *resource) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if response, ok := w.(*response); ok {
		response.route = mux.CurrentRoute(r).GetName()
	}
	if res.limits != nil {
		if err := res.limits.enter(r); err != nil {
			turnAway(w, r, err)
			return
		}
		defer res.limits.leave()
	}
	if taken, ok := res.methods[r.Method]; ok {
		taken.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Allow", res.allow)
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	res.wrongMethod.ServeHTTP(w, r)
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
