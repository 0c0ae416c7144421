package fleetsim

import (
	"time"

	"github.com/freshet-go/freshet/internal/adapt"
)

// This file is when a page polls: query's observer, Together, PollJitter, governor
// and Adaptive.

// own returns the interval that the page itself asks for.
func (ce *cell) own(c *client, p page) time.Duration {
	switch {
	case ce.cfg.Plan.Adaptive:
		every, _ := laws[p].Interval(c.paces[p])
		return every
	case !c.hasData.has(p):
		return max(specs[p].poll, specs[p].blank)
	default:
		return laws[p].Min
	}
}

// learn tells the law what an answer was like.
func (ce *cell) learn(c *client, p page, a adapt.Answer) {
	if ce.cfg.Plan.Adaptive {
		c.paces[p] = laws[p].Next(c.paces[p], a)
	}
}

// changed sets the poll of a page whose state has changed.
func (ce *cell) changed(c *client, p page, now time.Duration) {
	every, first := ce.paced(c, p, true, now)
	c.pages[p].interval = every
	c.poll[p] = now + ce.untilPoll(c, p, first)
}

// touched sets the poll of a page if its interval is another one now.
func (ce *cell) touched(c *client, p page, now time.Duration) {
	every, first := ce.paced(c, p, false, now)
	if every != c.pages[p].interval {
		c.pages[p].interval = every
		c.poll[p] = now + ce.untilPoll(c, p, first)
	}
}

// paced returns how often a page polls, and when for the first time.
func (ce *cell) paced(c *client, p page, anew bool, now time.Duration) (every, first time.Duration) {
	own := ce.own(c, p)
	if !ce.cfg.Plan.Push {
		return own, own
	}
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

func (ce *cell) untilPoll(c *client, p page, d time.Duration) time.Duration {
	jitter := ce.cfg.Plan.Jitter
	if jitter <= 0 || !c.jittered.has(p) {
		return d
	}
	return max(1, d-time.Duration(c.phase*float64(min(jitter, d))))
}

// fire polls a page, and those that are due soon after it.
func (ce *cell) fire(c *client, p page, now time.Duration) {
	ce.pollNow(c, p, now)
	if !ce.cfg.Plan.Together {
		return
	}
	// The window is a second for all of them, as no interval is shorter than two.
	var riders set
	for q := range pages {
		if c.poll[q]-now <= ridesWithin {
			riders |= 1 << q
		}
	}
	for riders != 0 {
		ce.pollNow(c, pop(&riders), now)
	}
}

func (ce *cell) pollNow(c *client, p page, now time.Duration) {
	c.jittered &^= setOf(p)
	c.poll[p] = now + c.pages[p].interval
	if c.pages[p].state == idle {
		ce.begin(c, p, now, true)
	}
}

// reconnect is the return of the network.
func (ce *cell) reconnect(c *client, now time.Duration) {
	plan := &ce.cfg.Plan
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
	ce.arrive(c, now)
}

// arrive fetches again what has waited for the network.
func (ce *cell) arrive(c *client, now time.Duration) {
	turn := c.queued
	c.ticketAt, c.queued = never, 0
	for s := turn; s != 0; {
		switch p := pop(&s); c.pages[p].state {
		case idle:
			ce.begin(c, p, now, false)
		case paused:
			ce.resume(c, p, now)
		case waiting, sent, coming, backing: // somebody fetches already
		}
	}
}
