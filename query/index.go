package query

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/freshet-go/freshet/querykey"
)

// index finds entries by key. Readers take no lock; writers hold the client's
// mutex. Nodes are never changed but for their next pointer, so a reader that
// meets a writer sees the index before or after the change.
type index struct {
	buckets atomic.Pointer[[]atomic.Pointer[node]]
	size    int
	tree    tree // guarded like writes
}

type node struct {
	e    *entry
	next atomic.Pointer[node]
}

const minBuckets = 16

// find returns the entry under k, nil if there is none.
func (x *index) find(k querykey.Key) *entry {
	buckets := x.buckets.Load()
	if buckets == nil {
		return nil
	}
	b := *buckets
	for n := b[k.Hash()&uint64(len(b)-1)].Load(); n != nil; n = n.next.Load() {
		if n.e.key == k {
			return n.e
		}
	}
	return nil
}

// insert adds e, whose key must not be there, in its first state.
func (x *index) insert(e *entry, first *state) {
	x.tree.insert(e)
	e.state.Store(first) // readers may come from here on
	b := x.buckets.Load()
	if b == nil || x.size >= len(*b) {
		b = x.resize(max(minBuckets, 2*x.size))
	}
	link(*b, e)
	x.size++
}

func link(b []atomic.Pointer[node], e *entry) {
	head := &b[e.key.Hash()&uint64(len(b)-1)]
	n := &node{e: e}
	n.next.Store(head.Load())
	head.Store(n)
}

// resize moves all entries to new buckets; readers of the old ones still find
// what was there.
func (x *index) resize(n int) *[]atomic.Pointer[node] {
	size := minBuckets
	for size < n {
		size *= 2
	}
	b := make([]atomic.Pointer[node], size)
	if old := x.buckets.Load(); old != nil {
		for i := range *old {
			for n := (*old)[i].Load(); n != nil; n = n.next.Load() {
				link(b, n.e)
			}
		}
	}
	x.buckets.Store(&b)
	return &b
}

// remove takes e out.
func (x *index) remove(e *entry) {
	b := *x.buckets.Load()
	at := &b[e.key.Hash()&uint64(len(b)-1)]
	for n := at.Load(); n != nil; n = at.Load() {
		if n.e == e {
			at.Store(n.next.Load())
			break
		}
		at = &n.next
	}
	x.size--
	x.tree.remove(e)
	if n := len(b); n > minBuckets && x.size < n/4 {
		x.resize(n / 2)
	}
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
