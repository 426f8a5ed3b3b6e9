package http

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// maxAnswer is the most bytes of an answer that a client reads: several times a page
// of a thousand accounts with all the metadata that they may have.
const maxAnswer = 64 << 20

// link is a client's way to the server, which those of its other ledgers share.
type link struct {
	// base is the server's URL, without a slash at the end.
	base     string
	token    string
	http     http.Client
	timeout  time.Duration
	retryFor time.Duration
	// names has ledgers that are known to be there.
	names *names
}

// question is a request, as often as it is sent.
type question struct {
	method string
	// path is escaped, and begins with a slash.
	path  string
	query url.Values
	// body is sent as JSON, unless it is nil.
	body any
	// isRead says that an answer changes nothing.
	isRead bool
}

// answered is what is said of a success beside its body.
type answered struct {
	status   int
	replayed bool
}

// result says what became of a write that would have the status if it took effect
// now.
func (a answered) result(status int) ledger.Result {
	if a.replayed || a.status != status {
		return ledger.Replayed
	}
	return ledger.Applied
}

func get(path string, query url.Values) question {
	return question{method: http.MethodGet, path: path, query: query, isRead: true}
}

func post(path string, body any) question {
	return question{method: http.MethodPost, path: path, body: body}
}

// escaped returns an id as a segment of a path. Dots alone would be a way through the
// path to what stands between.
func escaped(id string) string {
	if id == "." || id == ".." {
		return strings.ReplaceAll(id, ".", "%2E")
	}
	return url.PathEscape(id)
}

// ask sends a question until it is answered, and returns the body as the wire has
// it.
func ask[T any](ctx context.Context, l *link, q question) (value T, a answered, err error) {
	var body []byte
	if q.body != nil {
		if body, err = encode(q.body); err != nil {
			return value, a, err
		}
	}
	a, err = l.send(ctx, q, body, func(text []byte) error {
		value = *new(T)
		return json.Unmarshal(text, &value)
	})
	return value, a, err
}

// fetch sends a question, and returns the body as the domain has it.
func fetch[W interface{ Domain() (D, error) }, D any](ctx context.Context, l *link, q question) (value D, a answered, err error) {
	body, a, err := ask[W](ctx, l, q)
	if err != nil {
		return value, a, err
	}
	value, err = body.Domain()
	if err != nil {
		return value, a, errSenseless(err)
	}
	return value, a, nil
}

// attempt sends a question once. It returns a failure if there is no good answer.
func (l *link) attempt(ctx context.Context, q question, body []byte, decode func([]byte) error) (answered, *failure) {
	limited, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	request, err := l.request(limited, q, bytes.NewReader(body))
	if err != nil {
		return answered{}, &failure{err: err}
	}
	if q.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := l.http.Do(request) //nolint:gosec // The host is the choice of whoever configures the client.
	if err != nil {
		return answered{}, l.broken(ctx, limited, err)
	}
	text, err := readAnswer(response)
	if err != nil {
		return answered{}, l.broken(ctx, limited, err)
	}
	if response.StatusCode/100 != 2 {
		return answered{}, refusedBy(response, text)
	}
	if err := decode(text); err != nil {
		return answered{}, &failure{err: errForeign(response, text), again: true, unknown: true}
	}
	return answered{status: response.StatusCode, replayed: response.Header.Get("Idempotent-Replayed") == "true"}, nil
}

// request returns a request without a body's type.
func (l *link) request(ctx context.Context, q question, body io.Reader) (*http.Request, error) {
	target := l.base + q.path
	if len(q.query) > 0 {
		target += "?" + q.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, q.method, target, body) //nolint:gosec // As above.
	if err != nil {
		return nil, fmt.Errorf("make a request for the ledger: %w", err)
	}
	request.Header.Set("Accept", "application/json, application/problem+json")
	if l.token != "" {
		request.Header.Set("Authorization", "Bearer "+l.token)
	}
	if id := RequestID(ctx); id != "" {
		// A server that is a client in turn can be followed through both logs.
		request.Header.Set(requestIDHeader, id)
	}
	return request, nil
}

var errTooLong = errors.New("the answer is too long")

// readAnswer reads a body to its end, so that the connection can be used again, and
// closes it.
func readAnswer(response *http.Response) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err == nil && len(text) > maxAnswer {
		err = errTooLong
	}
	// What was read is there, however the connection ends.
	_ = response.Body.Close()
	return text, err
}

// pageQuery returns the parameters that lists have in common.
func pageQuery(oldestFirst bool, cursor string, limit int) url.Values {
	query := make(url.Values)
	if oldestFirst {
		query.Set("order", "asc")
	}
	setText(query, "cursor", cursor)
	if limit != 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	return query
}

// setText sets a parameter that is given if it says something.
func setText(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}

func setMetadata(query url.Values, metadata ledger.Metadata) {
	for key, value := range metadata {
		query.Set(metadataPrefix+key, value)
	}
}
