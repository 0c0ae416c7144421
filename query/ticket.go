package query

import (
	"context"
	"time"

	"github.com/freshet-go/freshet/internal/sched"
)

// ticket is the right to a place among the fetches that run at a time.
type ticket struct {
	e     *entry
	mode  *fetchMode     // of a refetch that somebody asked for, nil if it goes by policies
	begin func() *flight // begins the fetch, if it is still wanted; calls user code
	stand *flight        // followed by those who wait for the fetch
	at    time.Time      // when it gets in line, if that is later
	timer *sched.Timer

	turned uint64 // how lately somebody turned to the entry
	over   bool   // it has its place, or needs none

	// Of a flight that wants to make another attempt, instead of the rest.
	again *flight
	call  chan struct{}
}

func newTicket(e *entry, mode *fetchMode, begin func() *flight) *ticket {
	return &ticket{e: e, mode: mode, begin: begin, stand: &flight{e: e}}
}

// queue lets tickets wait for their turn. It returns what stands for the fetches
// to those who wait for them.
func (c *Client) queue(tickets []*ticket) []*flight {
	stands := make([]*flight, 0, len(tickets))
	c.update(func(tx *txn) {
		for _, t := range tickets {
			if tx.closed || t.e.removed() { // since it was chosen
				continue
			}
			stands = append(stands, tx.queue(t))
		}
		tx.storm.line.sort()
		tx.fill()
	})
	return stands
}

// queue is for one ticket. It may leave the line unsorted.
func (tx *txn) queue(t *ticket) (stand *flight) {
	st, f := t.e.state.Load(), t.e.flight.Load()
	if t.mode != nil && f != nil && st.fetchStatus == isFetching && (!st.hasData || !t.mode.cancelRefetch) {
		f.wanted()
		return f
	}
	x := tx.sides.of(t.e)
	if old := x.ticket; old != nil {
		if t.mode != nil {
			old.mode, old.begin = t.mode, t.begin
			if old.timer.Stop() {
				tx.storm.line.add(old)
			}
		}
		return old.stand
	}
	x.ticket, t.turned = t, x.turned
	if t.at.After(tx.now()) {
		c := tx.Client // tx serves somebody else by then
		t.timer = tx.sched.AfterFunc(t.at.Sub(tx.now()), func() { c.arrive(t) })
	} else {
		tx.storm.line.add(t)
	}
	return t.stand
}

// arrive is for a ticket whose moment has come.
func (c *Client) arrive(t *ticket) {
	c.update(func(tx *txn) {
		if !t.over {
			tx.storm.line.add(t)
			tx.storm.line.sort()
			tx.fill()
		}
	})
}

// fill gives the places that are free to those in line.
func (tx *txn) fill() {
	c := tx.Client // tx serves somebody else by then
	for t := tx.admit(); t != nil; t = tx.admit() {
		tx.later(func() { c.serve(t) })
	}
}

// admit gives a place to the ticket that is next, and lets flights go on that are
// before it. It returns nil if there is no place, or nobody for it.
func (tx *txn) admit() *ticket {
	s := &tx.storm
	for !tx.closed && (s.Places <= 0 || s.taken < s.Places) {
		t := s.line.take()
		if t == nil {
			return nil
		}
		s.taken++
		if t.again == nil {
			tx.forget(t)
			return t
		}
		t.again.placed = true
		close(t.call)
	}
	return nil
}

// serve begins the fetch of a ticket that has a place. If it comes to nothing the
// place is for the next.
func (c *Client) serve(t *ticket) {
	for t != nil {
		t = c.serveOne(t)
	}
}

func (c *Client) serveOne(t *ticket) (next *ticket) {
	var f *flight
	defer c.update(func(tx *txn) {
		t.conclude(tx, f, nil)
		if f != nil && !f.settled && f.wake == nil && !f.placed {
			f.placed, f.massed = true, true
			return
		}
		tx.storm.taken--
		next = tx.admit()
	})
	f = t.begin()
	return nil
}

// conclude tells those who wait what came of the ticket: a fetch, or nothing.
// They do not wait for a fetch that is paused.
func (t *ticket) conclude(tx *txn, f *flight, err error) {
	if f != nil && f.wake == nil {
		t.stand.next = f
	} else {
		t.stand.err = err
	}
	tx.later(t.stand.done.open)
}

// drop ends the wait of a ticket that is not needed any more. It may be nil.
func (tx *txn) drop(t *ticket, f *flight, err error) {
	if t == nil || t.over {
		return
	}
	t.over = true
	t.timer.Stop()
	tx.forget(t)
	t.conclude(tx, f, err)
}

// overtake is to be told of each fetch that begins.
func (tx *txn) overtake(f *flight) {
	if x := tx.sides[f.e]; x != nil {
		tx.drop(x.ticket, f, nil)
	}
}

// unplace takes the place from a fetch that needs it no more.
func (tx *txn) unplace(f *flight) {
	if f.placed {
		f.placed = false
		tx.storm.taken--
		tx.fill()
	}
}

// leave gives back the place of a flight whose function has returned: before, a
// server may still be busy with it.
func (f *flight) leave() {
	if c := f.e.client(); c.storm.limits() {
		c.update(func(tx *txn) { tx.unplace(f) })
	}
}

// forget takes a ticket off its entry.
func (tx *txn) forget(t *ticket) {
	x := tx.sides[t.e]
	if x.ticket = nil; *x == (side{}) {
		delete(tx.sides, t.e)
	}
}

// reseat lets the next attempt of a flight that needed a place wait for another
// one.
func (f *flight) reseat(ctx context.Context) error {
	var t *ticket
	f.e.client().update(func(tx *txn) {
		if !f.massed || f.placed || f.settled {
			return
		}
		t = &ticket{e: f.e, again: f, call: make(chan struct{})}
		if x := tx.sides[f.e]; x != nil {
			t.turned = x.turned
		}
		tx.storm.line.add(t)
		tx.storm.line.sort()
		tx.fill()
	})
	if t == nil {
		return context.Cause(ctx)
	}
	select {
	case <-t.call:
	case <-ctx.Done(): // a flight that is over is passed over, too
	}
	return context.Cause(ctx)
}

// endLine ends the wait of all tickets of a client that closes.
func (tx *txn) endLine() {
	for _, x := range tx.sides {
		tx.drop(x.ticket, nil, ErrClosed)
	}
}
