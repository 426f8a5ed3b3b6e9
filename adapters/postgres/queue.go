package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// maxGroup is the most that one database transaction commits for several callers,
// in operations on one account.
const maxGroup = 1024

// Beside a group that is being committed another is begun once nearly as many
// wait, or secondGroup; beside two, only one of thirdGroup. A database is kept
// busy by two, one of which runs its statements while the other is flushed;
// several small ones at once make each deposit dearer. On two cores, 256 callers
// of three stores on one database had 10,000 deposits a second done by committers
// that took what there was, and 11,400 by these rules.
const (
	secondGroup = 64
	thirdGroup  = 256
)

// submission is what one caller asked for, and waits for.
type submission struct {
	ctx        context.Context
	ledger     int32
	operations []ledger.Operation
	// size is how much of a group it is: an operation on one account is one.
	size int
	// accounts are what lockedBy says of the operations.
	accounts []string
	// since is when it was made.
	since time.Time
	// stuck is set when it is moved to the slow lane.
	stuck *stuck
	// claims are, for each operation, the attempts that had decided to apply it
	// and whose connection was lost while they were committing; nil without any.
	claims   [][]int64
	outcomes []ledger.Outcome
	err      error
	done     chan struct{}
}

func (s *submission) finish(outcomes []ledger.Outcome, err error) {
	s.outcomes, s.err = outcomes, err
	close(s.done)
}

// fail answers with an error. Of what may have been committed nobody can say that
// it was not.
func (s *submission) fail(err error) {
	if s.claims != nil {
		s.finish(nil, unavailable("the database was lost while it committed; ask again with the same id to learn whether it was done", err))
		return
	}
	if _, own := errors.AsType[*ledger.Error](err); !own {
		err = publicError(err)
	}
	s.finish(nil, err)
}

func (s *submission) isAnswered() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// queue holds the submissions that wait for a committer, up to a limit.
type queue struct {
	limit int

	mu      sync.Mutex
	waiting []*submission
	busy    busy
	// underWay are the groups that were handed out and not released, by their first
	// submissions.
	underWay map[*submission]*handedOut
	// groups is how many of those are being committed, and size how much, as far as
	// is known, and do not stand still.
	groups, size int
	closed       bool
	// filled has room for one token, which says that there may be submissions.
	filled chan struct{}
}

// handedOut is a group that is being committed.
type handedOut struct {
	size int
	// standsStill says that it has taken so long that it must be waiting for a
	// lock, or for a server that is gone.
	standsStill bool
	timer       *time.Timer
}

// standstill is how long a commit may take before others are begun beside it as if
// it were not there.
const standstill = 50 * time.Millisecond

func newQueue(limit int) *queue {
	return &queue{
		limit: limit, busy: make(busy), underWay: make(map[*submission]*handedOut), filled: make(chan struct{}, 1),
	}
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
	least := 1
	switch q.groups {
	case 0:
	case 1:
		least = max(1, min(secondGroup, q.size*3/4))
	default:
		least = thirdGroup
	}
	waiting := 0
	for _, s := range q.waiting {
		if waiting += s.size; waiting >= least {
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
	size, more := 0, false
	// Nobody overtakes those that are left behind, on any account of theirs.
	heldBack := make(busy)
	for _, s := range q.waiting {
		switch {
		case s.ctx.Err() != nil:
			s.finish(nil, s.ctx.Err())
		case q.busy.has(s), heldBack.has(s):
			heldBack.add(s)
			rest = append(rest, s)
		case len(group) == 0, s.ledger == group[0].ledger && size+s.size <= maxGroup:
			group = append(group, s)
			size += s.size
		default:
			heldBack.add(s)
			rest, more = append(rest, s), true
		}
	}
	for _, s := range group {
		q.busy.add(s)
	}
	q.waiting = rest
	if len(group) > 0 {
		q.handOut(group[0], size)
	}
	if more {
		q.signal()
	}
	return group, waiting
}

func (q *queue) handOut(first *submission, size int) {
	h := &handedOut{size: size}
	q.groups++
	q.size += size
	q.underWay[first] = h
	h.timer = time.AfterFunc(standstill, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.underWay[first] == h {
			q.discount(h)
			q.signal()
		}
	})
}

// discount leaves a group out of account, once.
func (q *queue) discount(h *handedOut) {
	if !h.standsStill {
		h.standsStill = true
		q.groups--
		q.size -= h.size
	}
}

// release says that the group's accounts may be handed out again.
func (q *queue) release(group []*submission) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.discount(q.underWay[group[0]])
	q.underWay[group[0]].timer.Stop()
	delete(q.underWay, group[0])
	for _, s := range group {
		q.busy.remove(s)
	}
	q.signal()
}

// length returns how many submissions wait.
func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
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
