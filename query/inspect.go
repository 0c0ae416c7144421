package query

import "github.com/freshet-go/freshet/querykey"

// Entry is a look at the cache from outside, for tools and tests.
type Entry struct {
	// ID tells an entry from a later one under the same key.
	ID    uint64
	State State[any]
	// Observers is how many observers with subscribers there are.
	Observers int
	// Infinite is whether the entry was ever used by an infinite query.
	Infinite bool
}

// Entries returns what f chooses, in the order in which it was made.
func (c *Client) Entries(f Filter) []Entry {
	chosen := c.match(f)
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]Entry, len(chosen))
	for i, e := range chosen {
		list[i] = e.look()
	}
	return list
}

// look needs the mutex.
func (e *entry) look() Entry {
	return Entry{ID: e.id, State: e.view(), Observers: len(e.observers()), Infinite: e.pager() != nil}
}

// State returns the state of the entry under key. It takes no lock.
func (c *Client) State(key querykey.Key) (State[any], bool) {
	if e := c.index.find(key); e != nil {
		return e.view(), true
	}
	return State[any]{}, false
}
