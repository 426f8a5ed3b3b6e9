package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// maxGroup is the most operations that one database transaction commits for
// several callers.
const maxGroup = 1024

// While as many groups as eagerGroups are being committed, another is begun only
// if it is a large one. The database is kept busy by two, one of which runs its
// statements while the other is flushed; with three or four small ones at once
// each deposit costs more: on two cores, 64 callers had 12,100 a second done by
// three committers and 15,200 by two, 256 callers 23,000 and 24,900.
const (
	eagerGroups = 2
	largeGroup  = 256
)

// submission is what one caller asked for, and waits for.
type submission struct {
	ctx        context.Context
	ledger     int32
	operations []ledger.Operation
	// accounts are what lockedBy says of the operations.
	accounts []string
	// since is when it was made.
	since time.Time
	// claims are the outcomes that an attempt had decided whose connection was
	// lost while it was committing, one for each operation, or nil.
	claims   []ledger.Outcome
	outcomes []ledger.Outcome
	err      error
	done     chan struct{}
}

func (s *submission) finish(outcomes []ledger.Outcome, err error) {
	s.outcomes, s.err = outcomes, err
	close(s.done)
}

// queue holds the submissions that wait for a committer, up to a limit.
type queue struct {
	limit int

	mu      sync.Mutex
	waiting []*submission
	busy    busy
	// underWay is how many groups were handed out and not released.
	underWay int
	closed   bool
	// filled has room for one token, which says that there may be submissions.
	filled chan struct{}
}

func newQueue(limit int) *queue {
	return &queue{limit: limit, busy: make(busy), filled: make(chan struct{}, 1)}
}

func (q *queue) add(s *submission) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return errClosed()
	case len(q.waiting) >= q.limit:
		return &ledger.Error{Code: ledger.ErrOverloaded, Message: "too many calls are waiting; nothing was done"}
	}
	q.waiting = append(q.waiting, s)
	q.signal()
	return nil
}

// isWorthAGroup says whether what waits may be handed out now.
func (q *queue) isWorthAGroup() bool {
	if q.underWay < eagerGroups {
		return len(q.waiting) > 0
	}
	operations := 0
	for _, s := range q.waiting {
		if operations += len(s.operations); operations >= largeGroup {
			return true
		}
	}
	return false
}

// signal wakes a committer if there is something for it.
func (q *queue) signal() {
	if !q.isWorthAGroup() {
		return
	}
	select {
	case q.filled <- struct{}{}:
	default:
	}
}

// take waits for submissions and returns a group of the ledger of the first, in
// their order, and how many were waiting; nothing when ctx ends. Those whose
// callers have gone are dropped.
func (q *queue) take(ctx context.Context) (group []*submission, waiting int) {
	for {
		select {
		case <-ctx.Done():
			return nil, 0
		case <-q.filled:
		}
		if group, waiting = q.group(); len(group) > 0 {
			return group, waiting
		}
	}
}

func (q *queue) group() (group []*submission, waiting int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting = len(q.waiting)
	if !q.isWorthAGroup() {
		return nil, waiting
	}
	var rest []*submission
	operations, more := 0, false
	// Nobody overtakes those that an account holds back, on any account of theirs.
	heldBack := make(busy)
	for _, s := range q.waiting {
		switch {
		case s.ctx.Err() != nil:
			s.finish(nil, s.ctx.Err())
		case q.busy.has(s), heldBack.has(s):
			heldBack.add(s)
			rest = append(rest, s)
		case len(group) == 0, s.ledger == group[0].ledger && operations+len(s.operations) <= maxGroup:
			group = append(group, s)
			operations += len(s.operations)
		default:
			rest, more = append(rest, s), true
		}
	}
	for _, s := range group {
		q.busy.add(s)
	}
	q.waiting = rest
	if len(group) > 0 {
		q.underWay++
	}
	if more {
		q.signal()
	}
	return group, waiting
}

// release says that the group's accounts may be handed out again.
func (q *queue) release(group []*submission) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.underWay--
	for _, s := range group {
		q.busy.remove(s)
	}
	q.signal()
}

// close refuses what is waiting and what is still to come.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, s := range q.waiting {
		s.finish(nil, errClosed())
	}
	q.waiting = nil
}

func errClosed() error {
	return &ledger.Error{Code: ledger.ErrUnavailable, Message: "the store is closed; nothing was done"}
}
