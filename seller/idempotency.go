package seller

import (
	"context"
	"sync"
)

// runs gives each run of a mutation one idempotency key, whatever the number of
// its attempts. A run is known by its context, which is the same for all of its
// attempts and ends with it.
type runs struct {
	newKey func() string

	mu   sync.Mutex // guards keys
	keys map[context.Context]string
}

// key returns given, or the key of the run that ctx belongs to if it is empty.
func (r *runs) key(ctx context.Context, given string) string {
	if given != "" {
		return given
	}
	r.mu.Lock()
	key := r.keys[ctx]
	r.mu.Unlock()
	if key != "" {
		return key
	}
	key = r.newKey() // attempts of one run follow each other
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys == nil {
		r.keys = make(map[context.Context]string)
	}
	r.keys[ctx] = key
	context.AfterFunc(ctx, func() { r.forget(ctx) })
	return key
}

func (r *runs) forget(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.keys, ctx)
}
