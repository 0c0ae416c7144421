package query

import (
	"slices"
	"sync"
)

// crew does what may block, each job on a goroutine of its own if need be: flights
// and the delivery of mail. A goroutine that is through with one goes on with the
// next, so that many short ones that begin together share a few. Before a job is done
// the goroutine for the next one is started, hence none waits for another to end. The
// zero crew has nothing to do and no goroutine.
type crew struct {
	mu     sync.Mutex // guards what follows; others may be held, it is the last
	queue  []job
	first  int  // of the queue that waits
	coming bool // a goroutine will look at the queue
}

// job counts as work of the client from before it is given to the crew until it is
// done.
type job interface{ run() }

const minQueue = 64 // places that are kept in any case

// start does j soon, after those that came before it have begun. Where the order of
// goroutines is an order of time each job has its own.
func (c *Client) start(j job) {
	if !c.sched.System() {
		go j.run()
		return
	}
	w := &c.crew
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.first > len(w.queue)/2 && len(w.queue) == cap(w.queue) {
		w.queue, w.first = slices.Delete(w.queue, 0, w.first), 0
	}
	w.queue = append(w.queue, j)
	w.sendLocked(c)
}

// sendLocked sees to it that somebody looks at the queue, if it is not empty.
func (w *crew) sendLocked(c *Client) {
	if !w.coming && w.first < len(w.queue) {
		w.coming = true
		c.work.Go(func() { w.serve(c) })
	}
}

// serve does jobs until none waits.
func (w *crew) serve(c *Client) {
	w.mu.Lock()
	w.coming = false
	for j := w.nextLocked(); j != nil; j = w.nextLocked() {
		w.sendLocked(c)
		w.mu.Unlock()
		j.run() // may end the goroutine; another one is coming if more is left
		w.mu.Lock()
	}
	w.mu.Unlock()
}

// nextLocked takes the job that has waited longest, nil if there is none.
func (w *crew) nextLocked() job {
	if w.first == len(w.queue) {
		if w.first = 0; cap(w.queue) > minQueue {
			w.queue = nil // after a rush
		}
		w.queue = w.queue[:0]
		return nil
	}
	j := w.queue[w.first]
	w.queue[w.first] = nil
	w.first++
	return j
}
