package trpc

import "hash/maphash"

// maxHistory is how many events a subscription recognises when a server sends
// them again.
const maxHistory = 256

// history tells the events that a server repeats when a subscription resumes.
// Only what comes first on a connection can be a repetition: IDs are opaque, and
// a server that was restarted may give the same ones to other events.
type history struct {
	seed    maphash.Seed
	sums    map[string]uint64
	order   []string // IDs, oldest first
	leading bool
}

func newHistory() *history {
	return &history{seed: maphash.MakeSeed(), sums: map[string]uint64{}}
}

// resume begins a connection that goes on behind the last event.
func (h *history) resume() { h.leading = true }

// restart begins a connection that knows nothing of earlier ones.
func (h *history) restart() {
	clear(h.sums)
	h.order = nil
	h.leading = false
}

// repeats reports whether the event was handed on before, and remembers it if
// not.
func (h *history) repeats(id string, data []byte) bool {
	if id == "" {
		h.leading = false
		return false
	}
	sum := maphash.Bytes(h.seed, data)
	known, seen := h.sums[id]
	if h.leading && seen && known == sum {
		return true
	}
	h.leading = false
	if seen { // IDs have begun anew, so the old ones tell nothing
		h.restart()
	}
	if len(h.order) == maxHistory {
		delete(h.sums, h.order[0])
		h.order = h.order[1:]
	}
	h.order = append(h.order, id)
	h.sums[id] = sum
	return false
}
