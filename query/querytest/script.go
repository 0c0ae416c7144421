package querytest

import (
	"context"
	"sync"
	"time"
)

// Reply is one answer of a scripted fetch function: a value or an error, at once
// or later, or none at all. The zero Reply is the zero value, at once.
type Reply[T any] struct {
	value T
	err   error
	after time.Duration
	never bool
}

// Value answers v.
func Value[T any](v T) Reply[T] { return Reply[T]{value: v} }

// Fail answers with err, which should not be nil.
func Fail[T any](err error) Reply[T] { return Reply[T]{err: err} }

// Never does not answer before the context of the fetch ends.
func Never[T any]() Reply[T] { return Reply[T]{never: true} }

// After is the same reply, given once d has passed on the harness's clock. If
// the context of the fetch ends before that, its cause is the answer.
func (r Reply[T]) After(d time.Duration) Reply[T] {
	r.after = d
	return r
}

// Fn is a fetch function that follows a script and counts its calls. It may be
// shared by queries, and its methods may be called concurrently.
type Fn[T any] struct {
	h *Harness

	mu      sync.Mutex // guards what follows
	replies []Reply[T]
	calls   int
	running int
}

// Script returns a function that gives the replies in order, one for each call,
// and repeats the last one from then on.
func Script[T any](h *Harness, first Reply[T], more ...Reply[T]) *Fn[T] {
	return &Fn[T]{h: h, replies: append([]Reply[T]{first}, more...)}
}

// Fetch gives the next reply; it is the function to put into a query. Replies
// that take time look at ctx, those that come at once do not.
func (f *Fn[T]) Fetch(ctx context.Context) (T, error) {
	reply := f.begin()
	defer f.end()
	rest()
	if err := f.wait(ctx, reply); err != nil {
		var zero T
		return zero, err
	}
	return reply.value, reply.err
}

// Calls returns how often Fetch was called.
func (f *Fn[T]) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Running returns how many calls of Fetch have not returned yet.
func (f *Fn[T]) Running() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.running
}

func (f *Fn[T]) begin() Reply[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	reply := f.replies[min(f.calls, len(f.replies)-1)]
	f.calls++
	f.running++
	return reply
}

func (f *Fn[T]) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running--
}

// wait lets the time of reply pass, unless ctx ends first.
func (f *Fn[T]) wait(ctx context.Context, reply Reply[T]) error {
	if !reply.never && reply.after <= 0 {
		return nil
	}
	due := make(chan struct{})
	if !reply.never {
		timer := f.h.sched.AfterFunc(reply.after, func() { close(due) })
		defer timer.Stop()
	}
	select {
	case <-due:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
