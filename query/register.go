package query

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/freshet-go/freshet/querykey"
)

// registration is a mutation whose runs may come with a snapshot.
type registration struct {
	key    querykey.Key
	erase  func() *mutationOptions
	decode func(variables *packed) (any, error)
}

// Register gives runs of m that come with a snapshot back what a snapshot cannot
// hold: the functions of m, and the type V of their variables. Until they are
// resumed what they do is shown by m.Optimistic again; m.Prepare, m.OnMutate and
// m.ScopeOf are not called a second time, and mctx is what its JSON says without
// type. A run is m's if its key begins with m.Key and no longer registered key
// fits. Register may be called before Hydrate or after it; what it brings wins
// over defaults. A run whose variables are no V fails once it is resumed, with
// variables and all still to be found by Client.Mutations. The error is ErrNoKey,
// that of m.Key, or ErrNoMutationFunc.
func Register[V, R any](c *Client, m Mutation[V, R]) error {
	if err := m.Key.Err(); err != nil {
		return err
	}
	if m.Key.Len() == 0 {
		return ErrNoKey
	}
	if m.Do == nil {
		return ErrNoMutationFunc
	}
	c.register(registration{
		key:    m.Key,
		erase:  m.erase,
		decode: func(p *packed) (any, error) { return unpackAs[V](p) },
	})
	return nil
}

func (c *Client) register(r registration) {
	c.changeDefaults(func(all *defaults) {
		same := func(x registration) bool { return x.key == r.key }
		all.registered = append(slices.DeleteFunc(slices.Clone(all.registered), same), r)
	})
	var there []*mutation
	c.update(func(tx *txn) { there = tx.mutations.all })
	for _, m := range there {
		if bind := c.binding(m); bind != nil {
			c.update(func(tx *txn) {
				if slices.Contains(tx.mutations.all, m) {
					bind()
					tx.mutations.scheduleGC(tx, m)
				}
			})
			c.showAgain(m)
		}
	}
}

// registered returns the registration that a run with this key belongs to, nil
// if there is none.
func (c *Client) registered(key querykey.Key) *registration {
	var best *registration
	for _, r := range c.defaults.Load().registered {
		if key.Matches(r.key) && (best == nil || r.key.Len() >= best.key.Len()) {
			best = &r
		}
	}
	return best
}

// binding returns what makes a restored run one of the mutation registered for
// its key, to be called under the mutex. It is nil if there is nothing to do.
func (c *Client) binding(m *mutation) (bind func()) {
	was, st := m.opts.Load(), m.state.Load()
	r := c.registered(was.key)
	p, raw := st.variables.(*packed)
	if st.variables == nil {
		p, raw = pack(json.RawMessage("null")), true
	}
	if r == nil || !m.restored || !raw || st.status != StatusPending {
		return nil
	}
	var v any
	err := protect(func() (err error) { v, err = r.decode(p); return err })
	if err != nil {
		err = fmt.Errorf("query: hydrated variables do not fit mutation %s: %w", was.key, err)
		c.report("Register", err)
		return func() { m.refuse(was, err) }
	}
	o := r.erase()
	o.key, o.scope = was.key, was.scope
	if was.meta != nil {
		o.meta = was.meta
	}
	o.fill(MutationDefaults{Policy: was.policy, Callbacks: was.callbacks})
	return func() {
		if m.going || m.state.Load() != st {
			return
		}
		next := *st
		next.variables = v
		m.opts.Store(o)
		m.state.Store(&next)
		m.vars, m.policy, m.gcTime = v, o.policy, o.policy.GCTime.orDefault()
	}
}

// refuse makes a run that cannot be fail when it is resumed. It needs the mutex.
func (m *mutation) refuse(was *mutationOptions, err error) {
	o := *was
	o.do = func(context.Context, MutationInfo) (any, error) { return nil, err }
	m.opts.Store(&o)
	m.policy.Retry = NoRetry()
}

// showAgain puts the patches of a restored run on what is in the cache now.
func (c *Client) showAgain(m *mutation) {
	st := m.state.Load()
	if st.status != StatusPending {
		return
	}
	patches := c.patchesOf(m.opts.Load(), st.variables)
	c.update(func(tx *txn) {
		if m.going || m.patches != nil || !slices.Contains(tx.mutations.all, m) {
			patches = nil
			return
		}
		m.patches = patches
		for _, p := range patches { // in one step with m.patches: it may start any time
			p.e.setPatches(append(slices.Clip(p.e.patches()), p))
		}
	})
	for _, p := range patches {
		c.repatch(p.e, nil)
	}
}
