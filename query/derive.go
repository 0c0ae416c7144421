package query

import "time"

// seen is what the last derivation of a result was made from, and what it
// remembers for the next.
type seen struct {
	e        *entry
	st       *state
	withData *entry    // the last entry shown that had data
	memory   *memory   // nil for plain observers
	enabled  Toggle    // zero when nobody said
	stale    staleKind // with after, the resolved policy
	after    time.Duration
}

// memory is the part of seen that only observers which are not plain have.
type memory struct {
	holder *placeholder
	memo   memo
}

// unseen is before the first derivation.
var unseen seen

// holder returns the placeholder data that counted.
func (s *seen) holder() *placeholder {
	if s.memory == nil {
		return nil
	}
	return s.memory.holder
}

// derivation is one computation of a result. Its inputs are taken under the
// mutex; the computation calls user code and runs without.
type derivation struct {
	o       *observer
	outlook outlook
	opts    *options
	sel     *selector
	e       *entry
	st      *state
	base    *state // as of when the observer turned to the entry
	prev    *result
	seen    *seen

	before *seen // of the derivation before

	interval time.Duration
	now      time.Time
	purpose  purpose

	r       *result  // what comes of it: prev if nothing changed
	changes fieldSet // against prev
}

// purpose is what a derivation is for.
type purpose uint8

const (
	toShow purpose = iota // bring the result up to date and set the timers
	toKeep                // set the timers alone
	toFlip                // bring it up to date since a timer says that it is stale
	toTell                // bring it up to date for who asked for a fetch, and leave the timers
)

// derive brings the observer's result up to date, tells subscribers if it
// changed, and sets the timers. Whoever comes while a derivation runs leaves it
// to begin again.
func (o *observer) derive() { o.bringUpToDate(toShow) }

// keep sets the timers if no derivation has done so since the first subscriber
// came, and leaves the result alone.
func (o *observer) keep() { o.bringUpToDate(toKeep) }

func (o *observer) bringUpToDate(p purpose) {
	c := o.c
	c.mu.Lock()
	defer c.unlock()
	if p == toKeep && !o.rearm {
		return
	}
	o.dirty = true
	if o.deriving || o.e == nil {
		return
	}
	o.deriving = true
	for o.dirty {
		o.dirty = false
		d := o.derivation(c.sched.Now(), p)
		p = toShow
		if o.outlook.plain {
			d.result()
			d.agree(o.e.neighbour(o))
		} else {
			o.compute(&d)
		}
		o.show(&d)
	}
	o.deriving = false
}

func (o *observer) derivation(now time.Time, p purpose) derivation {
	return derivation{
		o: o, outlook: o.outlook, opts: o.opts, sel: o.sel, e: o.e, st: o.e.state.Load(),
		base: o.since, prev: o.current.Load(), before: o.seen, now: now, purpose: p,
	}
}

// compute lets the mutex go while user code runs. User code that ends the
// goroutine ends the derivation with it.
func (o *observer) compute(d *derivation) {
	o.c.unlock()
	returned := false
	defer func() {
		o.c.mu.Lock()
		if !returned {
			o.deriving = false
		}
	}()
	d.result()
	returned = true
}

// result computes what to show.
func (d *derivation) result() {
	st, before := d.st, d.before
	made := new(struct { // one allocation for both
		r result
		s seen
	})
	d.seen = &made.s
	*d.seen = seen{e: d.e, st: st, withData: before.withData}
	if !d.outlook.plain || before.memory != nil {
		d.seen.memory = new(memory)
		if before.memory != nil {
			d.seen.memory.memo = before.memory.memo
		}
	}
	d.consult()
	enabled := d.seen.enabled != Off
	r := &made.r
	*r = result{
		state:             st,
		key:               &d.e.key,
		fetchedAfterMount: st.isAfter(d.base),
		enabled:           enabled,
		stale:             enabled && st.staleAfter(d.seen.staleTime(), d.now),
		push:              d.e.pushState(),
	}
	if d.seen.memory != nil {
		d.transform(r)
	}
	if st.hasData {
		d.seen.withData = d.e
	}
	d.conclude(r)
}

// transform lets r show what the observer makes of the state.
func (d *derivation) transform(r *result) {
	if d.sel != nil || d.opts.holder != nil || d.seen.memory.memo.err != nil {
		own := *r.state
		r.state = &own
	}
	selected := false
	if !d.outlook.plain {
		d.lookForPages(r)
		selected = d.placehold(r, d.before)
	}
	if !selected {
		d.selectData(r, d.before)
	}
	if d.seen.memory.memo.err != nil {
		d.showSelectError(r)
	}
}

// consult asks the policies about the state.
func (d *derivation) consult() {
	if l := &d.outlook; l.plain {
		d.seen.enabled, d.seen.stale, d.seen.after, d.interval = l.enabled, l.stale, l.after, l.poll
		return
	}
	c, view := d.o.c, d.e.viewOf(d.st)
	d.seen.memory.holder = d.opts.holder
	d.seen.enabled = d.opts.enabledAs(c, view)
	stale := d.opts.policy.StaleTime.resolve(c, view)
	d.seen.stale, d.seen.after = stale.kind, stale.d
	d.interval = c.intervalOf(d.e, &d.opts.policy.RefetchInterval, view)
}

func (s *seen) staleTime() StaleTime { return StaleTime{kind: s.stale, d: s.after} }

// lookForPages asks an infinite query whether there are more.
func (d *derivation) lookForPages(r *result) {
	if p := d.opts.pager; p != nil && r.hasData {
		r.hasNext = ask(d.o.c, "NextPageParam", false, func() bool { return p.hasNext(r.data) })
		r.hasPrev = ask(d.o.c, "PreviousPageParam", false, func() bool { return p.hasPrev(r.data) })
	}
}

// isAfter reports whether data or an error have come since base.
func (s *state) isAfter(base *state) bool {
	return s.dataUpdateCount > base.dataUpdateCount || s.errorUpdateCount > base.errorUpdateCount
}

// conclude lets r come of the derivation, unless it is what was there before.
func (d *derivation) conclude(r *result) {
	d.r = r
	if d.prev == nil {
		return
	}
	if d.changes = r.changed(d.prev); d.changes == 0 {
		d.r = d.prev
	}
}

// show makes what comes of a derivation the observer's result, under the mutex.
func (o *observer) show(d *derivation) {
	before := o.seen
	if d.purpose == toKeep {
		if len(o.subs) > 0 && !o.c.closed {
			o.setTimers(d, before, d.prev)
		}
		return
	}
	o.seen = d.seen
	if d.r != d.prev {
		o.current.Store(d.r)
		o.c.tellResult(d.e, shown{d.r, o})
		if d.prev == nil || d.changes&d.outlook.hears != 0 {
			for _, m := range o.subs {
				m.put(d.r)
			}
		}
	}
	stuck := d.purpose == toFlip && o.c.quirks.StuckStaleFlag
	if len(o.subs) > 0 && !o.c.closed && !stuck && d.purpose != toTell {
		o.setTimers(d, before, d.r)
	}
}

// setTimers arms the stale and the poll timer. Both begin anew with every change
// of the entry; a change of options moves them only if it concerns them.
func (o *observer) setTimers(d *derivation, before *seen, r *result) {
	s := d.seen
	anew := o.rearm || s.e != before.e || s.st != before.st || s.enabled != before.enabled
	if anew || s.stale != before.stale || s.after != before.after {
		switch {
		case s.enabled == Off || r.stale || s.stale != staleAfter:
			o.c.sched.Stop(&o.staleAlarm)
		case !d.waitsAlready():
			// One millisecond late, as query-core is, so that the data are stale by
			// any reckoning when the flag flips.
			left := max(0, r.dataUpdatedAt.Add(s.after).Sub(d.now))
			o.armStale(d.now, left+time.Millisecond)
		}
	}
	o.rearm = false
	if every, first := o.paced(d.interval, d.st, anew, d.now); anew || every != o.interval {
		o.interval = every
		o.armPoll(d.now, s.enabled != Off, first)
	}
}

// waitsAlready reports whether the stale timer, which is to wait, was set before
// for the same time. Where timers of one time have an order it is set anew.
func (d *derivation) waitsAlready() bool {
	s, t := d.seen, d.before
	return d.o.c.sched.System() && !d.o.rearm && d.prev != nil && !d.prev.stale && s.e == t.e && t.enabled != Off &&
		s.stale == t.stale && s.after == t.after && s.st.dataUpdatedAt.Equal(t.st.dataUpdatedAt)
}
