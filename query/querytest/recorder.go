package querytest

import (
	"context"
	"slices"
	"sync"

	"github.com/freshet-go/freshet/query"
)

// Recorder observes a query and keeps every result it is given. All methods may
// be called concurrently.
type Recorder[R any] struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when the loop has ended

	mu      sync.Mutex // guards results
	results []query.Result[R]
}

// Watch observes q like query.Watch until the end of the test or Stop. When it
// returns, the first results are recorded: at least the present one, and those
// that need no time.
func Watch[T any](h *Harness, q query.Query[T]) *Recorder[T] {
	h.Helper()
	if fetch := q.Fetch; fetch != nil {
		q.Fetch = func(ctx context.Context) (T, error) {
			rest()
			return fetch(ctx)
		}
	}
	return Record(h, query.Observe(h.client, q))
}

// Record is Watch for an observer, such as one with a select function. Other
// than Watch it leaves the fetch function alone: if that answers at once, and is
// not that of a script, the result that shows it fetching may go unrecorded.
func Record[R any](h *Harness, o *query.Observer[R]) *Recorder[R] {
	h.Helper()
	ctx, cancel := context.WithCancel(h.Context())
	r := &Recorder[R]{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		for result := range o.Results(ctx) {
			r.add(result)
		}
	}()
	h.Settle()
	return r
}

func (r *Recorder[R]) add(result query.Result[R]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results = append(r.results, result)
}

// All returns the results so far, oldest first. The first one is that at the
// start of the recording.
func (r *Recorder[R]) All() []query.Result[R] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.results)
}

// Last returns the latest result.
func (r *Recorder[R]) Last() query.Result[R] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.results[len(r.results)-1]
}

// Len returns how many results there are so far, never less than one.
func (r *Recorder[R]) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.results)
}

// Stop ends the observation; what was recorded remains. It may be called more
// than once, and need not be called at all.
func (r *Recorder[R]) Stop() {
	r.cancel()
	<-r.done
}
