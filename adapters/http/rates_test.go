package http

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestRatesAreBounded has more callers than are remembered. Those who go on asking are.
func TestRatesAreBounded(t *testing.T) {
	t.Parallel()
	r, now := newRates[int](0.5), time.Now()
	r.take(-1, now)
	for caller := range 5 * maxCallers {
		if r.take(caller, now) != 0 {
			t.Fatalf("caller %d may not ask", caller)
		}
		if caller%100 == 0 && r.take(-1, now) == 0 {
			t.Fatalf("a caller was forgotten before caller %d", caller)
		}
		if most := max(len(r.young), len(r.old)); most > maxCallers {
			t.Fatalf("%d are remembered", most)
		}
	}
	if r.take(0, now) != 0 {
		t.Error("who has not asked for long should be forgotten")
	}
}

// TestRatesOfManyAtOnce has goroutines of one caller ask again and again, by clocks that
// they read before it is their turn.
func TestRatesOfManyAtOnce(t *testing.T) {
	t.Parallel()
	const perSecond, rounds = 100, 4000
	r, start := newRates[string](perSecond), time.Now()
	var clock, allowed atomic.Int64
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for range rounds {
				// A thousandth of a second passes with each 64th question.
				now := start.Add(time.Duration(clock.Add(1)) * time.Millisecond / 64)
				runtime.Gosched()
				switch wait := r.take("a", now); {
				case wait == 0:
					allowed.Add(1)
				case wait > time.Second/perSecond:
					t.Errorf("it should wait %v", wait)
				}
			}
		})
	}
	group.Wait()
	const most = perSecond*rounds/1000 + 2*perSecond
	if got := allowed.Load(); got < most-1 || got > most {
		t.Errorf("%d were allowed, of %d", got, most)
	}
}

// TestRatesThatAreNone has limits that are none, and one that is hardly one.
func TestRatesThatAreNone(t *testing.T) {
	t.Parallel()
	if newRates[int](0) != nil || newRates[int](-1) != nil {
		t.Error("no limit is one")
	}
	if r := newRates[int](1e-300); r.take(1, time.Now()) != 0 || r.take(1, time.Now()) < time.Hour {
		t.Error("hardly any should be allowed")
	}
	if r := newRates[int](1e300); r.burst < 1<<30 || r.take(1, time.Now()) != 0 {
		t.Errorf("so many may come at once: %d", r.burst)
	}
}
