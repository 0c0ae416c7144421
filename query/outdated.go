package query

import "time"

// This file keeps what push has told from being undone by the answer of a fetch
// that was under way, which may be older. Whose answer it would be is marked; and
// when the answer is there the query is fetched again, once.

// breather is the time between fetches of a query that events keep outdating.
const breather = time.Second

// outdate marks the fetch of e that runs, if any. It needs the mutex.
func (tx *txn) outdate(e *entry) {
	if f := e.flight.Load(); f != nil && (f.wake == nil || !f.first) {
		f.outdated = true
	}
}

// overtaken is what a write does that may come from the handler of an event. It need
// not: to fetch once more than necessary does no harm.
func (c *Client) overtaken(e *entry) {
	if c.governor.applying.Load() == 0 {
		return
	}
	e.tally().pushed.Add(1)
	if e.flight.Load() != nil {
		c.update(func(tx *txn) { tx.outdate(e) })
	}
}

// overtakenAll is overtaken for what f chooses.
func (c *Client) overtakenAll(f Filter) {
	if c.governor.applying.Load() > 0 {
		for _, e := range c.match(f) {
			c.overtaken(e)
		}
	}
}

// doubtful reports whether e remains marked stale when an event is written to it:
// what was missed before is missing still.
func (tx *txn) doubtful(e *entry) bool {
	return tx.governor.applying.Load() > 0 && e.state.Load().invalidated
}

// superseded reports whether the answer of f is not to be stored, and fetches
// another one. The data there are remain, since they are newer in part. The answer
// of that other fetch is stored in any case, lest events keep all answers away.
func (tx *txn) superseded(f *flight) bool {
	if !f.outdated || f.again || !f.e.state.Load().hasData {
		return false
	}
	tx.fetch(f.e, nil, seed{}, fetchMode{cancelRefetch: true, direction: f.direction()}).again = true
	return true
}

// answered is for a flight whose answer was stored: if that is outdated it is marked
// stale, and what is observed is fetched again.
func (tx *txn) answered(f *flight) {
	e := f.e
	if cv := e.cover(); cv != nil {
		cv.answeredAt = tx.now()
	}
	if !f.outdated {
		return
	}
	tx.dispatch(e, invalidateAction{})
	if len(e.observers()) == 0 {
		return
	}
	if !f.again {
		tx.fetch(e, nil, seed{}, fetchMode{}).again = true
		return
	}
	c := tx.Client // tx serves somebody else by then
	tx.sched.AfterFunc(breather, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.goLocked(func() { _ = c.refetch(c.life, c.stillStale(e), RefetchOptions{NoWait: true}) })
	})
}

// stillStale returns e if it is observed and invalidated, and nobody fetches it.
func (c *Client) stillStale(e *entry) []*entry {
	if st := e.state.Load(); !st.invalidated || st.fetchStatus != isIdle || len(c.observersOf(e)) == 0 {
		return nil
	}
	return []*entry{e}
}
