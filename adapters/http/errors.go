package http

import (
	"context"
	"errors"
	"net/http"

	"github.com/seed-d432d95b/ledger/ledger"
)

const (
	// internalError is all that a caller is told of what is the server's own fault.
	internalError = "internal error"
	busy          = "the ledger is busy. nothing was lost: ask again with the same id"
	unavailable   = "the ledger is not available. nothing was lost: ask again with the same id"
	draining      = "the server is shutting down. nothing was lost: ask again with the same id"
)

// usersError answers a request under /users that the service refused. This is
// the one place that knows what each error looks like there. An error that it
// doesn't know is the server's own: it is logged, and its text is not shown.
func usersError(err error) answer {
	var a answer
	switch codeOf(err) {
	case ledger.ErrNotFound, ledger.ErrAssetMismatch:
		// Whoever holds another asset is no user here.
		a = answer{status: http.StatusNotFound, message: "user not found"}
	case ledger.ErrTransactionConflict:
		a = answer{status: http.StatusUnprocessableEntity, message: "transaction was already processed"}
	case ledger.ErrAccountFrozen:
		a = answer{status: http.StatusUnprocessableEntity, message: "account is frozen"}
	case ledger.ErrAccountClosed:
		a = answer{status: http.StatusUnprocessableEntity, message: "account is closed"}
	case ErrUnauthorized:
		a = answer{status: http.StatusUnauthorized, message: "unauthorized"}
	case ErrForbidden:
		a = answer{status: http.StatusForbidden, message: "forbidden"}
	case ErrTooManyRequests:
		a = answer{status: http.StatusTooManyRequests, message: "too many requests"}
	case ledger.ErrOverloaded:
		a = answer{status: http.StatusServiceUnavailable, message: busy}
	case ledger.ErrUnavailable:
		a = answer{status: http.StatusServiceUnavailable, message: unavailable}
	default:
		a = answer{status: http.StatusInternalServerError, message: internalError}
	}
	a.err = err
	return a
}

// codeOf returns the code of the outermost ledger error. A context that ended
// counts as [ledger.ErrUnavailable]: it says just as little about what was done.
func codeOf(err error) ledger.Code {
	if e, ok := errors.AsType[*ledger.Error](err); ok {
		return e.Code
	}
	if code, ok := errors.AsType[ledger.Code](err); ok {
		return code
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return ledger.ErrUnavailable
	}
	return ledger.ErrInternal
}

// reason returns an error's sentence for people, or what its code means if it has
// none: what it is wrapped in is for the log.
func reason(err error) string {
	if e := refusalOf(err); e != nil && e.Message != "" {
		return e.Message
	}
	return kindOf(codeOf(err)).title
}

// limitOf returns the limit that an error is of, or nil.
func limitOf(err error) *LimitError {
	e, _ := errors.AsType[*LimitError](err)
	return e
}

// refusalOf returns the outermost ledger error with its details, or nil.
func refusalOf(err error) *ledger.Error {
	e, _ := errors.AsType[*ledger.Error](err)
	return e
}
