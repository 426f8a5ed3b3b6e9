package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/ledger"
)

// slowLockTimeout is how long the slow lane's committer waits for one lock before
// it looks again which are free. To wait, and not only to look, gives it a place
// among others who want a lock that is never free for long.
const slowLockTimeout = 200 * time.Millisecond

// runSlow commits what the slow lane holds until taking ends: whoever needs
// nothing that is locked, or else, for a moment, those whose turn it is to wait.
func (c *committer) runSlow(taking, working context.Context) {
	c.taking = taking
	defer c.lane.refuse()
	defer c.usage.end(nil)
	defer c.disconnect(working)
	for {
		waiting := c.lane.await(taking)
		if waiting == nil {
			return
		}
		c.usage.begin(nil)
		if !c.commitFree(working, waiting) && taking.Err() == nil {
			c.moves = 0
			c.commit(working, c.lane.turn())
		}
		c.usage.end(c.connection)
	}
}

// commitFree commits those whose accounts nobody has locked at this moment, and
// says whether there were any. Who was last held up by something else than an
// account can only be tried, in his turn.
func (c *committer) commitFree(ctx context.Context, waiting []*submission) bool {
	var group, rest []*submission
	for _, s := range waiting {
		if s.stuck.account != "" {
			rest = append(rest, s)
		}
	}
	found := false
	// An account that was locked counts as locked until the end, so that nobody
	// overtakes others who came for it before.
	locked := make(busy)
	for len(rest) > 0 && c.taking.Err() == nil {
		group, rest = cutGroup(rest)
		if err := c.findLocked(ctx, group, locked); err != nil {
			// The commit meets the error again, and knows what to do.
			c.reset(ctx)
		}
		if free := c.lane.divert(group, locked); len(free) > 0 {
			found, c.moves = true, 0
			c.commit(ctx, free)
		}
	}
	return found
}

// thinOut commits a group again that waited for a lock in vain, without those who
// are sent to the slow lane. If no account is locked, it may be the tables, which
// everybody is told. Or it is an id that somebody has inserted and not committed:
// the group is halved until the one who waits for it is alone.
func (c *committer) thinOut(ctx context.Context, group []*submission) {
	if c.slow && c.taking.Err() != nil {
		return
	}
	before, locked := c.stripe, make(busy)
	if err := c.findLocked(ctx, group, locked); err != nil {
		c.giveUp(ctx, group, err)
		return
	}
	if c.stripe != before {
		c.moves++
	}
	rest, half := c.lane.divert(group, locked), len(group)/2
	if len(rest) < len(group) || c.stripe != before && c.moves < stripes {
		if len(rest) > 0 {
			c.commit(ctx, rest)
		}
		return
	}
	if err := c.lockTables(ctx); err != nil {
		c.giveUp(ctx, group, err)
		return
	}
	if half == 0 {
		c.lane.divertOne(group[0])
		return
	}
	c.commit(ctx, group[:half])
	c.commit(ctx, group[half:])
}

// findLocked adds the accounts of the group that somebody has locked at this
// moment. A stripe of a world account that is locked is no account's fault:
// another is taken, and only if none is free, the world account is locked.
func (c *committer) findLocked(ctx context.Context, group []*submission, locked busy) error {
	var ids []string
	for _, s := range group {
		for _, operation := range s.operations {
			ids = operation.AppendAccounts(ids)
		}
	}
	ids = sortedSet(ids)
	for n := 1; ; n++ {
		found, err := c.lockedOf(ctx, group[0].ledger, ids)
		if err != nil {
			return err
		}
		if n < stripes && slices.ContainsFunc(found, ledger.IsWorldID) {
			c.stripe = (c.stripe + 1) % stripes
			continue
		}
		for _, id := range found {
			locked[busyKey{group[0].ledger, id}] = struct{}{}
		}
		return nil
	}
}

// findBusy returns the accounts whose balances are locked.
const findBusy = `
SELECT u.id
FROM unnest($2::text[], $3::smallint[]) AS u(id, stripe)
CROSS JOIN LATERAL (SELECT 1 FROM ledger.balances WHERE ledger = $1 AND account = u.id AND stripe = u.stripe OFFSET 0) AS b
WHERE NOT EXISTS (
	SELECT 1 FROM ledger.balances WHERE ledger = $1 AND account = u.id AND stripe = u.stripe
	FOR NO KEY UPDATE SKIP LOCKED
)`

func (c *committer) lockedOf(ctx context.Context, ledger int32, ids []string) ([]string, error) {
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	rows, err := c.connection.Query(ctx, findBusy, ledger, ids, chainsOf(ids, c.stripe))
	if err != nil {
		return nil, endedBy(ctx, err)
	}
	locked, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return locked, endedBy(ctx, err)
}

// lockTables locks the tables that every transaction writes as it would and lets
// go of them: EXPLAIN does all that its statement does before the first row, and
// sets off no trigger. LOCK TABLE would need privileges that nothing else does.
func (c *committer) lockTables(ctx context.Context) error {
	if err := c.connect(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	_, err := c.connection.Exec(ctx, `
EXPLAIN WITH
	t AS (INSERT INTO ledger.transactions DEFAULT VALUES),
	e AS (INSERT INTO ledger.entries DEFAULT VALUES)
UPDATE ledger.balances SET sequence = 0 WHERE false`)
	return endedBy(ctx, err)
}

// giveUp answers a group of which it could not find out what is locked. Neither
// question waits for rows: what is waited for in vain is a table.
func (c *committer) giveUp(ctx context.Context, group []*submission, err error) {
	c.reset(ctx)
	answer := publicError(err)
	if stateOf(err) == stateLockTimeout {
		answer = &ledger.Error{Code: ledger.ErrUnavailable, Message: "the database's tables are locked by somebody else", Cause: err}
	}
	refuse(group, answer)
}
