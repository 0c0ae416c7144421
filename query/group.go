package query

import (
	"context"
	"iter"
	"slices"
)

// Observable is what a Group can hold: a Query[R], or a Selection that makes an
// R of something else.
type Observable[R any] interface {
	plan() plan
	shows(R)
}

func (q Query[T]) plan() plan { return plan{opts: q.erase()} }
func (q Query[T]) shows(T)    {}

// Selection is a query with a select function.
type Selection[T, R any] struct {
	Query  Query[T]
	Select func(T) (R, error)
}

func (s Selection[T, R]) plan() plan {
	return plan{s.Query.erase(), erasedSelect(s.Select)}
}
func (s Selection[T, R]) shows(R) {}

// Group observes a list of queries, which may change, as one. All methods may be
// called concurrently.
type Group[R any] struct{ g *group }

type group struct {
	c *Client

	// Guarded by the client's mutex.
	members []*member
	version int       // of members
	joined  []*member // those that are subscribed to
	subs    []*mailbox[[]shown]
}

// member is an observer in a group.
type member struct {
	o     *observer
	m     *mailbox[result] // not nil while the group has subscribers
	shown *result          // what the member last told the group
}

// ObserveGroup returns a group of the given queries, in their order. Nothing is
// fetched before somebody subscribes.
func ObserveGroup[R any](c *Client, queries ...Observable[R]) *Group[R] {
	g := &Group[R]{&group{c: c}}
	g.SetQueries(queries...)
	return g
}

// SetQueries changes the list. Queries whose key was in it keep their observer,
// and with it their previous data; the others begin or end to be observed.
func (g *Group[R]) SetQueries(queries ...Observable[R]) {
	plans := make([]plan, len(queries))
	for i, q := range queries {
		plans[i] = q.plan()
		g.g.c.resolve(plans[i].opts)
	}
	g.g.set(plans)
}

type plan struct {
	opts *options
	sel  *selector
}

// set changes the list. If somebody else does so meanwhile it begins again.
func (g *group) set(plans []plan) {
	for {
		g.c.mu.Lock()
		before, version := g.members, g.version
		g.c.mu.Unlock()
		next := g.match(before, plans)
		for i, p := range plans {
			// New members, too: one after them may have changed the entry they share.
			if err := next[i].o.set(p.opts, p.sel, false); err != nil {
				g.c.report("SetQueries", err)
			}
		}
		done := false
		g.c.update(func(*txn) {
			if done = g.version == version; !done {
				return
			}
			for _, m := range next {
				m.shown = m.o.current.Load()
			}
			g.members, g.version = next, version+1
		})
		if done {
			g.reconcile()
			g.c.update(func(*txn) { g.tell() })
			return
		}
	}
}

// match finds a member for each plan: of the present ones by key, each once, or
// a new one.
func (g *group) match(members []*member, plans []plan) []*member {
	left := slices.Clone(members)
	next := make([]*member, len(plans))
	for i, p := range plans {
		at := slices.IndexFunc(left, func(m *member) bool { return *m.o.current.Load().key == p.opts.key })
		if at < 0 {
			next[i] = &member{o: g.c.observe(p.opts, p.sel)}
			continue
		}
		next[i] = left[at]
		left = slices.Delete(left, at, at+1)
	}
	return next
}

// reconcile subscribes to the members if the group has subscribers, and to
// nothing else.
func (g *group) reconcile() {
	var join, leave []*member
	var mail []*mailbox[result] // of those that leave
	g.c.update(func(*txn) {
		for _, m := range g.joined {
			if len(g.subs) == 0 || !slices.Contains(g.members, m) {
				leave, mail = append(leave, m), append(mail, m.m)
				m.m = nil
			}
		}
		g.joined = slices.DeleteFunc(g.joined, func(m *member) bool { return m.m == nil })
		if len(g.subs) == 0 {
			return
		}
		for _, m := range g.members {
			if m.m == nil {
				m.m = g.newMail(m)
				join = append(join, m)
			}
		}
		g.joined = append(g.joined, join...)
	})
	// Who waits for a fetch that nobody wants any more is told when the new members
	// have begun theirs, for it may show the query of one of them.
	left := make([]*txn, len(leave))
	for i, m := range leave {
		left[i] = m.o.leave(mail[i])
	}
	for _, m := range join {
		g.subscribeTo(m)
	}
	for _, tx := range left {
		tx.finish()
	}
}

// newMail is a mailbox that tells the group what m shows.
func (g *group) newMail(m *member) *mailbox[result] {
	mail := newMailbox[result](g.c, nil)
	mail.sink = func(r *result) {
		m.shown = r
		g.tell()
	}
	return mail
}

// subscribeTo subscribes to m, unless it was left meanwhile.
func (g *group) subscribeTo(m *member) {
	g.c.mu.Lock()
	mail := m.m
	g.c.mu.Unlock()
	if mail != nil {
		m.o.subscribe(mail)
	}
}

// tell gives subscribers the results of all members. It needs the mutex.
func (g *group) tell() {
	if len(g.subs) == 0 {
		return
	}
	all := g.results()
	for _, m := range g.subs {
		m.put(&all)
	}
}

func (g *group) results() []shown {
	all := make([]shown, len(g.members))
	for i, m := range g.members {
		all[i] = shown{m.shown, m.o}
	}
	return all
}

func (g *group) subscribe(m *mailbox[[]shown]) {
	g.c.update(func(tx *txn) {
		if tx.closed {
			m.end()
			return
		}
		g.subs = append(g.subs, m)
	})
	g.reconcile()
}

func (g *group) unsubscribe(m *mailbox[[]shown]) {
	g.c.update(func(*txn) {
		m.end()
		g.subs = slices.DeleteFunc(slices.Clone(g.subs), func(x *mailbox[[]shown]) bool { return x == m })
	})
	g.reconcile()
}

func typedResults[R any](all []shown) []Result[R] {
	typed := make([]Result[R], len(all))
	for i, r := range all {
		typed[i] = Result[R](r)
	}
	return typed
}

// Current returns the latest result of each query, in order.
func (g *Group[R]) Current() []Result[R] {
	g.g.c.mu.Lock()
	defer g.g.c.mu.Unlock()
	return typedResults[R](g.g.results())
}

// Subscribe calls f with all results when one of them changes, until stop is
// called; see Observer.Subscribe.
func (g *Group[R]) Subscribe(f func([]Result[R])) (stop func()) {
	if f == nil {
		g.g.c.report("Subscribe", ErrNilCallback)
		return func() {}
	}
	m := newMailbox(g.g.c, func(all *[]shown) { f(typedResults[R](*all)) })
	g.g.subscribe(m)
	return func() { g.g.unsubscribe(m) }
}

// Results iterates over the results of all queries, the present ones first; see
// Observer.Results.
func (g *Group[R]) Results(ctx context.Context) iter.Seq[[]Result[R]] {
	return func(yield func([]Result[R]) bool) {
		m := newMailbox[[]shown](g.g.c, nil)
		g.g.subscribe(m)
		defer g.g.unsubscribe(m)
		m.take() // Current is at least as new
		if !yield(g.Current()) {
			return
		}
		for all := range m.mail(ctx) {
			if !yield(typedResults[R](*all)) {
				return
			}
		}
	}
}
