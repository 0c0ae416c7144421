package bound

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
)

// table finds entries by lines of memory with a byte of each hash: a hit meets the line
// of its bucket and that of its entry.
type table[K comparable] struct {
	buckets atomic.Pointer[[]bucket[K]]
	note    atomic.Int64 // the time, noted beforehand
	start   time.Time

	mu   sync.Mutex // guards all below, and writes
	size int
	list *entry[K] // all entries, as an index by prefix has them
}

type bucket[K comparable] struct {
	tags    atomic.Uint64
	entries [places]atomic.Pointer[entry[K]]
}

// entry is a line of memory.
type entry[K comparable] struct {
	key        K
	val        atomic.Pointer[contest.Payload]
	stale      atomic.Int64 // when it will be
	gc         int64
	next, prev *entry[K]
}

const (
	places = 7
	ones   = 0x0001010101010101
	tops   = ones << 7
)

func newTable[K comparable]() *table[K] {
	t := &table[K]{start: time.Now()}
	t.note.Store(1)
	b := make([]bucket[K], 1)
	t.buckets.Store(&b)
	return t
}

func (t *table[K]) find(key *K, hash uint64) *entry[K] {
	b, tag := *t.buckets.Load(), (hash>>57|0x80)*ones
	for i := hash; ; i++ {
		at := &b[i&uint64(len(b)-1)]
		tags := at.tags.Load()
		x := tags ^ tag
		for m := (x - ones) &^ x & tops; m != 0; m &= m - 1 {
			if e := at.entries[bits.TrailingZeros64(m)>>3].Load(); e != nil && e.key == *key {
				return e
			}
		}
		if (tags-ones)&^tags&tops != 0 {
			return nil
		}
	}
}

// fresh is a hit.
func (t *table[K]) fresh(key *K, hash uint64) contest.Val {
	if e := t.find(key, hash); e != nil && e.stale.Load() > t.note.Load() {
		return e.val.Load()
	}
	return nil
}

// enter makes an entry, without value.
func (t *table[K]) enter(key K, hashOf func(*K) uint64) *entry[K] {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := *t.buckets.Load()
	if t.size >= len(b)*places*4/5 {
		b = make([]bucket[K], 2*len(b))
		for e := t.list; e != nil; e = e.next {
			put(b, e, hashOf(&e.key))
		}
		t.buckets.Store(&b)
	}
	e := &entry[K]{key: key, next: t.list}
	if t.list != nil {
		t.list.prev = e
	}
	t.list = e
	put(b, e, hashOf(&key))
	t.size++
	return e
}

func put[K comparable](b []bucket[K], e *entry[K], hash uint64) {
	for i := hash; ; i++ {
		at := &b[i&uint64(len(b)-1)]
		tags := at.tags.Load()
		if open := ^tags & tops; open != 0 {
			p := bits.TrailingZeros64(open) >> 3
			at.entries[p].Store(e)
			at.tags.Store(tags | (hash>>57|0x80)<<(8*p))
			return
		}
	}
}

// store gives e a value.
func (t *table[K]) store(e *entry[K], v contest.Val, cfg contest.Config) {
	now := int64(time.Since(t.start))
	e.val.Store(v)
	e.gc = now + int64(cfg.GC)
	e.stale.Store(now + int64(cfg.Stale))
}

// Len returns the number of entries.
func (t *table[K]) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.size
}
