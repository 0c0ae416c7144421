package sched_test

import (
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/sched"
)

func requireCounts(t *testing.T, w *world, armed, woken int) {
	t.Helper()
	gotArmed, gotWoken := w.clock.counts()
	require.Equal(t, armed, gotArmed, "timers of the clock")
	require.Equal(t, woken, gotWoken, "wake-ups")
}

func TestScheduler_manyTimersNeedOneOfTheClock(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		for i := range 1000 {
			w.AfterFunc(time.Second+time.Duration(i/10)*time.Second, func() {})
		}
		requireCounts(t, w, 1, 0) // for the earliest
		w.pass(time.Second)
		requireCounts(t, w, 2, 1) // for the next
		w.pass(time.Hour)
		requireCounts(t, w, 100, 100) // one a moment, whatever the number due then
	})
}

func TestScheduler_replacesItsClockTimerByAnEarlierOne(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		const n = 100
		for i := range n {
			w.AfterFunc(time.Duration(n-i)*time.Hour, func() {})
		}
		requireCounts(t, w, n, 0)
		w.pass(time.Hour)
		requireCounts(t, w, n+1, 1) // all but one were stopped
		w.pass(n * time.Hour)
		requireCounts(t, w, 2*n-1, n)
	})
}

func TestScheduler_holdsNoClockTimerWhileIdle(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		w.pass(time.Hour)
		requireCounts(t, w, 0, 0)

		a, b := w.arm(time.Second, "a"), w.arm(2*time.Second, "b")
		require.True(t, b.Stop())
		requireCounts(t, w, 1, 0) // the earliest is the same
		require.True(t, a.Stop())
		w.pass(time.Hour)
		requireCounts(t, w, 1, 0) // stopped with the last timer

		w.arm(time.Second, "c")
		w.pass(time.Hour)
		requireCounts(t, w, 2, 1)
		require.Equal(t, []string{"c 2h0m1s"}, w.log.all())
	})
}

func TestScheduler_ignoresStaleWakeUps(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		a := w.arm(time.Second, "a")
		stale := w.clock.lastWake()
		require.True(t, a.Stop())
		stale() // nothing waits

		w.arm(2*time.Second, "b")
		stale() // something else waits
		requireCounts(t, w, 2, 0)
		w.pass(time.Hour)
		requireCounts(t, w, 2, 1)
		require.Equal(t, []string{"b 2s"}, w.log.all())
	})
}

func TestScheduler_ignoresAWakeUpWhileAFunctionRuns(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		_, release := w.armBlocked(time.Second, "slow")
		w.arm(time.Second, "due")
		w.pass(time.Second)
		w.clock.lastWake()()
		synctest.Wait()
		require.Equal(t, []string{"slow 1s"}, w.log.all())
		release()
		synctest.Wait()
		require.Equal(t, []string{"slow 1s", "due 1s"}, w.log.all())
	})
}

func TestScheduler_armsAgainAfterAWakeUpThatCameEarly(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		w.arm(2*time.Second, "a")
		w.pass(time.Second)
		w.clock.lastWake()()
		require.Empty(t, w.log.all())
		armed, _ := w.clock.counts()
		require.Equal(t, 2, armed)
		w.pass(time.Hour)
		require.Equal(t, []string{"a 2s"}, w.log.all())
	})
}

func TestScheduler_survivesAClockThatGoesBack(t *testing.T) {
	t.Parallel()
	onMockClock(t, func(t *testing.T, w *world) {
		w.arm(2*time.Second, "a")
		w.pass(time.Second)
		w.mock.Set(w.start.Add(-time.Hour))
		w.arm(time.Second, "b") // before a now, though armed later
		w.pass(time.Second)
		require.Equal(t, []string{"b -59m59s"}, w.log.all())
		w.pass(time.Hour)
		require.Equal(t, []string{"b -59m59s"}, w.log.all())
		w.pass(time.Second)
		require.Equal(t, []string{"b -59m59s", "a 2s"}, w.log.all())
	})
}

func TestScheduler_waitsAgainForWhatIsNoLongerDue(t *testing.T) {
	t.Parallel()
	onMockClock(t, func(t *testing.T, w *world) {
		_, release := w.armBlocked(time.Second, "slow")
		w.arm(time.Second, "due")
		w.pass(time.Second)
		w.mock.Set(w.start)
		release()
		synctest.Wait()
		require.Equal(t, []string{"slow 1s"}, w.log.all())
		w.pass(time.Second)
		require.Equal(t, []string{"slow 1s", "due 1s"}, w.log.all())
	})
}

func TestScheduler_worksAtTheEndsOfTime(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]time.Time{
		"zero": {}, "far": time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onMockClock(t, func(t *testing.T, w *world) {
				w.mock.Set(at)
				w.start = at
				w.arm(sched.Forever, "never")
				w.arm(time.Second, "a")
				w.pass(time.Hour)
				require.Equal(t, []string{"a 1s"}, w.log.all())
			})
		})
	}
}

func TestScheduler_goesOnAfterAFunctionThatEndsItsGoroutine(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]time.Duration{"on time": time.Second, "soon": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBothClocks(t, func(t *testing.T, w *world) {
				w.AfterFunc(d, runtime.Goexit) // as a failed assertion does
				w.arm(d, "due")
				w.arm(time.Minute, "later")
				w.pass(time.Hour)
				require.Equal(t, []string{"due " + d.String(), "later 1m0s"}, w.log.all())
			})
		})
	}
}

// catching is a clock that recovers the panics of what it calls.
type catching struct {
	clock.Clock
	caught chan any
}

func (c *catching) AfterFunc(d time.Duration, f func()) *clock.Timer {
	return c.Clock.AfterFunc(d, func() {
		defer func() {
			if p := recover(); p != nil {
				c.caught <- p
			}
		}()
		f()
	})
}

func TestScheduler_panicsWithThePanicOfAFunction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &catching{clock.New(), make(chan any, 1)}
		s := sched.New(c)
		defer s.Close()
		boom := errors.New("boom")
		s.AfterFunc(time.Second, func() { panic(boom) })
		require.Equal(t, boom, <-c.caught)
	})
}
