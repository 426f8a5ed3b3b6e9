package http

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// need is what somebody must be to ask for something.
type need struct {
	role  ledger.Role
	scope scope
}

// scope is which ledgers a request is about.
type scope uint8

const (
	// ofOne is the ledger that the path names, or the handler's own.
	ofOne scope = iota
	// ofAll is all of them, which nobody may ask for who may use one alone.
	ofAll
	// ofAny is those that whoever asks may use.
	ofAny
)

// needFor returns what a method of a path needs. It is the one place that knows.
func needFor(method, path string) need {
	const ledgers, metrics = "/v1/ledgers", "/metrics"
	switch {
	case path == ledgers && method == http.MethodGet:
		return need{ledger.RoleRead, ofAny}
	case path == ledgers:
		return need{ledger.RoleAdmin, ofAll}
	case path == metrics:
		return need{ledger.RoleRead, ofAll}
	case strings.HasSuffix(path, "/assets") && method == http.MethodPost:
		return need{ledger.RoleAdmin, ofOne}
	case method == http.MethodGet, method == http.MethodPost && strings.HasSuffix(path, "/accounts/{id:lookup}"):
		return need{ledger.RoleRead, ofOne}
	default:
		return need{ledger.RoleWrite, ofOne}
	}
}

// guard lets requests through to next of those who are known and may ask for it. Others
// learn nothing of what is there: they are turned away before anything is looked up.
func (h *handler) guard(n need, next http.Handler) http.Handler {
	if h.config.Authenticator == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		principal, err := h.authenticate(r)
		if err == nil {
			err = h.limits.ofPrincipal(principal)
		}
		if err == nil {
			err = h.allow(r, principal, n)
		}
		if err != nil {
			turnAway(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), principalKey{}, principal)))
	})
}

// allow says why somebody may not ask for something, or nil.
func (h *handler) allow(r *http.Request, principal ledger.Principal, n need) error {
	if !principal.Role.Allows(n.role) {
		return &ledger.Error{
			Code: ErrForbidden, Message: fmt.Sprintf("this needs the role %s, and the token has %s", n.role, principal.Role),
		}
	}
	if principal.Ledger == "" || n.scope == ofAny {
		return nil
	}
	if n.scope == ofOne && h.ledgerName(r) == principal.Ledger {
		return nil
	}
	// It is the same whether or not there is another ledger.
	return &ledger.Error{Code: ErrForbidden, Message: "the token is for another ledger alone"}
}

// ledgerName returns the name of the ledger that a request is about.
func (h *handler) ledgerName(r *http.Request) string {
	if name, ok := segment(r, "ledger"); ok && name != "" {
		return name
	}
	return h.config.Ledger
}

// turnAway answers a request that is refused before anything is done for it.
func turnAway(w http.ResponseWriter, r *http.Request, err error) {
	// Before an answer that leaves the connection open, net/http waits for the body, which
	// may have no end.
	isEndless := r.ContentLength < 0
	if isV1(r) {
		a := refuse(r.Context(), err)
		a.last = a.last || isEndless
		a.send(r, w)
		return
	}
	if response, ok := w.(*response); ok {
		response.err = err
	}
	a := usersError(err)
	a.last = a.last || isEndless
	a.send(w)
}
