package query

import (
	"context"
	"iter"
	"slices"
	"sync/atomic"

	"github.com/freshet-go/freshet/internal/share"
)

// Combined is one value made of the results of a Group. It is made anew only when
// a result changed, keeps the parts of the value before that the new one repeats,
// and tells subscribers only if something is left that differs. All methods may
// be called concurrently.
type Combined[C any] struct{ v *combined }

// Combine returns what f makes of the results of g, in the order of its queries.
// f must be quick, must not change the data and must not use the client. A panic
// in it is logged, and the value before stays. Nothing is fetched before somebody
// subscribes.
func Combine[R, C any](g *Group[R], f func([]Result[R]) C) *Combined[C] {
	v := &combined{g: g.g}
	if f == nil {
		g.g.c.report("Combine", ErrNilCallback)
		f = func([]Result[R]) (none C) { return none }
	}
	v.f = func(all []shown) any { return f(typedResults[R](all)) }
	return &Combined[C]{v}
}

type combined struct {
	g    *group
	f    func([]shown) any
	memo atomic.Pointer[combination] // the last one made

	// Guarded by the client's mutex.
	subs []*mailbox[combination]
	feed *mailbox[[]shown] // where the group tells of changes, nil without subscribers
	told *combination      // what subscribers know
}

// combination is a value and what it was made of.
type combination struct {
	of  []shown
	out any
}

// now returns the value of the present results. Who is overtaken while f runs
// looks again.
func (v *combined) now() *combination {
	for {
		v.g.c.mu.Lock()
		of := v.g.results()
		v.g.c.mu.Unlock()
		last := v.memo.Load()
		if last != nil && slices.Equal(last.of, of) {
			return last
		}
		next := &combination{of: of}
		if last != nil {
			next.out = last.out
		}
		err := protect(func() error {
			out := v.f(of)
			if last != nil {
				out = share.Share(last.out, out)
			}
			next.out = out
			return nil
		})
		if err != nil {
			v.g.c.report("Combine", err)
		}
		if v.memo.CompareAndSwap(last, next) {
			return next
		}
	}
}

// refresh tells subscribers of the present value if it is another one than they
// know. It is the callback of the feed, so that there is one call at a time.
func (v *combined) refresh(feed *mailbox[[]shown]) {
	next := v.now()
	v.g.c.update(func(*txn) {
		if v.feed != feed || share.Same(v.told.out, next.out) {
			return
		}
		v.told = next
		for _, m := range v.subs {
			m.put(next)
		}
	})
}

// subscribe adds a mailbox and returns what is not news to it.
func (v *combined) subscribe(m *mailbox[combination]) *combination {
	known := v.now()
	var feed *mailbox[[]shown]
	v.g.c.update(func(tx *txn) {
		if tx.closed {
			m.end()
			return
		}
		v.subs = append(v.subs, m)
		if v.feed != nil {
			known = v.told
			return
		}
		v.told = known
		feed = newMailbox(tx.Client, func(*[]shown) { v.refresh(feed) })
		v.feed = feed
	})
	if feed != nil {
		v.g.subscribe(feed)
		v.g.c.update(func(*txn) { feed.put(&known.of) }) // results may have changed since they were read
	}
	return known
}

func (v *combined) unsubscribe(m *mailbox[combination]) {
	var feed *mailbox[[]shown]
	v.g.c.update(func(*txn) {
		m.end()
		v.subs = slices.DeleteFunc(slices.Clone(v.subs), func(x *mailbox[combination]) bool { return x == m })
		if len(v.subs) == 0 {
			feed, v.feed = v.feed, nil
		}
	})
	if feed != nil {
		v.g.unsubscribe(feed)
	}
}

// Current returns what the present results of the group make.
func (v *Combined[C]) Current() C { return cast[C](v.v.now().out) }

// Subscribe calls f with each new value, until stop is called; see
// Observer.Subscribe. The first subscriber subscribes to the group.
func (v *Combined[C]) Subscribe(f func(C)) (stop func()) {
	c := v.v.g.c
	if f == nil {
		c.report("Subscribe", ErrNilCallback)
		return func() {}
	}
	m := newMailbox(c, func(x *combination) { f(cast[C](x.out)) })
	v.v.subscribe(m)
	return func() { v.v.unsubscribe(m) }
}

// Results iterates over the values, the present one first; see Observer.Results.
func (v *Combined[C]) Results(ctx context.Context) iter.Seq[C] {
	return func(yield func(C) bool) {
		m := newMailbox[combination](v.v.g.c, nil)
		known := v.v.subscribe(m)
		defer v.v.unsubscribe(m)
		if !yield(cast[C](known.out)) {
			return
		}
		for x := range m.mail(ctx) {
			if !yield(cast[C](x.out)) {
				return
			}
		}
	}
}
