package query

import (
	"context"
	"sync"
	"time"
)

// lazyContext is a context that ends with its parent or by end. The context that
// it stands for is made when somebody wants more of it than whether it has ended:
// most fetches are over before.
type lazyContext struct {
	parent context.Context //nolint:containedctx // it is one

	mu    sync.Mutex   // guards what follows
	inner *realContext // nil until somebody asks
	ended bool
	cause error
}

type realContext struct {
	context.Context //nolint:containedctx // it is one

	cancel context.CancelCauseFunc
}

// end ends the context, for the cause of context.CancelCauseFunc.
func (c *lazyContext) end(cause error) {
	c.mu.Lock()
	if !c.ended {
		c.ended, c.cause = true, cause
	}
	inner := c.inner
	c.mu.Unlock()
	if inner != nil {
		inner.cancel(cause) // the first cause counts
	}
}

func (c *lazyContext) real() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner == nil {
		ctx, cancel := context.WithCancelCause(c.parent)
		if c.inner = (&realContext{ctx, cancel}); c.ended {
			cancel(c.cause)
		}
	}
	return c.inner.Context
}

func (c *lazyContext) Done() <-chan struct{} { return c.real().Done() }

// Value knows the context itself, which package context asks for, so that others
// are derived from it and causes found without a goroutine.
func (c *lazyContext) Value(key any) any { return c.real().Value(key) }

func (c *lazyContext) Deadline() (time.Time, bool) { return c.parent.Deadline() }

func (c *lazyContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.inner != nil:
		return c.inner.Err()
	case c.ended:
		return context.Canceled
	default:
		return c.parent.Err()
	}
}

// fetchContext is the context of a fetch function. Asking it for its end tells the
// cache that the function can be cancelled; contexts derived from it ask.
type fetchContext struct {
	context.Context //nolint:containedctx // it is one

	info   FetchInfo
	recall *recollection // guarded by the client's mutex
}

// context returns the context for the next attempt. That of a failed one may still
// be in use, and stays as it is.
func (f *flight) context(ctx context.Context, o *method) *fetchContext {
	call := &f.seen
	if f.failures > 0 || f.call != nil {
		call = new(fetchContext)
	}
	*call = fetchContext{Context: ctx, info: FetchInfo{f.e.key, o.meta, int(f.failures), f, nil}}
	if f.call = call; f.pages == nil {
		call.info.call = call
	}
	return call
}

// consume notes that the fetch function looks at the context.
func (c *fetchContext) consume() { c.info.flight.e.state.flags.raise(consumed) }

func (c *fetchContext) Value(key any) any {
	if key == (fetchInfoKey{}) {
		return c.info
	}
	return c.Context.Value(key)
}

func (c *fetchContext) Done() <-chan struct{} {
	c.consume()
	return c.Context.Done()
}

func (c *fetchContext) Err() error {
	c.consume()
	return c.Context.Err()
}
