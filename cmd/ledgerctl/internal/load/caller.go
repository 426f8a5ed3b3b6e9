package load

import (
	"context"
	"errors"
	"time"
)

// caller performs one operation after the other.
type caller struct {
	run       *run
	recorder  *recorder
	planner   *planner
	performer performer
	// stop ends the run.
	stop context.CancelFunc
}

// loop is a closed loop: it waits for each answer before it asks again.
func (c *caller) loop(starts, calls context.Context) {
	failures := 0
	for starts.Err() == nil {
		now := time.Now()
		if !c.run.end.IsZero() && !now.Before(c.run.end) || !c.mayStart(now) {
			return
		}
		if c.perform(calls, now, c.run.next.Add(1)-1) {
			failures = 0
			continue
		}
		// A service that is away or has too much to do is not asked at once again.
		pause(starts, failures)
		failures++
	}
}

// arrivals performs operations that arrive at a fixed rate. Each has its start from
// the beginning on. All callers take from the same row, so one that begins late does
// because all are busy; its latency counts from the start that was planned.
func (c *caller) arrivals(starts, calls context.Context) {
	for starts.Err() == nil {
		n := c.run.next.Add(1) - 1
		intended := c.run.arrival(n)
		if c.isPastEnd(n, intended) {
			c.run.skipped.Add(1)
			return
		}
		wait := time.Until(intended)
		switch {
		case wait > 0:
			if !sleep(starts, wait) {
				c.run.skipped.Add(1)
				return
			}
		case -wait > lateness && !intended.Before(c.run.measured):
			c.recorder.late++
		}
		if calls.Err() != nil {
			c.run.skipped.Add(1)
			return
		}
		c.perform(calls, intended, n)
	}
}

// isPastEnd says whether the n-th arrival is none of the run's any more.
func (c *caller) isPastEnd(n int64, intended time.Time) bool {
	if !c.run.end.IsZero() && !intended.Before(c.run.end) {
		return true
	}
	return c.run.config.Count > 0 && n >= c.run.first()+c.run.config.Count
}

// mayStart says whether another operation may begin, if their number is bounded.
func (c *caller) mayStart(now time.Time) bool {
	if c.run.config.Count == 0 || now.Before(c.run.measured) {
		return true
	}
	return c.run.tickets.Add(1) <= c.run.config.Count
}

// perform performs an operation and notes what became of it, with a latency since a
// start. It says whether the service answered.
func (c *caller) perform(ctx context.Context, start time.Time, n int64) bool {
	op := c.planner.plan(n)
	begun, err := c.performer.perform(ctx, op)
	now := time.Now()
	known, code := judge(err)
	isMeasured := !start.Before(c.run.measured)
	if isMeasured {
		c.recorder.last = now
		if known == acknowledged {
			c.recorder.success(op.kind, now.Sub(start))
		} else {
			c.recorder.failure(known, code)
		}
	}
	var fault *inconsistency
	switch {
	case known == acknowledged:
		c.run.done.Add(1)
		c.run.books.note(op)
	case errors.As(err, &fault):
		if len(c.recorder.faults) < maxFaults {
			c.recorder.faults = append(c.recorder.faults, fault.message)
		}
	case op.kind != Read && (known != refused || begun):
		c.recorder.unsettled = append(c.recorder.unsettled, op)
		if c.run.unsettled.Add(1) > maxUnsettled {
			c.stop()
		}
	}
	return known == acknowledged || known == refused
}

// sleep waits, and says whether ctx did not end meanwhile.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// arrival is when the n-th operation of a fixed rate is to start.
func (r *run) arrival(n int64) time.Time {
	// Counted from whole seconds and a rest, so that no n is too large.
	seconds := float64(n) / r.config.Rate
	whole := time.Duration(seconds)
	return r.started.Add(whole*time.Second + time.Duration((seconds-float64(whole))*float64(time.Second)))
}

// first is the number of the first arrival after the warm-up.
func (r *run) first() int64 { return r.arrivalsBefore(r.measured) }

// due is how many operations should have started by now.
func (r *run) due(now time.Time) int64 {
	if !r.end.IsZero() && now.After(r.end) {
		now = r.end
	}
	due := r.arrivalsBefore(now)
	if r.config.Count > 0 {
		due = min(due, r.first()+r.config.Count)
	}
	return due
}

// arrivalsBefore counts the arrivals before a time.
func (r *run) arrivalsBefore(at time.Time) int64 {
	n := int64(at.Sub(r.started).Seconds() * r.config.Rate)
	for r.arrival(n).Before(at) {
		n++
	}
	for n > 0 && !r.arrival(n-1).Before(at) {
		n--
	}
	return n
}
