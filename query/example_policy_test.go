package query_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// seen is a subscriber for examples in which somebody just has to look.
func seen[T any](query.Result[T]) {}

func ExampleRefetchPolicy() {
	c, closing := open(query.Config{})
	defer closing()

	q := order("o-17")
	q.Policy.RefetchOnMount = query.Never
	q.Policy.RefetchOnFocus = query.Always // fresh or not
	q.Policy.RefetchOnReconnect = query.IfStale
	_ = query.Set(c, q, Order{Status: "packed"})
	o := query.Observe(c, q)
	defer o.Subscribe(seen)()
	fmt.Println(o.Current().FetchStatus())

	c.Focus().Set(false)
	c.Focus().Set(true)
	for r := range o.Results(context.Background()) {
		if r.IsFetchedAfterMount() {
			fmt.Println(r.Data().Status)
			break
		}
	}
	// Output:
	// idle
	// fetching o-17
	// open
}

func ExampleRefetchFunc() {
	c, closing := open(query.Config{})
	defer closing()

	q := order("o-17")
	q.Policy.StaleTime = query.StaleAfter(0)
	q.Policy.RefetchOnMount = query.RefetchFunc(func(s query.State[Order]) query.RefetchMode {
		if s.Data().Status == "closed" {
			return query.Never // nothing will change any more
		}
		return query.IfStale
	})
	_ = query.Set(c, q, Order{Status: "closed"})
	o := query.Observe(c, q)
	defer o.Subscribe(seen)()
	fmt.Println(o.Current().IsStale(), o.Current().IsFetching())
	// Output: true false
}

func ExampleEnabledFunc() {
	c, closing := open(query.Config{})
	defer closing()

	q := order("o-17")
	q.Policy.StaleTime = query.StaleAfter(0)
	q.Policy.Enabled = query.EnabledFunc(func(s query.State[Order]) bool {
		return s.Data().Status != "closed"
	})
	_ = query.Set(c, q, Order{Status: "closed"})
	o := query.Observe(c, q)
	defer o.Subscribe(seen)()
	fmt.Println(o.Current().IsEnabled(), o.Current().FetchStatus())
	// Output: false idle
}

func ExampleRetryOnMountFunc() {
	c, closing := open(query.Config{})
	defer closing()

	errGone := errors.New("gone")
	q := order("o-17")
	q.Fetch = func(context.Context) (Order, error) { return Order{}, errGone }
	q.Policy.RetryOnMount = query.RetryOnMountFunc(func(s query.State[Order]) bool {
		return !errors.Is(s.Err(), errGone)
	})
	_, err := query.Fetch(context.Background(), c, q)
	fmt.Println(err)
	o := query.Observe(c, q)
	defer o.Subscribe(seen)()
	fmt.Println(o.Current().Status(), o.Current().FetchStatus())
	// Output:
	// query: fetch ["orders","detail","o-17"]: gone
	// error idle
}

func ExampleExponential() {
	now := clock.NewMock()
	c, closing := open(query.Config{Clock: now})
	defer closing()

	q := order("o-17")
	q.Fetch = func(context.Context) (Order, error) { return Order{}, errors.New("busy") }
	q.Policy.Retry = query.RetryForever()
	q.Policy.RetryDelay = query.Exponential(time.Second, time.Minute)
	for r := range query.Watch(context.Background(), c, q) {
		if r.FailureCount() == 1 {
			fmt.Println(r.FailureReason(), "- again in", r.RetryAt().Sub(now.Now()))
			fmt.Println(r.Status(), r.FetchStatus())
			break
		}
	}
	// Output:
	// busy - again in 1s
	// pending fetching
}

// What the server does not have it will not have a second later.
func ExamplePermanent() {
	c, closing := open(query.Config{})
	defer closing()

	calls := 0
	q := order("o-404")
	q.Policy.Retry = query.Retries(3)
	q.Fetch = func(context.Context) (Order, error) {
		calls++
		return Order{}, query.Permanent(errors.New("404 Not Found"))
	}
	_, err := query.Fetch(context.Background(), c, q)
	fmt.Println(err)
	fmt.Println("calls:", calls)
	// Output:
	// query: fetch ["orders","detail","o-404"]: 404 Not Found
	// calls: 1
}

// The server says itself when to come again.
func ExampleDelayFunc() {
	now := clock.NewMock()
	c, closing := open(query.Config{Clock: now})
	defer closing()

	q := order("o-17")
	q.Fetch = func(context.Context) (Order, error) { return Order{}, busyError{7 * time.Second} }
	q.Policy.RetryDelay = query.DelayFunc(func(_ int, err error) time.Duration {
		if busy, ok := errors.AsType[busyError](err); ok {
			return busy.retryAfter
		}
		return time.Second
	})
	for r := range query.Watch(context.Background(), c, q) {
		if r.FailureCount() == 1 {
			fmt.Println(r.RetryAt().Sub(now.Now()))
			break
		}
	}
	// Output: 7s
}

type busyError struct{ retryAfter time.Duration }

func (busyError) Error() string { return "busy" }

// Without focus, polls are left out unless the policy says otherwise.
func ExamplePolicy_background() {
	c, closing := open(query.Config{Focus: query.NewSignal(false)})
	defer closing()

	q := order("o-17")
	q.Policy = query.Policy{
		RefetchInterval:             query.Every(time.Millisecond),
		RefetchIntervalInBackground: query.On,
		RefetchOnMount:              query.Never,
	}
	q.Fetch = func(context.Context) (Order, error) { return Order{Status: "polled"}, nil }
	_ = query.Set(c, q, Order{Status: "packed"})
	for r := range query.Watch(context.Background(), c, q) {
		if r.IsFetchedAfterMount() {
			fmt.Println(r.Data().Status)
			break
		}
	}
	// Output: polled
}

// A subscriber that shows nothing but the data need not hear of fetches.
func ExampleField() {
	c, closing := open(query.Config{})
	defer closing()

	q := order("o-17")
	q.Policy.NotifyOn = []query.Field{query.FieldData, query.FieldErr}
	_ = query.Set(c, q, Order{ID: "o-17", Status: "open"})
	told := make(chan string, 8)
	defer query.Observe(c, q).Subscribe(func(r query.Result[Order]) { told <- r.Data().Status })()

	_ = c.Refetch(context.Background(), query.Filter{}) // brings the same data
	_ = query.Set(c, q, Order{ID: "o-17", Status: "closed"})
	fmt.Println(<-told, len(told))
	// Output:
	// fetching o-17
	// closed 0
}

// Equal data stay the same value, so that comparing them is cheap.
func ExamplePolicy_structuralSharing() {
	c, closing := open(query.Config{})
	defer closing()

	for _, sharing := range []query.Toggle{query.On, query.Off} {
		q := query.Query[[]int]{
			Key:    querykey.Of("sizes", int(sharing)),
			Policy: query.Policy{StructuralSharing: sharing},
		}
		_ = query.Set(c, q, []int{1, 2, 3})
		before, _ := query.Get(c, q)
		_ = query.Set(c, q, []int{1, 2, 3})
		after, _ := query.Get(c, q)
		fmt.Println(&before[0] == &after[0])
	}
	// Output:
	// true
	// false
}

func ExampleStaleStatic() {
	c, closing := open(query.Config{})
	defer closing()

	q := order("o-17")
	q.Policy = query.Policy{StaleTime: query.StaleStatic(), GCTime: query.GCNever()}
	_ = query.Set(c, q, Order{Status: "closed"})
	o := query.Observe(c, q)
	defer o.Subscribe(seen)()
	_ = c.Invalidate(context.Background(), query.Filter{}) // in vain
	fmt.Println(o.Current().Data().Status, o.Current().FetchStatus())
	// Output: closed idle
}

func ExampleInitialData_At() {
	c, closing := open(query.Config{})
	defer closing()

	list := []Order{{ID: "o-17", Status: "open"}} // of the page before
	listedAt := time.Now().Add(-time.Hour)
	q := order("o-17")
	q.InitialData = query.InitialFunc(func() (Order, bool) { return list[0], true }).At(listedAt)
	r := query.Observe(c, q).Current()
	fmt.Println(r.Data().Status, r.IsStale(), r.DataUpdatedAt().Equal(listedAt))
	// Output: open true true
}

// Placeholder data are shown and not cached.
func ExamplePlaceholderFunc() {
	c, closing := open(query.Config{})
	defer closing()

	q := order("o-18")
	q.PlaceholderData = query.PlaceholderFunc(func(previous Order, ok bool) (Order, bool) {
		return Order{ID: "o-18", Status: "was " + previous.Status}, ok
	})
	_ = query.Set(c, order("o-17"), Order{ID: "o-17", Status: "open"})
	o := query.Observe(c, order("o-17"))
	_ = query.SetQuery(o, q)
	r := o.Current()
	_, cached := query.Get(c, q)
	fmt.Println(r.Data(), r.IsPlaceholderData(), cached)
	// Output: {o-18 was open} true false
}

// Meta reach everything that is told of a query.
func ExampleQuery_meta() {
	c, closing := open(query.Config{
		Defaults: query.Defaults{Fetch: func(_ context.Context, i query.FetchInfo) (any, error) {
			return nil, fmt.Errorf("%v: no such %v", i.Meta["who"], i.Key.Part(0))
		}},
		OnFetch: query.FetchCallbacks{OnSettled: func(s query.State[any], err error) {
			fmt.Println(s.Meta()["who"], "settled:", err)
		}},
	})
	defer closing()

	err := query.Prefetch(context.Background(), c, query.Query[int]{
		Key:  querykey.Of("price"),
		Meta: map[string]any{"who": "the shop window"},
	})
	fmt.Println(err)
	// Output:
	// the shop window settled: the shop window: no such price
	// query: fetch ["price"]: the shop window: no such price
}
