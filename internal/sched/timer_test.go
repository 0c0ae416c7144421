package sched_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/sched"
)

func TestReset_movesAWaitingTimer(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		to   time.Duration // half a second after the start
		want []string
	}{
		{"earlier", 100 * time.Millisecond, []string{"a 600ms", "b 1s", "c 2s"}},
		{"later", 1000 * time.Millisecond, []string{"b 1s", "a 1.5s", "c 2s"}},
		{"last", time.Hour, []string{"b 1s", "c 2s", "a 1h0m0.5s"}},
		{"behind those of its time", 500 * time.Millisecond, []string{"b 1s", "a 1s", "c 2s"}},
		{"to now", 0, []string{"a 500ms", "b 1s", "c 2s"}},
		{"to the past", -time.Hour, []string{"a 500ms", "b 1s", "c 2s"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			onBothClocks(t, func(t *testing.T, w *world) {
				a := w.arm(time.Second, "a")
				w.arm(time.Second, "b")
				w.arm(2*time.Second, "c")
				w.pass(500 * time.Millisecond)
				a.Reset(tc.to)
				w.pass(2 * time.Hour)
				require.Equal(t, tc.want, w.log.all())
			})
		})
	}
}

func TestReset_afterFiringFiresAgain(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		a := w.arm(time.Second, "a")
		w.pass(2 * time.Second)
		a.Reset(time.Second)
		w.pass(time.Second)
		require.Equal(t, []string{"a 1s", "a 3s"}, w.log.all())
	})
}

func TestReset_afterStopFires(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		a := w.arm(time.Second, "a")
		require.True(t, a.Stop())
		a.Reset(2 * time.Second)
		w.pass(time.Hour)
		require.Equal(t, []string{"a 2s"}, w.log.all())
	})
}

func TestReset_whileItsFunctionRunsFiresAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		again time.Duration
		want  []string
	}{
		"at once": {0, []string{"a 1s", "a 1s"}},
		"later":   {time.Second, []string{"a 1s", "a 2s"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBothClocks(t, func(t *testing.T, w *world) {
				a, release := w.armBlocked(time.Second, "a")
				w.pass(time.Second)
				a.Reset(tc.again)
				synctest.Wait()
				require.Equal(t, tc.want[:1], w.log.all())
				release()
				w.pass(time.Hour)
				require.Equal(t, tc.want, w.log.all())
			})
		})
	}
}

func TestReset_withinItsFunctionFiresAgain(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		delays := []time.Duration{time.Second, 0, -1, time.Minute}
		w.armSelf(time.Second, func(self *sched.Timer) {
			w.note("a")
			if len(delays) > 0 {
				self.Reset(delays[0])
				delays = delays[1:]
			}
		})
		w.pass(time.Hour)
		require.Equal(t, []string{"a 1s", "a 2s", "a 2s", "a 2s", "a 1m2s"}, w.log.all())
	})
}

func TestReset_withinAFunctionPutsOffWhatIsDue(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		due := w.arm(time.Hour, "due")
		w.AfterFunc(time.Second, func() { due.Reset(time.Second) })
		due.Reset(time.Second)
		w.pass(time.Hour)
		require.Equal(t, []string{"due 2s"}, w.log.all())
	})
}

func TestStop_reportsWhetherTheTimerWaited(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		stopped := w.arm(time.Second, "stopped")
		w.pass(time.Second - 1)
		require.True(t, stopped.Stop())
		require.False(t, stopped.Stop(), "a second time")

		fired := w.arm(time.Second, "fired")
		w.pass(time.Second)
		require.False(t, fired.Stop(), "after it fired")

		fired.Reset(time.Second)
		require.True(t, fired.Stop(), "armed again")

		w.pass(time.Hour)
		require.Equal(t, []string{"fired 1.999999999s"}, w.log.all())
	})
}

func TestStop_ofNoTimerIsFalse(t *testing.T) {
	t.Parallel()
	var none *sched.Timer
	require.False(t, none.Stop())
}

func TestStop_leavesTheOthers(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		var timers []*sched.Timer
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			timers = append(timers, w.arm(time.Duration(len(timers)+1)*time.Second, name))
		}
		for _, i := range []int{2, 0, 4} { // in the middle, the next, the last
			require.True(t, timers[i].Stop())
		}
		w.pass(time.Hour)
		require.Equal(t, []string{"b 2s", "d 4s"}, w.log.all())
	})
}

func TestStop_withinItsFunctionIsFalse(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		stops := make(chan bool, 1)
		w.armSelf(time.Second, func(self *sched.Timer) { stops <- self.Stop() })
		w.pass(time.Second)
		require.False(t, <-stops)
	})
}

func TestStop_whileItsFunctionRunsIsFalseAndDoesNotWait(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		a, release := w.armBlocked(time.Second, "a")
		w.pass(time.Second)
		require.False(t, a.Stop())
		release()
	})
}

func TestStop_withinAFunctionStopsWhatIsDue(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		due := w.arm(time.Hour, "due")
		stops := make(chan bool, 1)
		w.AfterFunc(time.Second, func() { stops <- due.Stop() })
		due.Reset(time.Second)
		w.arm(time.Second, "other")
		w.pass(time.Hour)
		require.True(t, <-stops)
		require.Equal(t, []string{"other 1s"}, w.log.all())
	})
}
