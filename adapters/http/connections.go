package http

import (
	"container/list"
	"net"
	"net/http"
	"slices"
	"sync"
)

// connections bounds how many connections are open. Beyond that one on which nothing is
// under way makes room for one that arrives, the one that has been so for longest, so that
// nobody keeps others out by connections that ask nothing.
type connections struct {
	most int

	mu   sync.Mutex
	open int
	// waiting has those for which there is no room yet; one is closed once there is.
	waiting []chan struct{}
	// resting has those on which nothing is under way, the first since the longest time.
	resting list.List
	places  map[net.Conn]*list.Element
	// ending has those that end to make room.
	ending map[net.Conn]struct{}
	// closing says that silent ones are to be closed.
	closing bool
}

// restingConnection is one on which nothing is under way.
type restingConnection struct {
	net.Conn
	// isSilent says that no request has arrived on it yet. net/http's Shutdown would wait
	// five seconds for it, though nothing that it could lose is under way.
	isSilent bool
}

func newConnections(most int) *connections {
	return &connections{most: most, places: make(map[net.Conn]*list.Element), ending: make(map[net.Conn]struct{})}
}

// follow is the ConnState of the server whose listeners c limits.
func (c *connections) follow(connection net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if place, ok := c.places[connection]; ok {
		c.resting.Remove(place)
		delete(c.places, connection)
	}
	switch {
	case state == http.StateClosed || state == http.StateHijacked:
		delete(c.ending, connection)
		c.leave()
	case state == http.StateActive:
	case state == http.StateNew && c.closing:
		_ = connection.Close()
	default:
		c.places[connection] = c.resting.PushBack(restingConnection{connection, state == http.StateNew})
		c.makeRoom()
	}
}

// makeRoom closes connections for those that wait.
func (c *connections) makeRoom() {
	for len(c.waiting) > len(c.ending) && c.resting.Len() > 0 {
		connection := c.resting.Remove(c.resting.Front()).(restingConnection).Conn
		delete(c.places, connection)
		c.ending[connection] = struct{}{}
		// To say over TLS that it ends can take seconds.
		go func() { _ = connection.Close() }()
	}
}

// enter waits until there is room for one more connection, and says whether there is:
// there is none once closed is.
func (c *connections) enter(closed <-chan struct{}) bool {
	c.mu.Lock()
	if c.open < c.most {
		c.open++
		c.mu.Unlock()
		return true
	}
	room := make(chan struct{})
	c.waiting = append(c.waiting, room)
	c.makeRoom()
	c.mu.Unlock()
	select {
	case <-room:
		return true
	case <-closed:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.waiting, room); i >= 0 {
		c.waiting = slices.Delete(c.waiting, i, i+1)
	} else {
		c.leave()
	}
	return false
}

// leave gives the room of a connection to the first that waits, if any.
func (c *connections) leave() {
	if len(c.waiting) == 0 {
		c.open--
		return
	}
	close(c.waiting[0])
	c.waiting = c.waiting[1:]
}

// closeSilent closes the connections without a request, and those to come.
func (c *connections) closeSilent() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = true
	for place := c.resting.Front(); place != nil; place = place.Next() {
		if connection := place.Value.(restingConnection); connection.isSilent {
			_ = connection.Close()
		}
	}
}

// limit returns a listener that has no more connections open. The connections
// themselves are not wrapped, for net/http closes those better that it knows.
func (c *connections) limit(listener net.Listener) net.Listener {
	return &limitedListener{Listener: listener, connections: c, closed: make(chan struct{})}
}

type limitedListener struct {
	net.Listener
	connections *connections
	closed      chan struct{}
	once        sync.Once
}

// Accept implements net.Listener.
func (l *limitedListener) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if !l.connections.enter(l.closed) {
		_ = connection.Close()
		return nil, net.ErrClosed
	}
	return connection, nil
}

// Close implements net.Listener.
func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}
