package sched

import (
	"sync/atomic"
	"time"
)

// Looking at the system clock costs several times what finding an entry does. So
// those who only want to know whether a time is still far ahead are answered from
// a time that was noted less than a tick ago. A tick that comes late makes the note
// older, but not so old that the answer is wrong: it may be late by many ticks.
const (
	tick = 50 * time.Millisecond
	far  = time.Second
)

// coarse is the noted time. It is kept up to date while somebody asks, and starts
// nothing before.
type coarse struct {
	birth time.Time     // what the note counts from; zero on any clock but the system's
	note  atomic.Int64  // nanoseconds, zero when it is not kept up to date
	asked atomic.Bool   // since the last tick
	_     [64 - 40]byte // nothing that is written all the time is to be beside it
}

// Before reports whether the present is before t. It is as exact as asking Now, and
// much cheaper if t is more than a second away. The time it returns as well is then
// that of the note, else the present one.
func (s *Scheduler) Before(t time.Time) (now time.Time, toCome bool) {
	if note := s.coarse.note.Load(); note != 0 && t.Sub(s.coarse.birth)-time.Duration(note) > far && monotonic(t) {
		if !s.coarse.asked.Load() {
			s.coarse.asked.Store(true)
		}
		return s.coarse.birth.Add(time.Duration(note)), true
	}
	now = s.clock.Now()
	if s.system && t.Sub(now) > far && monotonic(t) {
		s.keepTime()
	}
	return now, now.Before(t)
}

// monotonic reports whether t was read from the system clock, so that setting that
// clock does not concern it. In a bubble no time is.
func monotonic(t time.Time) bool { return t != t.Round(0) }

// keepTime notes the time and has it noted again.
func (s *Scheduler) keepTime() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped && s.ticker == nil {
		s.noteLocked()
		s.coarse.asked.Store(true) // just now
	}
}

func (s *Scheduler) noteLocked() {
	s.coarse.note.Store(max(1, int64(time.Since(s.coarse.birth))))
	s.ticker = s.clock.AfterFunc(tick, s.ticked)
}

// ticked notes the time if somebody has asked, and lets it be if not.
func (s *Scheduler) ticked() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ticker = nil
	if s.stopped || !s.coarse.asked.Swap(false) {
		s.coarse.note.Store(0)
		return
	}
	s.noteLocked()
}

// Reading returns t as ToCome takes it, and zero if t was not read from the system
// clock or is too far away.
func (s *Scheduler) Reading(t time.Time) int64 {
	if d := t.Sub(s.coarse.birth); s.system && monotonic(t) && -Forever < d && d < Forever {
		return int64(d)
	}
	return 0
}

// ToCome reports whether the time of a reading, which may have been moved by up to
// Forever, is surely still to come. It costs next to nothing and does not know of
// times that are near, nor before somebody has asked Before since the last tick: so
// while there are many who ask, one of them in each tick is sent there.
func (s *Scheduler) ToCome(reading int64) bool {
	note := s.coarse.note.Load()
	return note != 0 && reading-note > int64(far) && s.coarse.asked.Load()
}
