package query

// maxHistory is how many IDs of events a stream remembers. A source goes on behind
// the last event that was applied, so what can come twice is what its server had
// sent shortly before: a batch, or what a reconnection of the source itself repeats.
const maxHistory = 1024

// history knows the events that were applied last, by ID.
type history struct {
	ids   map[string]struct{}
	order []string // a ring once it is full
	next  int      // the oldest of the ring

	// replayed is set while what comes may be repeated: after a resumption, until
	// something new does. IDs are opaque: at any other time one that is known can as
	// well be that of another event, of a server that has lost its own history.
	replayed bool
}

// restart forgets all events: those that come have IDs of their own.
func (h *history) restart() { *h = history{} }

func (h *history) knows(id string) bool {
	_, known := h.ids[id]
	return known
}

// note remembers an event, and reports whether it is known and whether that was to
// be expected. Events without ID are never known.
func (h *history) note(id string) (known, expected bool) {
	if id == "" {
		h.replayed = false
		return false, false
	}
	if h.knows(id) {
		return true, h.replayed
	}
	h.replayed = false
	if h.ids == nil {
		h.ids = map[string]struct{}{}
	}
	h.ids[id] = struct{}{}
	if len(h.order) < maxHistory {
		h.order = append(h.order, id)
		return false, false
	}
	delete(h.ids, h.order[h.next])
	h.order[h.next] = id
	h.next = (h.next + 1) % maxHistory
	return false, false
}
