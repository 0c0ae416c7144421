package share

import (
	"reflect"
	"sync"
)

const (
	// maxDepth is how many levels are shared; what lies deeper is taken from next.
	maxDepth = 500
	// waryDepth and waryVisits bound what is walked without remembering it.
	// Decoded data hardly ever gets there; circles and heavily aliased graphs do.
	waryDepth  = 32
	waryVisits = 1 << 16
	// maxGlances is how many references are compared in memory, where remembering
	// them would cost more than comparing what they refer to.
	maxGlances = 1 << 20
)

// walk is the state of one Share call.
type walk struct {
	depth   int
	visits  int
	glances int
	seen    map[pair]*verdict // filled once the walk is wary
	cyclic  bool              // old and next run in a circle together: give up
}

// pair identifies two references that are shared with each other.
type pair struct {
	typ             reflect.Type
	old, next       uintptr
	oldLen, nextLen int
}

// verdict is what sharing a pair came to.
type verdict struct {
	done  bool
	out   reflect.Value
	equal bool
}

// descend enters one level of references unless that leads too deep. Every
// successful call is paired with one of ascend.
func (w *walk) descend() bool {
	if w.cyclic || w.depth > maxDepth {
		return false
	}
	w.depth++
	w.visits++
	return true
}

func (w *walk) ascend() { w.depth-- }

// glance is descend for comparing in memory, which leaves to the slow way whatever
// might run in a circle or has been walked many times.
func (w *walk) glance() bool {
	if w.depth >= waryDepth || w.glances >= maxGlances {
		return false
	}
	w.depth++
	w.glances++
	return true
}

// wary reports whether the walk has become so deep or so long that it has to
// remember pairs: to notice circles, and to walk shared parts only once.
func (w *walk) wary() bool {
	return w.depth > waryDepth || w.visits > waryVisits
}

// follow shares what two references of one type refer to by means of f.
func (w *walk) follow(f sharer, old, next reflect.Value) (out reflect.Value, equal bool) {
	wary := w.wary()
	if !w.descend() {
		return next, false
	}
	defer w.ascend()
	if !wary {
		return f(w, old, next)
	}

	key := pairOf(old, next)
	if v, ok := w.seen[key]; ok {
		if !v.done {
			w.cyclic = true
			return next, false
		}
		return v.out, v.equal
	}
	if w.seen == nil {
		w.seen = make(map[pair]*verdict)
	}
	v := &verdict{}
	w.seen[key] = v
	v.out, v.equal = f(w, old, next)
	v.done = true
	return v.out, v.equal
}

func pairOf(old, next reflect.Value) pair {
	p := pair{typ: old.Type(), old: old.Pointer(), next: next.Pointer()}
	if old.Kind() == reflect.Slice {
		p.oldLen, p.nextLen = old.Len(), next.Len()
	}
	return p
}

// walks keeps finished walks for reuse, so that sharing what is equal allocates
// nothing.
var walks sync.Pool

func newWalk() *walk {
	if w, ok := walks.Get().(*walk); ok {
		return w
	}
	return &walk{}
}

// end gives w up. A walk that panics is left to the garbage collector.
func (w *walk) end() {
	*w = walk{}
	walks.Put(w)
}
