package postgres

import (
	"context"
	"iter"
	"time"
)

// Observer is told what the store does that its callers cannot see. Its methods
// are called by the committers, one at a time from each, and hold them up.
type Observer interface {
	// Committed is told of each group, after its last attempt and before its
	// callers are answered.
	Committed(Commit)
}

// Commit is what became of a group.
type Commit struct {
	// Callers and Operations are how many the group had.
	Callers    int
	Operations int
	// Waiting is how many callers were in the queue when the group was taken from
	// it, those of the group among them.
	Waiting int
	// Waited is how long the first of the group was in the queue.
	Waited time.Duration
	// Elapsed is how long the attempts took together.
	Elapsed time.Duration
	// Attempts is how many there were; all but the last failed.
	Attempts int
	// Uncertain says that a connection was lost while it was committing, so that
	// the next attempt had to find out whether it had.
	Uncertain bool
	// Slow says that the group waited in the slow lane for a locked account.
	Slow bool
	// Requests yields the contexts of the callers, and when each began to wait. It is good
	// until Committed returns.
	Requests iter.Seq2[context.Context, time.Time]
	// Err is why the last attempt failed, or nil. A group that is then split is
	// reported again in parts.
	Err error
}

// discardObserver is told everything and does nothing.
type discardObserver struct{}

// Committed implements [Observer].
func (discardObserver) Committed(Commit) {}
