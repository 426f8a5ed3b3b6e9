package postgres

import (
	"context"
	"slices"
	"sync"

	"github.com/seed-d432d95b/ledger/ledger"
)

// sharedReader reads accounts for many callers with few queries. Who asks while
// queries are under way joins the next one, which starts when one of them ends,
// and never one that has begun: so his answer reflects all that was
// acknowledged before he asked.
type sharedReader struct {
	// read returns those of the accounts that exist.
	read func(ctx context.Context, ids []string) (map[string]ledger.Account, error)
	// most is the most queries under way at once.
	most int
	// running has the callers, and the queries, which outlast callers who leave.
	running *sync.WaitGroup

	mu       sync.Mutex
	underWay int
	next     *sharedQuery
}

// sharedQuery is one query and those who wait for it.
type sharedQuery struct {
	ids      []string
	accounts map[string]ledger.Account
	err      error
	done     chan struct{}
}

// accounts returns those of the accounts that exist, all as of one moment. The
// map is shared; it is only to be read.
func (r *sharedReader) accounts(ctx context.Context, ids []string) (map[string]ledger.Account, error) {
	q := r.join(context.WithoutCancel(ctx), ids)
	select {
	case <-q.done:
		return q.accounts, q.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// join adds the ids to the next query, and starts it if it need not wait.
func (r *sharedReader) join(ctx context.Context, ids []string) *sharedQuery {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == nil {
		r.next = &sharedQuery{done: make(chan struct{})}
	}
	q := r.next
	q.ids = append(q.ids, ids...)
	if r.underWay < r.most {
		r.underWay++
		r.next = nil
		r.running.Go(func() { r.run(ctx, q) })
	}
	return q
}

// run carries out the query, and those that callers joined meanwhile.
func (r *sharedReader) run(ctx context.Context, q *sharedQuery) {
	for q != nil {
		slices.Sort(q.ids)
		q.accounts, q.err = r.read(ctx, slices.Compact(q.ids))
		close(q.done)
		q = r.take()
	}
}

// take returns the next query, or says that one less is under way.
func (r *sharedReader) take() *sharedQuery {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.next
	r.next = nil
	if q == nil {
		r.underWay--
	}
	return q
}
