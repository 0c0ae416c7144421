package query

import "slices"

// Tx collects the optimistic patches of one run of a mutation. It is good only
// while Mutation.Optimistic runs.
type Tx struct {
	c       *Client
	patches []*patch
}

// patch is a layer over the data of an entry. What an entry shows is its base,
// the data last fetched or written, seen through its layers in the order in which
// they were put on. So a poll that lands while a mutation is on its way changes
// the base and not the layer, and two mutations cannot undo each other's
// rollback.
type patch struct {
	e *entry
	f func(old any, ok bool) (any, bool)
}

// Patch lets f change what the entry of q shows until the mutation is settled.
// Success makes the change part of the data, failure takes it away. f sees the
// data below, must not change its argument, and runs again whenever they change;
// false means no data. A query that is not in the cache, or holds another type,
// gets no patch.
func Patch[T any](tx *Tx, q Query[T], f func(old T, ok bool) (T, bool)) {
	if e := tx.c.index.find(q.Key); e != nil && f != nil && tx.c.claims(e, typeOf[T]()) == nil {
		tx.patches = append(tx.patches, &patch{e, erasePatch(f)})
	}
}

// PatchAll is Patch for every entry that the filter chooses and that holds a T,
// or hydrated data that can be decoded as one.
func PatchAll[T any](tx *Tx, filter Filter, f func(old T) T) {
	if f == nil {
		return
	}
	for _, e := range tx.c.match(filter) {
		if _, ok := decoded[T](e.state.Load().data); ok {
			tx.patches = append(tx.patches, &patch{e, erasePatch(func(old T, ok bool) (T, bool) {
				if !ok {
					return old, false
				}
				return f(old), true
			})})
		}
	}
}

// patchesOf asks o what to show while it runs with the variables v. After a panic
// that is nothing: half of it would be worse.
func (c *Client) patchesOf(o *mutationOptions, v any) []*patch {
	if o.optimistic == nil {
		return nil
	}
	tx := &Tx{c: c}
	if err := protect(func() error { o.optimistic(tx, v); return nil }); err != nil {
		c.report("Optimistic", err)
		return nil
	}
	return tx.patches
}

func erasePatch[T any](f func(T, bool) (T, bool)) func(any, bool) (any, bool) {
	return func(old any, ok bool) (any, bool) {
		if !ok {
			var none T
			return box(f(none, false))
		}
		typed, isT := decoded[T](old)
		if !isT {
			return old, true
		}
		return box(f(typed, true))
	}
}

// overlay shows a base through patches. One that panics is left out.
func (c *Client) overlay(patches []*patch, data any, hasData bool) written {
	if len(patches) == 0 {
		return written{data: data, hasData: hasData}
	}
	w := written{data: data, hasData: hasData, under: &underlay{data, hasData}}
	for _, p := range patches {
		w.data, w.hasData = c.through(p, w.data, w.hasData)
	}
	return w
}

func (c *Client) through(p *patch, data any, hasData bool) (any, bool) {
	type outcome struct {
		data any
		ok   bool
	}
	out := ask(c, "Patch", outcome{data, hasData}, func() outcome {
		d, ok := p.f(data, hasData)
		return outcome{d, ok}
	})
	return out.data, out.ok
}

// apply puts the patches on.
func (c *Client) apply(patches []*patch) {
	for _, p := range patches {
		c.update(func(*txn) { p.e.setPatches(append(slices.Clip(p.e.patches()), p)) })
		c.repatch(p.e, nil)
	}
}

// lift takes patches off again, keeping their effect if bake.
func (c *Client) lift(patches []*patch, bake bool) {
	for _, p := range patches {
		if !bake {
			c.update(func(*txn) { p.e.setPatches(without(p.e.patches(), p)) })
			c.repatch(p.e, nil)
			continue
		}
		c.repatch(p.e, p)
	}
}

// repatch computes again what an entry shows. A patch to bake is made part of
// the base in the same step.
func (c *Client) repatch(e *entry, bake *patch) {
	for {
		var patches []*patch
		c.update(func(*txn) { patches = e.patches() })
		st := e.state.Load()
		base, ok := st.base()
		rest := patches
		if bake != nil {
			base, ok = c.through(bake, base, ok)
			rest = without(patches, bake)
		}
		w := c.overlay(rest, base, ok)
		done := false
		c.update(func(tx *txn) {
			if e.state.Load() != st || !slices.Equal(e.patches(), patches) {
				return
			}
			done = true
			e.setPatches(rest)
			tx.dispatch(e, patchAction(w))
			if bake != nil {
				e.keep() // as a write by hand does
			}
		})
		if done {
			return
		}
	}
}

func without(patches []*patch, p *patch) []*patch {
	return slices.DeleteFunc(slices.Clone(patches), func(x *patch) bool { return x == p })
}

// restore sets the state as a whole. The patches that lie over the entry now may
// not be those of then.
func (tx *txn) restore(e *entry, to state) {
	tx.dispatch(e, setAction{to})
	if len(e.patches()) > 0 || to.under != nil {
		tx.later(func() { tx.Client.repatch(e, nil) })
	}
}
