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
// others. An error of q.Fetch is wrapped in *FetchError; unless q's policy says
// otherwise it is not retried.
func Fetch[T any](ctx context.Context, c *Client, q Query[T]) (T, error) {
	if v, ok := fresh(c, q); ok {
		return v, nil
	}
	return fetchData[T](ctx, c, q.erase(), onlyFresh)
}

// Ensure returns the cached data of q, however old, and fetches only if there
// are none.
func Ensure[T any](ctx context.Context, c *Client, q Query[T]) (T, error) {
	if v, ok := Get(c, q); ok && c.life.Err() == nil {
		return v, nil
	}
	return fetchData[T](ctx, c, q.erase(), anyAge)
}

// Revalidate is Ensure that also refreshes the data, in the background, if they
// are stale: stale-while-revalidate.
func Revalidate[T any](ctx context.Context, c *Client, q Query[T]) (T, error) {
	return fetchData[T](ctx, c, q.erase(), anyAgeRefreshed)
}

// Prefetch fills the cache like Fetch, for somebody who will want the data soon.
func Prefetch[T any](ctx context.Context, c *Client, q Query[T]) error {
	_, err := Fetch(ctx, c, q)
	return err
}

// fresh is the fast way through Fetch: no lock, no allocation. It serves queries
// whose stale time is given and plain; all others take the long way.
func fresh[T any](c *Client, q Query[T]) (v T, ok bool) {
	kind := q.Policy.StaleTime.kind
	if kind == staleInherit || kind == staleFunc {
		return v, false
	}
	e := c.index.find(q.Key)
	if e == nil || c.life.Err() != nil {
		return v, false
	}
	st := e.state.Load()
	if !st.hasData || st.staleAfter(q.Policy.StaleTime, c.sched.Now()) {
		return v, false
	}
	return as[T](st.data)
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
	v, ok := as[T](data)
	if !ok {
		return v, &TypeError{Key: o.key, Have: reflect.TypeOf(data), Want: typeOf[T]()}
	}
	return v, nil
}

func (c *Client) fetchData(ctx context.Context, o *options, with contentment) (any, error) {
	if err := o.key.Err(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c.resolve(o)
	o.policy.Retry = o.policy.Retry.or(NoRetry())
	c.unpack(o)
	s := c.seed(o)
	var (
		e   *entry
		err error
	)
	c.update(func(tx *txn) {
		if err = tx.usable(o); err == nil {
			e = tx.build(o, s)
		}
	})
	if err != nil {
		return nil, err
	}
	v := e.view()
	st, staleTime := v.get(), o.policy.StaleTime.resolve(c, v)
	stale := st.staleAfter(staleTime, c.sched.Now())
	if st.hasData && with == anyAgeRefreshed && stale {
		c.update(func(tx *txn) {
			if !tx.closed && !e.removed {
				tx.fetch(e, o, s, fetchMode{})
			}
		})
	}
	if st.hasData && (with != onlyFresh || !stale) {
		return st.data, nil
	}
	if s.ok {
		c.update(func(tx *txn) { tx.plant(e, o, s) })
	}
	var f *flight
	c.update(func(tx *txn) {
		if e.removed { // between the two
			e = tx.build(o, s)
		}
		if tx.closed {
			err = ErrClosed
			return
		}
		f = tx.fetch(e, o, s, fetchMode{})
	})
	if err != nil {
		return nil, err
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
