package query

import (
	"hash/maphash"
	"math/bits"

	"github.com/freshet-go/freshet/querykey"
)

// relatives are entries of a family in one client, found by argument. Like the
// index, which knows them too, readers take no lock, writers hold the client's mutex.
type relatives[A comparable] struct {
	table[relative[A]]
	c    *Client
	seed maphash.Seed
	salt uint64 // what seed is for integers
}

type relative[A comparable] struct {
	arg A
	e   *entry
	in  *relatives[A]
	kin
}

// kin are the families that an entry has to leave when it is removed.
type kin struct {
	member interface{ leave() } // what the kin is a part of
	next   *kin
}

func (n *relative[A]) leave() {
	n.in.remove(n, n.in.hashOf(n), n.in.hashOf)
}

func newRelatives[A comparable](c *Client) *relatives[A] {
	seed := maphash.MakeSeed()
	return &relatives[A]{c: c, seed: seed, salt: maphash.Comparable(seed, 0)}
}

// find returns the entry for arg, nil if it is not known. arg is not copied: one that
// was just put together would have to reach the cache of the processor first.
func (r *relatives[A]) find(arg *A) *entry {
	buckets := r.buckets.Load()
	if buckets == nil {
		return nil
	}
	b, hash := *buckets, r.hash(arg)
	tag := tagOf(hash)
	for i := hash; ; i++ {
		at := &b[i&uint64(len(b)-1)]
		tags := at.tags.Load()
		for m := matches(tags, tag); m != 0; m &= m - 1 {
			if n := at.elems[placeOf(m)].Load(); n != nil && n.arg == *arg {
				return n.e
			}
		}
		if ends(tags) {
			return nil
		}
	}
}

// hash knows a shorter way for the commonest arguments.
func (r *relatives[A]) hash(key *A) uint64 {
	switch arg := any(key).(type) {
	case *int:
		high, low := bits.Mul64(uint64(*arg)^r.salt, 0x9e3779b97f4a7c15)
		return high ^ low
	case *string:
		return maphash.String(r.seed, *arg)
	default:
		return maphash.Comparable(r.seed, *key)
	}
}

// hashOf is the hash of a member.
func (r *relatives[A]) hashOf(n *relative[A]) uint64 { return r.hash(&n.arg) }

// enrol lets the entry under key, if there is one, be found by arg. A nil table
// takes nothing.
func (r *relatives[A]) enrol(arg A, key querykey.Key) {
	if r == nil || r.find(&arg) != nil {
		return
	}
	r.c.update(func(tx *txn) {
		e := tx.index.find(key)
		if e == nil || arg != arg || r.find(&arg) != nil { //nolint:gocritic // a NaN is never found
			return
		}
		n := &relative[A]{arg: arg, e: e, in: r}
		n.kin = kin{n, e.kin}
		r.insert(n, r.hashOf(n), r.hashOf)
		e.kin = &n.kin
	})
}
