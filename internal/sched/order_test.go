package sched_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/sched"
)

func TestNew_withoutClockUsesTheSystemClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sched.New(nil)
		defer s.Close()
		start := time.Now()
		require.Equal(t, start, s.Now())
		var fired time.Time
		s.AfterFunc(time.Hour, func() { fired = s.Now() })
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		require.Equal(t, time.Hour, fired.Sub(start))
		require.Equal(t, time.Now(), s.Now())
	})
}

func TestAfterFunc_firesAtItsTimeAndOnce(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		w.arm(time.Second, "a")
		w.pass(time.Second - 1)
		require.Empty(t, w.log.all())
		w.pass(1)
		require.Equal(t, []string{"a 1s"}, w.log.all())
		w.pass(time.Hour)
		require.Equal(t, []string{"a 1s"}, w.log.all())
	})
}

func TestAfterFunc_ordersByTimeThenByArming(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		w.arm(3*time.Second, "late")
		w.arm(2*time.Second, "first")
		w.arm(2*time.Second, "second")
		w.arm(time.Second, "early")
		w.arm(2*time.Second, "third")
		w.pass(time.Second)
		w.arm(time.Second, "fourth") // armed later for the same time
		w.pass(time.Hour)
		require.Equal(t, []string{"early 1s", "first 2s", "second 2s", "third 2s", "fourth 2s", "late 3s"}, w.log.all())
	})
}

func TestAfterFunc_manyOfOneTimeKeepTheirOrder(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		var order, want []int
		for i := range 1000 {
			want = append(want, i)
			w.AfterFunc(time.Second, func() { order = append(order, i) })
		}
		w.pass(time.Second)
		require.Equal(t, want, order)
	})
}

func TestAfterFunc_zeroAndLessFireSoonButNotWithinTheCall(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, -1, -time.Hour, math.MinInt64} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			onBothClocks(t, func(t *testing.T, w *world) {
				_, release := w.armBlocked(d, "a") // a call in place would block for ever
				release()
				synctest.Wait() // no time passes
				require.Equal(t, []string{"a 0s"}, w.log.all())
				armed, _ := w.clock.counts()
				require.Zero(t, armed)
			})
		})
	}
}

func TestAfterFunc_zeroAndLessKeepTheirOrder(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		w.arm(0, "a")
		w.arm(-time.Hour, "b")
		w.arm(math.MinInt64, "c")
		w.arm(0, "d")
		synctest.Wait()
		require.Equal(t, []string{"a 0s", "b 0s", "c 0s", "d 0s"}, w.log.all())
	})
}

func TestAfterFunc_zeroWithinAFunctionFiresAfterItAndAllThatIsDue(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		w.AfterFunc(time.Second, func() {
			w.note("begin")
			w.arm(0, "soon")
			w.note("end")
		})
		w.arm(time.Second, "due")
		w.pass(time.Second)
		require.Equal(t, []string{"begin 1s", "end 1s", "due 1s", "soon 1s"}, w.log.all())
	})
}

func TestAfterFunc_functionsNeverRunAtTheSameTime(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		_, release := w.armBlocked(time.Second, "slow")
		w.arm(3*time.Second, "third")
		w.arm(2*time.Second, "second")
		w.pass(5 * time.Second)
		w.arm(0, "soon")
		w.pass(time.Second)
		require.Equal(t, []string{"slow 1s"}, w.log.all())
		release()
		synctest.Wait() // those overdue come at once, in the order of their times
		require.Equal(t, []string{"slow 1s", "second 6s", "third 6s", "soon 6s"}, w.log.all())
	})
}

func TestAfterFunc_hugeDelaysAreCutToForever(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		w.arm(math.MaxInt64, "longest")
		w.arm(sched.Forever+1, "longer")
		w.arm(sched.Forever, "forever")
		w.arm(time.Second, "a") // not held up by the others
		w.pass(sched.Forever - 1)
		require.Equal(t, []string{"a 1s"}, w.log.all(), "after %v", w.age())
		w.pass(1)
		at := sched.Forever.String()
		require.Equal(t, []string{"a 1s", "longest " + at, "longer " + at, "forever " + at}, w.log.all())
	})
}

func TestAfterFunc_chainsAreExact(t *testing.T) {
	t.Parallel()
	delay := func(n int) time.Duration { return time.Duration(n%7+1) * time.Millisecond }
	// The links of a chain: fresh timers, or one that is set again.
	links := map[string]func(w *world, link func()) func(time.Duration){
		"of new timers": func(w *world, link func()) func(time.Duration) {
			return func(d time.Duration) { w.AfterFunc(d, link) }
		},
		"of one timer": func(w *world, link func()) func(time.Duration) {
			timer := w.AfterFunc(time.Hour, link)
			return timer.Reset
		},
	}
	for name, start := range links {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBothClocks(t, func(t *testing.T, w *world) {
				var got, want []time.Duration
				var next func(time.Duration)
				next = start(w, func() {
					got = append(got, w.age())
					next(delay(len(got)))
				})
				next(delay(0))
				for at := delay(0); at <= 2*time.Second; at += delay(len(want)) {
					want = append(want, at)
				}
				w.pass(time.Second) // in one go, and then in small steps
				for range 1000 {
					w.pass(time.Millisecond)
				}
				require.Equal(t, want, got)
			})
		})
	}
}

func TestAfterFunc_functionsMayArmAndStopOthers(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		later := w.arm(2*time.Second, "later")
		w.AfterFunc(time.Second, func() {
			w.note("chief")
			if later.Stop() {
				w.arm(500*time.Millisecond, "instead")
			}
			w.arm(5*time.Second, "last")
		})
		w.pass(time.Hour)
		require.Equal(t, []string{"chief 1s", "instead 1.5s", "last 6s"}, w.log.all())
	})
}
