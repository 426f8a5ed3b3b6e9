package http

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/seed-d432d95b/ledger/ledger"
)

const (
	// maxOne is the most bytes of a body under /v1, or of a line of a stream: a
	// transaction with all that it may have fits.
	maxOne = 1 << 20
	// maxMany is the most bytes of a batch.
	maxMany = 16 << 20
)

// readBody reads a body of at most limit bytes, of a request without parameters.
func readBody[T any](r *http.Request, limit int64, decode func([]byte) (T, error)) (value T, err error) {
	if err := noParameters(r); err != nil {
		return value, err
	}
	return readJSON(r, limit, decode)
}

// readJSON reads a body of at most limit bytes.
func readJSON[T any](r *http.Request, limit int64, decode func([]byte) (T, error)) (value T, err error) {
	if !isJSON(r.Header.Get("Content-Type")) {
		return value, &ledger.Error{
			Code: ErrUnsupportedMediaType, Message: "the body should be JSON, with the header Content-Type: application/json",
		}
	}
	body, err := readBytes(r, limit)
	if err != nil {
		return value, err
	}
	return decode(body)
}

// readOptional reads the body of a request without parameters; nothing is as good as
// an empty object.
func readOptional[T any](r *http.Request, decode func([]byte) (T, error)) (value T, err error) {
	if err := noParameters(r); err != nil {
		return value, err
	}
	// Of a body in chunks it is not known before whether there is one.
	first := make([]byte, 1)
	if _, err := io.ReadFull(r.Body, first); errors.Is(err, io.EOF) {
		return value, nil
	} else if err != nil {
		// A body that did not arrive is not an empty one, which asks for all.
		return value, errCutOff(r, err)
	}
	r.Body = &prefixed{Reader: io.MultiReader(bytes.NewReader(first), r.Body), whole: r.Body}
	return readJSON(r, maxOne, decode)
}

// prefixed is a body of which a part was read before.
type prefixed struct {
	io.Reader
	whole io.ReadCloser
}

// Close implements io.Closer.
func (p *prefixed) Close() error { return p.whole.Close() }

func readBytes(r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, errTooLarge(r, limit)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	switch {
	case err != nil:
		return nil, errCutOff(r, err)
	case int64(len(body)) > limit:
		return nil, errTooLarge(r, limit)
	}
	return body, nil
}

// errCutOff is the error of a body that could not be read to its end. net/http cancels
// the context of a request whose connection fails or is too slow.
func errCutOff(r *http.Request, err error) error {
	if errors.Is(err, ledger.ErrOverloaded) {
		return err
	}
	if errors.Is(r.Context().Err(), context.DeadlineExceeded) {
		return errors.Join(r.Context().Err(), err)
	}
	return &ledger.Error{Code: ledger.ErrInvalidRequest, Message: "the body ended before it was whole", Cause: err}
}

func errTooLarge(r *http.Request, limit int64) error {
	drain(r)
	return &ledger.Error{Code: ErrTooLarge, Message: fmt.Sprintf("the body should have at most %d bytes", limit)}
}

// noKey refuses the Idempotency-Key of a request whose members have ids of their own.
func noKey(r *http.Request) error {
	if r.Header.Get("Idempotency-Key") == "" {
		return nil
	}
	return &ledger.Error{
		Code: ledger.ErrInvalidRequest, Field: "Idempotency-Key",
		Message: "Idempotency-Key is for one account or transaction; here each has an id of its own",
	}
}

// idOrKey returns the id in a body, or else the Idempotency-Key of the request.
func idOrKey(r *http.Request, id string) (string, error) {
	keys := r.Header.Values("Idempotency-Key")
	switch {
	case len(keys) == 0:
		return id, nil
	case len(keys) > 1:
		return "", &ledger.Error{Code: ledger.ErrInvalidRequest, Field: "Idempotency-Key", Message: "Idempotency-Key should be given only once"}
	case id == "":
		return keys[0], nil
	case id != keys[0]:
		return "", &ledger.Error{Code: ledger.ErrInvalidRequest, Field: "id", Message: "id and the Idempotency-Key header should be the same, or one be left out"}
	}
	return id, nil
}
