package http

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Authenticator says who sends a request.
type Authenticator interface {
	// Authenticate returns whose token it is, as it stands behind "Authorization: Bearer".
	// One that is not believed, whatever is wrong with it, is [ledger.ErrUnauthorized]; a
	// store that cannot be asked is [ledger.ErrUnavailable]. It is called for each request
	// and should be cheap.
	Authenticate(ctx context.Context, token string) (ledger.Principal, error)
}

type principalKey struct{}

// PrincipalOf returns who sends the request that ctx belongs to, and whether that is
// known: it is not where there is no [Authenticator]. A service finds it in the contexts
// that it is called with.
func PrincipalOf(ctx context.Context) (ledger.Principal, bool) {
	principal, ok := ctx.Value(principalKey{}).(ledger.Principal)
	return principal, ok
}

// authenticate returns who sends a request.
func (h *handler) authenticate(r *http.Request) (ledger.Principal, error) {
	token, ok := bearerOf(r)
	if !ok {
		return ledger.Principal{}, &ledger.Error{
			Code: ErrUnauthorized, Message: "the request should say who asks, by one header Authorization: Bearer TOKEN",
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.config.RequestTimeout)
	defer cancel()
	principal, err := h.config.Authenticator.Authenticate(ctx, token)
	switch {
	case err == nil:
		return principal, nil
	case errors.Is(err, ErrUnauthorized):
		// What is wrong with it is for the log alone.
		return principal, &ledger.Error{
			Code: ErrUnauthorized, Message: "the token is not believed: it may be misspelt, expired or revoked", Cause: err,
		}
	}
	switch code := codeOf(err); code {
	case ledger.ErrOverloaded, ledger.ErrUnavailable:
		return principal, &ledger.Error{Code: code, Message: "the token cannot be looked up", Cause: err}
	default:
		return principal, &ledger.Error{Code: ledger.ErrInternal, Message: "the token cannot be looked up", Cause: err}
	}
}

// bearerOf returns the token of a request, if it has one, and one alone.
func bearerOf(r *http.Request) (token string, ok bool) {
	given := r.Header.Values("Authorization")
	if len(given) != 1 {
		return "", false
	}
	scheme, token, _ := strings.Cut(given[0], " ")
	isOdd := strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' })
	return token, strings.EqualFold(scheme, "Bearer") && token != "" && !isOdd
}

// actorOf returns who a write is by: whoever asks, or whom the request names if they may
// do that.
func actorOf(ctx context.Context, named string) (string, error) {
	principal, isKnown := PrincipalOf(ctx)
	switch {
	case !isKnown:
		return named, nil
	case named == "":
		return principal.Name, nil
	case principal.Role.Allows(ledger.RoleAdmin):
		return named, nil
	}
	return "", &ledger.Error{
		Code: ErrForbidden, Field: "actor", Message: "actor should be left out, for it is whoever asks; role admin alone may name another",
	}
}
