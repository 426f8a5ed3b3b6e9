package load

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// patience is how long a run waits, after its end, for what is under way or was due.
	patience = 30 * time.Second
	// maxUnsettled is the most operations of unknown outcome before a run gives up.
	maxUnsettled = 1_000_000
	// lateness is how far behind its time an operation counts as late.
	lateness = time.Millisecond
	// maxFaults is the most answers that a caller keeps that cannot be.
	maxFaults = 10
	// progressEvery is how often progress is told.
	progressEvery = 200 * time.Millisecond
)

// run is a run under way.
type run struct {
	config   Config
	id       string
	accounts []string
	books    *books
	// started and measured are when the run began, and its warm-up was over; end is
	// when no operation begins any more, or zero.
	started, measured, end time.Time
	// next numbers the operations, and skipped counts the numbers that were taken and
	// not used. Tickets count those that are measured in a closed loop.
	next, skipped, tickets atomic.Int64
	// done counts what was acknowledged, unsettled what is not known.
	done, unsettled atomic.Int64
}

// Run loads the services as the config says, checks the books, and reports. When ctx
// ends, it starts nothing new, waits for what is under way, and reports what was done;
// that is no error. The error is about a run that could not be made or checked. What
// the check found wrong is in the report: see [Report.Err].
func Run(ctx context.Context, config Config) (Report, error) {
	config, err := config.withDefaults()
	if err != nil {
		return Report{}, err
	}
	if len(config.Services) == 0 {
		return Report{}, errors.New("there is no service to load")
	}
	r := &run{config: config, id: "bench-" + strings.ToLower(rand.Text())}
	if err := r.open(ctx); err != nil {
		return Report{}, err
	}
	notes, notStarted, gaveUp := r.load(ctx)
	interrupted := ctx.Err() != nil

	// Who breaks a run off still wants to know what is left of it.
	after := context.WithoutCancel(ctx)
	asked := int64(len(notes.unsettled))
	unknown := r.settle(after, notes.unsettled)
	report := r.report(notes)
	report.Interrupted = interrupted
	report.NotStarted = notStarted
	checking, cancel := context.WithTimeout(after, patience)
	defer cancel()
	report.Books, err = r.books.check(checking, config.Services[0], unknown, notes.faults)
	report.Books.AskedAgain = asked
	switch {
	case err != nil:
		return report, fmt.Errorf("the books could not be checked: %w", err)
	case gaveUp:
		return report, fmt.Errorf("the run was given up: of %d operations it is not known whether they took effect", maxUnsettled)
	}
	return report, nil
}

// open opens the accounts and notes how they stand.
func (r *run) open(ctx context.Context) error {
	r.accounts = make([]string, r.config.Accounts)
	for i := range r.accounts {
		r.accounts[i] = fmt.Sprintf("bench-%d", i)
	}
	var err error
	r.books, err = openBooks(ctx, r.config.Services[0], r.accounts)
	return err
}

// load has the callers do their work. It returns what they noted, how many operations
// were due and never started, and whether the run gave up.
func (r *run) load(ctx context.Context) (notes *recorder, notStarted int64, gaveUp bool) {
	r.started = time.Now()
	r.measured = r.started.Add(r.config.WarmUp)
	if r.config.Duration > 0 {
		r.end = r.measured.Add(r.config.Duration)
	}
	// What is under way when the run ends is let finish, but not for ever.
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	starts, stop := context.WithCancel(ctx)
	defer stop()

	recorders := make([]*recorder, r.config.Callers)
	var callers sync.WaitGroup
	for i := range recorders {
		recorders[i] = newRecorder()
		c := &caller{
			run: r, recorder: recorders[i], planner: newPlanner(r.config), stop: stop,
			performer: performer{service: r.config.Services[i%len(r.config.Services)], run: r.id, accounts: r.accounts},
		}
		callers.Go(func() {
			if r.config.Rate > 0 {
				c.arrivals(starts, calls)
			} else {
				c.loop(starts, calls)
			}
		})
	}
	over := make(chan struct{})
	var watchers sync.WaitGroup
	watchers.Go(func() { r.watch(starts, over, cancel) })
	callers.Wait()
	close(over)
	watchers.Wait()

	notes = newRecorder()
	for _, recorder := range recorders {
		notes.merge(recorder)
	}
	if r.config.Rate > 0 {
		notStarted = max(r.due(time.Now())-(r.next.Load()-r.skipped.Load()), 0)
	}
	return notes, notStarted, r.unsettled.Load() > maxUnsettled
}

// watch tells of progress, and ends the calls of a run that does not end by itself.
func (r *run) watch(starts context.Context, over <-chan struct{}, cancel context.CancelFunc) {
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	var late <-chan time.Time
	if !r.end.IsZero() {
		late = time.After(time.Until(r.end) + patience)
	}
	stopped := starts.Done()
	last, at := int64(0), r.started
	for {
		select {
		case <-over:
			return
		case <-stopped:
			stopped, late = nil, time.After(patience)
		case <-late:
			cancel()
			late = nil
		case now := <-ticker.C:
			if r.config.Progress == nil {
				continue
			}
			done := r.done.Load()
			r.config.Progress(Progress{
				Done: done, Elapsed: now.Sub(r.started), Fraction: r.fraction(now),
				RatePerSecond: float64(done-last) / max(now.Sub(at).Seconds(), 1e-9),
			})
			last, at = done, now
		}
	}
}

// fraction is how much of the run is over.
func (r *run) fraction(now time.Time) float64 {
	var fraction float64
	if !r.end.IsZero() {
		fraction = float64(now.Sub(r.started)) / float64(r.end.Sub(r.started))
	}
	if r.config.Count > 0 {
		begun := r.tickets.Load()
		if r.config.Rate > 0 {
			begun = r.due(now)
		}
		fraction = max(fraction, float64(begun)/float64(r.config.Count))
	}
	return min(fraction, 1)
}

// settle asks again for operations of which it is not known whether they are done, as
// often as it takes, and notes those that are. It returns those that are still not
// known when its patience ends.
func (r *run) settle(ctx context.Context, operations []operation) (unknown []operation) {
	const askers = 64
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	work := make(chan operation)
	left := make([][]operation, askers)
	var group sync.WaitGroup
	for i := range askers {
		p := performer{service: r.config.Services[i%len(r.config.Services)], run: r.id, accounts: r.accounts}
		group.Go(func() {
			for op := range work {
				if !r.settleOne(ctx, p, op) {
					left[i] = append(left[i], op)
				}
			}
		})
	}
	for _, op := range operations {
		work <- op
	}
	close(work)
	group.Wait()
	for _, operations := range left {
		unknown = append(unknown, operations...)
	}
	return unknown
}

// settleOne asks for an operation until its outcome is known, and says whether it is.
func (r *run) settleOne(ctx context.Context, p performer, op operation) bool {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		begun, err := p.perform(ctx, op)
		known, _ := judge(err)
		switch known {
		case acknowledged:
			r.books.note(op)
			return true
		case refused:
			return !begun
		default:
		}
		pause(ctx, attempt)
	}
	return false
}

// pause waits after a failure, the longer the more came before it.
func pause(ctx context.Context, failures int) {
	timer := time.NewTimer(min(10*time.Millisecond<<min(failures, 10), time.Second))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
