package postgres

import (
	"context"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/ledger"
)

// committer commits groups of submissions on a connection of its own.
type committer struct {
	config   *pgx.ConnConfig
	lane     *slowLane
	observer Observer
	usage    *usage
	// slow says that it works for the slow lane.
	slow bool
	// patience is how long the server may take to answer.
	patience   time.Duration
	stripe     int
	decider    ledger.Decider
	connection *pgx.Conn
	// taking ends when the store is closed.
	taking context.Context
	// waiting is how many waited when the group was taken.
	waiting int
	// moves is how often the group made it take another stripe.
	moves int
}

// run commits what the queue holds until taking ends. What it has begun then, it
// finishes, unless working ends too.
func (c *committer) run(taking, working context.Context, q *queue) {
	c.taking = taking
	defer c.usage.end(nil)
	defer c.disconnect(working)
	for {
		group, waiting := q.take(taking)
		if group == nil {
			return
		}
		c.waiting, c.moves = waiting, 0
		c.usage.begin(group)
		if rest := c.lane.divert(group, nil); len(rest) > 0 {
			c.commit(working, rest)
		}
		c.usage.end(c.connection)
		q.release(group)
	}
}

// requestsOf yields the contexts of those who wait for a group.
func requestsOf(group []*submission) iter.Seq2[context.Context, time.Time] {
	return func(yield func(context.Context, time.Time) bool) {
		for _, s := range group {
			if !yield(s.ctx, s.since) {
				return
			}
		}
	}
}

// commit commits a group and answers its callers. A group that fails for the sake
// of what some of them asked is halved until only those fail; one that waited for
// a lock in vain is thinned out.
func (c *committer) commit(ctx context.Context, group []*submission) {
	begun := time.Now()
	commit := Commit{Callers: len(group), Waiting: c.waiting, Waited: begun.Sub(group[0].since), Slow: c.slow, Requests: requestsOf(group)}
	done, err := c.attempt(ctx, group, &commit)
	commit.Elapsed, commit.Err = time.Since(begun), err
	c.observer.Committed(commit)
	half := len(group) / 2
	switch {
	case stateOf(err) == stateLockTimeout:
		c.thinOut(ctx, group)
	case err == nil:
		for s, own := range share(group, done.decision.Outcomes) {
			s.settle(done, own)
			s.finish(own, nil)
		}
	case half > 0 && isSomebodys(err):
		c.commit(ctx, group[:half])
		c.commit(ctx, group[half:])
	default:
		refuse(group, err)
	}
}

func refuse(group []*submission, err error) {
	for _, s := range group {
		s.fail(err)
	}
}

// maxAttempts is how often a batch is tried before its callers are told that it
// cannot be done.
const maxAttempts = 8

// attempt commits what the group asked for, again as long as that can help, and
// returns what it did in the end.
func (c *committer) attempt(ctx context.Context, group []*submission, commit *Commit) (*batch, error) {
	var operations []ledger.Operation
	for _, s := range group {
		operations = append(operations, s.operations...)
	}
	commit.Operations = len(operations)
	commit.Uncertain = isUncertain(group)
	for n := 1; ; n++ {
		commit.Attempts = n
		b := &batch{
			decider: &c.decider, ledger: group[0].ledger, stripe: c.stripe, operations: operations,
			attempt: newAttempt(), uncertain: commit.Uncertain,
		}
		err := c.connect(ctx)
		if err == nil {
			b.connection = c.connection
			err = c.runWithin(ctx, b)
		}
		if err == nil {
			return b, nil
		}
		c.reset(ctx)
		if stateOf(err) == stateReadOnly {
			// The server has become a standby; the primary is elsewhere.
			c.disconnect(ctx)
		}
		if b.sent && isConnectionLost(err) {
			commit.Uncertain = true
			for s, own := range share(group, b.decision.Outcomes) {
				s.claim(b, own)
			}
		}
		pause, again := retry(err, n, commit.Uncertain)
		if !again || ctx.Err() != nil {
			return nil, err
		}
		time.Sleep(pause)
	}
}

// runWithin runs the batch, but not for longer than a server could take that
// keeps its own limits. One that hangs is as good as gone.
func (c *committer) runWithin(ctx context.Context, b *batch) error {
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	return endedBy(ctx, b.run(ctx))
}

// retry says whether to try again after the nth attempt, and when. A commit of
// which it is uncertain whether it happened is worth more patience: only trying
// again tells.
func retry(err error, n int, uncertain bool) (pause time.Duration, again bool) {
	state := stateOf(err)
	switch {
	case isRace(err):
		return 0, n < 100
	case state == stateSerialization, state == stateDeadlock:
		return rand.N(5 * time.Millisecond << min(n, 6)), n < maxAttempts
	case isConnectionLost(err), uncertain && isAway(state):
		most := 3
		if uncertain {
			most = maxAttempts
		}
		return rand.N(10 * time.Millisecond << min(n, 7)), n < most
	default:
		return 0, false
	}
}

func (c *committer) connect(ctx context.Context) (err error) {
	if c.connection != nil && !c.connection.IsClosed() {
		return nil
	}
	c.connection, err = pgx.ConnectConfig(ctx, c.config.Copy())
	if err != nil && stateOf(err) == "" {
		// It may be of a context that ended by pgx's own time limit.
		return &connectionError{err}
	}
	return err
}

// reset ends a failed database transaction, with the connection if need be.
func (c *committer) reset(ctx context.Context) {
	if c.connection == nil || c.connection.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if _, err := c.connection.Exec(ctx, "ROLLBACK"); err != nil {
		c.disconnect(ctx)
	}
}

func (c *committer) disconnect(ctx context.Context) {
	if c.connection == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = c.connection.Close(ctx)
	c.connection = nil
}
