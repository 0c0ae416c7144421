// Package retry runs something until it succeeds or its policy gives up. It
// knows attempts, delays and gates, and nothing of queries or mutations.
package retry

import (
	"context"
	"errors"
	"time"

	"github.com/freshet-go/freshet/internal/sched"
)

// Plan says how attempts are made. All functions are required and are called
// one after the other, never concurrently.
type Plan struct {
	// Gate blocks until an attempt may be made; first tells the first from the
	// later ones. An error ends the run.
	Gate func(ctx context.Context, first bool) error
	// Attempt does the work.
	Attempt func(ctx context.Context) (any, error)
	// Delay is the wait after the failure number n, counted from zero.
	Delay func(n int, err error) time.Duration
	// Again decides whether failure number n, counted from zero, is followed by
	// another attempt.
	Again func(n int, err error) bool
	// Failed reports a failure that another attempt will follow after delay;
	// n counts from one.
	Failed func(n int, err error, delay time.Duration)
	// Disabled reports that retries were called off meanwhile. It is asked after
	// a failure and again when the delay is over.
	Disabled func() bool
}

// PermanentError is a failure that no further attempt follows, whatever the plan says.
type PermanentError struct{ Err error }

func (p *PermanentError) Error() string { return p.Err.Error() }

// Unwrap returns the failure.
func (p *PermanentError) Unwrap() error { return p.Err }

// Run makes attempts until one succeeds or fails for good, the plan gives up, or ctx
// ends. It returns the error of the last attempt, or the cause of ctx. The delay is
// computed before the decision, so Delay sees one failure more than is retried,
// as in query-core.
func Run(ctx context.Context, s *sched.Scheduler, p Plan) (any, error) {
	if err := p.Gate(ctx, true); err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		v, err := p.Attempt(ctx)
		if err == nil {
			return v, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if _, permanent := errors.AsType[*PermanentError](err); permanent {
			return nil, err
		}
		delay := p.Delay(n, err)
		if !p.Again(n, err) || p.Disabled() {
			return nil, err
		}
		p.Failed(n+1, err, delay)
		if cause := wait(ctx, s, delay); cause != nil {
			return nil, cause
		}
		if cause := p.Gate(ctx, false); cause != nil {
			return nil, cause
		}
		if p.Disabled() {
			return nil, err
		}
	}
}

func wait(ctx context.Context, s *sched.Scheduler, d time.Duration) error {
	over := make(chan struct{})
	t := s.AfterFunc(d, func() { close(over) })
	defer t.Stop()
	select {
	case <-over:
		return context.Cause(ctx) // select may prefer this case when both are due
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
