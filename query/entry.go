package query

import (
	"reflect"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/internal/sched"
	"github.com/freshet-go/freshet/querykey"
)

// entry is what the cache holds under one key. Its state, options and flight are
// read without lock; everything else belongs to the client's mutex. What few
// entries have is in extra.
type entry struct {
	key   querykey.Key // what a hit needs comes first
	state stateCell
	id    uint64
	opts  atomic.Pointer[method]
	extra atomic.Pointer[extra] // nil if there is nothing special
	kin   *kin                  // see relatives.go
	gc    sched.Alarm

	flight atomic.Pointer[flight] // running fetch
}

// client returns whose cache the entry is in, or was.
func (e *entry) client() *Client { return e.state.branch.c }

// removed reports whether the entry was taken out of the cache.
func (e *entry) removed() bool { return e.state.flags.has(gone) }

// idle reports whether nobody needs e but those who may read it again.
func (e *entry) idle() bool {
	return len(e.observers()) == 0 && e.state.Load().fetchStatus == isIdle
}

// view shows the entry's present state.
func (e *entry) view() State[any] { return e.viewOf(e.state.Load()) }

func (e *entry) viewOf(s *state) State[any] {
	return State[any]{key: e.key, meta: e.opts.Load().meta, s: s, push: e.pushState()}
}

// claim checks that data of type t may live under the entry's key.
func (e *entry) claim(t reflect.Type) error {
	have := e.typ()
	if t == nil || have == nil || have == t {
		return nil
	}
	return &TypeError{Key: e.key, Have: have, Want: t}
}

// claims is claim for those who do not hold the mutex.
func (c *Client) claims(e *entry, t reflect.Type) error {
	if t != nil && e.opts.Load().typ == t {
		return nil // who set these options had claimed it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return e.claim(t)
}

// filled is o with the defaults that were set for the key when the entry was made.
func (e *entry) filled(o *options) *options {
	if len(e.defaults()) == 0 {
		return o
	}
	own := *o.rules // others share them
	all := &options{o.key, &method{o.fetch, &own}}
	for _, d := range e.defaults() {
		all.fill(d)
	}
	return all
}

// seed is initial data that was evaluated, ready to be put under the lock.
type seed struct {
	of   *options // whose they are
	data any
	at   time.Time
	ok   bool
}

// state is the state of an entry that begins with s.
func (s seed) state() *state {
	if !s.ok {
		return &blank
	}
	first := blank
	first.data, first.hasData, first.dataUpdatedAt, first.status = s.data, true, s.at, isSuccess
	return &first
}

// seed evaluates the initial data that count if o becomes the options of the entry
// under its key, if it can use any. It calls user code.
func (c *Client) seed(o *options) seed {
	if o.initial == nil && o.decides() {
		return seed{}
	}
	e := c.index.find(o.key)
	if e != nil && (e.state.Load().hasData || o.initial == nil) {
		return c.lent(e, o.method)
	}
	return c.evaluate(o)
}

// lent evaluates the initial data that come with the fetch function which an
// observer lends to an entry whose options are to be o.
func (c *Client) lent(e *entry, m *method) seed {
	if m.decides() || e.state.Load().hasData {
		return seed{}
	}
	c.mu.Lock()
	o := e.lender()
	c.mu.Unlock()
	return c.evaluate(o)
}

// lender returns the options of the first observer that says how to fetch, nil if
// there is none. It needs the mutex.
func (e *entry) lender() *options {
	for _, x := range e.observers() {
		if x.opts.decides() {
			return x.opts
		}
	}
	return nil
}

func (c *Client) evaluate(o *options) seed {
	if o == nil || o.initial == nil {
		return seed{}
	}
	return ask(c, "InitialData", seed{}, func() seed {
		data, ok := o.initial.value()
		if !ok {
			return seed{}
		}
		if o.initial.at != nil {
			if at, known := o.initial.at(); known {
				return seed{o, data, at, true}
			}
		}
		return seed{o, data, c.sched.Now(), true}
	})
}
