package query

import (
	"slices"
	"sync"
)

// crew runs flights, each on a goroutine of its own if need be. A goroutine that is
// through with one goes on with the next, so that many short ones that begin together
// share a few. Before a flight is run the goroutine for the next one is started, hence
// none waits for another to end. The zero crew has nothing to do and no goroutine.
type crew struct {
	mu     sync.Mutex // guards what follows
	queue  []*flight
	first  int  // of the queue that waits
	coming bool // a goroutine will look at the queue
}

const minQueue = 64 // places that are kept in any case

// fly runs f soon, after those that came before it have begun.
func (w *crew) fly(f *flight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.first > len(w.queue)/2 && len(w.queue) == cap(w.queue) {
		w.queue, w.first = slices.Delete(w.queue, 0, w.first), 0
	}
	w.queue = append(w.queue, f)
	w.sendLocked(f.e.c)
}

// sendLocked sees to it that somebody looks at the queue, if it is not empty: what
// is in it counts as work of the client already.
func (w *crew) sendLocked(c *Client) {
	if !w.coming && w.first < len(w.queue) {
		w.coming = true
		c.work.Go(func() { w.serve(c) })
	}
}

// serve runs flights until none waits.
func (w *crew) serve(c *Client) {
	w.mu.Lock()
	w.coming = false
	for f := w.nextLocked(); f != nil; f = w.nextLocked() {
		w.sendLocked(c)
		w.mu.Unlock()
		f.run() // may end the goroutine; another one is coming if more is left
		w.mu.Lock()
	}
	w.mu.Unlock()
}

// nextLocked takes the flight that has waited longest, nil if there is none.
func (w *crew) nextLocked() *flight {
	if w.first == len(w.queue) {
		if w.first = 0; cap(w.queue) > minQueue {
			w.queue = nil // after a rush
		}
		w.queue = w.queue[:0]
		return nil
	}
	f := w.queue[w.first]
	w.queue[w.first] = nil
	w.first++
	return f
}
