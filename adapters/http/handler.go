package http

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// NewHandler returns the API over a service. It is safe for any number of
// requests at once.
func NewHandler(service ledger.Service, config Config) http.Handler {
	return newHandler(service, config.withDefaults())
}

// handler does for every request what its route need not know of: the request
// id, the deadline, the log line, and the answer to a panic.
type handler struct {
	service ledger.Service
	config  Config
	books   *books
	limits  *limits
	router  http.Handler
	// crossOrigin refuses what a browser sends for a page of another site, who may not be
	// the one who wants it. Not all of that has a body, whose type would tell.
	crossOrigin http.CrossOriginProtection
	draining    atomic.Bool
	// drain is closed when draining becomes true.
	drain     chan struct{}
	drainOnce sync.Once
}

func newHandler(service ledger.Service, config Config) *handler {
	h := &handler{
		service: service, config: config, books: newBooks(service, config.Catalog), limits: newLimits(&config), drain: make(chan struct{}),
	}
	h.router = h.routes()
	return h
}

// startDraining refuses requests from here on, and ends streams.
func (h *handler) startDraining() {
	h.drainOnce.Do(func() {
		h.draining.Store(true)
		close(h.drain)
	})
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	id := requestIDOf(r)
	r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
	answered := &response{ResponseWriter: w, head: r.Method == http.MethodHead}
	header := w.Header()
	header.Set(requestIDHeader, id)
	header.Set("X-Content-Type-Options", "nosniff")

	var tell func(Exchange)
	defer func() {
		again := h.recovered(r, answered, recover())
		elapsed := time.Since(start)
		if answered.body.budget != nil {
			answered.body.end()
		}
		if again == nil || answered.err != nil {
			h.log(r, answered, elapsed)
		}
		if tell != nil {
			tell(answered.exchange(r, elapsed, again != nil))
		}
		if again != nil {
			panic(again)
		}
	}()

	if h.config.Observer != nil {
		var ctx context.Context
		ctx, tell = h.config.Observer.Began(r)
		r = r.WithContext(ctx) //nolint:contextcheck // It is the request's, with what the observer has added.
	}
	if r.Body != nil && r.Body != http.NoBody {
		answered.body = countedBody{ReadCloser: r.Body, budget: &h.limits.bodies}
		r.Body = &answered.body
	}
	if r.ProtoMajor > 1 {
		answered.keeps = func() bool { return !h.draining.Load() }
	}
	h.router.ServeHTTP(answered, routable(r))
}

// recovered answers a request whose handler has panicked, unless the value is nil. It
// returns what to panic with again, so that half an answer does not look like a whole one.
func (h *handler) recovered(r *http.Request, answered *response, panicked any) (again any) {
	if panicked == nil {
		return nil
	}
	if err, ok := panicked.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return panicked
	}
	answered.err, answered.stack = fmt.Errorf("panic: %v", panicked), debug.Stack()
	if aside, ok := panicked.(*errandPanic); ok {
		answered.stack = aside.stack
	}
	switch {
	case answered.status != 0:
		answered.ended = http.StatusInternalServerError
		return http.ErrAbortHandler
	case isV1(r):
		refuse(r.Context(), answered.err).send(r, answered)
	default:
		answer{status: http.StatusInternalServerError, message: internalError}.send(answered)
	}
	return nil
}

// inTime gives a request as long as the configuration says.
func (h *handler) inTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), h.config.RequestTimeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// unlessDraining refuses requests that begin after a shutdown has. net/http's
// Shutdown closes a connection that it takes to be idle though a request may
// just have arrived on it. The answer to that one would be lost, so it is not
// carried out.
func (h *handler) unlessDraining(next endpoint) endpoint {
	return func(r *http.Request) answer {
		if h.draining.Load() {
			return answer{
				status:  http.StatusServiceUnavailable,
				message: draining,
				last:    true,
			}
		}
		return next(r)
	}
}

// log writes the one line that a request has in the log. The path is not in it,
// for it names an account.
func (h *handler) log(r *http.Request, answered *response, elapsed time.Duration) {
	ctx, level := r.Context(), slog.LevelDebug
	status := max(answered.status, answered.ended)
	switch {
	case status == http.StatusServiceUnavailable:
		// A client that has hung up is no fault of the server, and a shutdown is
		// logged once, by whoever asked for it.
		if ctx.Err() == nil && !h.draining.Load() {
			level = slog.LevelWarn
		}
	case status >= http.StatusInternalServerError:
		level = slog.LevelError
	}
	if !h.config.Logger.Enabled(ctx, level) {
		return
	}
	attributes := []slog.Attr{
		slog.String("request_id", RequestID(ctx)),
		slog.String("method", r.Method),
		slog.String("route", answered.route),
		slog.Int("status", answered.status),
		slog.Float64("elapsed_ms", float64(elapsed.Microseconds())/1000),
	}
	if answered.err != nil {
		attributes = append(attributes, slog.Any("error", answered.err))
	}
	if answered.stack != nil {
		attributes = append(attributes, slog.String("stack", string(answered.stack)))
	}
	h.config.Logger.LogAttrs(ctx, level, "request", attributes...)
}
