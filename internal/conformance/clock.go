package conformance

import (
	"sync"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
)

// A bubble knows no moments without length in which one thing happens after
// another, so all times are longer there: a millisecond of the scenario is a
// second of the bubble, which has room for all that happens in it. First come, one
// by one, the timers that are due, and from afterTimers on the steps.
const (
	scale       = 1000
	perTimer    = 10 * time.Microsecond
	perTick     = 100 // nanoseconds
	turn        = 143 * time.Microsecond
	afterTimers = 200 * time.Millisecond
	perStep     = time.Millisecond
)

// eventClock is the time of a scenario as an event loop has it: it stands still
// while something happens, and timers that are due together fire in the order in
// which they were set, each when what the one before has brought about is over.
type eventClock struct {
	clock.Clock // that of the bubble; clients ask for nothing but what is below

	start time.Time
	fired func() // called when a timer fires

	mu   sync.Mutex
	set  int64         // timers that were set so far
	last time.Duration // when the latest timer without delay is due
	part time.Duration // how far into its millisecond the timer is that fires
}

func newEventClock(fired func()) *eventClock {
	c := clock.New()
	return &eventClock{Clock: c, start: c.Now(), fired: fired}
}

// elapsed is the bubble's time since the start.
func (c *eventClock) elapsed() time.Duration { return c.Clock.Since(c.start) }

// passed is the scenario's time since its start, in whole milliseconds.
func (c *eventClock) passed() time.Duration {
	return (c.elapsed() / scale).Truncate(time.Millisecond)
}

// Now returns the time of the scenario.
func (c *eventClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.start.Add(c.passed() + c.part)
}

// AfterFunc calls f after d. What is due within the present millisecond is due in as
// many turns as it waits parts of 143 microseconds: half a millisecond is just over
// three, after which query-core refetches while callbacks of a resumed mutation wait
// for something.
func (c *eventClock) AfterFunc(d time.Duration, f func()) *clock.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, passed := c.elapsed(), c.passed()
	at := passed + c.part + max(d, 0)
	whole := at.Truncate(time.Millisecond)
	c.set++
	due := whole*scale + time.Duration(c.set)*perTimer%afterTimers
	switch {
	case d > 0 && whole == passed:
		due = now + d*perTick/turn
	case due <= now:
		due = max(now, c.last) + perTimer
		c.last = due
	}
	return c.Clock.AfterFunc(due-now, func() {
		c.into(at - whole)
		defer c.into(0)
		c.fired()
		f()
	})
}

func (c *eventClock) into(part time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.part = part
}

// after returns a channel that is closed after d.
func (c *eventClock) after(d time.Duration) <-chan struct{} {
	over := make(chan struct{})
	c.AfterFunc(d, func() { close(over) })
	return over
}

// tick waits until everything else that needs no timer has come to rest. It
// stands for the turn that an awaited promise takes to be heard of.
func (c *eventClock) tick() { c.Clock.Sleep(perTick) }

// blink waits until everything else has come to rest that does so within a turn.
func (c *eventClock) blink() { c.Clock.Sleep(1) }

// resolve waits as long as what a function returned at once takes to be data of a
// query.
func (c *eventClock) resolve() { c.Yield(2) }

// Yield waits for some turns of the engine, which are shorter than those of
// callbacks: of two that take as many turns the engine's are over first.
func (c *eventClock) Yield(turns int) {
	c.Clock.Sleep(time.Duration(turns) * (perTick - 1))
}

// Trail is Yield for what is over after all that take as many turns.
func (c *eventClock) Trail(turns int) { c.Clock.Sleep(time.Duration(turns)*(perTick-1) + 1) }

// settle waits until nothing more can happen in the present millisecond.
func (c *eventClock) settle() {
	c.Clock.Sleep(max(perStep, c.passed()*scale+afterTimers-c.elapsed()))
	synctest.Wait()
}

// settleAt lets time pass up to the end of what happens d from the start.
func (c *eventClock) settleAt(d time.Duration) {
	c.Clock.Sleep(d*scale + afterTimers - c.elapsed())
	synctest.Wait()
}

// reached returns a channel that is closed at the end of what happens d from the
// start.
func (c *eventClock) reached(d time.Duration) <-chan struct{} {
	over := make(chan struct{})
	c.Clock.AfterFunc(d*scale+afterTimers-c.elapsed(), func() { close(over) })
	return over
}
