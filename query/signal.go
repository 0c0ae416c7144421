package query

import (
	"slices"
	"sync"
)

// Signal is something that is either so or not and that can change: whether
// the application is looked at, whether there is a network. A Signal that was
// never set, such as the zero Signal, counts as true. It may be shared by
// clients and used concurrently.
type Signal struct {
	// OnPanic hears of subscribers that panic; the others are told all the same. It
	// must be set before the signal is used. Nil drops the panic.
	OnPanic func(error)

	mu    sync.Mutex // guards what follows
	value tri
	subs  []*signalSub
}

type tri uint8

const (
	triUnset tri = iota
	triTrue
	triFalse
)

type signalSub struct{ f func(bool) }

// NewSignal returns a signal that is set to v.
func NewSignal(v bool) *Signal {
	s := new(Signal)
	s.value = triOf(v)
	return s
}

func triOf(v bool) tri {
	if v {
		return triTrue
	}
	return triFalse
}

// Get returns the value.
func (s *Signal) Get() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value != triFalse
}

// Set sets the value and tells subscribers before it returns, if it was another
// one or none. So the first Set(true) of an unset signal is news.
func (s *Signal) Set(v bool) { s.change(triOf(v)) }

// Unset forgets the value; the signal counts as true again.
func (s *Signal) Unset() { s.change(triUnset) }

func (s *Signal) change(v tri) {
	s.mu.Lock()
	if s.value == v {
		s.mu.Unlock()
		return
	}
	s.value = v
	subs := slices.Clone(s.subs)
	s.mu.Unlock()
	for _, sub := range subs {
		err := protect(func() error {
			sub.f(v != triFalse)
			return nil
		})
		if err != nil && s.OnPanic != nil {
			s.OnPanic(err)
		}
	}
}

// Subscribe calls f with the new value after each change, on the goroutine that
// makes it, until stop is called. A nil f is never called.
func (s *Signal) Subscribe(f func(bool)) (stop func()) {
	if f == nil {
		return func() {}
	}
	sub := &signalSub{f}
	s.mu.Lock()
	s.subs = append(s.subs, sub)
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.subs = slices.DeleteFunc(s.subs, func(x *signalSub) bool { return x == sub })
	}
}
