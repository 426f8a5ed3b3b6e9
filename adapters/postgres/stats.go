package postgres

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// Stats is how busy a store is.
type Stats struct {
	// Queue is how many calls wait for a committer, and SlowLane how many for what
	// somebody else has locked.
	Queue    int
	SlowLane int
	// Committers are the connections that commit, with that of the slow lane, and
	// Readers those that read.
	Committers Pool
	Readers    Pool
}

// Pool is how much some of the store's connections have to do.
type Pool struct {
	// Max is the most connections that there may be; Used is how many are at work, and
	// Idle how many are open and are not.
	Max  int
	Used int
	Idle int
	// Waited is how long all callers together have waited for one, since the store was
	// opened. For committers it is counted when the wait ends.
	Waited time.Duration
}

// Stats returns how busy the store is. It asks the database nothing, and waits for
// nobody. The numbers are not all of the same instant.
func (s *Store) Stats() Stats {
	readers := s.db.Stats()
	stats := Stats{
		Queue:    s.queue.length(),
		SlowLane: s.lane.length(),
		Readers:  Pool{Max: readers.MaxOpenConnections, Used: readers.InUse, Idle: readers.Idle, Waited: readers.WaitDuration},
	}
	stats.Committers.Max = len(s.usage)
	for _, usage := range s.usage {
		switch usage.state.Load() {
		case usageBusy:
			stats.Committers.Used++
		case usageIdle:
			stats.Committers.Idle++
		}
		stats.Committers.Waited += time.Duration(usage.waited.Load())
	}
	return stats
}

// What a committer does.
const (
	usageUnconnected = iota
	usageIdle
	usageBusy
)

// usage is what a committer tells of itself to others.
type usage struct {
	state atomic.Int32
	// waited is how long its callers were in the queue together, in nanoseconds.
	waited atomic.Int64
}

// begin says that the committer is at work, for these callers if they come from the
// queue.
func (u *usage) begin(queued []*submission) {
	u.state.Store(usageBusy)
	now, waited := time.Now(), time.Duration(0)
	for _, s := range queued {
		waited += now.Sub(s.since)
	}
	u.waited.Add(int64(waited))
}

// end says that the committer is not at work, and whether it has a connection.
func (u *usage) end(connection *pgx.Conn) {
	if connection == nil || connection.IsClosed() {
		u.state.Store(usageUnconnected)
		return
	}
	u.state.Store(usageIdle)
}

// countedPending is the most reservations that CountPending reads.
const countedPending = 100_000

// countPending counts the transactions that the first $1 reservations belong to, and
// says how many of these there were, and how many in all by the planner's knowledge.
const countPending = `
SELECT count(*) FILTER (WHERE expires_at > statement_timestamp()), coalesce(sum(reservations), 0)::bigint,
	(SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'ledger.reservations'::regclass)
FROM (
	SELECT ledger, transaction, max(expires_at) AS expires_at, count(*) AS reservations
	FROM (SELECT ledger, transaction, expires_at FROM ledger.reservations LIMIT $1) AS r
	GROUP BY ledger, transaction
) AS t`

// CountPending returns how many transactions are pending in all of the store's ledgers.
// It reads at most 100,000 reservations, of which a transaction has one for each account
// that is not the world's; of more than that it makes an estimate, from as many and what
// the planner knows. It takes up to a tenth of a second, which is little each minute and
// much for each request. It fails with [ledger.ErrUnavailable], or when ctx ends.
func (s *Store) CountPending(ctx context.Context) (int64, error) {
	return s.countPending(ctx, countedPending)
}

func (s *Store) countPending(ctx context.Context, most int64) (pending int64, err error) {
	var counted, reservations, all int64
	err = s.ask(ctx, func(ctx context.Context) error {
		return poolQuerier{s.db.DB}.query(ctx, countPending, []any{most}, []any{&counted, &reservations, &all}, func() error { return nil })
	})
	if err != nil || reservations < most {
		return counted, err
	}
	return max(counted, int64(float64(counted)*float64(all)/float64(reservations))), nil
}
