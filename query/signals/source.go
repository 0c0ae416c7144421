package signals

import (
	"sync/atomic"

	"github.com/freshet-go/freshet/query"
)

// Source says whether something is so: it calls set with what it knows, now or
// later and on any goroutine, until stop is called. It need not order its calls,
// hold late ones back or mind a second stop; [Connect], [HoldLoss] and [All] do. A
// nil Source says nothing.
type Source func(set func(bool)) (stop func())

// Connect makes s follow what the source says, the latest if it says several things
// at once, until stop is called. Nothing that the source says later has an effect:
// s keeps its value. stop may be called repeatedly. It waits for subscribers of s
// that are being told, so it must not be called from one.
func Connect(s *query.Signal, source Source) (stop func()) {
	var said atomic.Bool
	tell := newTurns(func() { s.Set(said.Load()) })
	end := source.start(func(v bool) {
		said.Store(v)
		tell.here()
	})
	return func() {
		tell.stop()
		end()
	}
}

// start begins to listen, also to a source that is nil or cannot be stopped. Only
// the first call of stop has an effect, and others do not wait for it.
func (s Source) start(set func(bool)) (stop func()) {
	var end func()
	if s != nil {
		end = s(set)
	}
	var stopped atomic.Bool
	return func() {
		if end != nil && stopped.CompareAndSwap(false, true) {
			end()
		}
	}
}
