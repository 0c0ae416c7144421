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

	mu     sync.Mutex      // guards what follows
	inner  context.Context //nolint:containedctx // it is one; nil until somebody asks
	cancel context.CancelCauseFunc
	ended  bool
	cause  error
}

// end ends the context, for the cause of context.CancelCauseFunc.
func (c *lazyContext) end(cause error) {
	c.mu.Lock()
	if !c.ended {
		c.ended, c.cause = true, cause
	}
	cancel := c.cancel
	c.mu.Unlock()
	if cancel != nil {
		cancel(cause) // the first cause counts
	}
}

func (c *lazyContext) real() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner == nil {
		c.inner, c.cancel = context.WithCancelCause(c.parent)
		if c.ended {
			c.cancel(c.cause)
		}
	}
	return c.inner
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

	used   *flags
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
	*call = fetchContext{Context: ctx, used: &f.e.state.flags, info: FetchInfo{f.e.key, o.meta, f.failures, f, nil}}
	if f.call = call; f.walk == nil {
		call.info.call = call
	}
	return call
}

func (c *fetchContext) Value(key any) any {
	if key == (fetchInfoKey{}) {
		return c.info
	}
	return c.Context.Value(key)
}

func (c *fetchContext) Done() <-chan struct{} {
	c.used.raise(consumed)
	return c.Context.Done()
}

func (c *fetchContext) Err() error {
	c.used.raise(consumed)
	return c.Context.Err()
}
