package http

import (
	"context"
	"net/http"
	"time"
)

// Observer is told of each request, for metrics, traces and reports of errors.
type Observer interface {
	// Began is told of a request before it is answered. The context that it returns is
	// the request's from then on. What else it returns, unless it is nil, is called when
	// the request is answered.
	Began(r *http.Request) (context.Context, func(Exchange))
}

// Exchange is what became of a request.
type Exchange struct {
	// Route is the pattern of the path, such as /v1/accounts/{id}; empty if there is none.
	Route string
	// Method is one that the API has, or OTHER.
	Method string
	// Status is what was answered; of an answer that broke off, what ended it; and
	// [StatusHungUp] if nobody waited for it any more.
	Status  int
	Elapsed time.Duration
	// Err is why the answer is what it is, if it is a refusal, and Stack where a panic
	// came from.
	Err   error
	Stack []byte
}

// StatusHungUp is the status of an [Exchange] that the client ended before there was an
// answer, which is no failure of the server. It is that of nginx, and is never sent.
const StatusHungUp = 499

// exchange returns what became of a request, whose answer may have broken off.
func (r *response) exchange(of *http.Request, elapsed time.Duration, brokeOff bool) Exchange {
	e := Exchange{
		Route: r.route, Method: "OTHER", Status: max(r.status, r.ended), Elapsed: elapsed, Err: r.err, Stack: r.stack,
	}
	switch of.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPatch, http.MethodPost:
		e.Method = of.Method
	}
	if brokeOff {
		e.Status = max(e.Status, http.StatusInternalServerError)
	}
	if e.Status == http.StatusServiceUnavailable && of.Context().Err() != nil {
		e.Status = StatusHungUp
	}
	return e
}
