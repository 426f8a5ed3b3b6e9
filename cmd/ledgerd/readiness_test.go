package main

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestReadyOfMany has many ask at once whether a store is ready that answers slowly, and
// whose answer changes.
func TestReadyOfMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		away := errors.New("away")
		var answer error
		asked := 0
		r := &readiness{check: func(context.Context) error {
			asked++
			time.Sleep(time.Second)
			return answer
		}}
		for round, want := range []error{nil, away, nil} {
			answer = want
			var group sync.WaitGroup
			for range 100 {
				group.Go(func() {
					if err := r.ready(t.Context()); !errors.Is(err, want) {
						t.Errorf("round %d: got %v, want %v", round, err, want)
					}
				})
			}
			group.Wait()
			if err := r.ready(t.Context()); !errors.Is(err, want) || asked != round+1 {
				t.Errorf("round %d: %v, and asked %d times", round, err, asked)
			}
			time.Sleep(readyTrust)
		}
	})
}

// TestReadyStoreHangs has a store that does not answer: whoever asks does not wait longer
// than they want to, and the store no longer than it may.
func TestReadyStoreHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &readiness{check: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.ready(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		if err := r.ready(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != readyLimit {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}
