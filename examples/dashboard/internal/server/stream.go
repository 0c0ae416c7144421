package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// The subscriptions there are.
const (
	onOrderChanged   = "orderStatus.onOrderChanged"
	onBalanceChanged = "finance.onBalanceChanged"
)

// pingEvery is how often a stream without news says that it is there; a client may take
// it for lost after three times as long.
const pingEvery = 5 * time.Second

// stream sends the events of a subscription until the client leaves or the line is cut.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, c call) {
	f, err := s.subscribe(r, c.path)
	if err != nil {
		shape := shapeOf(err, &c.path)
		writeJSON(w, shape.Data.HTTPStatus, "application/json", envelope{Error: shape})
		return
	}
	w.Header().Set("content-type", "text/event-stream")
	w.Header().Set("cache-control", "no-cache, no-transform")
	w.WriteHeader(http.StatusOK)
	out := streamWriter{w, http.NewResponseController(w)}
	out.send("connected", "", map[string]any{"reconnectAfterInactivityMs": 3 * pingEvery.Milliseconds()})
	for {
		changed, cut := s.trouble.watch()
		if cut {
			panic(http.ErrAbortHandler) // net/http's own way to break off an answer
		}
		news, more := s.store.next(f)
		for _, e := range news {
			out.send("", e.id, e.data)
		}
		if len(news) > 0 {
			continue
		}
		wake := make(chan struct{})
		ping := s.cfg.Clock.AfterFunc(pingEvery, func() { close(wake) })
		select {
		case <-more:
		case <-changed:
		case <-wake:
			out.send("ping", "", "")
		case <-r.Context().Done():
			ping.Stop()
			return
		}
		ping.Stop()
	}
}

// subscribe finds the place in the log that the client wants to go on from.
func (s *Server) subscribe(r *http.Request, path string) (*follower, error) {
	params, refused := connectionParams(r.URL.Query())
	if refused != nil {
		return nil, refused
	}
	sellerID, err := s.signedIn(r, params)
	if err != nil {
		return nil, err
	}
	return s.store.follow(path, sellerID, r.Header.Get("last-event-id"))
}

// streamWriter writes server-sent events. That the client has left is noticed elsewhere.
type streamWriter struct {
	to      http.ResponseWriter
	control *http.ResponseController
}

func (w streamWriter) send(name, id string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		panic(err) // the model's types always encode
	}
	var b bytes.Buffer
	if name != "" {
		fmt.Fprintf(&b, "event: %s\n", name)
	}
	fmt.Fprintf(&b, "data: %s\n", text)
	if id != "" {
		fmt.Fprintf(&b, "id: %s\n", id)
	}
	b.WriteString("\n")
	_, _ = w.to.Write(b.Bytes())
	_ = w.control.Flush()
}
