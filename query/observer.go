package query

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/internal/sched"
)

// observer shows an entry to its subscribers and keeps it fresh while it has
// any. Observer[T] is its typed face.
type observer struct {
	c       *Client
	current atomic.Pointer[result]

	// Guarded by the client's mutex.
	opts    *options
	sel     *selector
	outlook outlook // of opts and sel
	e       *entry  // nil if the query could not be used at all
	since   *state  // e's state when the observer turned to it
	subs    []*mailbox[result]

	seen     *seen // the last derivation
	deriving bool
	dirty    bool

	staleAlarm sched.Alarm
	pollAlarm  sched.Alarm
	rearm      bool
	jittered   bool          // the next poll comes early by the client's phase
	interval   time.Duration // as the poll alarm was last armed
}

// observe makes an observer of o. Its entry is made if it is missing, but
// nothing is fetched before somebody subscribes.
func (c *Client) observe(opts *options, sel *selector) *observer {
	o := &observer{c: c, opts: opts, sel: sel, outlook: outlookOf(opts, sel), seen: &unseen}
	err := opts.key.Err()
	if err == nil {
		c.unpack(opts)
		s := c.seed(opts)
		c.update(func(tx *txn) {
			if err = tx.usable(opts); err != nil {
				return
			}
			o.turn(tx, s)
			tx.adopt(o.e, opts, s)
		})
	}
	if err != nil {
		failed := blank
		failed.status = isError
		failed = failed.with(rare{err: err})
		o.current.Store(&result{state: &failed, key: &opts.key})
		return o
	}
	o.derive()
	return o
}

// usable checks that the client is open and that opts fit the entry there is.
func (tx *txn) usable(opts *options) error {
	if tx.closed {
		return ErrClosed
	}
	if e := tx.index.find(opts.key); e != nil {
		return e.claim(opts.typ)
	}
	return nil
}

// turn makes the observer show the entry of its options, which it makes if it
// is missing: entries can be removed while they are observed.
func (o *observer) turn(tx *txn, s seed) {
	e := tx.build(o.opts, s)
	if e == o.e {
		return
	}
	before := o.e
	o.e, o.since = e, e.state.Load()
	if len(o.subs) > 0 {
		tx.detach(before, o)
		tx.attach(e, o)
	}
}

// fetch fetches with the observer's options, or joins a fetch. The witness may be
// nil.
func (o *observer) fetch(mode fetchMode, w *witness) (f *flight) {
	o.c.mu.Lock()
	opts, orphaned := o.opts, o.e != nil && o.e.removed()
	o.c.mu.Unlock()
	if orphaned {
		o.c.unpack(opts)
	}
	s := o.c.seed(opts)
	if s.ok {
		o.c.update(func(tx *txn) {
			if !tx.closed && o.e != nil {
				o.turn(tx, s)
				tx.plant(o.e, s)
			}
		})
	}
	o.c.update(func(tx *txn) {
		if tx.closed || o.e == nil {
			return
		}
		o.turn(tx, s)
		f = tx.fetch(o.e, o.opts, s, mode)
		if w != nil {
			f.summon(w)
		}
	})
	return f
}

// set changes the query that is observed, and the select function unless keep.
func (o *observer) set(opts *options, sel *selector, keep bool) error {
	if err := opts.key.Err(); err != nil {
		return err
	}
	o.c.unpack(opts)
	s := o.c.seed(opts)
	var (
		before            *options
		switched, mounted bool
		err               error
	)
	tx := o.c.begin(func(tx *txn) {
		if err = tx.usable(opts); err != nil {
			return
		}
		old := o.e
		before, o.opts = o.opts, opts
		if !keep {
			o.sel = sel
		}
		o.outlook = outlookOf(opts, o.sel)
		o.turn(tx, s)
		tx.adopt(o.e, opts, s)
		switched, mounted = o.e != old, len(o.subs) > 0
		if before != opts {
			tx.tell(EventObserverOptionsUpdated, o.e, nil)
		}
	})
	defer tx.finish()
	if err != nil {
		return err
	}
	if mounted && o.wantsAfterChange(before, switched) {
		o.fetch(fetchMode{}, nil)
	}
	o.derive()
	return nil
}

// subscribe adds a mailbox. The first one registers the observer with its entry
// and may fetch.
func (o *observer) subscribe(m *mailbox[result]) {
	first, ok := false, false
	s := o.seedIfOrphaned()
	o.c.update(func(tx *txn) {
		if ok = o.e != nil && !tx.closed && !m.ended; !ok {
			m.end()
			return
		}
		first = len(o.subs) == 0
		if first && o.e.removed() && !tx.quirks.OrphanedObservers {
			o.turn(tx, s)
		}
		o.subs = append(o.subs, m)
		if first {
			tx.attach(o.e, o)
			o.rearm, o.jittered = true, true
		}
	})
	if !ok || !first {
		return
	}
	if o.wantsOnMount() {
		// A fetch that is joined changes nothing yet, and as in query-core the result
		// stays what it was until something does.
		o.fetch(fetchMode{}, nil)
		o.keep()
		return
	}
	o.derive()
}

// seedIfOrphaned readies the entry that an observer will turn to whose own is gone,
// or evaluates initial data for it. It calls user code.
func (o *observer) seedIfOrphaned() seed {
	o.c.mu.Lock()
	opts, orphaned := o.opts, o.e != nil && o.e.removed() && !o.c.quirks.OrphanedObservers
	o.c.mu.Unlock()
	if !orphaned {
		return seed{}
	}
	o.c.unpack(opts)
	return o.c.seed(opts)
}

// unsubscribe takes a mailbox back. Afterwards nothing more is put into it.
func (o *observer) unsubscribe(m *mailbox[result]) { o.leave(m).finish() }

// leave is unsubscribe for an operation that goes on, see Client.begin.
func (o *observer) leave(m *mailbox[result]) *txn {
	return o.c.begin(func(tx *txn) {
		m.end()
		i := slices.Index(o.subs, m)
		if i < 0 {
			return
		}
		o.subs = slices.Concat(o.subs[:i], o.subs[i+1:])
		if len(o.subs) == 0 {
			o.stopTimers()
			tx.detach(o.e, o)
		}
	})
}

// closeLocked ends all subscriptions of a client that closes.
func (o *observer) closeLocked() {
	for _, m := range o.subs {
		m.end()
	}
	o.subs = nil
	o.stopTimers()
}
