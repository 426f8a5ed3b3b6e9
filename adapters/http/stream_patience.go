package http

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// patience moves the deadlines of a stream's connection on. The client may take so
// long to send more while nothing that it sent is unanswered, and so long to read a
// piece of an answer. It is safe for concurrent use. Where a connection has no
// deadlines, there are none.
type patience struct {
	controller  *http.ResponseController
	body        io.ReadCloser
	read, write time.Duration

	mu sync.Mutex
	// unanswered is how many lines the client waits for.
	unanswered int
	// isSettled says that the deadline for reading stays as it is.
	isSettled bool
}

// Read reads the body.
func (p *patience) Read(b []byte) (int, error) {
	p.mu.Lock()
	p.moveOn()
	p.mu.Unlock()
	n, err := p.body.Read(b)
	if errors.Is(err, io.EOF) {
		// net/http has taken the deadline off, and reads on to see whether the client
		// goes away. Another deadline, or one that was set meanwhile, would look as if it
		// did.
		p.mu.Lock()
		p.isSettled = true
		_ = p.controller.SetReadDeadline(time.Time{})
		p.mu.Unlock()
	}
	return n, err
}

// moveOn sets the deadline for reading.
func (p *patience) moveOn() {
	if p.isSettled {
		return
	}
	deadline := time.Time{}
	if p.unanswered == 0 {
		deadline = time.Now().Add(p.read)
	}
	_ = p.controller.SetReadDeadline(deadline)
}

// took notes that a line waits for its answer.
func (p *patience) took() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unanswered++
}

// answered notes that so many lines were answered.
func (p *patience) answered(lines int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unanswered -= lines; p.unanswered == 0 {
		p.moveOn()
	}
}

// writing gives the client time to read what is written next.
func (p *patience) writing() {
	_ = p.controller.SetWriteDeadline(time.Now().Add(p.write))
}

// settle sets the deadline for reading once and for all.
func (p *patience) settle(deadline time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isSettled = true
	if err := p.controller.SetReadDeadline(deadline); errors.Is(err, http.ErrNotSupported) {
		// What reads the body should end all the same.
		_ = p.body.Close()
	}
}
