package http

import (
	"fmt"
	"runtime/debug"
)

// errand is a goroutine beside that of a handler, who waits for it.
type errand struct {
	ended    chan struct{}
	panicked *errandPanic
}

// errandPanic is a panic as the handler raises it again, with the stack that it had
// first.
type errandPanic struct {
	value any
	stack []byte
}

// String returns the text of the value.
func (p *errandPanic) String() string { return fmt.Sprint(p.value) }

// goAside starts a goroutine. If it panics, that calls stop: net/http would let it
// end the process.
func goAside(do func(), stop func()) *errand {
	e := &errand{ended: make(chan struct{})}
	go func() {
		defer close(e.ended)
		defer func() {
			if value := recover(); value != nil {
				e.panicked = &errandPanic{value, debug.Stack()}
				stop()
			}
		}()
		do()
	}()
	return e
}

// wait waits for the end, and panics if the goroutine did.
func (e *errand) wait() {
	<-e.ended
	if e.panicked != nil {
		panic(e.panicked)
	}
}
