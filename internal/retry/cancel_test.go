package retry_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/sched"
)

func TestRun_endOfContextInTheGateEndsItWithTheCause(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *sched.Scheduler) {
		ctx, cancel := context.WithCancelCause(t.Context())
		r := newRun(s, 2)
		r.plan.Gate = func(ctx context.Context, first bool) error {
			if first {
				return nil
			}
			<-ctx.Done()
			return context.Cause(ctx)
		}
		s.AfterFunc(time.Minute, func() { cancel(errStop) })
		v, err := r.do(ctx)
		require.Equal(t, errStop, err)
		require.Nil(t, v)
		require.Equal(t, time.Minute, s.Now().Sub(r.start))
		require.Equal(t, "0s failed 1: attempt 1, wait 1s", r.log[len(r.log)-1])
	})
}

func TestRun_endOfContextInAnAttemptHidesTheErrorOfTheAttempt(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *sched.Scheduler) {
		ctx, cancel := context.WithCancelCause(t.Context())
		r := newRun(s, 0)
		attempt := r.plan.Attempt
		r.plan.Attempt = func(ctx context.Context) (any, error) {
			if s.Now().After(r.start) {
				cancel(errStop)
			}
			return attempt(ctx)
		}
		v, err := r.do(ctx)
		require.Equal(t, errStop, err)
		require.Nil(t, v)
		require.Equal(t, "1s attempt", r.log[len(r.log)-1], "nothing is asked or reported")
	})
}

func TestRun_endOfContextInAnAttemptKeepsItsSuccess(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *sched.Scheduler) {
		ctx, cancel := context.WithCancelCause(t.Context())
		r := newRun(s, 1)
		attempt := r.plan.Attempt
		r.plan.Attempt = func(ctx context.Context) (any, error) {
			cancel(errStop)
			return attempt(ctx)
		}
		v, err := r.do(ctx)
		require.NoError(t, err)
		require.Equal(t, 42, v)
	})
}

// wakes is a clock that counts the timers that fired.
type wakes struct {
	clock.Clock
	n atomic.Int64
}

func (c *wakes) AfterFunc(d time.Duration, f func()) *clock.Timer {
	return c.Clock.AfterFunc(d, func() {
		c.n.Add(1)
		f()
	})
}

func TestRun_endOfContextInTheDelayEndsItAtOnceAndLeavesNoTimer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &wakes{Clock: clock.New()}
		s := sched.New(c)
		defer s.Close()
		ctx, cancel := context.WithCancelCause(t.Context())
		r := newRun(s, 0)
		r.plan.Delay = func(int, error) time.Duration { return time.Hour }
		time.AfterFunc(time.Minute, func() { cancel(errStop) })
		v, err := r.do(ctx)
		require.Equal(t, errStop, err)
		require.Nil(t, v)
		require.Equal(t, time.Minute, s.Now().Sub(r.start))
		require.Equal(t, "0s failed 1: attempt 1, wait 1h0m0s", r.log[len(r.log)-1])

		time.Sleep(2 * time.Hour)
		synctest.Wait()
		require.Zero(t, c.n.Load())
	})
}

func TestRun_deadlineOfContextIsTheErrorWithoutAnotherCause(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *sched.Scheduler) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		r := newRun(s, 0)
		_, err := r.do(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, "1s failed 2: attempt 2, wait 2s", r.log[len(r.log)-1])
		require.Equal(t, 2500*time.Millisecond, s.Now().Sub(r.start))
	})
}

// settledDone is a context that lets all else happen before anyone waits for it.
type settledDone struct{ context.Context }

func (c settledDone) Done() <-chan struct{} {
	synctest.Wait()
	return c.Context.Done()
}

func TestRun_endOfContextGoesBeforeTheEndOfTheDelay(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *sched.Scheduler) {
		for range 50 { // select would choose either at random
			ctx, cancel := context.WithCancelCause(t.Context())
			r := newRun(s, 2)
			r.plan.Delay = func(int, error) time.Duration { return 0 }
			r.plan.Failed = func(int, error, time.Duration) { cancel(errStop) }
			v, err := r.do(settledDone{ctx})
			require.Equal(t, errStop, err)
			require.Nil(t, v)
			require.Equal(t, "0s disabled", r.log[len(r.log)-1], "the gate is not asked")
		}
	})
}
