package query

import (
	"context"
	"errors"
	"iter"
	"reflect"
)

// Observer watches one query: it shows results, fetches when its policy says
// so, and polls. It does nothing until somebody subscribes, and stops when the
// last subscriber leaves; then it may be used again. All methods may be called
// concurrently.
type Observer[R any] struct {
	o *observer
	// source makes options of a query of another type than R impossible.
	source any
}

// Observe returns an observer of q. A query that cannot be observed, because
// its key is bad or taken by another type or because the client is closed, gives
// an observer that shows the error.
func Observe[T any](c *Client, q Query[T]) *Observer[T] {
	return &Observer[T]{o: c.observe(optionsOf(c, &q, false), nil), source: (*T)(nil)}
}

// ObserveSelect returns an observer that shows what sel makes of the data. sel
// runs when the data changed, on whatever goroutine changed them, its error becomes
// the result's, and it must not change its argument.
func ObserveSelect[T, R any](c *Client, q Query[T], sel func(T) (R, error)) *Observer[R] {
	return &Observer[R]{o: c.observe(optionsOf(c, &q, false), erasedSelect(sel)), source: (*T)(nil)}
}

func erasedSelect[T, R any](sel func(T) (R, error)) *selector {
	return &selector{func(v any) (any, error) {
		if sel == nil {
			return nil, ErrNilCallback
		}
		t, ok := as[T](v)
		if !ok {
			return nil, ErrTypeMismatch
		}
		return sel(t)
	}}
}

// SetQuery lets o observe q from now on, keeping its select function. Data of
// another key, or data that are stale, are fetched if o is in use. The error is
// ErrTypeMismatch if o was made for queries of another type.
func SetQuery[T, R any](o *Observer[R], q Query[T]) error {
	if _, ok := o.source.(*T); !ok {
		return &TypeError{Key: q.Key, Have: reflect.TypeOf(o.source).Elem(), Want: typeOf[T]()}
	}
	return o.o.set(o.o.c.resolve(q.erase()), nil, true)
}

// SetQuerySelect is SetQuery with a new select function. A nil sel, possible
// only if T is R, shows the data themselves.
func SetQuerySelect[T, R any](o *Observer[R], q Query[T], sel func(T) (R, error)) error {
	if _, ok := o.source.(*T); !ok {
		return &TypeError{Key: q.Key, Have: reflect.TypeOf(o.source).Elem(), Want: typeOf[T]()}
	}
	var s *selector
	if sel != nil {
		s = erasedSelect(sel)
	} else if _, same := o.source.(*R); !same {
		return ErrNilCallback
	}
	return o.o.set(o.o.c.resolve(q.erase()), s, false)
}

// Current returns the latest result. It takes no lock. Without subscribers it
// is the result as of when they left.
func (o *Observer[R]) Current() Result[R] { return Result[R]{o.o.current.Load(), o.o} }

// Subscribe calls f with each new result, until stop is called. The first
// subscription may start a fetch. Calls come one at a time, on a goroutine of the
// client; results that follow each other faster than f returns are conflated, but
// the last one always arrives. There is no call for the result that is there
// already: see Current. stop may be called more than once, and from f. It does not
// wait: one call of f that is on its way may still come, or run, when it has
// returned.
func (o *Observer[R]) Subscribe(f func(Result[R])) (stop func()) {
	if f == nil {
		o.o.c.report("Subscribe", ErrNilCallback)
		return func() {}
	}
	m := newMailbox(o.o.c, func(r *result) { f(Result[R]{r, o.o}) })
	o.o.subscribe(m)
	return func() { o.o.unsubscribe(m) }
}

// Results iterates over the results, the present one first, and waits for new
// ones until ctx is done, the client is closed or the loop is left. Each loop is
// a subscription of its own; results are conflated as in Subscribe.
func (o *Observer[R]) Results(ctx context.Context) iter.Seq[Result[R]] {
	return func(yield func(Result[R]) bool) {
		m := newMailbox[result](o.o.c, nil)
		o.o.subscribe(m)
		defer o.o.unsubscribe(m)
		m.take() // Current is at least as new
		if !yield(o.Current()) {
			return
		}
		for r := range m.mail(ctx) {
			if !yield(Result[R]{r, o.o}) {
				return
			}
		}
	}
}

// Chan is Results as a channel, which is closed at the end. The receiver may be
// slow: what waits in the channel is always the latest result.
func (o *Observer[R]) Chan(ctx context.Context) <-chan Result[R] {
	ch := make(chan Result[R], 1)
	c := o.o.c
	c.mu.Lock()
	defer c.mu.Unlock()
	started := c.goLocked(func() {
		defer close(ch)
		for r := range o.Results(ctx) {
			select {
			case <-ch: // not taken in time
			default:
			}
			ch <- r // never blocks: nobody else sends
		}
	})
	if !started {
		close(ch)
	}
	return ch
}

// Refetch fetches now, even if the query is disabled or fresh, and returns the
// result then shown. A fetch that runs is cancelled and made anew, unless how
// says otherwise or there are no data yet. The error is that of the fetch, or of
// ctx, which bounds the wait only.
func (o *Observer[R]) Refetch(ctx context.Context, how RefetchOptions) (Result[R], error) {
	return o.refetch(ctx, how, "")
}

func (o *Observer[R]) refetch(ctx context.Context, how RefetchOptions, d Direction) (Result[R], error) {
	w := &witness{o: o.o, failFast: how.FailFast}
	f := o.o.fetch(fetchMode{cancelRefetch: how.Cancel.or(true), direction: d}, w)
	if f == nil {
		if o.o.c.life.Err() != nil {
			return o.Current(), ErrClosed
		}
		return o.Current(), o.Current().Err() // it could not be observed at all
	}
	if how.NoWait {
		return o.Current(), nil
	}
	_, err := f.wait(ctx)
	gone := ctx.Err() != nil
	if !gone {
		o.o.c.sched.Yield(how.turns())
	}
	if !gone && f.cancelled && (err == nil || !how.FailFast) && !errors.Is(err, ErrClosed) {
		o.o.bringUpToDate(toTell) // those who waited for what took its place went first
		return o.Current(), fetchError(ctx, f.e.key, err)
	}
	if saw := w.saw.Load(); saw != nil {
		return Result[R]{saw, o.o}, fetchError(ctx, f.e.key, err)
	}
	return o.Current(), fetchError(ctx, f.e.key, err)
}

// Watch observes q in a loop: for r := range query.Watch(ctx, c, q). It gives
// the present result, then each new one, and polls meanwhile. Leaving the loop
// unsubscribes.
func Watch[T any](ctx context.Context, c *Client, q Query[T]) iter.Seq[Result[T]] {
	return func(yield func(Result[T]) bool) { Observe(c, q).Results(ctx)(yield) }
}
