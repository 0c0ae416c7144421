package sched_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/sched"
)

// named is a task that is told from others.
type named struct{ fired atomic.Int32 }

func (n *named) Fire() { n.fired.Add(1) }

func TestAhead_takesWhatIsDueNextUntilItIsRefused(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		tasks := []*named{{}, {}, {}}
		alarms := make([]sched.Alarm, len(tasks))
		for i, task := range tasks {
			w.Set(&alarms[i], task, time.Duration(i+1)*time.Second, sched.Sooner)
		}
		var early []time.Duration
		w.Ahead(func(task sched.Task, by time.Duration) bool {
			early = append(early, by)
			require.Same(t, tasks[len(early)-1], task, "those that are due next come first")
			return len(early) < 3
		})
		require.Equal(t, []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}, early)
		require.True(t, w.When(&alarms[0]).IsZero(), "what was taken waits no more")
		require.False(t, w.When(&alarms[2]).IsZero(), "what was refused still does")
		w.pass(4 * time.Second)
		for i, fired := range []int32{0, 0, 1} {
			require.Equal(t, fired, tasks[i].fired.Load())
		}
	})
}

func TestAhead_hasNothingToTakeWhenNothingWaits(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		w.Ahead(func(sched.Task, time.Duration) bool {
			t.Error("there is nothing")
			return true
		})
		require.Zero(t, w.age())
	})
}

func TestAhead_goesByWhereAlarmsWereMovedTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sched.New(nil)
		defer s.Close()
		rest := make([]sched.Alarm, 300) // in a crowd alarms move when they go off
		for i := range rest {
			s.Set(&rest[i], &named{}, time.Hour, sched.Punctual)
		}
		var moved, other sched.Alarm
		task := &named{}
		s.Set(&moved, task, time.Second, sched.Punctual)
		s.Set(&other, &named{}, 2*time.Second, sched.Punctual)
		s.Set(&moved, task, 3*time.Second, sched.Punctual)
		var early []time.Duration
		s.Ahead(func(_ sched.Task, by time.Duration) bool {
			early = append(early, by)
			return len(early) < 2
		})
		require.Equal(t, []time.Duration{2 * time.Second, 3 * time.Second}, early)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Zero(t, task.fired.Load())
		time.Sleep(time.Second)
		synctest.Wait()
		require.EqualValues(t, 1, task.fired.Load())
	})
}
