package http

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxCallers bounds what [rates] remembers, to a few MiB: twice so many callers.
const maxCallers = 1 << 14

// rates limits how often each of any number of callers asks. It keeps those who asked
// last: when the young are many they become the old, and the old are forgotten, who may
// then ask as if they were new.
type rates[K comparable] struct {
	limit rate.Limit
	burst int

	mu         sync.Mutex
	last       time.Time
	young, old map[K]*rate.Limiter
}

// newRates returns what allows each caller so many requests per second, and those of two
// seconds at once, or nil if there is no limit.
func newRates[K comparable](perSecond float64) *rates[K] {
	const burst = 2 // seconds
	if perSecond <= 0 {
		return nil
	}
	return &rates[K]{
		limit: rate.Limit(perSecond), burst: int(math.Min(math.Max(1, math.Ceil(burst*perSecond)), math.MaxInt32)),
		young: make(map[K]*rate.Limiter),
	}
}

// take counts a request of a caller and returns 0, or returns after how long there may be
// one, and counts nothing. A limiter is never asked for what it would have to take back:
// of several that are refused at once it would not take back all.
func (r *rates[K]) take(caller K, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	// Who read the clock first need not be here first, and a limiter would give for the
	// time between twice.
	if now.Before(r.last) {
		now = r.last
	}
	r.last = now
	limiter := r.find(caller)
	if limiter.AllowN(now, 1) {
		return 0
	}
	wait := (1 - limiter.TokensAt(now)) / float64(r.limit) * float64(time.Second)
	return max(1, time.Duration(math.Min(wait, math.MaxInt64/2)))
}

func (r *rates[K]) find(caller K) *rate.Limiter {
	if limiter, ok := r.young[caller]; ok {
		return limiter
	}
	limiter, ok := r.old[caller]
	if !ok {
		limiter = rate.NewLimiter(r.limit, r.burst)
	}
	if len(r.young) >= maxCallers {
		r.young, r.old = make(map[K]*rate.Limiter), r.young
	}
	r.young[caller] = limiter
	return limiter
}
