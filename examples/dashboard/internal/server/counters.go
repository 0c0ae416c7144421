package server

import (
	"maps"
	"sync"
)

// Counters tell what clients asked for since the server was made, whether or not they got
// a proper answer.
type Counters struct {
	Requests    int            // HTTP requests below /trpc
	Batches     int            // of these, the ones with batch=1
	Calls       int            // procedure calls in all of them
	ByProcedure map[string]int // calls of the procedures there are
}

type tally struct {
	mu  sync.Mutex // guards sum
	sum Counters
}

// count adds a request and returns its number, from 1.
func (t *tally) count(req request) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.Requests++
	if req.batch {
		t.sum.Batches++
	}
	t.sum.Calls += len(req.calls)
	if t.sum.ByProcedure == nil {
		t.sum.ByProcedure = map[string]int{}
	}
	for _, c := range req.calls {
		if c.found {
			t.sum.ByProcedure[c.path]++
		}
	}
	return t.sum.Requests
}

// Counters returns what has been asked for so far. The caller owns the map.
func (s *Server) Counters() Counters {
	s.tally.mu.Lock()
	defer s.tally.mu.Unlock()
	sum := s.tally.sum
	sum.ByProcedure = maps.Clone(sum.ByProcedure)
	return sum
}
