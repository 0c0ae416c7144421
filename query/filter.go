package query

import (
	"context"
	"slices"

	"github.com/freshet-go/freshet/querykey"
)

// EntryType says whether an entry is in use. An entry is active while an
// observer of it is enabled.
type EntryType uint8

// The types of entries, for filters.
const (
	AnyEntry EntryType = iota
	ActiveEntries
	InactiveEntries
)

// Filter chooses entries; all its conditions must hold. The zero Filter chooses
// all.
type Filter struct {
	// Key chooses the keys that begin with it; objects in it match objects that
	// have at least its members. See querykey.Key.Matches.
	Key querykey.Key
	// Exact chooses only Key itself. It is ignored if Key is empty.
	Exact bool
	// Type chooses by use.
	Type EntryType
	// Stale chooses entries that are stale (On) or are not (Off). One that nobody
	// observes is stale if it was invalidated or has no data, whatever its age.
	Stale Toggle
	// FetchStatus chooses by what entries are doing; empty is any.
	FetchStatus FetchStatus
	// Predicate chooses by anything else. It must not use the client.
	Predicate func(State[any]) bool
	// Refetch says how Invalidate, Refetch and Reset fetch.
	Refetch RefetchOptions
	// Cancel says how Cancel cancels.
	Cancel CancelOptions
}

// RefetchType says which of the chosen entries Invalidate fetches.
type RefetchType uint8

// The zero RefetchType goes by the filter's Type, and by RefetchActive if that
// is AnyEntry.
const (
	RefetchActive RefetchType = iota + 1
	RefetchInactive
	RefetchAll
	RefetchNone
)

// RefetchOptions say how to fetch again what is there already. The zero value
// cancels running fetches, fetches anew and waits for the outcome.
type RefetchOptions struct {
	// Type is for Invalidate.
	Type RefetchType
	// Cancel is whether a running fetch is cancelled and made anew, if there are
	// data to show meanwhile. Default: On. Off joins it.
	Cancel Toggle
	// FailFast returns with the first error. Otherwise all fetches are waited for
	// and their errors are joined.
	FailFast bool
	// NoWait returns once the fetches are started.
	NoWait bool
}

// CancelOptions say how a fetch is cancelled. The zero value puts the state back
// to what it was before the fetch.
type CancelOptions struct {
	// Revert is whether the state goes back. Default: On. Off leaves the query
	// with ErrCancelled as its error.
	Revert Toggle
	// Silent leaves those who wait with ErrCancelled instead of older data, and
	// with Revert Off leaves the query as it is, but idle.
	Silent bool
}

// accepts checks that there is something f can be applied to.
func (c *Client) accepts(f Filter) error {
	if c.life.Err() != nil {
		return ErrClosed
	}
	return f.Key.Err()
}

// match returns the entries that f chooses, oldest first. It calls user code.
func (c *Client) match(f Filter) []*entry {
	var found []*entry
	if f.one() {
		if e := c.index.find(f.Key); e != nil {
			found = []*entry{e}
		}
	} else {
		c.update(func(tx *txn) {
			found = inOrder(slices.Collect(tx.index.matching(f.Key, f.Type == ActiveEntries)))
		})
	}
	if !f.conditional() {
		return found
	}
	chosen := found[:0]
	for _, e := range found {
		if c.chooses(f, e) {
			chosen = append(chosen, e)
		}
	}
	return chosen
}

// one reports whether f is for a single key.
func (f Filter) one() bool {
	return f.Exact && f.Key.Len() > 0
}

// conditional reports whether f asks for more than the key.
func (f Filter) conditional() bool {
	return f.Type != AnyEntry || f.Stale != 0 || f.FetchStatus != "" || f.Predicate != nil
}

// chooses evaluates the conditions of f other than the key.
func (c *Client) chooses(f Filter, e *entry) bool {
	if f.Type != AnyEntry && (f.Type == ActiveEntries) != c.active(e) {
		return false
	}
	if f.Stale != 0 && (f.Stale == On) != c.shownStale(e) {
		return false
	}
	v := e.view()
	if f.FetchStatus != "" && v.FetchStatus() != f.FetchStatus {
		return false
	}
	return f.Predicate == nil || ask(c, "Predicate", false, func() bool { return f.Predicate(v) })
}

// active reports whether an observer of e is enabled.
func (c *Client) active(e *entry) bool {
	for _, o := range c.observersOf(e) {
		if opts, s := o.look(); opts.enabled(c, s) {
			return true
		}
	}
	return false
}

// shownStale reports whether an observer of e shows it as stale or, without
// observers, whether it was marked so.
func (c *Client) shownStale(e *entry) bool {
	observers := c.observersOf(e)
	for _, o := range observers {
		if o.current.Load().stale {
			return true
		}
	}
	st := e.state.Load()
	return len(observers) == 0 && (!st.hasData || st.invalidated)
}

// Cancel ends the fetches of what f chooses and waits until those who waited for
// them know.
func (c *Client) Cancel(ctx context.Context, f Filter) error {
	if err := c.accepts(f); err != nil {
		return err
	}
	var flights []*flight
	chosen := c.match(f)
	c.update(func(tx *txn) {
		for _, e := range chosen {
			tx.unqueue(e, f.Cancel.Silent)
			if running := e.flight.Load(); running != nil {
				flights = append(flights, running)
				how := cancelled{silent: f.Cancel.Silent, revert: f.Cancel.Revert.or(true)}
				tx.cancel(running, how)
				if how.silent && !how.revert && !c.quirks.HangingCancel {
					idle := *e.state.Load()
					tx.dispatch(e, setAction{idle.atRest()})
				}
			}
		}
	})
	for _, fl := range flights {
		_, _ = fl.wait(ctx) // the outcome is the waiters'
	}
	switch { // until it is known that all of them know
	case len(flights) > 0:
		c.sched.Yield(2)
	case len(chosen) > 0:
		c.sched.Yield(1)
	}
	return context.Cause(ctx)
}

// Remove drops what f chooses from the cache. Who observes it is not told, and
// keeps what it has until its next fetch: use Reset to empty a query in use.
func (c *Client) Remove(f Filter) {
	chosen := c.match(f)
	c.update(func(tx *txn) {
		for _, e := range chosen {
			if !tx.closed {
				tx.remove(e)
			}
		}
	})
}

// IsFetching returns how many of the entries that f chooses are fetching now;
// those that are paused are not.
func (c *Client) IsFetching(f Filter) int {
	f.FetchStatus = FetchFetching
	return len(c.match(f))
}

// Clear drops all queries and mutations. Fetches are cancelled silently; a
// mutation that runs goes on unseen, one that waits never runs.
func (c *Client) Clear() {
	c.update(func(tx *txn) {
		if tx.closed {
			return
		}
		for _, e := range tx.index.all() {
			tx.remove(e)
		}
		tx.mutations.clear(tx)
	})
}
