package query

import "sync/atomic"

// stateCell holds the state of an entry. It is read without lock and written
// under the client's mutex.
//
// Marking thousands of entries stale must not touch each of them. So their branch
// of the index counts how often that was done, and a state knows its branch's
// count as of when it was stored. A state that lags behind has been marked; who
// reads it first makes the one that it stands for.
type stateCell struct {
	now    atomic.Pointer[state]
	branch *branch // set before the first state, never changed
	at     int32   // place among the members of the branch, for the branch alone
	flags  flags
}

// flags are what is true of an entry, or not. They are in its cell as there is room.
type flags struct{ set atomic.Uint32 }

const (
	gone     = 1 << iota // what is marked from now on is not meant for it
	consumed             // the fetch function has looked at its context

	// See limit.go.
	queued  // it waits for being dropped
	settled // in the main queue, or on its way there
	unread  // since it was last looked over
)

func (f *flags) has(flag uint32) bool { return f.set.Load()&flag != 0 }

func (f *flags) raise(flag uint32) {
	if !f.has(flag) {
		f.set.Or(flag)
	}
}

func (f *flags) lower(flag uint32) { f.set.And(^flag) }

// Load returns the present state.
func (c *stateCell) Load() *state {
	marks := c.branch.marks.Load() // first: a state that is newer is not behind
	if s := c.now.Load(); s.marks >= marks {
		return s
	}
	return c.redeem(marks)
}

// Store replaces the state by s, which may be shared.
func (c *stateCell) Store(s *state) {
	if marks := c.branch.marks.Load(); s.marks != marks {
		own := *s
		own.marks = marks
		s = &own
	}
	c.now.Store(s)
}

// redeem returns the present state as at least so many marks have left it.
func (c *stateCell) redeem(marks uint64) *state {
	for {
		s := c.now.Load()
		if s.invalidated || s.marks >= marks || c.flags.has(gone) {
			return s
		}
		next := reduce(s, invalidateAction{})
		next.marks = marks
		if c.now.CompareAndSwap(s, next) {
			return next
		}
	}
}

// leave is for an entry that is removed from its branch. It needs the mutex.
func (c *stateCell) leave() {
	c.Load() // for the marks that were meant for it
	c.flags.raise(gone)
}
