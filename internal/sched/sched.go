// Package sched is the only door to time: every timer of Freshet waits in one
// agenda behind one timer of the injected clock, so a hundred thousand polled
// keys cost one runtime timer and an idle client costs none.
package sched

import (
	"math"
	"reflect"
	"sync"
	"time"

	"github.com/benbjohnson/clock"
)

// Forever is the longest delay an alarm can have. Longer ones are cut to it, so
// that adding a delay to a time never overflows.
const Forever = time.Duration(math.MaxInt64 / 4)

// Scheduler runs functions later, on the clock it was made from. All methods
// may be called concurrently.
type Scheduler struct {
	clock  clock.Clock
	system bool  // the clock is the system's: nobody counts its nanoseconds
	order  order // nil unless the clock has one
	coarse coarse

	mu      sync.Mutex // guards what follows, and the alarms
	idle    *sync.Cond // signalled when firing turns false
	start   time.Time  // what times in the agenda count from; moves while that is empty
	agenda  agenda
	wake    *clock.Timer // armed for wakeAt while alarms wait
	wakeAt  time.Duration
	round   uint64       // tells a stale wake-up from the current one
	ticker  *clock.Timer // keeps the coarse time
	firing  bool         // a goroutine is running due tasks and will arm again
	stopped bool
}

// New returns a scheduler on c, or on the system clock when c is nil. It starts
// no goroutine.
func New(c clock.Clock) *Scheduler {
	system := clock.New()
	if c == nil {
		c = system
	}
	s := &Scheduler{clock: c, system: reflect.TypeOf(c) == reflect.TypeOf(system)}
	s.order, _ = c.(order)
	if s.idle = sync.NewCond(&s.mu); s.system {
		s.coarse.birth = c.Now()
	}
	return s
}

// Now returns the clock's present time.
func (s *Scheduler) Now() time.Time { return s.clock.Now() }

// System reports whether the clock is the system's, on which nobody can tell what
// happens at the same time from what happens a moment later.
func (s *Scheduler) System() bool { return s.system }

// order is what a clock has that tells one thing from the next within one moment.
// Its timers of zero length wait for all that needs no timer.
type order interface {
	Yield(turns int)
	Trail(turns int)
}

// Yield lets what else is happening at this moment go first for some turns, if the
// clock knows an order of such things. With other clocks it does nothing.
func (s *Scheduler) Yield(turns int) {
	if s.order != nil {
		s.order.Yield(turns)
	}
}

// Trail is Yield for what comes after everything that waits for as many turns, maybe
// none, and stays behind it.
func (s *Scheduler) Trail(turns int) {
	if s.order != nil {
		s.order.Trail(turns)
	}
}

// Set makes a go off d from now, whether or not it was waiting: task.Fire runs on
// another goroutine and never two tasks of one scheduler at a time, so it must not
// block. Tasks that are due together run in the order in which they were set. A d
// of zero or less means as soon as possible, maybe before Set returns. A panic of
// the task is not recovered.
func (s *Scheduler) Set(a *Alarm, task Task, d time.Duration, p Punctuality) {
	s.SetFrom(time.Time{}, a, task, d, p)
}

// SetFrom is Set for those who know the time: d counts from now, which Now has just
// returned. That spares a look at the clock. The zero now is the present.
func (s *Scheduler) SetFrom(now time.Time, a *Alarm, task Task, d time.Duration, p Punctuality) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	d = min(max(d, 0), Forever)
	if s.system && s.agenda.waiting >= crowd {
		at := p.share(s.elapsedAtLocked(now)+d, d)
		if a.task != task || !s.agenda.postpone(a, at) {
			s.addLocked(a, task, at)
		}
		return
	}
	if s.agenda.remove(a); s.agenda.waiting == 0 {
		// No clock comes so far from its start that the difference overflows.
		s.start = s.clock.Now()
		s.disarmLocked() // it counted from another start
	}
	s.addLocked(a, task, s.elapsedAtLocked(now)+d)
}

func (s *Scheduler) addLocked(a *Alarm, task Task, at time.Duration) {
	s.agenda.remove(a)
	a.task = task
	s.agenda.add(a, at)
	s.armLocked()
}

// Stop keeps a from going off and reports whether it was waiting. It costs next to
// nothing if a was not.
func (s *Scheduler) Stop(a *Alarm) bool {
	if a.moment.Load() == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.agenda.remove(a) {
		return false
	}
	s.armLocked()
	return true
}

// When returns the time at which a goes off, zero if it is not waiting.
func (s *Scheduler) When(a *Alarm) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := a.moment.Load()
	switch {
	case m == nil:
		return time.Time{}
	case a.until != 0:
		return s.start.Add(a.until)
	default:
		return s.start.Add(m.at)
	}
}

// Take is for a task that runs: it takes up to n of the alarms that are due next,
// while accept wants their tasks, which are then up to the caller. So a task does
// in one go what many of its kind have to do at the same time. accept runs under
// the scheduler's mutex.
func (s *Scheduler) Take(n int, accept func(Task) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.elapsedLocked()
	for range n {
		a := s.agenda.due(now)
		if a == nil || !accept(a.task) {
			return
		}
		s.agenda.remove(a)
	}
}

// Close drops all alarms and waits for a task that is running. It must not be
// called from a task.
func (s *Scheduler) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	s.agenda.clear()
	s.armLocked()
	s.coarse.note.Store(0)
	if s.ticker != nil {
		s.ticker.Stop()
	}
	for s.firing {
		s.idle.Wait()
	}
}

// elapsedLocked returns the present time as the agenda counts it.
func (s *Scheduler) elapsedLocked() time.Duration {
	if s.system {
		return time.Since(s.start) // half of what time.Now costs
	}
	return s.clock.Now().Sub(s.start)
}

// elapsedAtLocked is elapsedLocked at the given time, if it is not zero.
func (s *Scheduler) elapsedAtLocked(now time.Time) time.Duration {
	if now.IsZero() {
		return s.elapsedLocked()
	}
	return now.Sub(s.start)
}

// armLocked makes the clock wake the scheduler for the next moment.
func (s *Scheduler) armLocked() {
	if s.firing {
		return // the firing goroutine arms when it is through
	}
	next := s.agenda.next()
	if next == nil {
		s.disarmLocked()
		return
	}
	if s.wake != nil && s.wakeAt == next.at {
		return
	}
	s.disarmLocked()
	s.round++
	round := s.round
	d := next.at - s.elapsedLocked()
	if d <= 0 && s.order == nil {
		// A mock clock fires a timer of zero length only when time moves.
		s.firing = true
		go s.fire()
		return
	}
	s.wakeAt = next.at
	s.wake = s.clock.AfterFunc(d, func() { s.woken(round) })
}

func (s *Scheduler) disarmLocked() {
	if s.wake != nil {
		s.wake.Stop()
		s.wake = nil
	}
}

func (s *Scheduler) woken(round uint64) {
	s.mu.Lock()
	stale := round != s.round || s.wake == nil // which it also is while firing
	if !stale {
		s.wake = nil
		s.firing = true
	}
	s.mu.Unlock()
	if !stale {
		s.fire()
	}
}

// fire runs what is due, earliest first, until nothing is.
func (s *Scheduler) fire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for a := s.agenda.due(s.elapsedLocked()); a != nil; a = s.agenda.due(s.elapsedLocked()) {
		s.agenda.remove(a)
		s.run(a.task)
	}
	s.restLocked()
}

// run does task without the mutex. If that ends the goroutine, by runtime.Goexit,
// firing is over, too.
func (s *Scheduler) run(task Task) {
	s.mu.Unlock()
	returned := false
	defer func() {
		s.mu.Lock()
		if !returned {
			s.restLocked()
		}
	}()
	task.Fire()
	returned = true
}

func (s *Scheduler) restLocked() {
	s.firing = false
	s.idle.Broadcast()
	s.armLocked()
}
