package query

import (
	"slices"
	"time"
)

// txn collects what a change of the cache brings about. It lives while the
// client's mutex is held; what it collected happens after.
//
// It is used again for another change: nobody may keep it.
type txn struct {
	*Client
	at    time.Time     // see now
	dirty [][]*observer // results to compute again, first
	after []func()      // user code, wake-ups
	notes []eventNote   // what those who listen are to hear, see eventlog.go
}

// update is the only door through which the cache is written. f runs under the
// mutex and must not call user code; the observers it touched are brought up to
// date before update returns.
func (c *Client) update(f func(tx *txn)) { c.begin(f).finish() }

// begin is update for an operation that goes on: what user code is to hear of
// waits until the operation calls finish.
func (c *Client) begin(f func(tx *txn)) *txn {
	tx, _ := c.txns.Get().(*txn)
	if tx == nil {
		tx = &txn{Client: c}
	}
	c.mu.Lock()
	f(tx)
	batch := c.events.hold(tx)
	derived := false
	defer func() {
		if !derived { // user code has ended the goroutine
			tx.finish()
		}
	}()
	if batch != nil {
		defer c.release(batch)
	}
	tx.bringUpToDate()
	c.unlock()
	derived = true
	return tx
}

func (tx *txn) finish() {
	for _, do := range tx.after {
		do()
	}
	clear(tx.dirty)
	clear(tx.after)
	tx.at, tx.dirty, tx.after, tx.notes = time.Time{}, tx.dirty[:0], tx.after[:0], nil
	tx.txns.Put(tx)
}

// now is the time of the change, which takes none.
func (tx *txn) now() time.Time {
	if tx.at.IsZero() {
		tx.at = tx.sched.Now()
	}
	return tx.at
}

// later runs f once the mutex is released.
func (tx *txn) later(f func()) { tx.after = append(tx.after, f) }

// dispatch moves an entry to its next state.
func (tx *txn) dispatch(e *entry, a action) {
	next := reduce(e.state.Load(), a)
	next.marks = e.state.branch.marks.Load() // nobody has it yet: no need for a copy
	next.since = tx.since(next)
	e.state.Store(next)
	tx.touch(e)
	tx.tell(EventUpdated, e, a)
}

// touch has the results of an entry's observers computed again.
func (tx *txn) touch(e *entry) {
	if len(e.observers) > 0 {
		tx.dirty = append(tx.dirty, e.observers)
	}
}

// build returns the entry for o, made anew if there is none. The seed is o's
// initial data.
func (tx *txn) build(o *options, s seed) *entry {
	if e := tx.index.find(o.key); e != nil {
		return e
	}
	tx.lastID++
	if s.of != o {
		s = seed{}
	}
	e := &entry{c: tx.Client, id: tx.lastID, key: o.key, initial: s.state(), defaults: tx.defaultsFor(o.key)}
	o = e.filled(o)
	e.opts.Store(o.method)
	e.typ, e.pager, e.gcTime = o.typ, o.pager, o.policy.GCTime.orDefault()
	tx.index.insert(e, e.initial)
	tx.scheduleGC(e)
	tx.tell(EventAdded, e, nil)
	return e
}

// adopt makes o the entry's options: the last ones given count.
func (tx *txn) adopt(e *entry, o *options, s seed) {
	usable := s.ok && s.of == o
	o = e.filled(o)
	e.opts.Store(o.method)
	if e.typ == nil {
		e.typ = o.typ
	}
	if o.pager != nil {
		e.pager = o.pager
	}
	e.gcTime = e.gcTime.longer(o.policy.GCTime.orDefault())
	if st := e.state.Load(); !st.hasData && usable {
		e.initial = s.state()
		next := *st
		next.data, next.hasData, next.dataUpdatedAt = s.data, true, s.at
		next.err, next.invalidated, next.status = nil, false, StatusSuccess
		tx.dispatch(e, setAction{next})
	}
}

// plant gives an entry the initial data of options that it is to be fetched by.
// Observers see them before the fetch begins.
func (tx *txn) plant(e *entry, o *options, s seed) {
	if st := e.state.Load(); s.of == o && s.ok && !e.removed && !st.hasData && st.fetchStatus == FetchIdle {
		tx.adopt(e, o, s)
	}
}

// remove takes an entry out of the cache. Those who observe it keep what they
// have until their next fetch.
func (tx *txn) remove(e *entry) {
	if e.removed {
		return
	}
	e.removed = true
	tx.index.remove(e)
	for k := e.kin; k != nil; k = k.next {
		k.leave()
	}
	if f := e.flight.Load(); f != nil {
		tx.cancel(f, cancelled{silent: true})
	}
	tx.sched.Stop(&e.gc)
	tx.tell(EventRemoved, e, nil)
}

// attach registers an observer with its entry.
func (tx *txn) attach(e *entry, o *observer) {
	e.observers = append(e.observers, o) // snapshots share the array, but not what is added
	tx.index.tree.observe(e, true)
	tx.sched.Stop(&e.gc)
	tx.tell(EventObserverAdded, e, nil)
}

// detach takes an observer from its entry. When the last one goes, a fetch that
// looks at its context is cancelled and any other makes no further attempt.
func (tx *txn) detach(e *entry, o *observer) {
	i := slices.Index(e.observers, o)
	if i < 0 {
		return
	}
	e.observers = slices.Concat(e.observers[:i], e.observers[i+1:])
	defer tx.tell(EventObserverRemoved, e, nil) // after the cancellation
	if len(e.observers) > 0 {
		return
	}
	tx.index.tree.observe(e, false)
	st := e.state.Load()
	if f := e.flight.Load(); f != nil {
		if e.consumed.Load() || st.fetchStatus == FetchPaused && st.status == StatusPending {
			tx.cancel(f, cancelled{revert: true})
		} else {
			f.lastAttempt.Store(true)
		}
	}
	tx.scheduleGC(e)
}

// close ends everything that runs.
func (tx *txn) close() {
	if tx.closed {
		return
	}
	for _, e := range tx.index.all() {
		tx.sched.Stop(&e.gc)
		if f := e.flight.Load(); f != nil {
			tx.cancel(f, cancelled{silent: true, cause: ErrClosed})
			tx.sched.Stop(&e.gc)
		}
		for _, o := range e.observers {
			o.closeLocked()
		}
	}
	tx.mutations.close(tx)
	tx.events.end()
	for _, stop := range tx.unhook {
		tx.later(stop)
	}
	tx.unhook, tx.closed = nil, true
}
