package query

import (
	"cmp"
	"slices"

	"github.com/freshet-go/freshet/querykey"
)

// index finds entries by key. Readers take no lock; writers hold the client's mutex.
type index struct {
	table[entry]
	tree tree // guarded like writes
}

// find returns the entry under k, nil if there is none.
func (x *index) find(k querykey.Key) *entry {
	buckets := x.buckets.Load()
	if buckets == nil {
		return nil
	}
	b, hash := *buckets, k.Hash()
	tag := tagOf(hash)
	for i := hash; ; i++ {
		at := &b[i&uint64(len(b)-1)]
		tags := at.tags.Load()
		for m := matches(tags, tag); m != 0; m &= m - 1 {
			if e := at.elems[placeOf(m)].Load(); e != nil && e.key == k {
				return e
			}
		}
		if ends(tags) {
			return nil
		}
	}
}

// insert adds e, whose key must not be there, in its first state.
func (x *index) insert(e *entry, first *state) {
	x.tree.insert(e)
	e.state.Store(first) // readers may come from here on
	x.table.insert(e, e.key.Hash(), hashOfEntry)
}

func hashOfEntry(e *entry) uint64 { return e.key.Hash() }

// remove takes e out.
func (x *index) remove(e *entry) {
	x.table.remove(e, e.key.Hash(), hashOfEntry)
	x.tree.remove(e)
}

// all returns all entries, oldest first. It needs the client's mutex.
func (x *index) all() []*entry {
	return inOrder(slices.Collect(x.matching(querykey.Key{}, false)))
}

// inOrder sorts entries by when they were made.
func inOrder(list []*entry) []*entry {
	slices.SortFunc(list, func(a, b *entry) int { return cmp.Compare(a.id, b.id) })
	return list
}
