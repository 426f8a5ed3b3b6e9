package telemetry_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/cmd/ledgerd/internal/telemetry"
)

// TestStore has a store come and go.
func TestStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		m := newMetrics()
		if scraped := scrape(t, m); strings.Contains(scraped, "ledger_store_up") || strings.Contains(scraped, "ledger_pool") {
			t.Errorf("before it is watched: %s", scraped)
		}
		var away, ended atomic.Bool
		var pending, asked atomic.Int64
		pending.Store(7)
		go func() {
			m.Watch(ctx, telemetry.Store{
				Check: func(context.Context) error {
					if away.Load() {
						return errors.New("away")
					}
					return nil
				},
				Stats: func() postgres.Stats {
					return postgres.Stats{
						Queue: 3, SlowLane: 2,
						Committers: postgres.Pool{Max: 4, Used: 1, Idle: 2, Waited: 1500 * time.Millisecond},
						Readers:    postgres.Pool{Max: 5, Used: 4, Idle: 1, Waited: time.Second},
					}
				},
				CountPending: func(context.Context) (int64, error) {
					asked.Add(1)
					return pending.Load(), nil
				},
			})
			ended.Store(true)
		}()
		synctest.Wait()
		expectLines(t, scrape(t, m),
			"ledger_store_up 1", "ledger_pending_transactions 7", "ledger_commit_queue_length 3", "ledger_commit_slow_queue_length 2",
			`ledger_pool_connections{pool="committers",state="used"} 1`, `ledger_pool_connections{pool="committers",state="idle"} 2`,
			`ledger_pool_connections{pool="readers",state="used"} 4`, `ledger_pool_connections{pool="readers",state="idle"} 1`,
			`ledger_pool_connections_max{pool="committers"} 4`, `ledger_pool_connections_max{pool="readers"} 5`,
			`ledger_pool_wait_seconds_total{pool="committers"} 1.5`, `ledger_pool_wait_seconds_total{pool="readers"} 1`,
		)
		pass := func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		}
		pending.Store(8)
		pass(58 * time.Second)
		if n := asked.Load(); n != 1 {
			t.Errorf("counted %d times within a minute", n)
		}
		pass(5 * time.Second)
		expectLines(t, scrape(t, m), "ledger_pending_transactions 8")

		away.Store(true)
		pass(5 * time.Second)
		scraped := scrape(t, m)
		expectLines(t, scraped, "ledger_store_up 0")
		if strings.Contains(scraped, "ledger_pending_transactions") {
			t.Error("what is pending is said of a store that is away")
		}
		away.Store(false)
		pending.Store(9)
		pass(5 * time.Second)
		expectLines(t, scrape(t, m), "ledger_store_up 1", "ledger_pending_transactions 9")

		cancel()
		synctest.Wait()
		if !ended.Load() {
			t.Error("it goes on for ever")
		}
	})
}

// TestStoreInMemory: it is there, and nothing else is known of it.
func TestStoreInMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMetrics()
		ctx, cancel := context.WithCancel(t.Context())
		go m.Watch(ctx, telemetry.Store{})
		synctest.Wait()
		scraped := scrape(t, m)
		expectLines(t, scraped, "ledger_store_up 1")
		for _, name := range []string{"ledger_pool", "ledger_pending", "ledger_commit"} {
			if strings.Contains(scraped, name) {
				t.Errorf("%s is measured", name)
			}
		}
		cancel()
	})
}
