// Package postgres is a [ledger.Store] on PostgreSQL: the one that survives.
//
// Writers are committed in groups. Whoever arrives while a commit is under way
// is committed together with the others who did, in one database transaction
// of two round trips and one flush; alone, a caller waits for one commit and no
// longer. So a handful of connections serve thousands of callers.
package postgres

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// Store keeps ledgers in a PostgreSQL database. It is safe for any number of
// goroutines, and any number of stores may use one database.
type Store struct {
	config  Config
	db      *bun.DB
	queue   *queue
	lane    *slowLane
	workers sync.WaitGroup
	stop    context.CancelFunc
	// reads has the reads that are under way.
	reads gate
	// patience is how long the server may take to answer.
	patience time.Duration
	// taking ends when the store closes.
	taking context.Context
	// working ends by cut, which ends what Close has waited for too long.
	working context.Context
	cut     context.CancelFunc
	// usage has what each committer does.
	usage []*usage

	mu sync.RWMutex
	// books has an element for each ledger that was opened or found, so that its callers
	// share their reads. Ledgers are never renamed or deleted.
	books map[string]*book
}

// Open returns a store and starts its committers and its sweeper. It does not
// connect before it must; [Store.Check] and [Store.Migrate] do. The store outlives
// ctx: close it when done.
func Open(ctx context.Context, config Config) (*Store, error) {
	config = config.withDefaults()
	reading, err := config.connect(defaultStatementTimeout)
	if err != nil {
		return nil, err
	}
	committing, err := config.connect(config.LockTimeout)
	if err != nil {
		return nil, err
	}
	patient, err := config.connect(slowLockTimeout)
	if err != nil {
		return nil, err
	}
	// bun writes its arguments into the text of a query, which a cache of
	// prepared statements would fill up with.
	reading.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	pool := stdlib.OpenDB(*reading)
	pool.SetMaxOpenConns(config.Readers)
	pool.SetMaxIdleConns(config.Readers)

	working, cut := context.WithCancel(context.WithoutCancel(ctx))
	taking, stop := context.WithCancel(working)
	s := &Store{
		config:   config,
		db:       bun.NewDB(pool, pgdialect.New()),
		queue:    newQueue(config.Queue),
		lane:     newSlowLane(config.Queue, config.SlowLaneTimeout),
		stop:     stop,
		taking:   taking,
		patience: config.patience(),
		working:  working,
		cut:      cut,
		books:    make(map[string]*book),
	}
	first := rand.IntN(stripes)
	for i := range config.Committers {
		c := &committer{config: committing, stripe: (first + i) % stripes, lane: s.lane, observer: config.Observer, usage: s.newUsage(), patience: s.patience}
		s.workers.Go(func() { c.run(taking, working, s.queue) })
	}
	slow := &committer{config: patient, stripe: (first + config.Committers) % stripes, lane: s.lane, observer: config.Observer, usage: s.newUsage(), slow: true, patience: s.patience}
	s.workers.Go(func() { slow.runSlow(taking, working) })
	if config.SweepInterval > 0 {
		s.workers.Go(func() { s.sweepRegularly(taking) })
	}
	return s, nil
}

// newUsage returns what one more committer tells of itself.
func (s *Store) newUsage() *usage {
	u := new(usage)
	s.usage = append(s.usage, u)
	return u
}

// stripes is the number of rows that a world account's totals are kept in.
const stripes = 16

// Close ends what is under way and closes all connections. Writes that are being
// committed and reads that have begun are answered as ever; writes that still
// wait, be it for a committer or for a locked account, and inspections fail with
// [ledger.ErrUnavailable], as all calls do from now on. What the database has not
// answered after [Config.StatementTimeout] is cut off. When Close returns, none of
// the store's goroutines is left.
func (s *Store) Close() error {
	s.stop()
	s.reads.close()
	s.queue.close()
	s.lane.close()
	limit := s.config.StatementTimeout
	if limit <= 0 {
		limit = defaultStatementTimeout
	}
	timer := time.AfterFunc(limit, s.cut)
	defer timer.Stop()
	s.workers.Wait()
	s.reads.wait()
	s.cut()
	return s.db.Close()
}

// Check says whether the database can be reached and has the schema that this
// program knows.
func (s *Store) Check(ctx context.Context) error {
	if err := s.reads.enter(); err != nil {
		return err
	}
	defer s.reads.leave()
	return s.bounded(ctx, s.checkSchema)
}

// bounded calls read with a context that also ends when a server that keeps its
// own limits would have answered, and when Close waits no longer.
func (s *Store) bounded(ctx context.Context, read func(context.Context) error) error {
	within, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	defer context.AfterFunc(s.working, cancel)() //nolint:contextcheck // The store's end counts beside the caller's.
	err := read(within)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		return publicError(&connectionError{err})
	}
	return err
}

// ask calls a function that asks the database for one caller alone, unless the store
// is closed.
func (s *Store) ask(ctx context.Context, ask func(context.Context) error) error {
	if err := s.reads.enter(); err != nil {
		return err
	}
	defer s.reads.leave()
	return publicError(s.bounded(ctx, ask))
}
