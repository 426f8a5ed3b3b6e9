package postgres

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/ledger"
)

// committer commits what the queue holds, a group at a time, on a connection of
// its own.
type committer struct {
	config     *pgx.ConnConfig
	queue      *queue
	stripe     int
	decider    ledger.Decider
	connection *pgx.Conn
}

// run commits until ctx ends. What it has begun then, it finishes.
func (c *committer) run(ctx context.Context) {
	defer c.disconnect(ctx)
	for {
		group := c.queue.take(ctx)
		if group == nil {
			return
		}
		c.commit(context.WithoutCancel(ctx), group)
	}
}

// commit commits a group and answers its callers. A group that fails is halved
// until only those fail for whose sake it did.
func (c *committer) commit(ctx context.Context, group []*submission) {
	var operations []ledger.Operation
	for _, s := range group {
		operations = append(operations, s.operations...)
	}
	outcomes, err := c.attempt(ctx, group[0].ledger, operations)
	if err == nil {
		for _, s := range group {
			s.finish(outcomes[:len(s.operations):len(s.operations)], nil)
			outcomes = outcomes[len(s.operations):]
		}
		return
	}
	if half := len(group) / 2; half > 0 && !isConnectionLost(err) {
		c.commit(ctx, group[:half])
		c.commit(ctx, group[half:])
		return
	}
	for _, s := range group {
		s.finish(nil, publicError(err))
	}
}

// maxAttempts is how often a batch is tried before its callers are told that it
// cannot be done.
const maxAttempts = 8

// attempt commits the operations, again as long as that can help.
func (c *committer) attempt(ctx context.Context, book int32, operations []ledger.Operation) ([]ledger.Outcome, error) {
	var uncertain *ledger.Decision
	for n := 1; ; n++ {
		b := &batch{decider: &c.decider, ledger: book, stripe: c.stripe, operations: operations}
		err := c.connect(ctx)
		if err == nil {
			b.connection = c.connection
			err = b.run(ctx)
		}
		if err == nil {
			return b.outcomes(uncertain), nil
		}
		c.reset(ctx)
		state := stateOf(err)
		switch {
		case n == maxAttempts:
			return nil, err
		case isRace(err):
		case state == stateSerialization, state == stateDeadlock:
			time.Sleep(rand.N(10 * time.Millisecond << min(n, 5)))
		case isConnectionLost(err) && b.connection != nil:
			if b.sent {
				uncertain = b.decided()
			}
			time.Sleep(rand.N(20 * time.Millisecond << min(n, 5)))
		default:
			return nil, err
		}
	}
}

func (c *committer) connect(ctx context.Context) (err error) {
	if c.connection != nil && !c.connection.IsClosed() {
		return nil
	}
	c.connection, err = pgx.ConnectConfig(ctx, c.config.Copy())
	return err
}

// reset ends a failed database transaction, with the connection if need be.
func (c *committer) reset(ctx context.Context) {
	if c.connection == nil || c.connection.IsClosed() {
		return
	}
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
