package sched_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/sched"
)

// bell is an alarm that notes when it goes off.
type bell struct {
	sched.Alarm

	s    *sched.Scheduler
	rang []time.Time
}

func (b *bell) Fire() { b.rang = append(b.rang, b.s.Now()) }

// ring sets n bells, the first to go off after first and each of the others a
// millisecond and a bit after the one before, lets all of them go off, and returns
// how late each was.
func ring(s *sched.Scheduler, n int, first time.Duration, p sched.Punctuality) (late []time.Duration, moments int) {
	start := s.Now()
	bells := make([]bell, n)
	gap := time.Millisecond + 1234*time.Nanosecond
	for i := range bells {
		bells[i].s = s
		s.Set(&bells[i].Alarm, &bells[i], first+time.Duration(i)*gap, p)
	}
	time.Sleep(2 * (first + time.Duration(n)*gap))
	synctest.Wait()
	at := map[time.Time]bool{}
	for i := range bells {
		for _, rang := range bells[i].rang {
			at[rang] = true
			late = append(late, rang.Sub(start)-first-time.Duration(i)*gap)
		}
	}
	return late, len(at)
}

func TestSet_aCrowdSharesWakeUps(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		p        sched.Punctuality
		first    time.Duration
		from, to time.Duration // the first and the last time to be late by
		moments  int           // of 2000, at most
	}{
		{"later", sched.Later, time.Minute, 0, 100 * time.Millisecond, 256 + 19},
		{"sooner", sched.Sooner, time.Minute, -100 * time.Millisecond, 0, 256 + 19},
		{"by a part of the delay", sched.Later, 150 * time.Millisecond, 0, 20 * time.Millisecond, 500},
		{"punctual", sched.Punctual, time.Minute, 0, 0, 2000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := sched.New(nil)
				defer s.Close()
				late, moments := ring(s, 2000, tc.first, tc.p)
				require.Len(t, late, 2000)
				for i, d := range late {
					require.Truef(t, tc.from <= d && d <= tc.to, "number %d by %v", i, d)
				}
				require.LessOrEqual(t, moments, tc.moments)
			})
		})
	}
}

// What is set again before it goes off goes off at the later time alone, whatever
// was said before.
func TestSet_inACrowdMovesWhatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sched.New(nil)
		defer s.Close()
		crowd := make([]bell, 256)
		for i := range crowd {
			crowd[i].s = s
			s.Set(&crowd[i].Alarm, &crowd[i], time.Hour, sched.Punctual)
		}
		start := s.Now()
		b := &bell{s: s}
		for _, d := range []time.Duration{2 * time.Second, 4 * time.Second, 3 * time.Second} {
			s.Set(&b.Alarm, b, d, sched.Punctual)
			require.Equal(t, d, s.When(&b.Alarm).Sub(start))
		}
		s.SetFrom(start.Add(-time.Second), &b.Alarm, b, 6*time.Second, sched.Punctual)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, []time.Time{start.Add(5 * time.Second)}, b.rang)
		s.Set(&b.Alarm, b, 2*time.Second, sched.Punctual)
		s.Set(&b.Alarm, b, 4*time.Second, sched.Punctual)
		s.Set(&b.Alarm, b, time.Second, sched.Punctual)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, start.Add(11*time.Second), b.rang[1], "an earlier time counts at once")
		s.Set(&b.Alarm, b, 2*time.Second, sched.Punctual)
		s.Set(&b.Alarm, b, 4*time.Second, sched.Punctual)
		require.True(t, s.Stop(&b.Alarm))
		require.False(t, s.Stop(&b.Alarm))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Len(t, b.rang, 2)
	})
}

func TestSet_fewArePunctualAnyway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sched.New(nil)
		defer s.Close()
		for _, p := range []sched.Punctuality{sched.Later, sched.Sooner} {
			late, moments := ring(s, 256, time.Minute, p)
			require.Equal(t, make([]time.Duration, 256), late)
			require.Equal(t, 256, moments)
		}
	})
}

func TestSet_otherClocksThanTheSystemsArePunctual(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sched.New(&watched{under: clock.New()})
		defer s.Close()
		for _, p := range []sched.Punctuality{sched.Later, sched.Sooner} {
			late, moments := ring(s, 2000, time.Minute, p)
			require.Equal(t, make([]time.Duration, 2000), late)
			require.Equal(t, 2000, moments)
		}
	})
}

// ticking is an alarm that recurs.
type ticking struct {
	sched.Alarm

	s     *sched.Scheduler
	every time.Duration
	n     int
}

func (a *ticking) Fire() {
	a.n++
	time.Sleep(time.Microsecond) // as long as what it is for takes
	a.s.Set(&a.Alarm, a, a.every, sched.Sooner)
}

func TestSet_whatRecursSoonerKeepsItsPace(t *testing.T) {
	t.Parallel()
	for _, every := range []time.Duration{5 * time.Second, time.Second, 30 * time.Second, 250 * time.Millisecond} {
		t.Run(every.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := sched.New(nil)
				defer s.Close()
				all := make([]ticking, 1000)
				for i := range all {
					all[i].s, all[i].every = s, every
					s.Set(&all[i].Alarm, &all[i], every*time.Duration(i)/time.Duration(len(all)), sched.Sooner)
				}
				time.Sleep(100 * every)
				synctest.Wait()
				for i := range all {
					require.InDelta(t, 100, all[i].n, 1, "number %d", i)
				}
			})
		})
	}
}

func TestWhen_isTheTimeAtWhichAnAlarmGoesOff(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		b := &bell{s: w.Scheduler}
		require.Zero(t, w.When(&b.Alarm), "not set")
		w.Set(&b.Alarm, b, time.Minute, sched.Punctual)
		w.pass(time.Second)
		require.WithinDuration(t, w.start.Add(time.Minute), w.When(&b.Alarm), 0)
		w.pass(time.Minute)
		require.Zero(t, w.When(&b.Alarm), "gone off")
	})
}

// herd is a task that takes others of its kind with it.
type herd struct {
	sched.Alarm

	w    *world
	name string
	n    int
}

func (h *herd) Fire() {
	h.w.note(h.name)
	h.w.Take(h.n, func(t sched.Task) bool {
		other, ok := t.(*herd)
		if ok {
			h.w.note("with " + other.name)
		}
		return ok
	})
}

func TestTake_takesWhatIsDueNextAndOfItsKind(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		add := func(name string, d time.Duration) {
			h := &herd{w: w, name: name, n: 2}
			w.Set(&h.Alarm, h, d, sched.Punctual)
		}
		for _, name := range []string{"a", "b", "c", "d"} {
			add(name, time.Second)
		}
		w.arm(time.Second, "other")
		add("e", time.Second)
		add("f", 2*time.Second)
		w.pass(time.Hour)
		require.Equal(t, []string{"a 1s", "with b 1s", "with c 1s", "d 1s", "other 1s", "e 1s", "f 2s"}, w.log.all())
	})
}

// AllocsPerRun counts the allocations of the whole process, so this test does not
// run in parallel with others.
func TestAllocs_settingInACrowdAllocatesNothing(t *testing.T) { //nolint:paralleltest // see above
	s := sched.New(nil)
	defer s.Close()
	bells := make([]bell, 1000)
	for i := range bells {
		s.Set(&bells[i].Alarm, &bells[i], time.Hour, sched.Later)
	}
	i := 0
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		b := &bells[i%len(bells)]
		s.Set(&b.Alarm, b, time.Hour, sched.Later)
		s.Stop(&b.Alarm)
		s.Set(&b.Alarm, b, time.Hour, sched.Later)
		i++
	}))
}

func BenchmarkSet_crowd(b *testing.B) {
	for name, p := range map[string]sched.Punctuality{"shared": sched.Later, "punctual": sched.Punctual} {
		b.Run(name, func(b *testing.B) {
			s := sched.New(nil)
			defer s.Close()
			bells := make([]bell, 100_000)
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				x := &bells[i%len(bells)]
				s.Set(&x.Alarm, x, time.Hour, p)
				i++
			}
		})
	}
}
