package signals

import (
	"context"
	"time"
)

// asleep is how late a timer must be for the machine to have slept: while it does,
// timers stand still, and the calendar does not.
const asleep = 5 * time.Second

// monitor looks at the network again and again, on one goroutine.
type monitor struct {
	Online

	up      func() bool
	changes <-chan struct{} // nil if nobody tells of them
	changed bool            // since the last look
	set     func(bool)
}

func (m *monitor) run(ctx context.Context) {
	for m.look(ctx); m.wait(ctx); m.look(ctx) {
	}
}

// look tells what the network is like, unless it changes meanwhile.
func (m *monitor) look(ctx context.Context) {
	up, certain := m.up(), true
	if up && m.Probe != nil {
		up, certain = m.probe(ctx)
	}
	if certain {
		m.set(up)
	}
}

// probe asks Probe and is not certain of the answer if it is no longer wanted.
func (m *monitor) probe(parent context.Context) (up, certain bool) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	answer := make(chan bool, 1)
	go func() { answer <- m.Probe(ctx) }()
	select {
	case up = <-answer:
		return up, parent.Err() == nil
	case _, open := <-m.changes:
		m.heard(open)
	case <-parent.Done():
	}
	cancel()
	<-answer
	return false, false
}

// wait returns when it is time to look again, and false if ctx is done.
func (m *monitor) wait(ctx context.Context) bool {
	if !m.changed && !m.idle(ctx) {
		return false
	}
	if m.changed && !m.settle(ctx) {
		return false
	}
	return true
}

// idle waits for a change and for the next poll.
func (m *monitor) idle(ctx context.Context) bool {
	late, stop := m.after(m.Poll)
	defer stop()
	select {
	case <-ctx.Done():
		return false
	case by := <-late:
		if by > asleep {
			m.set(false) // until the next look, which comes now
		}
	case _, open := <-m.changes:
		m.heard(open)
	}
	return true
}

// settle waits until what belongs to a change is likely to have happened, too.
func (m *monitor) settle(ctx context.Context) bool {
	settled, stop := m.after(m.Settle)
	defer stop()
	select {
	case <-ctx.Done():
		return false
	case <-settled:
	}
	select {
	case _, open := <-m.changes:
		m.heard(open)
	default:
	}
	m.changed = false // the next look sees it all
	return true
}

// heard takes down a change. Who tells no more of them did so for the last time.
func (m *monitor) heard(open bool) {
	m.changed = true
	if !open {
		m.changes = nil
	}
}

// after says when d has passed, and how late that is by the calendar.
func (m *monitor) after(d time.Duration) (late <-chan time.Duration, stop func() bool) {
	due := m.calendar().Add(d)
	c := make(chan time.Duration, 1)
	return c, m.Clock.AfterFunc(d, func() { c <- m.calendar().Sub(due) })
}

// calendar is the present time without the reading of the monotonic clock, which
// may stand still while the machine sleeps.
func (m *monitor) calendar() time.Time { return m.Clock.Now().Round(0) }
