// Package sched is the only door to time: every timer of Freshet waits in one
// heap behind one timer of the injected clock, so a hundred thousand polled
// keys cost one runtime timer and an idle client costs none.
package sched

import (
	"container/heap"
	"math"
	"sync"
	"time"

	"github.com/benbjohnson/clock"
)

// Forever is the longest delay a timer can have. Longer ones are cut to it, so
// that adding a delay to a time never overflows.
const Forever = time.Duration(math.MaxInt64 / 4)

// Scheduler runs functions later, on the clock it was made from. All methods
// may be called concurrently.
type Scheduler struct {
	clock clock.Clock
	order order // nil unless the clock has one

	mu      sync.Mutex // guards what follows
	idle    *sync.Cond // signalled when firing turns false
	timers  timerHeap
	seq     uint64
	wake    *clock.Timer // armed for wakeAt while timers wait
	wakeAt  time.Time
	round   uint64 // tells a stale wake-up from the current one
	firing  bool   // a goroutine is running due functions and will arm again
	stopped bool
}

// New returns a scheduler on c, or on the system clock when c is nil. It starts
// no goroutine.
func New(c clock.Clock) *Scheduler {
	if c == nil {
		c = clock.New()
	}
	s := &Scheduler{clock: c}
	s.order, _ = c.(order)
	s.idle = sync.NewCond(&s.mu)
	return s
}

// Now returns the clock's present time.
func (s *Scheduler) Now() time.Time { return s.clock.Now() }

// order is what a clock has that tells one thing from the next within one moment.
// Its timers of zero length wait for all that needs no timer.
type order interface{ Yield(turns int) }

// Yield lets what else is happening at this moment go first for some turns, if the
// clock knows an order of such things. With other clocks it does nothing.
func (s *Scheduler) Yield(turns int) {
	if s.order != nil {
		s.order.Yield(turns)
	}
}

// Timer is a function that waits for its time.
type Timer struct {
	s     *Scheduler
	f     func()
	at    time.Time
	seq   uint64
	index int // place in the heap, -1 when not waiting
}

// AfterFunc runs f once d has passed, on another goroutine and never two
// functions of one scheduler at a time: f must not block. A d of zero or less
// means as soon as possible, maybe before AfterFunc returns. A panic of f is not
// recovered.
func (s *Scheduler) AfterFunc(d time.Duration, f func()) *Timer {
	t := &Timer{s: s, f: f, index: -1}
	t.Reset(d)
	return t
}

// Reset makes t fire d from now, whether or not it was waiting.
func (t *Timer) Reset(d time.Duration) {
	s := t.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	s.seq++
	t.at, t.seq = s.clock.Now().Add(min(max(d, 0), Forever)), s.seq
	if t.index >= 0 {
		heap.Fix(&s.timers, t.index)
	} else {
		heap.Push(&s.timers, t)
	}
	s.armLocked()
}

// Stop keeps t from firing and reports whether it was waiting. A nil timer is
// never waiting.
func (t *Timer) Stop() bool {
	if t == nil {
		return false
	}
	s := t.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.index < 0 {
		return false
	}
	heap.Remove(&s.timers, t.index)
	s.armLocked()
	return true
}

// Close drops all timers and waits for a function that is running. It must not
// be called from such a function.
func (s *Scheduler) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for _, t := range s.timers {
		t.index = -1
	}
	s.timers = nil
	s.armLocked()
	for s.firing {
		s.idle.Wait()
	}
}

// armLocked makes the clock wake the scheduler for the earliest timer.
func (s *Scheduler) armLocked() {
	if s.firing {
		return // the firing goroutine arms when it is through
	}
	if len(s.timers) == 0 {
		s.disarmLocked()
		return
	}
	next := s.timers[0].at
	if s.wake != nil && s.wakeAt.Equal(next) {
		return
	}
	s.disarmLocked()
	s.round++
	round := s.round
	d := next.Sub(s.clock.Now())
	if d <= 0 && s.order == nil {
		// A mock clock fires a timer of zero length only when time moves.
		s.firing = true
		go s.fire()
		return
	}
	s.wakeAt = next
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
	for len(s.timers) > 0 && !s.timers[0].at.After(s.clock.Now()) {
		t := heap.Pop(&s.timers).(*Timer) //nolint:forcetypeassert,errcheck // the heap holds nothing else
		s.run(t.f)
	}
	s.restLocked()
}

// run calls f without the mutex. If f ends the goroutine, by runtime.Goexit,
// firing is over, too.
func (s *Scheduler) run(f func()) {
	s.mu.Unlock()
	returned := false
	defer func() {
		s.mu.Lock()
		if !returned {
			s.restLocked()
		}
	}()
	f()
	returned = true
}

func (s *Scheduler) restLocked() {
	s.firing = false
	s.idle.Broadcast()
	s.armLocked()
}

type timerHeap []*Timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].seq < h[j].seq
	}
	return h[i].at.Before(h[j].at)
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*Timer) //nolint:forcetypeassert,errcheck // the heap holds nothing else
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}
