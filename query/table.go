package query

import (
	"math/bits"
	"sync/atomic"
)

// table is a hash table whose readers take no lock and meet one line of memory a
// lookup, rarely two. Writers hold the client's mutex. What is in a table keeps its
// place until it is removed, or until all of it is moved to new buckets, which
// leaves the old ones to their readers as they are.
//
// Lookups are written out where they are made (index.find, relatives.find), for what
// they compare differs and a call for each comparison would cost as much as the rest.
type table[E any] struct {
	buckets atomic.Pointer[[]bucket[E]]
	size    int // how many elements there are
	used    int // how many places are taken, or were and have to be passed over
}

// bucket is a line of memory. A lookup begins in the bucket that its hash says and
// goes on to the next ones until there is one with a free place.
type bucket[E any] struct {
	tags  atomic.Uint64 // a byte for each place: free, left, or the tag of a hash
	elems [places]atomic.Pointer[E]
}

const (
	places = 7

	free  = 0x00 // never taken
	left  = 0x01 // taken once: lookups go on
	taken = 0x80

	ones = 0x0001010101010101 // a byte for each place
	tops = ones * taken
)

// tagOf returns seven bits of a hash that the choice of the bucket hardly uses, in the
// byte of each place.
func tagOf(hash uint64) uint64 { return (hash>>57 | taken) * ones }

// matches tells the places whose tags may be those of tag, by the top bits of their
// bytes. It may name a place too many, never one too few.
func matches(tags, tag uint64) uint64 {
	tags ^= tag
	return (tags - ones) &^ tags & tops
}

// ends reports whether there is a free place, so that no lookup goes on from here.
func ends(tags uint64) bool { return (tags-ones)&^tags&tops != 0 }

// placeOf returns the first place that matches names.
func placeOf(matches uint64) int { return bits.TrailingZeros64(matches) >> 3 }

// insert adds e, which must not be there. hashOf tells the hash of what is there.
func (t *table[E]) insert(e *E, hash uint64, hashOf func(*E) uint64) {
	b := t.buckets.Load()
	if b == nil || t.used >= crowded(len(*b)) {
		b = t.resize(t.size+1, hashOf)
	}
	if put(*b, e, hash) {
		t.used++
	}
	t.size++
}

// crowded is how many places of n buckets may be used.
func crowded(n int) int { return n * places * 4 / 5 }

// put takes a place for e and reports whether that was a free one.
func put[E any](b []bucket[E], e *E, hash uint64) bool {
	for i := hash; ; i++ {
		at := &b[i&uint64(len(b)-1)]
		tags := at.tags.Load()
		if open := ^tags & tops; open != 0 {
			p := placeOf(open)
			was := tags >> (8 * p) & 0xff
			at.elems[p].Store(e) // before its tag, which readers go by
			at.tags.Store(tags ^ (was^(hash>>57|taken))<<(8*p))
			return was == free
		}
	}
}

// resize moves everything to as many buckets as n elements need.
func (t *table[E]) resize(n int, hashOf func(*E) uint64) *[]bucket[E] {
	size := 1
	for crowded(size) <= n+n/4 { // and some more: not to be back soon
		size *= 2
	}
	b := make([]bucket[E], size)
	t.each(func(e *E) { put(b, e, hashOf(e)) })
	t.buckets.Store(&b)
	t.used = t.size
	return &b
}

// each visits all elements. It needs the mutex.
func (t *table[E]) each(visit func(*E)) {
	if b := t.buckets.Load(); b != nil {
		for i := range *b {
			for p := range places {
				if e := (*b)[i].elems[p].Load(); e != nil {
					visit(e)
				}
			}
		}
	}
}

// remove takes e out, if it is there.
func (t *table[E]) remove(e *E, hash uint64, hashOf func(*E) uint64) {
	b := *t.buckets.Load()
	tag := tagOf(hash)
	for i := hash; ; i++ {
		at := &b[i&uint64(len(b)-1)]
		tags := at.tags.Load()
		for m := matches(tags, tag); m != 0; m &= m - 1 {
			if p := placeOf(m); at.elems[p].Load() == e {
				t.vacate(at, p)
				if t.size < len(b)*places/8 && len(b) > 1 {
					t.resize(t.size, hashOf)
				}
				return
			}
		}
		if ends(tags) {
			return
		}
	}
}

// vacate frees a place, unless lookups have gone past its bucket.
func (t *table[E]) vacate(at *bucket[E], p int) {
	tags := at.tags.Load()
	next := tags &^ (0xff << (8 * p))
	if ends(tags) {
		t.used--
	} else {
		next |= left << (8 * p)
	}
	at.tags.Store(next)
	at.elems[p].Store(nil)
	t.size--
}
