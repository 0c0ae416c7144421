package retry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/retry"
	"github.com/freshet-go/freshet/internal/sched"
)

var (
	errAttempt = errors.New("attempt")
	errGate    = errors.New("gate")
	errStop    = errors.New("stop")
)

// run is a run of a plan whose calls are logged with their times.
type run struct {
	sched *sched.Scheduler
	start time.Time
	log   []string
	plan  retry.Plan
}

// newRun returns a run whose attempt number succeeds answers 42, all earlier
// ones fail; failure number n is followed by n+1 seconds of delay.
func newRun(s *sched.Scheduler, succeeds int) *run {
	r := &run{sched: s, start: s.Now()}
	attempts := 0
	r.plan = retry.Plan{
		Gate: func(_ context.Context, first bool) error {
			r.note("gate first=%t", first)
			return nil
		},
		Attempt: func(context.Context) (any, error) {
			attempts++
			r.note("attempt")
			if attempts == succeeds {
				return 42, nil
			}
			return nil, fmt.Errorf("%w %d", errAttempt, attempts)
		},
		Delay: func(n int, err error) time.Duration {
			r.note("delay %d: %v", n, err)
			return time.Duration(n+1) * time.Second
		},
		Again: func(n int, err error) bool {
			r.note("again %d: %v", n, err)
			return true
		},
		Failed: func(n int, err error, delay time.Duration) {
			r.note("failed %d: %v, wait %v", n, err, delay)
		},
		Disabled: func() bool {
			r.note("disabled")
			return false
		},
	}
	return r
}

func (r *run) note(format string, args ...any) {
	r.log = append(r.log, fmt.Sprintf("%v ", r.sched.Now().Sub(r.start))+fmt.Sprintf(format, args...))
}

func (r *run) do(ctx context.Context) (any, error) { return retry.Run(ctx, r.sched, r.plan) }

// only allows n retries.
func (r *run) only(retries int) {
	again := r.plan.Again
	r.plan.Again = func(n int, err error) bool { return again(n, err) && n < retries }
}

func inBubble(t *testing.T, f func(t *testing.T, s *sched.Scheduler)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := sched.New(clock.New())
		defer s.Close()
		f(t, s)
	})
}

func TestRun_successAtOnceAsksForNothingElse(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *sched.Scheduler) {
		r := newRun(s, 1)
		v, err := r.do(t.Context())
		require.NoError(t, err)
		require.Equal(t, 42, v)
		require.Equal(t, []string{"0s gate first=true", "0s attempt"}, r.log)
	})
}

func TestRun_retriesAfterEachDelayUntilSuccess(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *sched.Scheduler) {
		r := newRun(s, 3)
		v, err := r.do(t.Context())
		require.NoError(t, err)
		require.Equal(t, 42, v)
		require.Equal(t, []string{
			"0s gate first=true", "0s attempt",
			"0s delay 0: attempt 1", "0s again 0: attempt 1", "0s disabled",
			"0s failed 1: attempt 1, wait 1s",
			"1s gate first=false", "1s disabled", "1s attempt",
			"1s delay 1: attempt 2", "1s again 1: attempt 2", "1s disabled",
			"1s failed 2: attempt 2, wait 2s",
			"3s gate first=false", "3s disabled", "3s attempt",
		}, r.log)
	})
}

func TestRun_runsOnAMockClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mock := clock.NewMock()
		s := sched.New(mock)
		defer s.Close()
		r := newRun(s, 3)
		type outcome struct {
			v   any
			err error
		}
		done := make(chan outcome, 1)
		go func() {
			v, err := r.do(t.Context())
			done <- outcome{v, err}
		}()
		synctest.Wait()
		mock.Add(3*time.Second - 1)
		synctest.Wait()
		require.Empty(t, done)
		mock.Add(1)
		require.Equal(t, outcome{v: 42}, <-done)
		require.Equal(t, "3s attempt", r.log[len(r.log)-1])
	})
}

func TestRun_waitsForNoTimeIfTheDelayIsZeroOrLess(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, -time.Hour} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, s *sched.Scheduler) {
				r := newRun(s, 3)
				r.plan.Delay = func(int, error) time.Duration { return d }
				v, err := r.do(t.Context())
				require.NoError(t, err)
				require.Equal(t, 42, v)
				require.Equal(t, "0s attempt", r.log[len(r.log)-1])
			})
		})
	}
}

func TestRun_givesUpWithTheLastErrorAfterADelayThatIsNotUsed(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *sched.Scheduler) {
		r := newRun(s, 0)
		r.only(1)
		v, err := r.do(t.Context())
		require.ErrorIs(t, err, errAttempt)
		require.EqualError(t, err, "attempt 2")
		require.Nil(t, v)
		require.Equal(t, []string{
			"0s gate first=true", "0s attempt",
			"0s delay 0: attempt 1", "0s again 0: attempt 1", "0s disabled",
			"0s failed 1: attempt 1, wait 1s",
			"1s gate first=false", "1s disabled", "1s attempt",
			"1s delay 1: attempt 2", "1s again 1: attempt 2",
		}, r.log)
	})
}

func TestRun_disabledAfterAFailureEndsIt(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *sched.Scheduler) {
		r := newRun(s, 0)
		r.plan.Disabled = func() bool { r.note("disabled"); return true }
		_, err := r.do(t.Context())
		require.EqualError(t, err, "attempt 1")
		require.Equal(t, []string{
			"0s gate first=true", "0s attempt",
			"0s delay 0: attempt 1", "0s again 0: attempt 1", "0s disabled",
		}, r.log)
	})
}

func TestRun_disabledDuringTheDelayEndsItWhenTheDelayIsOver(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *sched.Scheduler) {
		r := newRun(s, 0)
		r.plan.Disabled = func() bool {
			r.note("disabled")
			return s.Now().After(r.start)
		}
		_, err := r.do(t.Context())
		require.EqualError(t, err, "attempt 1")
		require.Equal(t, []string{
			"0s gate first=true", "0s attempt",
			"0s delay 0: attempt 1", "0s again 0: attempt 1", "0s disabled",
			"0s failed 1: attempt 1, wait 1s",
			"1s gate first=false", "1s disabled",
		}, r.log)
	})
}

func TestRun_gateHoldsAttemptsBack(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *sched.Scheduler) {
		r := newRun(s, 2)
		r.plan.Gate = func(_ context.Context, first bool) error {
			time.Sleep(time.Minute)
			r.note("gate first=%t", first)
			return nil
		}
		_, err := r.do(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{
			"1m0s gate first=true", "1m0s attempt",
			"1m0s delay 0: attempt 1", "1m0s again 0: attempt 1", "1m0s disabled",
			"1m0s failed 1: attempt 1, wait 1s",
			"2m1s gate first=false", "2m1s disabled", "2m1s attempt",
		}, r.log)
	})
}

func TestRun_errorOfTheGateEndsIt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		atFirst bool
		last    string
	}{
		"before the first attempt": {true, "0s gate first=true"},
		"before a retry":           {false, "1s gate first=false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, s *sched.Scheduler) {
				r := newRun(s, 2)
				r.plan.Gate = func(_ context.Context, first bool) error {
					r.note("gate first=%t", first)
					if first == tc.atFirst {
						return errGate
					}
					return nil
				}
				v, err := r.do(t.Context())
				require.Equal(t, errGate, err)
				require.Nil(t, v)
				require.Equal(t, tc.last, r.log[len(r.log)-1])
			})
		})
	}
}

func TestRun_asksNobodyAfterAPermanentFailure(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *sched.Scheduler) {
		r := newRun(s, 2)
		final := fmt.Errorf("outer: %w", &retry.PermanentError{Err: errAttempt})
		attempt := r.plan.Attempt
		r.plan.Attempt = func(ctx context.Context) (any, error) {
			if v, err := attempt(ctx); err == nil {
				return v, nil
			}
			return nil, final
		}
		v, err := r.do(t.Context())
		require.Equal(t, final, err)
		require.ErrorIs(t, err, errAttempt)
		require.Nil(t, v)
		require.Equal(t, []string{"0s gate first=true", "0s attempt"}, r.log)
	})
}

func TestRun_handsItsContextOn(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *sched.Scheduler) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r := newRun(s, 2)
		gate, attempt := r.plan.Gate, r.plan.Attempt
		var seen []context.Context
		r.plan.Gate = func(ctx context.Context, first bool) error {
			seen = append(seen, ctx)
			return gate(ctx, first)
		}
		r.plan.Attempt = func(ctx context.Context) (any, error) {
			seen = append(seen, ctx)
			return attempt(ctx)
		}
		_, err := r.do(ctx)
		require.NoError(t, err)
		require.Equal(t, []context.Context{ctx, ctx, ctx, ctx}, seen)
	})
}
