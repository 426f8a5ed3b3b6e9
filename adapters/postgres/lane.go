package postgres

import (
	"context"
	"slices"
	"sync"

	"github.com/seed-d432d95b/ledger/ledger"
)

// accountKey names an account of a ledger.
type accountKey struct {
	ledger int32
	id     string
}

// slowLane holds the submissions that need an account which somebody else keeps
// locked, so that they alone wait for it. While one waits for an account, all
// that come for the same account join it without being tried first.
type slowLane struct {
	limit int

	mu sync.Mutex
	// stuck counts the submissions that wait for each account, those that a
	// committer has taken among them.
	stuck   map[accountKey]int
	waiting []stuckSubmission
	closed  bool
	filled  chan struct{}
}

type stuckSubmission struct {
	*submission
	key accountKey
}

func newSlowLane(limit int) *slowLane {
	return &slowLane{limit: limit, stuck: make(map[accountKey]int), filled: make(chan struct{}, 1)}
}

// divert moves the submissions that touch a stuck account, or one of those that
// were just found busy, to the lane, and returns the others.
func (l *slowLane) divert(group []*submission, busy []string) []*submission {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.stuck) == 0 && len(busy) == 0 {
		return group
	}
	rest := make([]*submission, 0, len(group))
	for _, s := range group {
		i := slices.IndexFunc(s.accounts, func(id string) bool {
			return l.stuck[accountKey{s.ledger, id}] > 0 || slices.Contains(busy, id)
		})
		if i < 0 {
			rest = append(rest, s)
			continue
		}
		l.add(stuckSubmission{s, accountKey{s.ledger, s.accounts[i]}})
	}
	return rest
}

// divertOne moves a submission to the lane that waits for something else than an
// account of its own.
func (l *slowLane) divertOne(s *submission) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := accountKey{ledger: s.ledger}
	if len(s.accounts) > 0 {
		key.id = s.accounts[0]
	}
	l.add(stuckSubmission{s, key})
}

func (l *slowLane) add(s stuckSubmission) {
	if l.closed {
		s.finish(nil, errClosed())
		return
	}
	if len(l.waiting) >= l.limit {
		s.finish(nil, &ledger.Error{
			Code: ledger.ErrOverloaded, Account: s.key.id,
			Message: "too many calls are waiting for a locked account; nothing was done",
		})
		return
	}
	l.stuck[s.key]++
	l.waiting = append(l.waiting, s)
	l.signal()
}

func (l *slowLane) signal() {
	select {
	case l.filled <- struct{}{}:
	default:
	}
}

// take waits for submissions and returns all that wait for the same account as
// the first, up to a group; nothing when ctx ends.
func (l *slowLane) take(ctx context.Context) ([]*submission, accountKey) {
	for {
		select {
		case <-ctx.Done():
			return nil, accountKey{}
		case <-l.filled:
		}
		if group, key := l.group(); len(group) > 0 {
			return group, key
		}
	}
}

func (l *slowLane) group() ([]*submission, accountKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var group []*submission
	var key accountKey
	rest := l.waiting[:0]
	for _, s := range l.waiting {
		switch {
		case s.ctx.Err() != nil:
			l.release(s.key, 1)
			s.finish(nil, s.ctx.Err())
		case len(group) == 0, s.key == key && len(group) < maxGroup:
			group, key = append(group, s.submission), s.key
		default:
			rest = append(rest, s)
		}
	}
	clear(l.waiting[len(rest):])
	l.waiting = rest
	if len(rest) > 0 {
		l.signal()
	}
	return group, key
}

// done says that n submissions that waited for the account were answered.
func (l *slowLane) done(key accountKey, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.release(key, n)
}

func (l *slowLane) release(key accountKey, n int) {
	if l.stuck[key] -= n; l.stuck[key] <= 0 {
		delete(l.stuck, key)
	}
}

// close refuses what waits and what is still to come.
func (l *slowLane) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, s := range l.waiting {
		s.finish(nil, errClosed())
	}
	l.waiting = nil
}
