package postgres

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// slowLane holds the submissions that need what somebody else keeps locked, so
// that they alone wait for it. While one waits for an account, all that come for
// the same account join it without being tried first. They stay here until one
// committer has had each of them answered, for which there is a time limit.
type slowLane struct {
	limit   int
	timeout time.Duration

	mu sync.Mutex
	// stuck counts the submissions that wait for each account. A world account has
	// other stripes for those who come.
	stuck map[busyKey]int
	// waiting are in the order of their turns, and those of one account in the
	// order in which they came.
	waiting []*submission
	closed  bool
	filled  chan struct{}
}

// stuck is why and since when a submission is in the slow lane.
type stuck struct {
	since time.Time
	// account is the one that is locked, or none if it waits for something else,
	// such as an id that somebody has inserted and not committed.
	account string
}

func newSlowLane(limit int, timeout time.Duration) *slowLane {
	return &slowLane{limit: limit, timeout: timeout, stuck: make(map[busyKey]int), filled: make(chan struct{}, 1)}
}

// divert moves the submissions that need a locked account to the lane and returns
// the others. Who comes anew is also moved if others wait for his account.
func (l *slowLane) divert(group []*submission, locked busy) []*submission {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.stuck) == 0 && len(locked) == 0 {
		return group
	}
	rest := make([]*submission, 0, len(group))
	for _, s := range group {
		if account, found := l.obstacle(s, locked); found {
			l.enter(s, account)
		} else {
			rest = append(rest, s)
		}
	}
	return rest
}

func (l *slowLane) obstacle(s *submission, locked busy) (account string, found bool) {
	var ids []string
	for _, operation := range s.operations {
		ids = operation.AppendAccounts(ids[:0])
		for _, id := range ids {
			key := busyKey{s.ledger, id}
			if _, found = locked[key]; found || s.stuck == nil && l.stuck[key] > 0 {
				return id, true
			}
		}
	}
	return "", false
}

// divertOne moves a submission to the lane that waits for something else than an
// account. It has the next turn, for it may have been let go just now.
func (l *slowLane) divertOne(s *submission) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.stuck != nil && s.stuck.account == "" {
		return
	}
	l.enter(s, "")
	if i := slices.Index(l.waiting, s); i > 0 {
		l.waiting = slices.Insert(slices.Delete(l.waiting, i, i+1), 0, s)
	}
}

// enter has the submission wait for the account, or for something else. One that
// is here already keeps its place and its time limit.
func (l *slowLane) enter(s *submission, account string) {
	switch {
	case s.stuck != nil:
		l.release(s)
		s.stuck.account = account
	case l.closed:
		s.fail(errClosed())
		return
	case len(l.waiting) >= l.limit:
		s.fail(&ledger.Error{
			Code: ledger.ErrOverloaded, Account: account,
			Message: "too many calls are waiting for a locked account; nothing was done",
		})
		return
	default:
		s.stuck = &stuck{since: time.Now(), account: account}
		l.waiting = append(l.waiting, s)
	}
	if account != "" && !ledger.IsWorldID(account) {
		l.stuck[busyKey{s.ledger, account}]++
	}
	select {
	case l.filled <- struct{}{}:
	default:
	}
}

// release says that the submission does not wait any more for what it did.
func (l *slowLane) release(s *submission) {
	key := busyKey{s.ledger, s.stuck.account}
	if l.stuck[key]--; l.stuck[key] <= 0 {
		delete(l.stuck, key)
	}
}

// await waits for submissions and returns all; nothing when ctx ends.
func (l *slowLane) await(ctx context.Context) []*submission {
	for ctx.Err() == nil {
		if waiting := l.sweep(); len(waiting) > 0 {
			return waiting
		}
		select {
		case <-ctx.Done():
		case <-l.filled:
		}
	}
	return nil
}

// sweep removes those who were answered, whose callers have gone and who have
// waited for too long, and returns the others.
func (l *slowLane) sweep() []*submission {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = slices.DeleteFunc(l.waiting, func(s *submission) bool {
		switch {
		case s.isAnswered():
		case s.ctx.Err() != nil:
			s.finish(nil, s.ctx.Err())
		case time.Since(s.stuck.since) >= l.timeout:
			s.fail(s.stuck.expired())
		default:
			return false
		}
		l.release(s)
		return true
	})
	return slices.Clone(l.waiting)
}

func (s *stuck) expired() error {
	message := "the account is locked by somebody else"
	if s.account == "" {
		message = "somebody else is about to do the same, or has locked what it needs"
	}
	return &ledger.Error{Code: ledger.ErrUnavailable, Account: s.account, Message: message}
}

// turn returns those whose turn it is to be waited for: all that need the same
// account as the first does, or one that needs something else. Their next turn
// comes after everybody else's.
func (l *slowLane) turn() []*submission {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := l.waiting[0]
	var group, rest []*submission
	for i, s := range l.waiting {
		if i == 0 || first.stuck.account != "" && s.ledger == first.ledger && s.stuck.account == first.stuck.account {
			group = append(group, s)
		} else {
			rest = append(rest, s)
		}
	}
	l.waiting = slices.Concat(rest, group)
	group, _ = cutGroup(group)
	return group
}

// cutGroup returns the first submissions that make a group of one ledger, and the
// rest.
func cutGroup(waiting []*submission) (group, rest []*submission) {
	size := 0
	for i, s := range waiting {
		size += s.size
		switch {
		case s.ledger != waiting[0].ledger:
			size -= s.size
			rest = append(rest, s)
		case len(group) > 0 && size > maxGroup:
			return group, append(rest, waiting[i:]...)
		default:
			group = append(group, s)
		}
	}
	return group, rest
}

// length returns how many submissions are in the lane, those among them that were answered since it was last swept.
func (l *slowLane) length() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}

// close refuses what is still to come.
func (l *slowLane) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}

// refuse refuses what was not answered, and what is still to come.
func (l *slowLane) refuse() {
	l.close()
	for _, s := range l.sweep() {
		s.fail(errClosed())
	}
}
