package fleetsim

import (
	"time"

	"github.com/freshet-go/freshet/internal/adapt"
)

// This file is when a page polls: query's observer, Together, PollJitter, governor
// and Adaptive.

// own returns the interval that the page itself asks for.
func (sh *shard) own(c *client, p page) time.Duration {
	switch {
	case sh.cfg.Plan.Adaptive:
		every, _ := laws[p].Interval(c.pages[p].pace)
		return every
	case specs[p].blank > 0 && !c.hasData.has(p):
		return specs[p].blank
	default:
		return specs[p].poll
	}
}

// learn tells the law what an answer was like.
func (sh *shard) learn(c *client, p page, a adapt.Answer) {
	if sh.cfg.Plan.Adaptive {
		st := &c.pages[p]
		st.pace = laws[p].Next(st.pace, a)
	}
}

// changed sets the poll of a page whose state has changed.
func (sh *shard) changed(c *client, p page, now time.Duration) {
	every, first := sh.paced(c, p, true, now)
	c.pages[p].interval = every
	c.poll[p] = now + sh.untilPoll(c, p, first)
}

// touched sets the poll of a page if its interval is another one now.
func (sh *shard) touched(c *client, p page, now time.Duration) {
	every, first := sh.paced(c, p, false, now)
	if every != c.pages[p].interval {
		c.pages[p].interval = every
		c.poll[p] = now + sh.untilPoll(c, p, first)
	}
}

// paced returns how often a page polls, and when for the first time.
func (sh *shard) paced(c *client, p page, anew bool, now time.Duration) (every, first time.Duration) {
	own := sh.own(c, p)
	s := c.covering(p)
	if s == nil || !s.covers {
		return own, own
	}
	answered := c.pages[p].answered
	switch {
	case s.live && own < safety && c.hasData.has(p) && !c.invalid.has(p) && !c.failed.has(p):
		return safety, min(max(answered+safety-now, own), safety)
	case anew:
		return own, own
	default:
		return own, min(max(answered+own-now, time.Millisecond), own)
	}
}

func (sh *shard) untilPoll(c *client, p page, d time.Duration) time.Duration {
	jitter := sh.cfg.Plan.Jitter
	if jitter <= 0 || !c.jittered.has(p) {
		return d
	}
	return max(1, d-time.Duration(c.phase*float64(min(jitter, d))))
}

// fire polls a page, and those that are due soon after it.
func (sh *shard) fire(c *client, p page, now time.Duration) {
	sh.pollNow(c, p, now)
	if !sh.cfg.Plan.Together {
		return
	}
	interval := c.pages[p].interval
	var riders set
	for {
		next, at := pages, never
		for q, t := range c.poll {
			if t < at && !riders.has(page(q)) { //nolint:gosec // of ten
				next, at = page(q), t //nolint:gosec // of ten
			}
		}
		if next == pages || at-now > rideWindow(interval, c.pages[next].interval) {
			break
		}
		riders |= setOf(next)
	}
	for riders != 0 {
		sh.pollNow(c, riders.take(), now)
	}
}

// rideWindow is query.Together's.
func rideWindow(one, other time.Duration) time.Duration {
	return min(ridesWithin, min(one, other)/2)
}

func (sh *shard) pollNow(c *client, p page, now time.Duration) {
	c.jittered &^= setOf(p)
	c.poll[p] = now + c.pages[p].interval
	if c.pages[p].state == idle {
		sh.begin(c, p, now, true)
	}
}

// reconnect is the return of the network.
func (sh *shard) reconnect(c *client, now time.Duration) {
	plan := &sh.cfg.Plan
	if plan.Jitter > 0 {
		c.phase = c.random.float()
		c.jittered = allPages
	}
	if plan.Spread > 0 {
		c.ticketAt = now + time.Duration(c.random.float()*float64(plan.Spread))
		c.queued = allPages
		return
	}
	c.queued = allPages
	sh.arrive(c, now)
}

// arrive fetches again what has waited for the network.
func (sh *shard) arrive(c *client, now time.Duration) {
	turn := c.queued
	c.ticketAt, c.queued = never, 0
	for s := turn; s != 0; {
		switch p := s.take(); c.pages[p].state {
		case idle:
			sh.begin(c, p, now, false)
		case paused:
			sh.resume(c, p, now)
		case waiting, sent, coming, backing: // somebody fetches already
		}
	}
}
