package query

import (
	"context"
	"iter"
	"sync/atomic"
)

// mailbox holds the latest news for one subscriber. Older ones that were not
// taken in time are replaced; the last one never is. It is filled under the
// client's mutex, so that news arrive in the order in which they were made, and
// emptied without.
type mailbox[M any] struct {
	c    *Client
	slot atomic.Pointer[M] // nil when empty

	sink  func(*M)      // engine view: told at once, under the mutex
	f     func(*M)      // callback view: called by a carrier, see post.go
	ready chan struct{} // otherwise: has a token while the slot may be full
	quit  chan struct{} // and is closed by end

	posted atomic.Bool // a carrier is on its way, or calls f
	ended  bool        // guarded by the client's mutex
}

// newMailbox returns a mailbox that calls f, or one to take mail from if f is
// nil.
func newMailbox[M any](c *Client, f func(*M)) *mailbox[M] {
	m := &mailbox[M]{c: c, f: f}
	if f == nil {
		m.ready, m.quit = make(chan struct{}, 1), make(chan struct{})
	}
	return m
}

// put replaces the mail. It needs the mutex, and whoever has it must release it
// by Client.unlock.
func (m *mailbox[M]) put(v *M) {
	if m.ended {
		return
	}
	if m.sink != nil {
		m.sink(v)
		return
	}
	m.slot.Store(v)
	if m.f != nil {
		if !m.posted.Swap(true) {
			m.c.post.add(m)
		}
		return
	}
	select {
	case m.ready <- struct{}{}:
	default:
	}
}

// end lets nothing more come out of the mailbox. It needs the mutex.
func (m *mailbox[M]) end() {
	if m.ended {
		return
	}
	m.ended = true
	m.slot.Store(nil)
	if m.quit != nil {
		close(m.quit)
	}
}

// take empties the mailbox, nil if there is nothing in it.
func (m *mailbox[M]) take() *M { return m.slot.Swap(nil) }

// mail iterates over what comes in until ctx is done or the mailbox ends.
func (m *mailbox[M]) mail(ctx context.Context) iter.Seq[*M] {
	return func(yield func(*M) bool) {
		for {
			select {
			case <-m.ready:
				if v := m.take(); v != nil && !yield(v) {
					return
				}
			case <-ctx.Done():
				return
			case <-m.quit:
				return
			case <-m.c.life.Done():
				return
			}
		}
	}
}

// deliver hands mail to the callback until there is none.
func (m *mailbox[M]) deliver() {
	for {
		if v := m.take(); v != nil {
			if err := protect(func() error { m.f(v); return nil }); err != nil {
				m.c.report("subscriber", err)
			}
		}
		if !m.refilled() {
			return
		}
	}
}

// refilled ends a delivery and reports whether another one must follow, which
// then is the caller's to see to: mail has come in meanwhile.
func (m *mailbox[M]) refilled() bool {
	m.posted.Store(false)
	return m.slot.Load() != nil && !m.posted.Swap(true)
}
