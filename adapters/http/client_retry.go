package http

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// The longest time before the second attempt, which doubles with each that follows, up
// to the longest there is.
const (
	firstBackoff = 50 * time.Millisecond
	maxBackoff   = 2 * time.Second
)

// failure is an attempt without a good answer.
type failure struct {
	// err is what the caller is told if no other attempt follows.
	err error
	// again says that another attempt may go better.
	again bool
	// wait is how long the server wants to be left alone.
	wait time.Duration
	// unknown says that the attempt may have taken effect.
	unknown bool
}

// send makes attempts until one has a good answer, one is refused for good, or there
// is no time for another.
func (l *link) send(ctx context.Context, q question, body []byte, decode func([]byte) error) (answered, error) {
	if err := ctx.Err(); err != nil {
		return answered{}, interrupted(err, nil)
	}
	began := time.Now()
	for attempt := 1; ; attempt++ {
		a, failed := l.attempt(ctx, q, body, decode)
		if failed == nil {
			return a, nil
		}
		delay := failed.wait + backoff(attempt)
		if !failed.again || !l.isTimeFor(ctx, began, delay) {
			return answered{}, failed.last(q, attempt)
		}
		timer := time.NewTimer(delay)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return answered{}, interrupted(ctx.Err(), failed.err)
		}
	}
}

// isTimeFor says whether an attempt may begin after a delay.
func (l *link) isTimeFor(ctx context.Context, began time.Time, delay time.Duration) bool {
	at := time.Now().Add(delay)
	if deadline, ok := ctx.Deadline(); ok && !at.Before(deadline) {
		return false
	}
	return at.Sub(began) <= l.retryFor
}

// backoff returns how long to wait after so many attempts: any time up to a bound, so
// that callers who failed together do not come back together.
func backoff(attempts int) time.Duration {
	// Above that many doublings the bound is the largest.
	bound := min(firstBackoff<<min(attempts-1, 10), maxBackoff)
	return rand.N(bound) + 1
}

// retryAfter reads how long a server wants to be left alone, from a number of seconds
// or a date.
func retryAfter(header http.Header, now time.Time) time.Duration {
	// It is added to, which should not make it less than nothing.
	const tooLong = 1 << 30
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 64); err == nil {
		return time.Duration(min(seconds, tooLong)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), tooLong*time.Second)
	}
	return 0
}

// interrupted returns the error of a call whose context has ended, after the last
// attempt's error if there was one.
func interrupted(err, last error) error {
	if last == nil {
		return fmt.Errorf("no answer from the ledger: %w", err)
	}
	return fmt.Errorf("no answer from the ledger: %w, after: %w", err, &quoted{last})
}

// quoted is an error of which the text alone matters: it unwraps to nothing.
type quoted struct{ error }
