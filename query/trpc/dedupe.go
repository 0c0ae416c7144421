package trpc

import (
	"context"
	"sync"
)

// Dedupe returns a link by which equal queries that run at the same time share
// one call. user tells from its context on whose behalf a call is made: calls of
// different users are never shared. Nil means that there is only one.
func Dedupe(user func(context.Context) string) Link {
	return func(next Handler) Handler {
		d := &deduper{next: next, user: user, running: map[dedupeKey]*sharedCall{}}
		return d.handle
	}
}

type deduper struct {
	next Handler
	user func(context.Context) string

	mu      sync.Mutex
	running map[dedupeKey]*sharedCall
}

type dedupeKey struct{ user, path, input, header string }

// sharedCall is a call that others wait for.
type sharedCall struct {
	done   chan struct{} // closed once the rest is final
	answer Answer
	err    error
	left   bool // the one who made it went away, so it tells nothing to others
}

func (d *deduper) handle(ctx context.Context, op Op) (Answer, error) {
	if op.Kind != KindQuery {
		return d.next(ctx, op)
	}
	key := dedupeKey{path: op.Path, header: headerKey(op.Header), input: string(op.Input)}
	if d.user != nil {
		key.user = d.user(ctx)
	}
	for {
		d.mu.Lock()
		shared := d.running[key]
		if shared == nil {
			shared = &sharedCall{done: make(chan struct{}), left: true}
			d.running[key] = shared
			d.mu.Unlock()
			return d.lead(ctx, op, key, shared)
		}
		d.mu.Unlock()
		select {
		case <-shared.done:
		case <-ctx.Done():
			return Answer{}, &TransportError{Procedure: op.Path, Err: contextError(ctx)}
		}
		if !shared.left {
			return shared.answer, shared.err
		}
	}
}

// lead makes the call on behalf of all who join. If it panics or its context
// ends, one of them leads anew.
func (d *deduper) lead(ctx context.Context, op Op, key dedupeKey, shared *sharedCall) (Answer, error) {
	defer func() {
		d.mu.Lock()
		delete(d.running, key)
		d.mu.Unlock()
		close(shared.done)
	}()
	answer, err := d.next(ctx, op)
	shared.answer, shared.err = answer, err
	shared.left = err != nil && ctx.Err() != nil
	return answer, err
}
