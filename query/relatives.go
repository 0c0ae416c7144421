package query

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/freshet-go/freshet/querykey"
)

// relatives are entries of a family in one client, found by argument. Like the
// index, which knows them too, readers take no lock, writers hold the client's
// mutex, and nodes are never changed but for their next pointer.
type relatives[A comparable] struct {
	c       *Client
	seed    maphash.Seed
	buckets atomic.Pointer[[]atomic.Pointer[relative[A]]]
	size    int
}

type relative[A comparable] struct {
	arg  A
	e    *entry
	next atomic.Pointer[relative[A]]
}

// kin are the families that an entry has to leave when it is removed.
type kin struct {
	leave func()
	next  *kin
}

func newRelatives[A comparable](c *Client) *relatives[A] {
	r := &relatives[A]{c: c, seed: maphash.MakeSeed()}
	r.grow(minBuckets)
	return r
}

// find returns the entry for arg, nil if it is not known.
func (r *relatives[A]) find(arg A) *entry {
	for n := r.bucket(arg).Load(); n != nil; n = n.next.Load() {
		if n.arg == arg {
			return n.e
		}
	}
	return nil
}

func (r *relatives[A]) bucket(arg A) *atomic.Pointer[relative[A]] {
	b := *r.buckets.Load()
	return &b[maphash.Comparable(r.seed, arg)&uint64(len(b)-1)]
}

// enrol lets the entry under key, if there is one, be found by arg. A nil table
// takes nothing.
func (r *relatives[A]) enrol(arg A, key querykey.Key) {
	if r == nil || r.find(arg) != nil {
		return
	}
	r.c.update(func(tx *txn) {
		e := tx.index.find(key)
		if e == nil || arg != arg || r.find(arg) != nil { //nolint:gocritic // a NaN is never found
			return
		}
		if size := len(*r.buckets.Load()); r.size >= size {
			r.grow(2 * size)
		}
		r.link(arg, e)
		r.size++
		e.kin = &kin{func() { r.leave(arg, e) }, e.kin}
	})
}

func (r *relatives[A]) link(arg A, e *entry) {
	head := r.bucket(arg)
	n := &relative[A]{arg: arg, e: e}
	n.next.Store(head.Load())
	head.Store(n)
}

// grow moves all to new buckets; readers of the old ones still find what was there.
func (r *relatives[A]) grow(size int) {
	old := r.buckets.Load()
	grown := make([]atomic.Pointer[relative[A]], size)
	if old == nil {
		r.buckets.Store(&grown)
		return
	}
	for i := range *old {
		for n := (*old)[i].Load(); n != nil; n = n.next.Load() {
			at := &grown[maphash.Comparable(r.seed, n.arg)&uint64(size-1)]
			moved := &relative[A]{arg: n.arg, e: n.e}
			moved.next.Store(at.Load())
			at.Store(moved)
		}
	}
	r.buckets.Store(&grown)
}

// leave forgets e, which is removed.
func (r *relatives[A]) leave(arg A, e *entry) {
	at := r.bucket(arg)
	for n := at.Load(); n != nil; n = at.Load() {
		if n.e == e && n.arg == arg {
			at.Store(n.next.Load())
			r.size--
			return
		}
		at = &n.next
	}
}
