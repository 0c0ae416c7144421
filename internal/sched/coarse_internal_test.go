package sched

import (
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
)

// newCoarse returns a scheduler that takes mock for the system clock. In a bubble
// times have no monotonic part, and nothing coarse is ever used.
func newCoarse() (*Scheduler, *clock.Mock) {
	mock := clock.NewMock()
	s := New(mock)
	s.system, s.coarse.birth = true, time.Now()
	mock.Set(s.coarse.birth)
	return s, mock
}

func before(s *Scheduler, t time.Time) bool {
	_, toCome := s.Before(t)
	return toCome
}

func TestCoarse_isKeptOnlyWhileSomebodyAsks(t *testing.T) {
	t.Parallel()
	s, mock := newCoarse()
	defer s.Close()
	kept := func() bool { return s.coarse.note.Load() != 0 }
	ask := func() { require.True(t, before(s, s.coarse.birth.Add(time.Hour))) }
	require.False(t, kept(), "nobody has asked")
	ask()
	require.True(t, kept())
	for range 10 {
		ask()
		mock.Add(tick)
		require.True(t, kept(), "somebody asks all the time")
	}
	mock.Add(tick)
	require.False(t, kept(), "nobody has asked since the last tick")
	ask()
	s.Close()
	require.False(t, kept())
	ask()
	require.False(t, kept(), "closed")
}

func TestCoarse_answersOnlyFarFromItsNote(t *testing.T) {
	t.Parallel()
	s, mock := newCoarse()
	defer s.Close()
	s.coarse.note.Store(1)
	mock.Set(s.coarse.birth.Add(2 * far)) // ticks have not come for so long
	require.True(t, before(s, s.coarse.birth.Add(far+2)), "from the note, which is what ticks are for")
	require.False(t, before(s, s.coarse.birth.Add(far)), "exactly")
	require.False(t, before(s, s.coarse.birth.Add(far+2).Round(0)), "exactly, for the clock may have been set")
}

func TestAhead_knowsNoMoreThanBefore(t *testing.T) {
	t.Parallel()
	s, mock := newCoarse()
	defer s.Close()
	due := s.Reading(s.coarse.birth.Add(time.Hour))
	require.False(t, s.ToCome(due), "no time is noted")
	hour := s.coarse.birth.Add(time.Hour)
	require.True(t, before(s, hour))
	require.True(t, s.ToCome(due), "who began to keep the time has asked")
	mock.Add(tick)
	for range 10 {
		require.False(t, s.ToCome(due), "one in each tick is sent to Before")
		now, toCome := s.Before(hour)
		require.True(t, toCome)
		require.Equal(t, s.coarse.note.Load(), int64(now.Sub(s.coarse.birth)), "as noted")
		require.True(t, s.ToCome(due))
		require.True(t, s.ToCome(due))
		mock.Add(tick)
	}
	require.True(t, before(s, hour))
	require.False(t, s.ToCome(s.coarse.note.Load()+int64(far)), "near")
	require.True(t, s.ToCome(s.coarse.note.Load()+int64(far)+1))
}

func TestReading_isZeroForTimesOfAnotherClock(t *testing.T) {
	t.Parallel()
	s, _ := newCoarse()
	defer s.Close()
	birth := s.coarse.birth
	require.EqualValues(t, time.Second, s.Reading(birth.Add(time.Second)))
	require.EqualValues(t, -time.Second, s.Reading(birth.Add(-time.Second)))
	require.Zero(t, s.Reading(birth.Add(time.Second).Round(0)), "of the wall, which may be set")
	require.Zero(t, s.Reading(time.Time{}))
	require.Zero(t, s.Reading(birth.Add(Forever)), "too far to add to")
	require.Zero(t, s.Reading(birth.Add(-Forever)))
	mock := New(clock.NewMock())
	defer mock.Close()
	require.Zero(t, mock.Reading(birth.Add(time.Second)))
}
