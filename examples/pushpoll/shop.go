package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/benbjohnson/clock"
)

// shop is a server with one price: it answers for it, and streams that it serves.
type shop struct {
	url    string
	clock  clock.Clock
	server *http.Server
	ended  chan struct{}

	mu      sync.Mutex
	refuses bool
	cut     chan struct{} // closed to end the streams there are
	asked   []time.Time   // when the price was asked for
}

func startShop(c clock.Clock) (*shop, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &shop{clock: c, url: "http://" + listener.Addr().String(), ended: make(chan struct{}), cut: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("/price", s.answer)
	mux.HandleFunc("/price.onChanged", s.stream)
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() {
		defer close(s.ended)
		_ = s.server.Serve(listener) // ends by close
	}()
	return s, nil
}

func (s *shop) close() {
	s.refuse(true)
	_ = s.server.Close() // the process ends anyway
	<-s.ended
}

func (s *shop) answer(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, s.clock.Now())
	s.mu.Unlock()
	_, _ = fmt.Fprint(w, 100) // fails if the client has gone
}

// stream is a tRPC subscription over server-sent events.
func (s *shop) stream(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	refuses, cut := s.refuses, s.cut
	s.mu.Unlock()
	if refuses {
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = fmt.Fprint(w, "event: connected\ndata: {}\n\n")
	_ = http.NewResponseController(w).Flush() // fails if the client has gone, which the context says too
	select {
	case <-cut:
		panic(http.ErrAbortHandler)
	case <-r.Context().Done():
	}
}

// refuse lets streams end and refuses new ones, or accepts them.
func (s *shop) refuse(refuse bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuses = refuse; refuse {
		close(s.cut)
		s.cut = make(chan struct{})
	}
}

// since returns when the price was asked for after t.
func (s *shop) since(t time.Time) []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.asked), func(at time.Time) bool { return at.Before(t) })
}

// price is a fetch function.
func (s *shop) price(ctx context.Context) (price int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/price", http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	return price, json.NewDecoder(resp.Body).Decode(&price)
}
