package sched

import (
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"
)

// Task is what happens when an alarm goes off.
type Task interface{ Fire() }

// Alarm is a place in a scheduler's agenda, made to be part of what waits. The
// zero Alarm is not waiting. It belongs to the scheduler it was first set with,
// must not be copied, and is set and stopped by one goroutine at a time.
type Alarm struct {
	task       Task
	moment     atomic.Pointer[moment] // nil when not waiting; read without lock
	prev, next *Alarm                 // of the same moment, in the order in which they were set
	until      time.Duration          // moved on to, if later than its moment
}

// Punctuality says whether an alarm may go off together with others when many
// wait: a process that wakes up costs more than most tasks. On a clock other than
// the system's all alarms are punctual.
type Punctuality uint8

// The ways to be on time. Those that are not punctual are off by a fiftieth of their
// delay and 100 ms at most: what is done each five seconds wakes the process ten times
// a second, however many there are of it.
const (
	Punctual Punctuality = iota
	Later                // never before its time
	Sooner               // never after it
)

// crowd is how many alarms have to wait for some to move: few are no burden, and
// stay exact wherever time is.
const crowd = 256

// share returns the moment near at which an alarm of the given delay shares with
// others, when so many wait.
func (p Punctuality) share(at, delay time.Duration) time.Duration {
	grain := grainUpTo(delay / 50)
	switch {
	case p == Punctual || grain == 0:
		return at
	case p == Later:
		at += grain - 1
	}
	return at - at%grain
}

// grainUpTo returns the distance between moments that are shared, zero if limit
// allows for none. The usual intervals are multiples of it: what recurs keeps its
// pace.
func grainUpTo(limit time.Duration) time.Duration {
	for _, ms := range [...]int{100, 50, 20, 10, 5, 2, 1} {
		if grain := time.Duration(ms) * time.Millisecond; grain <= limit {
			return grain
		}
	}
	return 0
}

// Timer is a function that waits for its time.
type Timer struct {
	s     *Scheduler
	alarm Alarm
	f     func()
}

// call is the task of a Timer.
type call Timer

// Fire runs the timer's function.
func (c *call) Fire() { c.f() }

// AfterFunc runs f once d has passed, as Set does with a task.
func (s *Scheduler) AfterFunc(d time.Duration, f func()) *Timer {
	t := &Timer{s: s, f: f}
	t.Reset(d)
	return t
}

// Apart runs f once d has passed, on a timer of the clock of its own: for moments so
// short that whatever else is due must not change their order. It is the caller's to
// stop: Close does not know it.
func (s *Scheduler) Apart(d time.Duration, f func()) *clock.Timer { return s.clock.AfterFunc(d, f) }

// Reset makes t fire d from now, whether or not it was waiting.
func (t *Timer) Reset(d time.Duration) { t.s.Set(&t.alarm, (*call)(t), d, Punctual) }

// Stop keeps t from firing and reports whether it was waiting. A nil timer is
// never waiting.
func (t *Timer) Stop() bool { return t != nil && t.s.Stop(&t.alarm) }
