package http

import (
	"io"
	"sync"
)

// maxUnsent is how many bytes of lines may wait to be sent before their writer waits.
const maxUnsent = 64 << 10

// lines is a body that one goroutine writes while another sends it. Unlike an io.Pipe
// it hands over all that is there at once: many lines are few packets under load, and
// a line alone waits for no other.
type lines struct {
	mu sync.Mutex
	// changed is told when something is added, taken or ended.
	changed sync.Cond
	unsent  []byte
	// ended says that no more is added, and closed that no more is taken.
	ended, closed bool
}

func newLines() *lines {
	l := new(lines)
	l.changed.L = &l.mu
	return l
}

// add adds a line, and waits while too much is there. It returns false if nobody takes
// it.
func (l *lines) add(line []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.unsent) >= maxUnsent && !l.closed {
		l.changed.Wait()
	}
	if l.closed {
		return false
	}
	l.unsent = append(l.unsent, line...)
	l.changed.Broadcast()
	return true
}

// end says that all lines are there.
func (l *lines) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.changed.Broadcast()
}

// Read implements io.Reader.
func (l *lines) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.unsent) == 0 && !l.ended && !l.closed {
		l.changed.Wait()
	}
	switch {
	case l.closed:
		return 0, io.ErrClosedPipe
	case len(l.unsent) > 0:
		n := copy(p, l.unsent)
		l.unsent = append(l.unsent[:0], l.unsent[n:]...)
		l.changed.Broadcast()
		return n, nil
	}
	return 0, io.EOF
}

// Close implements io.Closer, for whoever sends the lines.
func (l *lines) Close() error {
	l.stop()
	return nil
}

// stop says that no more are taken.
func (l *lines) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.changed.Broadcast()
}
