package query

import (
	"context"
	"time"
)

// Storm says what happens when many queries are to be fetched at once: because
// focus or network return, or because Invalidate or Refetch chose many. The zero
// Storm is TanStack Query's way: all are fetched at once, each time.
//
// A query that waits for its turn is idle meanwhile, and Explain says what it
// waits for. It does not wait any longer if it is fetched for another reason, if
// its last observer leaves, or if it is cancelled. Calls that wait for fetches
// wait for those of their queries that have to wait, too. What a filter with Exact
// chooses is fetched at once, and so is what Reset has emptied.
type Storm struct {
	// Places is how many of these fetches run at a time. Queries that are observed
	// go first, those observed last before others; every fourth place is for the one
	// that has waited longest. While a fetch is paused or waits for its next attempt
	// it needs no place; one whose function does not return keeps it, even cancelled.
	// Default: no bound.
	Places int
	// Refocus is how long after a return of focus that refetched another one does
	// not. What was paused goes on all the same. Default: each return refetches.
	Refocus time.Duration
	// Spread is the time over which fetches are spread when the network returns, each
	// at a random moment; all of a client at the same one if Config.Together is on, so
	// that they share requests. Default: all at once.
	Spread time.Duration
}

// storm is what a client knows of fetches that wait for their turn. It is guarded
// by the client's mutex.
type storm struct {
	Storm

	taken     int // places
	line      line
	turns     uint64 // observers that have come
	refocused time.Time
}

// bounded reports whether fetches may have to wait for places. It never changes.
func (s *storm) bounded() bool { return s.Places > 0 }

// limits reports whether there is anything to wait for. It never changes.
func (s *storm) limits() bool { return s.Places > 0 || s.Spread > 0 }

// refetchInTurn is refetch for calls that choose many.
func (c *Client) refetchInTurn(ctx context.Context, chosen []*entry, f Filter) error {
	if !c.storm.bounded() || f.one() {
		return c.refetch(ctx, chosen, f.Refetch)
	}
	mode := fetchMode{cancelRefetch: f.Refetch.Cancel.or(true)}
	var tickets []*ticket
	for _, e := range chosen {
		if c.refetchable(e) {
			tickets = append(tickets, newTicket(e, &mode, func() *flight {
				f, _ := c.refetchOne(e, mode)
				return f
			}))
		}
	}
	stands := c.queue(tickets)
	if f.Refetch.NoWait {
		return nil
	}
	return c.hear(ctx, stands, f.Refetch)
}

// refetchReturned is refetchObserved for the return of focus or network, spread
// over the given time.
func (c *Client) refetchReturned(policy func(*options) RefetchPolicy, spread time.Duration) (resume func()) {
	if !c.storm.bounded() && spread <= 0 {
		return c.refetchObserved(policy)
	}
	var tickets []*ticket
	for _, e := range c.match(Filter{}) {
		if c.firstWilling(e, policy) != nil || c.pausedFlight(e) != nil {
			tickets = append(tickets, newTicket(e, nil, func() *flight { return c.returned(e, policy) }))
		}
	}
	c.spread(tickets, spread)
	c.queue(tickets)
	return func() {}
}

// returned does for one entry what the return of focus or network means to it.
func (c *Client) returned(e *entry, policy func(*options) RefetchPolicy) (f *flight) {
	if o := c.firstWilling(e, policy); o != nil {
		f = o.fetch(fetchMode{}, &witness{o: o})
	}
	if paused := c.pausedFlight(e); paused != nil {
		c.update(func(tx *txn) { tx.resume(paused) })
		return paused
	}
	return f
}

func (c *Client) pausedFlight(e *entry) (f *flight) {
	c.update(func(*txn) {
		if f = e.flight.Load(); f != nil && f.wake == nil {
			f = nil
		}
	})
	return f
}

// spread chooses the moments at which tickets get in line.
func (c *Client) spread(tickets []*ticket, over time.Duration) {
	if over <= 0 {
		return
	}
	c.update(func(tx *txn) {
		d := tx.chance.partOf(over)
		for _, t := range tickets {
			if !tx.together.On.or(false) {
				d = tx.chance.partOf(over)
			}
			t.at = tx.now().Add(d)
		}
	})
}

// onFocus is the policy for a return of focus: none if the last one was a moment
// ago.
func (c *Client) onFocus() func(*options) RefetchPolicy {
	again := false
	c.update(func(tx *txn) {
		now, s := tx.now(), &tx.storm
		again = s.Refocus > 0 && !s.refocused.IsZero() && now.Before(s.refocused.Add(s.Refocus))
		if !again {
			s.refocused = now
		}
	})
	if again {
		return func(*options) RefetchPolicy { return Never }
	}
	return func(o *options) RefetchPolicy { return o.policy.RefetchOnFocus }
}

// pass is gate, and the wait for a place if a fetch that needed one tries again.
func (f *flight) pass(ctx context.Context, first bool) error {
	err := f.gate(ctx, first)
	if err != nil || first || !f.e.client().storm.bounded() {
		return err
	}
	return f.reseat(ctx)
}

// unqueue ends the wait of an entry that is cancelled.
func (tx *txn) unqueue(e *entry, silent bool) {
	x := tx.sides[e]
	if x == nil {
		return
	}
	var err error
	if silent || !e.state.Load().hasData {
		err = ErrCancelled
	}
	tx.drop(x.ticket, nil, err)
}
