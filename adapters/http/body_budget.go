package http

import (
	"io"
	"sync/atomic"

	"github.com/seed-d432d95b/ledger/ledger"
)

// budget bounds the bytes of requests that are held at once.
type budget struct {
	most int64
	held atomic.Int64
}

// take counts more bytes, or says that there is no room for them.
func (b *budget) take(bytes int64) bool {
	if b.held.Add(bytes) <= b.most {
		return true
	}
	b.give(bytes)
	return false
}

// force counts more bytes, room or not.
func (b *budget) force(bytes int64) { b.held.Add(bytes) }

func (b *budget) give(bytes int64) { b.held.Add(-bytes) }

// countedBody counts what is read of a body until the request is answered. For as long
// the bytes are held, as they were or as what they say.
type countedBody struct {
	io.ReadCloser
	budget *budget
	taken  int64
}

// Read implements io.Reader.
func (c *countedBody) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	if n == 0 {
		return n, err
	}
	if !c.budget.take(int64(n)) {
		return 0, &ledger.Error{Code: ledger.ErrOverloaded, Message: busy, Cause: &LimitError{Limit: LimitBodies}}
	}
	c.taken += int64(n)
	return n, err
}

func (c *countedBody) end() {
	c.budget.give(c.taken)
	c.taken = 0
}

// uncounted returns a body of which what is read is not held.
func uncounted(body io.ReadCloser) io.ReadCloser {
	switch b := body.(type) {
	case *countedBody:
		return b.ReadCloser
	case *prefixed:
		return uncounted(b.whole)
	}
	return body
}
