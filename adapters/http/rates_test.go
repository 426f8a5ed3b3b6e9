package http

import (
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

// TestRatesThatAreNone has limits that are none, and one that is hardly one.
func TestRatesThatAreNone(t *testing.T) {
	t.Parallel()
	if newRates[int](0) != nil || newRates[int](-1) != nil {
		t.Error("no limit is one")
	}
	if r := newRates[int](1e300); r.burst < 1<<30 || r.take(1, time.Now()) != 0 {
		t.Errorf("so many may come at once: %d", r.burst)
	}
}
