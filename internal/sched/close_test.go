package sched_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/sched"
)

func TestClose_dropsAllTimers(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		var timers []*sched.Timer
		for _, name := range []string{"a", "b", "c"} {
			timers = append(timers, w.arm(time.Second, name))
		}
		w.Close()
		w.pass(time.Hour)
		require.Empty(t, w.log.all())
		requireCounts(t, w, 1, 0)
		for _, timer := range timers {
			require.False(t, timer.Stop())
		}
	})
}

func TestClose_waitsForTheFunctionThatRuns(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]time.Duration{"on time": time.Second, "soon": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBothClocks(t, func(t *testing.T, w *world) {
				gate := make(chan struct{})
				w.AfterFunc(d, func() {
					<-gate
					w.arm(0, "armed by the last one")
					w.note("over")
				})
				w.pass(time.Second)
				w.arm(0, "due")
				w.arm(time.Second, "waiting")

				const closers = 3 // all of them wait
				var closed atomic.Int64
				for range closers {
					go func() {
						w.Close()
						w.note("closed")
						closed.Add(1)
					}()
				}
				w.pass(time.Hour)
				require.Zero(t, closed.Load())
				close(gate)
				w.pass(time.Hour)
				require.Equal(t, []string{"over 1h0m1s", "closed 1h0m1s", "closed 1h0m1s", "closed 1h0m1s"}, w.log.all())
			})
		})
	}
}

func TestClose_leavesAHarmlessScheduler(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		fired, waiting := w.arm(time.Second, "fired"), w.arm(time.Minute, "waiting")
		w.pass(time.Second)
		wake := w.clock.lastWake()
		w.Close()
		w.Close()

		wake() // on its way when the scheduler was closed
		fired.Reset(time.Second)
		waiting.Reset(0)
		soon, later := w.arm(0, "soon"), w.arm(time.Second, "later")
		require.NotNil(t, soon)
		w.pass(time.Hour)
		for _, timer := range []*sched.Timer{fired, waiting, soon, later} {
			require.False(t, timer.Stop())
		}
		require.Equal(t, []string{"fired 1s"}, w.log.all())
		require.Equal(t, time.Hour+time.Second, w.age(), "the time is still told")
		requireCounts(t, w, 2, 1)
	})
}

func TestClose_isFinalForThoseWhoArmMeanwhile(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		var running, closed, wrong, runs atomic.Int64
		work := func() {
			if running.Add(1) > 1 || closed.Load() > 0 {
				wrong.Add(1)
			}
			runs.Add(1)
			running.Add(-1)
		}
		var arming sync.WaitGroup
		for range 8 {
			arming.Go(func() {
				timer := w.AfterFunc(0, work)
				for i := range 200 {
					timer.Reset(time.Duration(i%3-1) * time.Nanosecond)
					w.AfterFunc(0, work)
					timer.Stop()
				}
			})
		}
		arming.Go(func() {
			w.Close()
			closed.Add(1)
		})
		arming.Wait()
		before := runs.Load()
		w.pass(time.Hour)
		require.Zero(t, wrong.Load(), "of %d runs", runs.Load())
		require.Equal(t, before, runs.Load())
	})
}

func TestClose_ofASchedulerThatWasNeverUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sched.New(nil)
		s.Close()
		require.False(t, s.AfterFunc(0, func() { t.Error("fired") }).Stop())
	})
}
