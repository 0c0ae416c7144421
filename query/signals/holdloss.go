package signals

import (
	"sync"
	"time"
)

// HoldLoss is a source that says true as soon as the other one does, but false only
// once that has lasted for d, by clock c: who changes from one window to another
// does not lose the focus, nor the network who changes from one access point to
// another. If d is zero or less, a loss is held for no time, but told on another
// goroutine.
func HoldLoss(c Clock, d time.Duration, source Source) Source {
	return func(set func(bool)) (stop func()) {
		h := &holder{clock: orSystem(c), delay: d}
		h.tell = newTurns(func() { set(h.get()) })
		end := source.start(h.hear)
		return func() {
			h.close()
			end()
		}
	}
}

// holder keeps a loss to itself until it has lasted.
type holder struct {
	clock Clock
	delay time.Duration
	tell  *turns

	mu     sync.Mutex  // guards what follows
	lost   bool        // as told
	unhold func() bool // stops the timer of a loss not told yet, or nil
	round  uint64      // tells a stale timer from the current one
	closed bool
}

func (h *holder) get() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.lost
}

// hear is what the other source calls.
func (h *holder) hear(v bool) {
	if v {
		h.gain()
		h.tell.here()
	} else {
		h.lose()
	}
}

func (h *holder) gain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost = false
	h.releaseLocked()
}

func (h *holder) lose() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lost || h.unhold != nil || h.closed {
		return
	}
	round := h.round
	h.unhold = h.clock.AfterFunc(h.delay, func() { h.last(round) })
}

// last is called when a loss has lasted. The goroutine of timers is left at once,
// as others may wait for it.
func (h *holder) last(round uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if round != h.round {
		return
	}
	h.lost = true
	h.releaseLocked()
	h.tell.apart()
}

// releaseLocked forgets the timer, whether or not it has fired.
func (h *holder) releaseLocked() {
	h.round++
	if h.unhold != nil {
		h.unhold()
		h.unhold = nil
	}
}

func (h *holder) close() {
	h.mu.Lock()
	h.closed = true
	h.releaseLocked()
	h.mu.Unlock()
	h.tell.stop()
}
