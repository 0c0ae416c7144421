package devtools

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/freshet-go/freshet/query"
)

// patience is how long a reader of events may take for one.
const patience = 30 * time.Second

// events tells what happens, one event after the other. A reader that is too slow
// makes the client drop and count events, and is left if it takes none for long.
func (t *tools) events(w http.ResponseWriter, r *http.Request) {
	out := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // proxies would hold events back
	w.WriteHeader(http.StatusOK)
	if t.push(w, out, ": events follow\n\n") != nil {
		return
	}
	for ev := range t.client.Events(r.Context(), query.EventOptions{Buffer: t.opts.Buffer}) {
		text, err := json.Marshal(viewEvent(ev))
		if err != nil {
			text = []byte(`{"kind":"lost","lost":1}`)
		}
		if t.push(w, out, fmt.Sprintf("data: %s\n\n", text)) != nil {
			return
		}
	}
}

// push sends text. A deadline that passes while nothing happens would end the
// stream, so there is one only meanwhile.
func (t *tools) push(w http.ResponseWriter, out *http.ResponseController, text string) error {
	err := out.SetWriteDeadline(t.wall.Now().Add(patience))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	err = out.SetWriteDeadline(time.Time{})
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
