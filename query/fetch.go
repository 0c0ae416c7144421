package query

import (
	"context"
	"errors"
	"reflect"

	"github.com/freshet-go/freshet/querykey"
)

// Fetch returns the data of q, calling q.Fetch only if what is cached is missing
// or stale. Concurrent calls for one key share a single run. ctx bounds the wait,
// not the run: once it is done Fetch returns its cause, and the run goes on for
// others. If ctx has no end, nobody observes the query and nothing runs for it,
// q.Fetch is called on the caller's goroutine: then Fetch returns when q.Fetch does,
// even if the fetch was cancelled meanwhile. An error of q.Fetch is wrapped in
// *FetchError; unless q's policy says otherwise it is not retried.
func Fetch[T any](ctx context.Context, c *Client, q Query[T]) (T, error) {
	return fetch(ctx, c, q.Key, q)
}

// Ensure returns the cached data of q, however old, and fetches only if there
// are none.
func Ensure[T any](ctx context.Context, c *Client, q Query[T]) (T, error) {
	if v, ok := Get(c, q); ok && !c.over.Load() {
		return v, nil
	}
	return fetchData[T](ctx, c, optionsOf(c, &q, q.InitialData.value == nil), anyAge)
}

// Revalidate is Ensure that also refreshes the data, in the background, if they
// are stale: stale-while-revalidate.
func Revalidate[T any](ctx context.Context, c *Client, q Query[T]) (T, error) {
	return fetchData[T](ctx, c, optionsOf(c, &q, q.InitialData.value == nil), anyAgeRefreshed)
}

// Prefetch fills the cache like Fetch, for somebody who will want the data soon.
func Prefetch[T any](ctx context.Context, c *Client, q Query[T]) error {
	_, err := Fetch(ctx, c, q)
	return err
}

// fetch is Fetch, which is small enough to be inlined. Its fast ways take no lock and
// allocate nothing. The key comes beside q, and q by value: where the address of q was
// taken it would be put together elsewhere and copied, and a key that is read from a
// fresh copy is there only when all that was asked of memory before has come. So
// lookups in a large cache would wait for each other.
func fetch[T any](ctx context.Context, c *Client, key querykey.Key, q Query[T]) (T, error) {
	if e := c.index.find(key); e != nil {
		if v, ok := hit[T](e, q.Policy.StaleTime); ok {
			return v, nil
		}
		if v, ok, err := serve[T](ctx, e, q.Policy.StaleTime); ok {
			return v, err
		}
	}
	return fetchData[T](ctx, c, optionsOf(c, &q, true), onlyFresh)
}

// serve answers from fresh data, or waits for a fetch of e that runs. Data whose
// stale time is not given or a function take the long way, which is told by false.
func serve[T any](ctx context.Context, e *entry, stale StaleTime) (v T, ok bool, err error) {
	st := e.state.Load()
	if e.client().over.Load() || st.hasData && (stale.kind == staleInherit || stale.kind == staleFunc) {
		return v, false, nil
	}
	now, old := e.client().tooOld(st, stale)
	if !old {
		if v, ok = as[T](st.data); ok {
			e.readAt(st, now)
		}
	} else if f := e.joinable(st, typeOf[T]()); f != nil && ctx.Err() == nil {
		v, err = outcome[T](ctx, f)
		ok = true
	}
	return v, ok, err
}

// joinable returns the fetch that runs, if somebody who found e in state st and
// wants data of type t can wait for it without further ado.
func (e *entry) joinable(st *state, t reflect.Type) *flight {
	f := e.flight.Load()
	if f == nil || st.fetchStatus == isIdle || f.opts.typ != t || f.failing.Load() {
		return nil
	}
	e.tally().joined.Add(1)
	f.wanted()
	return f
}

// outcome waits for f.
func outcome[T any](ctx context.Context, f *flight) (v T, err error) {
	data, err := f.wait(ctx)
	if err != nil {
		return v, fetchError(ctx, f.e.key, err)
	}
	return typed[T](f.e.key, data)
}

// typed is data that were fetched under key as a T.
func typed[T any](key querykey.Key, data any) (T, error) {
	v, ok := as[T](data)
	if !ok {
		return v, &TypeError{Key: key, Have: reflect.TypeOf(data), Want: typeOf[T]()}
	}
	return v, nil
}

// contentment says which data a caller takes that are in the cache.
type contentment uint8

const (
	onlyFresh       contentment = iota
	anyAge                      // however old
	anyAgeRefreshed             // however old, but stale ones are fetched anew behind its back
)

// fetchData is the long way through Fetch and its relatives.
func fetchData[T any](ctx context.Context, c *Client, o *options, with contentment) (v T, err error) {
	data, err := c.fetchData(ctx, o, with)
	if err != nil {
		return v, fetchError(ctx, o.key, err)
	}
	return typed[T](o.key, data)
}

func (c *Client) fetchData(ctx context.Context, o *options, with contentment) (any, error) {
	if err := o.key.Err(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c.unpack(o)
	s := c.seed(o)
	var (
		e    *entry
		f    *flight
		mine bool // to be run
		err  error
		mode = fetchMode{byCaller: ctx.Done() == nil}
	)
	c.update(func(tx *txn) {
		if err = tx.usable(o); err != nil {
			return
		}
		var isNew bool
		switch e, isNew = tx.place(o, s); {
		case !isNew:
		case s.ok || o.policy.StaleTime.kind == staleFunc:
			tx.scheduleGC(e)
		default: // nobody is to be asked before
			own, s := o.alone(s)
			f, mine = tx.takeOff(e, own, s, mode)
		}
	})
	if err != nil || f != nil {
		return f.result(ctx, mine, err)
	}
	o, s = o.alone(s) // an entry that begins with data is not made by a fetch
	v := e.view()
	st, staleTime := v.get(), o.policy.StaleTime.resolve(c, v)
	now := c.sched.Now()
	stale := st.staleAfter(staleTime, now)
	if st.hasData && with == anyAgeRefreshed && stale {
		c.update(func(tx *txn) {
			if !tx.closed && !e.removed() {
				tx.fetch(e, o, s, fetchMode{})
			}
		})
	}
	if st.hasData && (with != onlyFresh || !stale) {
		e.readAt(st, now)
		return st.data, nil
	}
	if s.ok {
		c.update(func(tx *txn) { tx.plant(e, s) })
	}
	c.update(func(tx *txn) {
		if e.removed() { // between the two
			e = tx.build(o, s)
		}
		if tx.closed {
			err = ErrClosed
			return
		}
		f, mine = tx.takeOff(e, o, s, mode)
	})
	return f.result(ctx, mine, err)
}

// result waits for f, which it runs itself if told so. There is none if err says why.
func (f *flight) result(ctx context.Context, mine bool, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	if mine {
		f.run()
	}
	return f.wait(ctx)
}

// fetchError names the key in errors that do not name it yet. The end of the
// caller's own ctx is no failure of the fetch and stays as it is.
func fetchError(ctx context.Context, key querykey.Key, err error) error {
	var named *FetchError
	var typed *TypeError
	switch {
	case err == nil, errors.As(err, &named), errors.As(err, &typed), errors.Is(err, ErrClosed):
		return err
	case ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
		return err
	default:
		return &FetchError{Key: key, Err: err}
	}
}
