package query

import (
	"slices"
	"sync"
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

var txns sync.Pool // of *txn, of all clients: programs that make many find some

// update is the only door through which the cache is written. f runs under the
// mutex and must not call user code; the observers it touched are brought up to
// date before update returns.
func (c *Client) update(f func(tx *txn)) { c.begin(f).finish() }

// begin is update for an operation that goes on: what user code is to hear of
// waits until the operation calls finish.
func (c *Client) begin(f func(tx *txn)) *txn {
	tx, _ := txns.Get().(*txn)
	if tx == nil {
		tx = new(txn)
	}
	tx.Client = c
	c.mu.Lock()
	f(tx)
	if tx.limit.held > tx.limit.Max {
		tx.shrink()
	}
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
	*tx = txn{dirty: tx.dirty[:0], after: tx.after[:0]}
	txns.Put(tx)
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
	before := e.state.Load()
	next := reduce(before, a)
	tx.enter(e, next)
	tx.announce(e, a, before, next)
}

// succeed is dispatch that has no use for an action on the heap.
func (tx *txn) succeed(e *entry, a successAction) {
	before := e.state.Load()
	next := a.apply(*before)
	tx.enter(e, &next)
	if tx.followed() {
		tx.announce(e, a, before, &next)
	}
}

// setOut is dispatch for the begin of a fetch. Those of entries that are new share
// a state.
func (tx *txn) setOut(e *entry, a fetchAction) {
	before, next := e.state.Load(), &begun
	if before == &blank && a == (fetchAction{poll: a.poll}) {
		e.state.Store(next)
		tx.touch(e)
	} else {
		own := a.apply(*before)
		next = &own
		tx.enter(e, next)
	}
	if tx.followed() {
		tx.announce(e, a, before, next)
	}
}

// enter moves an entry to a state that nobody has yet.
func (tx *txn) enter(e *entry, next *state) {
	next.marks = e.state.branch.marks.Load() // no need for a copy
	next.since = tx.since(next)
	tx.weigh(e, e.state.now.Load(), next)
	e.state.Store(next)
	tx.touch(e)
}

// followed reports whether anybody wants to know of actions.
func (tx *txn) followed() bool { return tx.heard() || len(tx.sides) > 0 }

// announce tells of an action that brought an entry from one state to the next.
func (tx *txn) announce(e *entry, a action, before, next *state) {
	tx.tell(EventUpdated, e, a)
	if len(tx.sides) > 0 {
		tx.witness(e, a, before, next)
	}
}

// touch has the results of an entry's observers computed again.
func (tx *txn) touch(e *entry) {
	if list := e.observers(); len(list) > 0 {
		tx.dirty = append(tx.dirty, list)
	}
}

// build returns the entry for o, made anew if there is none. The seed is o's
// initial data.
func (tx *txn) build(o *options, s seed) *entry {
	e, isNew := tx.place(o, s)
	if isNew {
		tx.scheduleGC(e)
	}
	return e
}

// place is build that leaves it to the caller to have a new entry collected.
func (tx *txn) place(o *options, s seed) (e *entry, isNew bool) {
	if e = tx.index.find(o.key); e != nil {
		return e, false
	}
	tx.lastID++
	if s.of != o {
		s = seed{}
	}
	e = &entry{id: tx.lastID, key: o.key}
	if d := tx.defaultsFor(o.key); len(d) > 0 {
		e.own().defaults = d
	}
	e.setInitial(s.state())
	o = e.filled(o)
	e.opts.Store(o.method)
	if o.pager != nil {
		e.own().pager = o.pager
	}
	tx.index.insert(e, e.initial())
	tx.limit.admit()
	tx.weigh(e, &blank, e.initial())
	tx.coverNew(e)
	tx.tell(EventAdded, e, nil)
	return e, true
}

// adopt makes o the entry's options: the last ones given count.
func (tx *txn) adopt(e *entry, o *options, s seed) {
	usable := s.ok && s.of == o
	o = e.filled(o)
	e.take(o.method)
	if st := e.state.Load(); !st.hasData && usable {
		e.setInitial(s.state())
		next := *st
		next.data, next.hasData, next.dataUpdatedAt = s.data, true, s.at
		next.invalidated, next.status = false, isSuccess
		r := *st.rare
		r.err = nil
		tx.dispatch(e, setAction{next.with(r)})
	}
}

// plant gives an entry the initial data of options that it is to be fetched by.
// Observers see them before the fetch begins.
func (tx *txn) plant(e *entry, s seed) {
	if st := e.state.Load(); s.ok && !e.removed() && !st.hasData && st.fetchStatus == isIdle {
		tx.adopt(e, s.of, s)
	}
}

// remove takes an entry out of the cache. Those who observe it keep what they
// have until their next fetch.
func (tx *txn) remove(e *entry) {
	if e.removed() {
		return
	}
	tx.index.remove(e)
	tx.limit.forget(e)
	tx.bare(e)
	for k := e.kin; k != nil; k = k.next {
		k.member.leave()
	}
	if f := e.flight.Load(); f != nil {
		tx.cancel(f, cancelled{silent: true})
	}
	tx.sched.Stop(&e.gc)
	tx.tell(EventRemoved, e, nil)
}

// attach registers an observer with its entry.
func (tx *txn) attach(e *entry, o *observer) {
	e.own().observers = append(e.observers(), o) // snapshots share the array, but not what is added
	tx.index.tree.observe(e, true)
	tx.sched.Stop(&e.gc)
	tx.observed(e)
	tx.tell(EventObserverAdded, e, nil)
}

// detach takes an observer from its entry. When the last one goes, a fetch that
// looks at its context is cancelled and any other makes no further attempt.
func (tx *txn) detach(e *entry, o *observer) {
	list := e.observers()
	i := slices.Index(list, o)
	if i < 0 {
		return
	}
	list = slices.Concat(list[:i], list[i+1:])
	e.own().observers = list
	e.tidy()
	defer tx.tell(EventObserverRemoved, e, nil) // after the cancellation
	if len(list) > 0 {
		return
	}
	tx.index.tree.observe(e, false)
	tx.unobserved(e)
	st := e.state.Load()
	if f := e.flight.Load(); f != nil {
		if e.state.flags.has(consumed) || st.fetchStatus == isPaused && st.status == isPending {
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
		for _, o := range e.observers() {
			o.closeLocked()
		}
	}
	tx.endLine()
	tx.mutations.close(tx)
	tx.events.end()
	for _, stop := range tx.unhook {
		tx.later(stop)
	}
	tx.unhook, tx.closed = nil, true
}
