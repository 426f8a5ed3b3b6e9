package postgres

import "sync"

// gate lets calls in until it is closed, and knows when the last has left.
type gate struct {
	mu     sync.Mutex
	closed bool
	// inside has the calls, and what they started that may outlast them.
	inside sync.WaitGroup
}

// enter lets a call in, which then has to leave.
func (g *gate) enter() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return errClosed()
	}
	g.inside.Add(1)
	return nil
}

func (g *gate) leave() { g.inside.Done() }

// close refuses all that come from now on.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

// wait waits until nobody is inside of a gate that was closed.
func (g *gate) wait() { g.inside.Wait() }
