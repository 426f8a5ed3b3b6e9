package memory_test

import (
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
	"github.com/seed-d432d95b/ledger/ledger/ledgertest"
)

func TestExport(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	clocks := map[string]func(rt *rapid.T) func() time.Time{
		"all in one moment": func(*rapid.T) func() time.Time { return func() time.Time { return start } },
		"some in one moment": func(rt *rapid.T) func() time.Time {
			pace := rapid.Int64Range(2, 30).Draw(rt, "pace")
			var ticks atomic.Int64
			return func() time.Time { return start.Add(time.Duration(ticks.Add(1)/pace) * time.Microsecond) }
		},
		"a clock that is set back": func(rt *rapid.T) func() time.Time {
			after, by := rapid.Int64Range(1, 60).Draw(rt, "after"), rapid.Int64Range(1, 60).Draw(rt, "by")
			var ticks atomic.Int64
			return func() time.Time {
				tick := ticks.Add(1)
				if tick > after {
					tick -= by
				}
				return start.Add(time.Duration(tick) * time.Microsecond)
			}
		},
	}
	for name, clock := range clocks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ledgertest.Export(t, name == "some in one moment", func(rt *rapid.T) (original, copied *ledger.Ledger) {
				return openAt(t, clock(rt)), openAt(t, func() time.Time { return start.Add(time.Second) })
			})
		})
	}
}

func openAt(t *testing.T, now func() time.Time) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), memory.New(memory.Config{Now: now}), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}
