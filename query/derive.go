package query

import (
	"time"

	"github.com/freshet-go/freshet/internal/share"
)

// seen is what the last derivation of a result was made from, and what it
// remembers for the next.
type seen struct {
	e        *entry
	st       *state
	holder   *placeholder
	enabled  Toggle // zero when nobody said
	stale    StaleTime
	memo     memo
	withData *entry // the last entry shown that had data
}

// memo is the last run of a select function.
type memo struct {
	sel    *selector
	out    any
	hasOut bool
	err    error
}

// derivation is one computation of a result. Its inputs are taken under the
// mutex; the computation calls user code and runs without.
type derivation struct {
	o    *observer
	opts *options
	sel  *selector
	e    *entry
	st   *state
	base *state // as of when the observer turned to the entry
	prev *result
	seen seen

	interval time.Duration
	now      time.Time
	purpose  purpose
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
	defer c.mu.Unlock()
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
		d := &derivation{
			o: o, opts: o.opts, sel: o.sel, e: o.e, st: o.e.state.Load(),
			base: o.since, prev: o.current.Load(), seen: o.seen, now: c.sched.Now(), purpose: p,
		}
		p = toShow
		r := o.compute(d)
		o.show(d, r)
	}
	o.deriving = false
}

// compute lets the mutex go while user code runs. User code that ends the
// goroutine ends the derivation with it.
func (o *observer) compute(d *derivation) *result {
	o.c.mu.Unlock()
	returned := false
	defer func() {
		o.c.mu.Lock()
		if !returned {
			o.deriving = false
		}
	}()
	r := d.result()
	returned = true
	return r
}

// result computes what to show.
func (d *derivation) result() *result {
	c, st := d.o.c, d.st
	view := d.e.viewOf(st)
	before := d.seen
	d.seen = seen{e: d.e, st: st, holder: d.opts.holder, memo: before.memo, withData: before.withData}
	d.seen.enabled = d.opts.enabledAs(c, view)
	enabled := d.seen.enabled != Off
	d.seen.stale = d.opts.policy.StaleTime.resolve(c, view)
	d.interval = d.opts.policy.RefetchInterval.resolve(c, view)
	r := &result{
		o: d.o, key: d.e.key,
		data: st.data, hasData: st.hasData, err: st.err,
		status: st.status, fetchStatus: st.fetchStatus,
		dataUpdatedAt: st.dataUpdatedAt, errorUpdatedAt: st.errorUpdatedAt,
		errorUpdateCount: st.errorUpdateCount,
		failureCount:     st.failureCount, failureReason: st.failureReason, retryAt: st.retryAt,
		fetched: st.fetched(),
		fetchedAfterMount: st.dataUpdateCount > d.base.dataUpdateCount ||
			st.errorUpdateCount > d.base.errorUpdateCount,
		enabled: enabled,
		stale:   enabled && st.staleAfter(d.seen.stale, d.now),

		direction: st.direction,
	}
	if p := d.opts.pager; p != nil && st.hasData {
		r.hasNext = ask(c, "NextPageParam", false, func() bool { return p.hasNext(st.data) })
		r.hasPrev = ask(c, "PreviousPageParam", false, func() bool { return p.hasPrev(st.data) })
	}
	selected := d.placehold(r, before)
	if !selected {
		d.selectData(r, before)
	}
	if d.seen.memo.err != nil {
		d.showSelectError(r)
	}
	if st.hasData {
		d.seen.withData = d.e
	}
	return r
}

// placehold puts placeholder data into r if there are no others, and reports
// whether they went through select already.
func (d *derivation) placehold(r *result, before seen) (selected bool) {
	if d.opts.holder == nil || r.hasData || r.status != StatusPending {
		return false
	}
	if d.prev != nil && d.prev.placeholder && before.holder.same(d.opts.holder) {
		r.data, r.hasData, selected = d.prev.data, d.prev.hasData, true
	} else {
		var previous any
		ok := false
		if before.withData != nil {
			last := before.withData.state.Load()
			previous, ok = last.data, last.hasData
		}
		err := protect(func() error {
			r.data, r.hasData = d.opts.holder.value(previous, ok)
			return nil
		})
		if err != nil {
			d.o.c.report("PlaceholderData", err)
			r.data, r.hasData = nil, false
		}
		if r.hasData && d.prev != nil {
			r.data = d.shared(r.data)
		}
	}
	if r.hasData {
		r.status, r.placeholder = StatusSuccess, true
	}
	return selected
}

// selectData runs the select function, unless its input is the one it ran on
// last.
func (d *derivation) selectData(r *result, before seen) {
	m := &d.seen.memo
	if d.sel == nil || !r.hasData {
		if !r.hasData || !d.o.c.quirks.StickySelectErrors {
			m.err = nil
		}
		return
	}
	if d.prev != nil && m.sel == d.sel && before.st != nil && before.st.hasData && share.Same(open(r.data), open(before.st.data)) {
		r.data, r.hasData = m.out, m.hasOut
		return
	}
	m.sel = d.sel
	m.err = protect(func() error {
		out, err := d.sel.f(r.data)
		if err != nil {
			return err
		}
		m.out, m.hasOut = d.shared(out), true
		r.data = m.out
		return nil
	})
}

// showSelectError lets r show the failure of select beside its last good data.
func (d *derivation) showSelectError(r *result) {
	m := &d.seen.memo
	r.err, r.data, r.hasData = m.err, m.out, m.hasOut
	r.errorUpdatedAt = d.now
	if d.prev != nil && share.Same(d.prev.err, m.err) {
		r.errorUpdatedAt = d.prev.errorUpdatedAt
	}
	r.status, r.placeholder = StatusError, false
}

// shared keeps of next what the previous result showed already.
func (d *derivation) shared(next any) any {
	if d.prev == nil {
		return next
	}
	if err := protect(func() error {
		next = d.opts.shared(d.prev.data, d.prev.hasData, next)
		return nil
	}); err != nil {
		d.o.c.report("Share", err)
	}
	return next
}

// show makes r the observer's result, under the mutex.
func (o *observer) show(d *derivation, r *result) {
	before := o.seen
	if d.purpose == toKeep {
		if len(o.subs) > 0 && !o.c.closed {
			o.setTimers(d, before, d.prev)
		}
		return
	}
	o.seen = d.seen
	var changes fieldSet
	if d.prev != nil {
		changes = r.changed(d.prev)
	}
	if d.prev == nil || changes != 0 {
		o.current.Store(r)
		o.c.tellResult(d.e, r)
		if d.prev == nil || changes.concerns(d.opts.policy.NotifyOn) {
			for _, m := range o.subs {
				m.put(r)
			}
		}
	} else {
		r = d.prev
	}
	stuck := d.purpose == toFlip && o.c.quirks.StuckStaleFlag
	if len(o.subs) > 0 && !o.c.closed && !stuck && d.purpose != toTell {
		o.setTimers(d, before, r)
	}
}

// setTimers arms the stale and the poll timer. Both begin anew with every change
// of the entry; a change of options moves them only if it concerns them.
func (o *observer) setTimers(d *derivation, before seen, r *result) {
	s := d.seen
	anew := o.rearm || s.e != before.e || s.st != before.st || s.enabled != before.enabled
	o.rearm = false
	if anew || s.stale.kind != before.stale.kind || s.stale.d != before.stale.d {
		o.staleTimer.Stop()
		if s.enabled != Off && !r.stale && s.stale.kind == staleAfter {
			// One millisecond late, as query-core is, so that the data are stale by
			// any reckoning when the flag flips.
			left := max(0, r.dataUpdatedAt.Add(s.stale.d).Sub(d.now))
			o.arm(&o.staleTimer, left+time.Millisecond, o.turnStale)
		}
	}
	if anew || d.interval != o.interval {
		o.interval = d.interval
		o.armPoll(s.enabled != Off)
	}
}

func (o *observer) armPoll(enabled bool) {
	if o.interval == 0 || !enabled {
		o.pollTimer.Stop()
		o.next.Store(nil)
		return
	}
	at := o.c.sched.Now().Add(o.interval)
	o.next.Store(&at)
	o.arm(&o.pollTimer, o.interval, o.poll)
}
