package http

import (
	"context"
	"net/http"
	"strings"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// The codes that only HTTP has. Like those of the domain they are stable, and
// errors of their own for errors.Is.
const (
	// ErrUnauthorized is [ledger.ErrUnauthorized].
	ErrUnauthorized = ledger.ErrUnauthorized
	// ErrForbidden is [ledger.ErrForbidden].
	ErrForbidden = ledger.ErrForbidden
	// ErrMethodNotAllowed: the path is there, but not with this method.
	ErrMethodNotAllowed ledger.Code = "method_not_allowed"
	// ErrTooLarge: the body, or a line of a stream, has too many bytes.
	ErrTooLarge ledger.Code = "too_large"
	// ErrUnsupportedMediaType: the body is not of the type that the path takes.
	ErrUnsupportedMediaType ledger.Code = "unsupported_media_type"
	// ErrTooManyRequests: whoever asks has asked too often; ask again later.
	ErrTooManyRequests ledger.Code = "too_many_requests"
)

// problemKind is what a code is over HTTP.
type problemKind struct {
	code   ledger.Code
	status int
	title  string
}

// problemKinds is the one table of codes: the server reads it from code to status, and
// the client from status to code, for an answer that comes without one.
func problemKinds() []problemKind {
	return []problemKind{
		{ledger.ErrInvalidRequest, http.StatusBadRequest, "The request is malformed"},
		{ErrUnauthorized, http.StatusUnauthorized, "The request does not say who asks"},
		{ErrForbidden, http.StatusForbidden, "Whoever asks may not do that"},
		{ledger.ErrNotFound, http.StatusNotFound, "There is no such thing"},
		{ErrMethodNotAllowed, http.StatusMethodNotAllowed, "The path does not take this method"},
		{ErrTooLarge, http.StatusRequestEntityTooLarge, "The body is too large"},
		{ErrUnsupportedMediaType, http.StatusUnsupportedMediaType, "The body is of another type than the path takes"},
		{ErrTooManyRequests, http.StatusTooManyRequests, "Too many requests"},
		{ledger.ErrAccountExists, http.StatusConflict, "Another account has this id"},
		{ledger.ErrAssetExists, http.StatusConflict, "The asset is known with another scale"},
		{ledger.ErrTransactionConflict, http.StatusConflict, "Another transaction has this id"},
		{ledger.ErrAlreadyResolved, http.StatusConflict, "The transaction is not pending any more"},
		{ledger.ErrAlreadyReversed, http.StatusConflict, "The transaction is reversed already"},
		{ledger.ErrExpired, http.StatusConflict, "The pending transaction has expired"},
		{ledger.ErrNotReversible, http.StatusConflict, "The transaction cannot be reversed"},
		{ledger.ErrAccountNotEmpty, http.StatusConflict, "The account is not empty"},
		{ledger.ErrConditionFailed, http.StatusConflict, "A condition does not hold"},
		{ledger.ErrInsufficientFunds, http.StatusUnprocessableEntity, "Not enough is available"},
		{ledger.ErrAccountFrozen, http.StatusUnprocessableEntity, "The account is frozen"},
		{ledger.ErrAccountClosed, http.StatusUnprocessableEntity, "The account is closed"},
		{ledger.ErrUnbalanced, http.StatusUnprocessableEntity, "Debits and credits differ"},
		{ledger.ErrAssetMismatch, http.StatusUnprocessableEntity, "The account holds another asset"},
		{ledger.ErrUnknownAsset, http.StatusUnprocessableEntity, "The asset is not known"},
		{ledger.ErrAmountOutOfRange, http.StatusUnprocessableEntity, "The amount is out of range"},
		{ledger.ErrInternal, http.StatusInternalServerError, "Internal error"},
		{ledger.ErrOverloaded, http.StatusServiceUnavailable, "The ledger is busy"},
		{ledger.ErrUnavailable, http.StatusServiceUnavailable, "The ledger is not available"},
	}
}

// kindOf returns the table's row of a code. A code that it does not have is the
// server's own fault.
func kindOf(code ledger.Code) problemKind {
	internal := problemKind{}
	for _, kind := range problemKinds() {
		if kind.code == code {
			return kind
		}
		if kind.code == ledger.ErrInternal {
			internal = kind
		}
	}
	return internal
}

// problemOf returns an error as /v1 tells it, without what is only for the log.
func problemOf(ctx context.Context, err error) wire.Problem {
	kind := kindOf(codeOf(err))
	problem := wire.Problem{
		Type: "/docs#" + string(kind.code), Title: kind.title, Status: kind.status, Code: string(kind.code), RequestID: RequestID(ctx),
	}
	switch kind.code {
	case ledger.ErrInternal:
		problem.Detail = "internal error; the server's log has more under the request_id"
	case ledger.ErrOverloaded:
		problem.Detail = busy
	case ledger.ErrUnavailable:
		problem.Detail = unavailable
	default:
		problem.Detail = brief(reason(err), maxDetail)
		if e := refusalOf(err); e != nil {
			problem.Field, problem.Index = brief(e.Field, maxField), e.Index
			problem.Account, problem.Transaction = brief(e.Account, ledger.MaxID), brief(e.Transaction, ledger.MaxID)
		}
	}
	return problem
}

// The most bytes of what a problem says of a request, which may be anything: an answer
// should not grow with what is wrong.
const (
	maxDetail = 1024
	maxField  = 256
)

// brief returns the text, or its beginning if it has more bytes than most.
func brief(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const cut = "…"
	return strings.ToValidUTF8(text[:most-len(cut)], "") + cut
}
