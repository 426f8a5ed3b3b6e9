package http

import (
	"context"
	"crypto/rand"
	"net/http"
)

const (
	requestIDHeader    = "X-Request-Id"
	requestIDMaxLength = 128
)

type requestIDKey struct{}

// RequestID returns the id of the request that ctx belongs to, or "". A service
// finds it in the contexts that it is called with.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// requestIDOf takes the caller's own request id if it has a sane one, so that a
// request can be followed through several programs, and makes one otherwise.
func requestIDOf(r *http.Request) string {
	id := r.Header.Get(requestIDHeader)
	if id == "" || len(id) > requestIDMaxLength {
		return rand.Text()
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return rand.Text()
		}
	}
	return id
}
