package seller

import (
	"context"
	"iter"
	"sync"

	"github.com/freshet-go/freshet/query"
)

// streams tells when all of some push sources are healthy, for what needs the events
// of all of them to be fresh.
type streams struct {
	mu      sync.Mutex // guards what follows
	down    int
	gaps    int           // times that one was lost, or that events of one were
	changed chan struct{} // closed and replaced when any of them changes
}

// allOf is about as many sources as it is going to be told of.
func allOf(sources int) *streams { return &streams{down: sources, changed: make(chan struct{})} }

// tell changes the number of sources that are not healthy.
func (s *streams) tell(down, gaps int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down += down
	s.gaps += gaps
	close(s.changed)
	s.changed = make(chan struct{})
}

// watched is source, whose health s is told of.
func watched[E any](s *streams, source func(context.Context, string) iter.Seq[query.PushEvent[E]]) func(context.Context, string) iter.Seq[query.PushEvent[E]] {
	return func(ctx context.Context, after string) iter.Seq[query.PushEvent[E]] {
		return func(yield func(query.PushEvent[E]) bool) {
			healthy := false
			turn := func(now bool) {
				switch {
				case now && !healthy:
					s.tell(-1, 0)
				case !now && healthy:
					s.tell(1, 1)
				}
				healthy = now
			}
			defer turn(false)
			for e := range source(ctx, after) {
				turn(e.Kind != query.PushDisconnected)
				if e.Kind == query.PushResync || e.Kind == query.PushData && e.Err != nil {
					s.tell(0, 1)
				}
				if !yield(e) {
					return
				}
			}
		}
	}
}

// source is healthy while all are, and brings no events.
func (s *streams) source(ctx context.Context, _ string) iter.Seq[query.PushEvent[struct{}]] {
	return func(yield func(query.PushEvent[struct{}]) bool) {
		live, seen := false, 0
		for {
			s.mu.Lock()
			healthy, gaps, changed := s.down == 0, s.gaps, s.changed
			s.mu.Unlock()
			told := query.PushEvent[struct{}]{Kind: query.PushConnected} // which makes a resync
			if !healthy {
				told.Kind, told.Err = query.PushDisconnected, errPartLost
			}
			if (healthy != live || healthy && gaps != seen) && !yield(told) {
				return
			}
			live, seen = healthy, gaps
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}
}
