package fleetsim

import (
	"time"

	"github.com/freshet-go/freshet/internal/adapt"
)

// This file is the fetch of a page: query's flight with its attempts, and the batch
// of package trpc.

// unknown is the time of what nobody has noted.
const unknown = time.Duration(-1)

// begin starts a fetch of a page that is idle.
func (ce *cell) begin(c *client, p page, now time.Duration, poll bool) {
	st := &c.pages[p]
	st.failures = 0
	c.queued &^= setOf(p)
	c.outdated &^= setOf(p)
	if st.start = now; c.turn == mount {
		st.start = unknown // an observer that is new has no pace yet
	}
	if !poll {
		ce.learn(c, p, adapt.Answer{Kind: adapt.Attention})
	}
	if ce.server.story.isCut(now) {
		st.state, c.act[p] = paused, never
	} else {
		ce.attempt(c, p, now)
	}
	ce.changed(c, p, now)
}

// attempt calls the fetch function of a page.
func (ce *cell) attempt(c *client, p page, now time.Duration) {
	st := &c.pages[p]
	if ce.cfg.Plan.Batch {
		if c.batch == 0 {
			c.flushAt = now + batchWindow
			c.rest = min(c.rest, c.flushAt)
		}
		c.batch |= setOf(p)
		st.state, c.act[p] = waiting, never
		return
	}
	st.state, st.sent, c.act[p] = sent, now, now+c.travel
	for range specs[p].calls {
		ce.count(1)
	}
	if ce.trace != nil {
		for _, call := range specs[p].calls {
			ce.trace(c.id, now, call, 1)
		}
	}
}

// flush sends the batch.
func (ce *cell) flush(c *client, now time.Duration) {
	together := c.batch
	c.batch, c.flushAt = 0, never
	ce.request(c, now, together)
	for together != 0 {
		p := pop(&together)
		st := &c.pages[p]
		st.state, st.sent, c.act[p] = sent, now, now+c.travel
	}
}

// request sends one for all pages.
func (ce *cell) request(c *client, now time.Duration, s set) {
	ce.count(s.calls())
	if ce.trace != nil {
		ce.trace(c.id, now, s.first(), s.calls())
	}
}

// count counts a request.
func (ce *cell) count(calls int64) {
	ce.sum.requests++
	ce.sum.calls += calls
	ce.sum.work += int64(ce.cfg.RequestCost) + calls*int64(ce.cfg.CallCost)
}

// resume lets a fetch go on when the network is back.
func (ce *cell) resume(c *client, p page, now time.Duration) {
	c.pages[p].start = now
	ce.attempt(c, p, now)
	ce.changed(c, p, now)
}

// goOn is what a fetch does at its time.
func (ce *cell) goOn(c *client, p page, now time.Duration) {
	switch st := &c.pages[p]; st.state {
	case backing:
		if ce.server.story.isCut(now) {
			st.state, c.act[p] = paused, never
			ce.changed(c, p, now)
			return
		}
		ce.attempt(c, p, now)
	case sent:
		ce.resolve(c, ce.companions(c, p), now)
	case coming:
		ce.deliver(c, ce.companions(c, p), now)
	case idle, waiting, paused:
	}
}

// companions are the pages that share the request of p.
func (ce *cell) companions(c *client, p page) (s set) {
	if !ce.cfg.Plan.Batch {
		return setOf(p)
	}
	for q := p; q < pages; q++ { // p is the first
		if st := &c.pages[q]; st.state == c.pages[p].state && st.sent == c.pages[p].sent {
			s |= setOf(q)
		}
	}
	return s
}

// resolve lets pages learn what has become of their request.
func (ce *cell) resolve(c *client, s set, now time.Duration) {
	p := s
	st := &c.pages[pop(&p)]
	v := ce.judgeAll(c, s, st.sent)
	if v.refused {
		for s != 0 {
			ce.fail(c, pop(&s), v.retryAfter, now)
		}
		return
	}
	for each := s; each != 0; {
		q := pop(&each)
		sv := &c.pages[q]
		sv.state, sv.served, c.act[q] = coming, sv.sent+c.travel/2+v.earliest, sv.sent+c.travel+v.wait
	}
	if v.wait == 0 {
		ce.deliver(c, s, now)
	}
}

type verdicts struct {
	verdict

	earliest time.Duration // wait of any of the requests
}

// judgeAll asks what becomes of the request of a batch, or of those of a page.
func (ce *cell) judgeAll(c *client, s set, sentAt time.Duration) (all verdicts) {
	m := &ce.server.past[sentAt/slice]
	if m.certain() {
		all.refused = m.down
		return all
	}
	one := func(first procedure) verdict {
		v := ce.server.judge(m, ce.server.place(c.id, sentAt, first))
		if v.refused {
			ce.sum.refusals++
		}
		return v
	}
	if ce.cfg.Plan.Batch {
		all.verdict = one(s.first())
		all.earliest = all.wait
		return all
	}
	all.earliest = never
	for _, call := range specs[pop(&s)].calls {
		v := one(call)
		if v.refused {
			all.refused, all.retryAfter = true, v.retryAfter
		}
		all.wait, all.earliest = max(all.wait, v.wait), min(all.earliest, v.wait)
	}
	return all
}

// deliver brings pages their answer.
func (ce *cell) deliver(c *client, s set, now time.Duration) {
	var body, news int64
	for each := s; each != 0; {
		p := pop(&each)
		body += bodyOf[p]
		if !c.hasData.has(p) || c.news(p) {
			news += bodyOf[p]
		}
	}
	head := int64(responseHead)
	if !ce.cfg.Plan.Batch {
		p := s
		head *= int64(len(specs[pop(&p)].calls))
	}
	ce.sum.bytes += head + body
	ce.sum.decoded += body
	ce.sum.newDecoded += news
	if ce.sum.newBytes += head; news > 0 {
		ce.sum.newBytes += body
	}
	for s != 0 {
		ce.succeed(c, pop(&s), now)
	}
}

// news reports whether the answer that is coming tells more than is shown.
func (c *client) news(p page) bool {
	st := &c.pages[p]
	for _, x := range c.recent {
		if x.at > st.seen && x.at <= st.served && touched[x.kind].has(p) {
			return true
		}
	}
	return false
}

// succeed shows an answer.
func (ce *cell) succeed(c *client, p page, now time.Duration) {
	st := &c.pages[p]
	news := c.news(p)
	switch had := c.hasData.has(p); {
	case had && st.failures > 0:
		ce.learn(c, p, adapt.Answer{Kind: adapt.Useless})
		if news {
			ce.learn(c, p, adapt.Answer{Kind: adapt.Attention})
		}
	case st.failures > 0:
		ce.learn(c, p, adapt.Answer{Kind: adapt.Useless})
		ce.learn(c, p, adapt.Answer{Kind: adapt.Attention})
	default:
		kind := adapt.News
		if had && !news {
			kind = adapt.NoNews
		}
		answer := adapt.Answer{Kind: kind}
		if st.start != unknown {
			answer.Took = now - st.start
		}
		ce.learn(c, p, answer)
	}
	if c.hasData.has(p) && news {
		ce.show(c, p, now)
	}
	st.seen = st.served
	if news {
		c.forget()
	}
	this := setOf(p)
	c.hasData |= this
	c.failed &^= this
	c.invalid &^= this
	st.state, st.failures, c.act[p], st.answered = idle, 0, never, now
	ce.changed(c, p, now)
	if c.outdated.has(p) {
		c.outdated &^= this
		ce.invalidate(c, p, now)
		ce.begin(c, p, now, false)
	}
}

// fail ends an attempt.
func (ce *cell) fail(c *client, p page, wait, now time.Duration) {
	st := &c.pages[p]
	c.act[p] = never
	ce.learn(c, p, adapt.Answer{Kind: adapt.Refused, Wait: wait})
	if n := int(st.failures); n < specs[p].retries {
		st.failures++
		delay := adapt.Doubled(time.Second, n, specs[p].delay)
		st.state, c.act[p], st.start = backing, now+delay, now+delay
		c.outdated &^= setOf(p)
	} else {
		st.state, st.failures = idle, 0
		c.failed |= setOf(p)
		c.invalid |= setOf(p)
	}
	ce.changed(c, p, now)
}

// invalidate marks a page stale.
func (ce *cell) invalidate(c *client, p page, now time.Duration) {
	if c.invalid.has(p) {
		return
	}
	c.invalid |= setOf(p)
	ce.learn(c, p, adapt.Answer{Kind: adapt.Attention})
	ce.changed(c, p, now)
}

// refetch fetches a page that is known to be stale. A fetch of data that are there is
// begun anew.
func (ce *cell) refetch(c *client, p page, now time.Duration) {
	st := &c.pages[p]
	switch {
	case st.state == idle:
	case !c.hasData.has(p):
		c.outdated |= setOf(p)
		return
	default:
		// A call that waited for the batch makes place for the new one in the same.
		c.act[p], st.state = never, idle
	}
	ce.begin(c, p, now, false)
}
