package sched_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/sched"
)

func before(s *sched.Scheduler, t time.Time) bool {
	_, toCome := s.Before(t)
	return toCome
}

func TestBefore_isAsExactAsNow(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		ahead := []time.Duration{-time.Hour, -1, 0, 1, time.Millisecond, time.Second - 1, time.Second, time.Second + 1, 2 * time.Second, time.Hour}
		for _, passed := range []time.Duration{0, 1, 30 * time.Millisecond, 50 * time.Millisecond, 999 * time.Millisecond, 3 * time.Second, time.Hour} {
			w.pass(passed)
			now := w.Now()
			for _, d := range ahead {
				require.Equal(t, d > 0, before(w.Scheduler, now.Add(d)), "%v ahead", d)
				require.Equal(t, d > 0, before(w.Scheduler, now.Add(d).Round(0)), "%v ahead on the wall", d)
			}
		}
	})
}

func TestBefore_turnsWhenItsTimeComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sched.New(nil)
		defer s.Close()
		due := s.Now().Add(2 * time.Second)
		for s.Now().Before(due) {
			require.True(t, before(s, due))
			time.Sleep(time.Millisecond)
		}
		require.False(t, before(s, due))
	})
}

func TestBefore_isFalseForThePastOfAClosedScheduler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sched.New(nil)
		due := s.Now().Add(time.Hour)
		require.True(t, before(s, due))
		s.Close()
		time.Sleep(time.Hour)
		require.False(t, before(s, due))
	})
}

func BenchmarkBefore(b *testing.B) {
	for name, d := range map[string]time.Duration{"far": time.Hour, "near": time.Second} {
		b.Run(name, func(b *testing.B) {
			s := sched.New(nil)
			defer s.Close()
			due := s.Now().Add(d)
			b.ReportAllocs()
			for b.Loop() {
				s.Before(due)
			}
		})
	}
}
