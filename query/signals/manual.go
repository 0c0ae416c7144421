package signals

import (
	"slices"
	"sync"
)

// Manual is a source that says what it is told by Set: by the callbacks of a
// toolkit, by a switch of the user, by a test. The zero Manual says nothing yet.
// All methods may be called concurrently.
type Manual struct {
	mu        sync.Mutex // guards what follows
	known     bool       // whether there is a value
	value     bool
	listeners []*turns
}

// Set tells all who listen, before it returns unless they are being told already.
// They may be told the same value again.
func (m *Manual) Set(v bool) {
	m.mu.Lock()
	m.known, m.value = true, v
	listeners := slices.Clone(m.listeners)
	m.mu.Unlock()
	for _, l := range listeners {
		l.here()
	}
}

// Source tells set the value, if there is one, and each later one until stop is
// called. It is itself a [Source]: pass m.Source.
func (m *Manual) Source(set func(bool)) (stop func()) {
	l := newTurns(func() { set(m.get()) })
	m.mu.Lock()
	m.listeners = append(m.listeners, l)
	known := m.known
	m.mu.Unlock()
	if known {
		l.here()
	}
	return func() {
		m.mu.Lock()
		m.listeners = slices.DeleteFunc(m.listeners, func(x *turns) bool { return x == l })
		m.mu.Unlock()
		l.stop()
	}
}

func (m *Manual) get() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.value
}
