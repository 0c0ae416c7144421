package query

import (
	"context"
	"iter"
)

// mailbox holds the latest result for one subscriber. Older ones that were not
// taken in time are replaced; the last one never is. It is filled under the
// client's mutex, so that results arrive in the order in which they were made.
type mailbox struct {
	c *Client

	// Guarded by the client's mutex.
	slot     any // *result or mutation result; nil when empty
	ended    bool
	draining bool

	sink  func(any)     // engine view: told at once, under the mutex
	f     func(any)     // callback view: called by a goroutine that lives while there is mail
	ready chan struct{} // otherwise: has a token while the slot may be full
	quit  chan struct{} // closed by end
}

func (c *Client) newMailbox(f func(any)) *mailbox {
	return &mailbox{c: c, f: f, ready: make(chan struct{}, 1), quit: make(chan struct{})}
}

// put replaces the mail. It needs the mutex.
func (m *mailbox) put(v any) {
	if m.ended {
		return
	}
	if m.sink != nil {
		m.sink(v)
		return
	}
	m.slot = v
	if m.f != nil {
		if !m.draining {
			m.draining = m.c.goLocked(m.drain)
		}
		return
	}
	select {
	case m.ready <- struct{}{}:
	default:
	}
}

// end lets nothing more come out of the mailbox. It needs the mutex.
func (m *mailbox) end() {
	if !m.ended {
		m.ended, m.slot = true, nil
		close(m.quit)
	}
}

// take empties the mailbox, nil if there is nothing in it.
func (m *mailbox) take() any {
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	v := m.slot
	m.slot = nil
	return v
}

// mail iterates over what comes in until ctx is done or the mailbox ends.
func (m *mailbox) mail(ctx context.Context) iter.Seq[any] {
	return func(yield func(any) bool) {
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

// drain hands mail to the callback until there is none. A callback that ends the
// goroutine gets its next mail on another one.
func (m *mailbox) drain() {
	returned := false
	defer func() {
		if returned {
			return
		}
		m.c.mu.Lock()
		defer m.c.mu.Unlock()
		m.draining = m.slot != nil && m.c.goLocked(m.drain)
	}()
	for {
		m.c.mu.Lock()
		v := m.slot
		m.slot = nil
		m.draining = v != nil
		m.c.mu.Unlock()
		if v == nil {
			returned = true
			return
		}
		if err := protect(func() error { m.f(v); return nil }); err != nil {
			m.c.report("subscriber", err)
		}
	}
}
