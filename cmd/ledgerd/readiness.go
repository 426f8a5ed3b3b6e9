package main

import (
	"context"
	"sync"
	"time"
)

const (
	// readyLimit is how long a database may take to say that it is there.
	readyLimit = 2 * time.Second
	// readyTrust is for how long its answer is believed.
	readyTrust = 500 * time.Millisecond
)

// readiness asks whether the store can be used, once for all who want to know at a time:
// anybody may ask for /readyz, however often.
type readiness struct {
	check func(context.Context) error

	mu sync.Mutex
	// asking is closed when the question that is under way is answered; nil if none is.
	asking chan struct{}
	asked  time.Time
	answer error
}

// ready says why the store cannot be used, or nil.
func (r *readiness) ready(ctx context.Context) error {
	r.mu.Lock()
	if !r.asked.IsZero() && time.Since(r.asked) < readyTrust {
		defer r.mu.Unlock()
		return r.answer
	}
	if r.asking == nil {
		r.asking = make(chan struct{})
		go r.ask(context.WithoutCancel(ctx), r.asking)
	}
	asking := r.asking
	r.mu.Unlock()
	select {
	case <-asking:
	case <-ctx.Done():
		return ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.answer
}

func (r *readiness) ask(ctx context.Context, asking chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	answer := r.check(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer, r.asked, r.asking = answer, time.Now(), nil
	close(asking)
}
