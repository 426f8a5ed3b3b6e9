package telemetry

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
)

// Store is where the books are, as far as there is something to measure. What is nil is
// not measured.
type Store struct {
	// Check says why the store cannot be used for now. nil is a store that always can.
	Check func(context.Context) error
	// Stats says how busy it is, without waiting.
	Stats func() postgres.Stats
	// CountPending counts what is pending.
	CountPending func(context.Context) (int64, error)
}

const (
	// checkInterval is between two looks at whether the store is there.
	checkInterval = 5 * time.Second
	// countInterval is between two counts of what is pending.
	countInterval = time.Minute
)

// storeMetrics collects what a store says when it is asked, and what was last found out
// about it. Without a store there is nothing to collect.
type storeMetrics struct {
	queue, slow, connections, most, waited, pending, up *prometheus.Desc

	mu    sync.Mutex
	stats func() postgres.Stats
	// isChecked and isCounted say that what follows is known.
	isChecked, isUp bool
	isCounted       bool
	counted         int64
}

func newStoreMetrics() *storeMetrics {
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &storeMetrics{
		queue:       describe("ledger_commit_queue_length", "Calls that wait for a committer; beyond a limit, 8192 by default, others are refused."),
		slow:        describe("ledger_commit_slow_queue_length", "Calls that wait for what somebody else has locked; limited as the queue is."),
		connections: describe("ledger_pool_connections", "Connections to the database, at work or open and idle.", "pool", "state"),
		most:        describe("ledger_pool_connections_max", "The most connections that there may be.", "pool"),
		waited:      describe("ledger_pool_wait_seconds_total", "How long callers have waited for a connection, all together; for a committer, in the queue.", "pool"),
		pending: describe("ledger_pending_transactions", "Transactions that are pending in all ledgers of the database. It is counted once a minute, up to 100,000 reservations, "+
			"and estimated beyond; it is absent while the database is away, and in memory."),
		up: describe("ledger_store_up", "Whether the store can be used, 1 or 0. It is looked at every 5 seconds."),
	}
}

// Describe implements [prometheus.Collector].
func (m *storeMetrics) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.queue, m.slow, m.connections, m.most, m.waited, m.pending, m.up} {
		descriptions <- d
	}
}

// Collect implements [prometheus.Collector].
func (m *storeMetrics) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	m.mu.Lock()
	stats, isChecked, isUp, isCounted, counted := m.stats, m.isChecked, m.isUp, m.isCounted, m.counted
	m.mu.Unlock()
	if isChecked {
		value := 0.0
		if isUp {
			value = 1
		}
		gauge(m.up, value)
	}
	if isCounted {
		gauge(m.pending, float64(counted))
	}
	if stats == nil {
		return
	}
	s := stats()
	gauge(m.queue, float64(s.Queue))
	gauge(m.slow, float64(s.SlowLane))
	for _, pool := range []struct {
		name string
		postgres.Pool
	}{{"committers", s.Committers}, {"readers", s.Readers}} {
		gauge(m.connections, float64(pool.Used), pool.name, "used")
		gauge(m.connections, float64(pool.Idle), pool.name, "idle")
		gauge(m.most, float64(pool.Max), pool.name)
		metrics <- prometheus.MustNewConstMetric(m.waited, prometheus.CounterValue, pool.Waited.Seconds(), pool.name)
	}
}

// Watch measures the store until ctx ends.
func (m *Metrics) Watch(ctx context.Context, store Store) {
	m.store.mu.Lock()
	m.store.stats = store.Stats
	m.store.mu.Unlock()
	ticker := time.NewTicker(checkInterval)
	defer ticker.Stop()
	var counted time.Time
	for {
		var err error
		if store.Check != nil {
			err = store.Check(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		m.store.checked(err == nil)
		if err == nil && store.CountPending != nil && (counted.IsZero() || time.Since(counted) >= countInterval) {
			n, err := store.CountPending(ctx)
			m.store.count(n, err == nil)
			counted = time.Now()
		}
		if err != nil {
			counted = time.Time{}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// checked keeps whether the store is there. While it is not, what was counted before is
// not known to hold.
func (m *storeMetrics) checked(isUp bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.isChecked, m.isUp = true, isUp
	m.isCounted = m.isCounted && isUp
}

func (m *storeMetrics) count(n int64, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counted, m.isCounted = n, ok
}
