package http

import (
	"net"
	"net/http"
	"sync"
)

// connections bounds how many connections are open, and knows those on which no
// request has arrived yet: net/http's Shutdown would wait five seconds for each
// of them, though nothing that it could lose is under way.
type connections struct {
	// slots has an element for each open connection.
	slots chan struct{}

	mu     sync.Mutex
	silent map[net.Conn]struct{}
	// closing says that silent ones are to be closed.
	closing bool
}

func newConnections(most int) *connections {
	return &connections{slots: make(chan struct{}, most), silent: make(map[net.Conn]struct{})}
}

// follow is the ConnState of the server whose listeners c limits.
func (c *connections) follow(connection net.Conn, state http.ConnState) {
	if state == http.StateClosed || state == http.StateHijacked {
		<-c.slots
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(c.silent, connection)
	case c.closing:
		_ = connection.Close()
	default:
		c.silent[connection] = struct{}{}
	}
}

// closeSilent closes the connections without a request, and those to come.
func (c *connections) closeSilent() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = true
	for connection := range c.silent {
		_ = connection.Close()
	}
}

// limit returns a listener that accepts while there is a slot. The connections
// themselves are not wrapped, for net/http closes those better that it knows.
func (c *connections) limit(listener net.Listener) net.Listener {
	return &limitedListener{Listener: listener, slots: c.slots, closed: make(chan struct{})}
}

type limitedListener struct {
	net.Listener
	slots  chan struct{}
	closed chan struct{}
	once   sync.Once
}

// Accept implements net.Listener.
func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	connection, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
	}
	return connection, err
}

// Close implements net.Listener.
func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}
