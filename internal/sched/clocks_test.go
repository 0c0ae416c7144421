package sched_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/internal/sched"
)

// world is a scheduler in a bubble, on one of the two clocks.
type world struct {
	*sched.Scheduler
	clock *watched
	mock  *clock.Mock // nil on the system clock
	start time.Time
	log   notes
}

// onBothClocks runs f on the system clock and on a mock, each in a bubble of
// its own.
func onBothClocks(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	onSystemClock(t, f)
	onMockClock(t, f)
}

func onSystemClock(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("system", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) { inWorld(t, clock.New(), f) })
	})
}

func onMockClock(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("mock", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) { inWorld(t, clock.NewMock(), f) })
	})
}

func inWorld(t *testing.T, c clock.Clock, f func(t *testing.T, w *world)) {
	t.Helper()
	w := &world{clock: &watched{under: c}, start: c.Now()}
	w.mock, _ = c.(*clock.Mock)
	w.Scheduler = sched.New(w.clock)
	defer w.Close()
	f(t, w)
}

// pass lets d go by, and everything happen that is due by then.
func (w *world) pass(d time.Duration) {
	if w.mock == nil {
		time.Sleep(d)
	} else {
		synctest.Wait() // what was begun before begins before time moves
		w.mock.Add(d)
	}
	synctest.Wait()
}

// age is how much time went by.
func (w *world) age() time.Duration { return w.Now().Sub(w.start) }

// note logs name and the time.
func (w *world) note(name string) { w.log.add(fmt.Sprintf("%s %v", name, w.age())) }

// arm starts a timer that notes name when it fires.
func (w *world) arm(d time.Duration, name string) *sched.Timer {
	return w.AfterFunc(d, func() { w.note(name) })
}

// armSelf starts a timer whose function gets the timer.
func (w *world) armSelf(d time.Duration, f func(self *sched.Timer)) {
	handed := make(chan *sched.Timer, 1)
	timer := w.AfterFunc(d, func() {
		self := <-handed
		handed <- self
		f(self)
	})
	handed <- timer
}

// armBlocked starts a timer that notes name when it fires and then runs until
// release is called.
func (w *world) armBlocked(d time.Duration, name string) (t *sched.Timer, release func()) {
	gate := make(chan struct{})
	t = w.AfterFunc(d, func() {
		w.note(name)
		<-gate
	})
	return t, func() { close(gate) }
}

// notes is a list that several goroutines add to.
type notes struct {
	mu   sync.Mutex
	list []string
}

func (n *notes) add(note string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, note)
}

func (n *notes) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string{}, n.list...)
}

// watched is a clock that keeps account of the timers it is asked for. Whatever
// else it is asked for panics: a mock's other methods are not safe to use.
type watched struct {
	clock.Clock // nil
	under       clock.Clock

	mu    sync.Mutex
	armed int    // timers asked for
	woken int    // of them, those that fired
	wake  func() // what the last of them does
}

func (c *watched) Now() time.Time { return c.under.Now() }

func (c *watched) AfterFunc(d time.Duration, f func()) *clock.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed++
	c.wake = f
	return c.under.AfterFunc(d, func() {
		c.mu.Lock()
		c.woken++
		c.mu.Unlock()
		f()
	})
}

func (c *watched) counts() (armed, woken int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.armed, c.woken
}

// lastWake returns what the clock would call for the latest timer.
func (c *watched) lastWake() func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wake
}
