package query

import (
	"context"
	"sync/atomic"
	"time"
)

// This file holds what happens when network or focus return: paused mutations go
// on, and when their attempts are over so do the queries.

// Callbacks of a mutation hold up those who wait for its attempts, for so long at
// most: first who refetches, then what is paused. Callbacks that write and
// invalidate are through by then, so that what they invalidate is not fetched
// twice; those that wait hold up nobody.
const (
	patience     = 415 * time.Microsecond // of those who refetch
	longPatience = 560 * time.Microsecond // of what is paused
	lateness     = 30 * time.Microsecond  // by which those who are late wait longer
)

// sequel is what waits for the attempts of mutations. It is called when they are
// over, and what it returns a little later.
type sequel func() (rest func())

// followers are those who wait for the attempts of a mutation.
type followers struct {
	sequels []sequel
	rests   []func() // of sequels that were called
}

// Who hears first that a promise of query-core is settled has asked first: those
// who wait for attempts that have not begun yet are early, and go on before the
// mutation does.
const (
	early = iota
	late
)

// focused is the return of focus: mutations first, then what is on screen.
func (c *Client) focused() {
	c.resumeThen(func() func() {
		c.attend()
		return c.refetchReturned(c.onFocus(), 0)
	})
}

// reconnected is the return of the network.
func (c *Client) reconnected() {
	c.resumeThen(func() func() {
		c.rephase()
		return c.refetchReturned((*options).onReconnect, c.storm.Spread)
	})
}

// resumeThen lets paused mutations go on, if there is a network, and calls next
// when the attempts of all of them are over.
func (c *Client) resumeThen(next sequel) {
	var waiting atomic.Int64
	arrive := func() func() {
		if waiting.Add(-1) == 0 {
			return next()
		}
		return func() {}
	}
	waiting.Store(1)
	if c.online.Get() {
		c.update(func(tx *txn) {
			for _, m := range tx.resumePaused() {
				if m.isOver() && !tx.quirks.HangingResume {
					continue
				}
				waiting.Add(1)
				who := &m.waiting[early]
				if m.begun {
					who = &m.waiting[late]
				}
				who.sequels = append(who.sequels, arrive)
			}
		})
	}
	rest := arrive()
	c.sched.Yield(1)
	rest()
}

// ResumePausedMutations lets mutations go on that wait for the network, if there
// is one, and waits until their attempts are over or ctx is done. A mounted client
// does this by itself when network or focus return. The outcome of each is known
// to whoever started it; the error is that of ctx.
func (c *Client) ResumePausedMutations(ctx context.Context) error {
	if c.life.Err() != nil {
		return ErrClosed
	}
	if !c.online.Get() {
		return nil
	}
	var paused []*mutation
	c.update(func(tx *txn) { paused = tx.resumePaused() })
	for _, m := range paused {
		select {
		case <-m.tried:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// resumePaused lets all go on that may and returns all that were paused.
func (tx *txn) resumePaused() []*mutation {
	var paused []*mutation
	for _, m := range tx.mutations.all {
		if m.state.Load().paused {
			paused = append(paused, m)
		}
	}
	for i, m := range paused {
		rank := i
		if !m.restored { // those begin at once, these have to be woken first
			rank += len(paused)
		}
		tx.resumeMutation(m, rank)
	}
	return paused
}

// over says that the attempts are over; begun is whether there were any. Saying
// it twice is harmless.
func (m *mutation) over(begun bool) {
	if m.hangs || m.isOver() {
		return
	}
	if !begun && m.c.quirks.HangingResume {
		m.c.update(func(*txn) { m.hangs = true })
		return
	}
	close(m.tried)
	m.c.update(func(tx *txn) {
		for who, w := range m.waiting {
			if len(w.sequels) > 0 {
				more := time.Duration(who) * lateness
				m.impatient = append(m.impatient,
					tx.sched.Apart(patience+more, func() { m.hurry(func() { m.follow(who) }) }),
					tx.sched.Apart(longPatience+more, func() { m.hurry(func() { m.conclude(who) }) }))
			}
		}
	})
}

// hurry does what callbacks have held up for too long.
func (m *mutation) hurry(what func()) {
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	m.c.goLocked(what)
}

func (m *mutation) isOver() bool {
	select {
	case <-m.tried:
		return true
	default:
		return false
	}
}

// follow lets those go on that wait for the attempts.
func (m *mutation) follow(who int) {
	w := &m.waiting[who]
	var next []sequel
	m.c.update(func(*txn) {
		if !m.hangs {
			next, w.sequels = w.sequels, nil
		}
	})
	for _, f := range next {
		rest := f()
		m.c.update(func(*txn) { w.rests = append(w.rests, rest) })
	}
}

// conclude is follow and what comes after all callbacks.
func (m *mutation) conclude(who int) {
	m.follow(who)
	w := &m.waiting[who]
	var rests []func()
	m.c.update(func(*txn) { rests, w.rests = w.rests, nil })
	for _, f := range rests {
		f()
	}
}

// concludeAll is the end of all waiting.
func (m *mutation) concludeAll() {
	m.c.update(func(*txn) {
		for _, t := range m.impatient {
			t.Stop()
		}
	})
	m.conclude(early)
	m.conclude(late)
}
