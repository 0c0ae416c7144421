package query

import "sync/atomic"

// stateCell holds the state of an entry. It is read without lock and written
// under the client's mutex.
//
// Marking thousands of entries stale must not make a state for each. So a mark
// only names the state that it is about, and whoever reads that state first makes
// the one that the mark stands for. A mark whose state was replaced means
// nothing: nobody can take it off too late.
type stateCell struct {
	now    atomic.Pointer[state]
	marked atomic.Pointer[state]
}

// Load returns the present state.
func (c *stateCell) Load() *state {
	s := c.now.Load()
	if c.marked.Load() == s {
		return c.redeem(s)
	}
	return s
}

// Store replaces the state.
func (c *stateCell) Store(s *state) { c.now.Store(s) }

// invalidate marks the present state stale. Nobody is told.
func (c *stateCell) invalidate() { c.marked.Store(c.now.Load()) }

// redeem makes the state that the mark on s stands for, and returns the present
// one.
func (c *stateCell) redeem(s *state) *state {
	next := s
	if !s.invalidated {
		next = reduce(s, invalidateAction{})
	}
	if !c.now.CompareAndSwap(s, next) {
		return c.Load() // somebody else was faster
	}
	c.marked.CompareAndSwap(s, nil) // lets the collector have s; a newer mark stays
	return next
}
