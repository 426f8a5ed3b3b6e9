package http

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// refusedBy returns the failure that an answer is which is no success.
func refusedBy(response *http.Response, text []byte) *failure {
	failed := &failure{err: errForeign(response, text)}
	problem, isProblem := problemIn(response, text)
	if isProblem {
		failed.err = errorOf(&problem)
	}
	switch response.StatusCode {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		failed.again = true
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		// From something between, which may have asked the ledger, or not.
		failed.again, failed.unknown = !isProblem, !isProblem
	}
	if failed.again {
		failed.wait = retryAfter(response.Header, time.Now())
	}
	return failed
}

// problemIn reads an answer that a ledger refuses a request with.
func problemIn(response *http.Response, text []byte) (problem wire.Problem, ok bool) {
	kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil || kind != problemType || json.Unmarshal(text, &problem) != nil {
		return wire.Problem{}, false
	}
	return problem, problem.Code != ""
}

// errorOf returns the error that the server had. Of what it does not tell, its log has
// more under the id of the request.
func errorOf(problem *wire.Problem) *ledger.Error {
	e := problem.Domain()
	if e.Code == ledger.ErrInternal && problem.RequestID != "" {
		e.Cause = fmt.Errorf("request_id %s", problem.RequestID)
	}
	return e
}

// errForeign returns the error of an answer that is not from a ledger.
func errForeign(response *http.Response, text []byte) error {
	says := fmt.Sprintf("the answer is not from a ledger: status %d", response.StatusCode)
	if location := response.Header.Get("Location"); location != "" {
		says += fmt.Sprintf(", which points to %.200q", location)
	}
	const first = 200
	return &ledger.Error{Code: codeOfStatus(response.StatusCode), Message: fmt.Sprintf("%s, %.*q", says, first, text)}
}

// codeOfStatus tells what a status means that came without a code. One that speaks of
// ids means nothing: whoever sent it knows none.
func codeOfStatus(status int) ledger.Code {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusTooManyRequests:
		for _, kind := range problemKinds() {
			if kind.status == status {
				return kind.code
			}
		}
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return ledger.ErrUnavailable
	}
	if status/100 == 2 {
		return ledger.ErrUnavailable
	}
	return ledger.ErrInternal
}

// broken returns the failure of an attempt without a whole answer. limited is the
// context of the attempt.
func (l *link) broken(ctx, limited context.Context, err error) *failure {
	switch {
	case ctx.Err() != nil:
		return &failure{err: interrupted(ctx.Err(), nil)}
	case errors.Is(err, errTooLong):
		return &failure{err: &ledger.Error{
			Code: ledger.ErrInternal, Message: fmt.Sprintf("the answer is larger than %d MiB; ask for less at once", maxAnswer>>20),
		}}
	case limited.Err() != nil:
		err = fmt.Errorf("there was no whole answer within %s", l.timeout)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		// Those of the caller's context mean something else.
		err = &quoted{err}
	}
	_, isUntrusted := errors.AsType[*tls.CertificateVerificationError](err)
	return &failure{again: !isUntrusted, unknown: !isUntrusted, err: &ledger.Error{
		Code: ledger.ErrUnavailable, Message: "the ledger at " + l.base + " cannot be reached", Cause: err,
	}}
}

// last returns the error of a question after so many attempts, the last of which the
// failure is.
func (f *failure) last(q question, attempts int) error {
	e := refusalOf(f.err)
	if e == nil || !f.unknown {
		return f.err
	}
	final := *e
	if q.isRead {
		final.Message += "; ask again later"
	} else {
		final.Message += "; whether the request took effect is not known, so ask again with the same id"
	}
	if attempts > 1 {
		final.Message = fmt.Sprintf("after %d attempts, %s", attempts, final.Message)
	}
	return &final
}

// errSenseless is about an answer that is JSON, but not what was asked for.
func errSenseless(err error) error {
	return &ledger.Error{Code: ledger.ErrInternal, Message: "the ledger's answer makes no sense to this client", Cause: err}
}

// refused returns the outcome of a write that failed, which is rejected if the ledger
// judged so.
func refused(err error) (ledger.Outcome, error) {
	if isRefusal(err) {
		return ledger.Outcome{Result: ledger.Rejected, Err: err}, err
	}
	return ledger.Outcome{}, err
}

// isRefusal says whether an error is the ledger's own judgement of a request. After
// any other, nobody knows whether an earlier attempt took effect.
func isRefusal(err error) bool {
	e := refusalOf(err)
	if e == nil {
		return false
	}
	switch e.Code {
	case ledger.ErrInternal, ledger.ErrOverloaded, ledger.ErrUnavailable,
		ErrUnauthorized, ErrForbidden, ErrMethodNotAllowed, ErrTooLarge, ErrUnsupportedMediaType, ErrTooManyRequests:
		return false
	default:
		return true
	}
}

// depositError returns an error about the transaction that a deposit is in the words
// of the deposit.
func depositError(err error) error {
	e := refusalOf(err)
	if e == nil || !strings.HasPrefix(e.Field, "entries[") {
		return err
	}
	_, field, _ := strings.Cut(e.Field, ".")
	explained := *e
	explained.Field, explained.Message = field, strings.ReplaceAll(e.Message, e.Field, field)
	return &explained
}
