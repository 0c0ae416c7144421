package conformance

import (
	"time"

	"github.com/freshet-go/freshet/query"
)

// world is what all clients share: a window and a connection. Each client has
// signals of its own for them, since clients hear of a change in the order in
// which they were made.
type world struct {
	focused *bool // nil as long as it was never set
	online  bool

	changed time.Duration // when it last did; read by functions while nothing changes

	focus, connection []*query.Signal
}

// signals returns those of a new client.
func (w *world) signals() (focus, online *query.Signal) {
	focus, online = new(query.Signal), query.NewSignal(w.online)
	if w.focused != nil {
		focus.Set(*w.focused)
	}
	w.focus, w.connection = append(w.focus, focus), append(w.connection, online)
	return focus, online
}

// setFocus tells every client of the window; nil makes its focus unknown.
func (r *run) setFocus(on *bool) {
	r.world.focused, r.world.changed = on, r.clock.passed()
	for _, s := range r.world.focus {
		if on == nil {
			s.Unset()
		} else {
			s.Set(*on)
		}
		r.clock.tick()
	}
}

// setOnline tells every client of the connection.
func (r *run) setOnline(on bool) {
	r.world.online, r.world.changed = on, r.clock.passed()
	for _, s := range r.world.connection {
		s.Set(on)
		r.clock.tick()
	}
}
