package query

import "math/bits"

// fifo is a queue of entries. Those that were removed from the cache stay in it until
// their turn comes, or until they are too many.
type fifo struct {
	ring  []*entry // as long as a power of two
	first int
	n     int
	lost  int // how many of them were removed
}

const minRing = 16

func (q *fifo) at(i int) *entry { return q.ring[(q.first+i)&(len(q.ring)-1)] }

func (q *fifo) push(e *entry) {
	if q.n == len(q.ring) {
		q.resize()
	}
	q.ring[(q.first+q.n)&(len(q.ring)-1)] = e
	q.n++
}

// pop returns the first of the queue, which must not be empty.
func (q *fifo) pop() *entry {
	e := q.at(0)
	q.ring[q.first] = nil
	q.first = (q.first + 1) & (len(q.ring) - 1)
	q.n--
	return e
}

// lose counts an entry that was removed.
func (q *fifo) lose() {
	if q.lost++; q.lost > minRing && q.lost > q.n/2 {
		q.resize()
	}
}

// resize leaves those behind that were removed, and gives the rest as much room again.
func (q *fifo) resize() {
	ring := make([]*entry, max(minRing, 1<<bits.Len(uint(2*(q.n-q.lost)))))
	n := 0
	for i := range q.n {
		if e := q.at(i); !e.removed() {
			ring[n] = e
			n++
		}
	}
	*q = fifo{ring: ring, n: n}
}

// ghosts are what was dropped lately, about as many as there are entries: a place for
// each hash, which later ones take over. There are the tops of the hashes in it.
type ghosts []uint32

func (g *ghosts) add(hash uint64, entries int) {
	if len(*g) < entries {
		*g = make(ghosts, 1<<bits.Len(uint(entries)))
	}
	if len(*g) > 0 {
		(*g)[hash&uint64(len(*g)-1)] = uint32(hash >> 32)
	}
}

// take reports whether hash is there, for the last time.
func (g *ghosts) take(hash uint64) bool {
	if len(*g) == 0 {
		return false
	}
	at := &(*g)[hash&uint64(len(*g)-1)]
	was := *at == uint32(hash>>32)
	if was {
		*at = 0
	}
	return was
}
