package query

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/querykey"
)

// governor weighs push against polling. It is guarded by the client's mutex but for
// applying.
type governor struct {
	streams  []*stream    // attached, oldest first; copied on write
	applying atomic.Int32 // handlers of events that run
}

// coverage is what an entry that push covers has more than others.
type coverage struct {
	by []*stream // never empty, never changed

	// Guarded by the client's mutex.
	answeredAt time.Time // by a fetch
	rescuedAt  time.Time // by a fetch since push was lost
}

// keeps reports whether s keeps the query under key fresh.
func (s *stream) keeps(key querykey.Key) bool {
	return slices.ContainsFunc(s.covers, func(f Filter) bool {
		return f.one() && key == f.Key || !f.one() && key.Matches(f.Key)
	})
}

// covered returns the entries that s covers, or those of them that are observed.
// It needs the mutex.
func (tx *txn) covered(s *stream, onlyObserved bool) []*entry {
	var found []*entry
	for _, f := range s.covers {
		if f.one() {
			if e := tx.index.find(f.Key); e != nil {
				found = append(found, e)
			}
			continue
		}
		found = slices.AppendSeq(found, tx.index.matching(f.Key, onlyObserved))
	}
	return slices.Compact(inOrder(found))
}

// cover makes s cover what is there already.
func (tx *txn) cover(s *stream) {
	g := &tx.governor
	g.streams = append(slices.Clip(g.streams), s)
	for _, e := range tx.covered(s, false) {
		tx.coverBy(e, s)
	}
}

// coverNew lets a new entry be covered by what is attached.
func (tx *txn) coverNew(e *entry) {
	for _, s := range tx.governor.streams {
		if s.keeps(e.key) {
			tx.coverBy(e, s)
		}
	}
}

func (tx *txn) coverBy(e *entry, s *stream) {
	next := &coverage{answeredAt: e.state.Load().dataUpdatedAt}
	if next.answeredAt.IsZero() {
		next.answeredAt = tx.now()
	}
	if old := e.cover(); old != nil {
		*next = *old
	}
	next.by = append(slices.Clip(next.by), s)
	e.setCover(next)
	tx.touch(e)
}

// uncover takes back what cover did.
func (tx *txn) uncover(s *stream) {
	g := &tx.governor
	g.streams = slices.DeleteFunc(slices.Clone(g.streams), func(x *stream) bool { return x == s })
	for _, e := range tx.covered(s, false) {
		old := e.cover()
		if old == nil || !slices.Contains(old.by, s) {
			continue
		}
		next := *old
		next.by = slices.DeleteFunc(slices.Clone(old.by), func(x *stream) bool { return x == s })
		if len(next.by) > 0 {
			e.setCover(&next)
		} else {
			e.setCover(nil)
		}
		tx.touch(e)
	}
}

// bare is for an entry that is removed, which nobody can tell any more that its push
// is lost.
func (tx *txn) bare(e *entry) {
	if e.cover() != nil {
		e.setCover(nil)
		tx.touch(e)
	}
}

// show makes p what is known of s.
func (tx *txn) show(s *stream, p PushState) {
	s.shown.Store(&p)
	for _, e := range tx.covered(s, true) {
		tx.touch(e)
	}
}

// gain makes a stream healthy: polling slows down.
func (s *stream) gain(r *pushRun, gapless bool) {
	s.c.update(func(tx *txn) {
		now := tx.now()
		if r.liveAt.IsZero() {
			r.liveAt = now
		}
		gapless = gapless && s.followed
		s.followed = true
		if s.shown.Load().Status != PushLive {
			tx.show(s, PushState{Name: s.name, Status: PushLive, Since: now, Safety: s.safety})
		}
	})
	if !gapless {
		s.resync()
	}
}

// lose ends the health of a stream, if r is nil or still its run. What no other
// stream keeps fresh is fetched at once, and polling is back to normal.
func (s *stream) lose(r *pushRun, cause error) {
	var lost []*entry
	s.c.update(func(tx *txn) {
		p := *s.shown.Load()
		switch {
		case tx.closed || r != nil && r != s.run:
			return
		case p.Status == PushLive:
			p.Status, p.Since = PushLost, tx.now()
			s.stats.Losses++
			for _, e := range tx.covered(s, true) {
				if cv := e.cover(); cv != nil && !cv.liveBut(s) {
					lost = append(lost, e)
				}
			}
		case p.Err != nil || cause == nil:
			return
		}
		p.Err = cause
		tx.show(s, p)
	})
	for _, e := range lost {
		s.c.rescue(e)
	}
}

// liveBut reports whether a stream other than s keeps the entry fresh.
func (cv *coverage) liveBut(s *stream) bool {
	return slices.ContainsFunc(cv.by, func(x *stream) bool {
		return x != s && x.shown.Load().Status == PushLive
	})
}

// rescue fetches what has lost its push, by the rules of a poll.
func (c *Client) rescue(e *entry) {
	for _, o := range c.observersOf(e) {
		opts, v := o.look()
		hidden := !opts.policy.RefetchIntervalInBackground.or(false) && !c.focus.Get()
		own := opts.policy.RefetchInterval.resolve(c, v)
		static := own == 0 && opts.policy.StaleTime.resolve(c, v).kind == staleStatic
		if hidden || static || !opts.enabled(c, v) {
			continue
		}
		if c.rescues(e, own) {
			o.fetch(fetchMode{}, nil)
		}
		return
	}
}

// rescues reports whether e is to be rescued now. Push that comes and goes makes no
// more fetches than polling does.
func (c *Client) rescues(e *entry, own time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	cv, now := e.cover(), c.sched.Now()
	if cv == nil || !cv.rescuedAt.IsZero() && now.Sub(cv.rescuedAt) < own {
		return false
	}
	cv.rescuedAt = now
	return true
}

// resync marks what s covers as stale and fetches what of it is in use. Answers that
// are on their way count as older than the gap.
func (s *stream) resync() {
	c := s.c
	var observed, active []*entry
	c.update(func(tx *txn) {
		if tx.closed || s.ctx.Err() != nil {
			return
		}
		s.stats.Resyncs++
		all := tx.covered(s, false)
		for _, e := range all {
			tx.outdate(e)
			if len(e.observers()) > 0 {
				observed = append(observed, e)
			}
		}
		tx.invalidate(all)
	})
	for _, e := range observed {
		if c.active(e) {
			active = append(active, e)
		}
	}
	_ = c.refetch(s.ctx, active, RefetchOptions{NoWait: true}) // starts only
}

// paced returns how often an observer whose own interval is given polls an entry in
// the state st, and when for the first time. While push keeps the entry fresh, and
// nothing says that it is stale, polling is slow and counts from the last answer, as
// events come at any time.
func (o *observer) paced(own time.Duration, st *state, anew bool, now time.Time) (every, first time.Duration) {
	cv, p := o.e.cover(), o.e.pushState()
	if cv == nil || own == 0 {
		return own, own
	}
	if p.slows(st, own) {
		return p.Safety, min(max(cv.answeredAt.Add(p.Safety).Sub(now), own), p.Safety)
	}
	if anew {
		return own, own
	}
	// What is overdue is about to be fetched, by a rescue or a resync, and polled only
	// if it is not.
	return own, min(max(cv.answeredAt.Add(own).Sub(now), time.Millisecond), own)
}

// slows reports whether an entry in the state st is polled at the safety interval
// instead of its own.
func (p *PushState) slows(st *state, own time.Duration) bool {
	return p.stretches(own) && st.hasData && !st.invalidated && st.status != isError
}

// stretches is slows for a sound state.
func (p *PushState) stretches(own time.Duration) bool {
	return p.Status == PushLive && own > 0 && own < p.Safety
}
