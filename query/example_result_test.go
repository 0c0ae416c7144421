package query_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// flaky is a query that fails as long as *err is not nil.
func flaky(err *error) query.Query[int] {
	return query.Query[int]{
		Key:    querykey.Of("flaky"),
		Fetch:  func(context.Context) (int, error) { return 42, *err },
		Policy: query.Policy{Retry: query.NoRetry()},
	}
}

// A failure without data and one that leaves old data on screen are different.
func ExampleResult() {
	c, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()

	err := errors.New("no route")
	o := query.Observe(c, flaky(&err))
	fmt.Println(o.Current().Status(), o.Current().IsFetched())

	r, _ := o.Refetch(ctx, query.RefetchOptions{})
	fmt.Println(r.IsError(), r.IsLoadingError(), r.FailureCount(), r.FailureReason())

	err = nil
	r, _ = o.Refetch(ctx, query.RefetchOptions{})
	fmt.Println(r.IsSuccess(), r.Data(), r.IsFetched(), r.IsFetchedAfterMount())

	err = errors.New("no route")
	r, _ = o.Refetch(ctx, query.RefetchOptions{})
	fmt.Println(r.IsRefetchError(), r.Data(), r.ErrorUpdateCount(), r.ErrorUpdatedAt().IsZero())
	// Output:
	// pending false
	// true true 1 no route
	// true 42 true true
	// true 42 2 false
}

// The first fetch is loading, later ones are refetching.
func ExampleResult_IsRefetching() {
	c, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()

	answers := make(chan int)
	defer close(answers)
	q := query.Query[int]{
		Key:   querykey.Of("n"),
		Fetch: func(context.Context) (int, error) { return <-answers, nil },
	}
	for r := range query.Watch(ctx, c, q) {
		fmt.Println(r.IsFetching(), r.IsLoading(), r.IsRefetching())
		switch {
		case r.IsLoading():
			answers <- 42
		case r.IsRefetching():
			return
		default:
			_ = c.Refetch(ctx, query.Filter{Refetch: query.RefetchOptions{NoWait: true}})
		}
	}
	// Output:
	// true true false
	// false false false
	// true false true
}

func ExampleState() {
	c, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()

	err := errors.New("no route")
	q := flaky(&err)
	_ = query.Set(c, q, 41)
	_, _ = query.Fetch(ctx, c, q)
	_ = c.Invalidate(ctx, query.Filter{Refetch: query.RefetchOptions{Type: query.RefetchNone}})
	s, _ := c.State(q.Key)
	fmt.Println(s.Key(), s.Data(), s.DataUpdateCount(), s.IsInvalidated())
	fmt.Println(s.Err(), s.ErrorUpdateCount(), s.ErrorUpdatedAt().IsZero())
	fmt.Println(s.Status(), s.FetchStatus(), s.FailureCount(), s.FailureReason())
	// Output:
	// ["flaky"] 41 1 true
	// no route 1 false
	// error idle 1 no route
}

func ExampleErrNoFetch() {
	c, closing := open(query.Config{})
	defer closing()

	q := order("o-17")
	q.Skip = true // the order is not known yet
	_, err := query.Fetch(context.Background(), c, q)
	fmt.Println(errors.Is(err, query.ErrNoFetch))
	// Output: true
}

// A panic of a fetch function is an error of its callers.
func ExamplePanicError() {
	c, closing := open(query.Config{})
	defer closing()

	q := order("o-17")
	q.Fetch = func(context.Context) (Order, error) { panic("oops") }
	_, err := query.Fetch(context.Background(), c, q)
	caught, ok := errors.AsType[*query.PanicError](err)
	fmt.Println(ok, caught.Value, len(caught.Stack) > 0)
	// Output: true oops true
}

func ExampleTypeError() {
	c, closing := open(query.Config{})
	defer closing()

	_ = query.Set(c, order("o-17"), Order{})
	err := query.Set(c, query.Query[string]{Key: order("o-17").Key}, "open")
	mismatch, ok := errors.AsType[*query.TypeError](err)
	fmt.Println(ok, mismatch.Have, mismatch.Want, errors.Is(err, query.ErrTypeMismatch))
	// Output: true query_test.Order string true
}
