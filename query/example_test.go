package query_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// Order is what the examples fetch.
type Order struct {
	ID     string
	Status string
}

// order defines the query of one order: its key, how it is fetched, how fresh
// it must be.
func order(id string) query.Query[Order] {
	return query.Query[Order]{
		Key: querykey.Of("orders", "detail", id),
		Fetch: func(context.Context) (Order, error) {
			fmt.Println("fetching", id)
			return Order{ID: id, Status: "open"}, nil
		},
		Policy: query.Policy{StaleTime: query.StaleAfter(time.Minute)},
	}
}

// open returns a client for an example, and what closes it.
func open(cfg query.Config) (c *query.Client, closing func()) {
	c, err := query.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	return c, func() {
		if err := c.Close(context.Background()); err != nil {
			log.Fatal(err)
		}
	}
}

func ExampleFamily() {
	c, closing := open(query.Config{})
	defer closing()

	orders := &query.Family[string, Order]{
		Prefix: querykey.Of("orders", "detail"),
		Fetch: func(_ context.Context, id string) (Order, error) {
			fmt.Println("fetching", id)
			return Order{ID: id, Status: "open"}, nil
		},
		Policy: query.Policy{StaleTime: query.StaleAfter(time.Minute)},
	}
	for range 2 { // the second time from the cache
		o, err := query.FetchOf(context.Background(), c, orders, "o-17")
		fmt.Println(o.Status, err)
	}
	fmt.Println(orders.Of("o-17").Key) // a query like any other
	// Output:
	// fetching o-17
	// open <nil>
	// open <nil>
	// ["orders","detail","o-17"]
}

func ExampleFetch() {
	c, closing := open(query.Config{})
	defer closing()

	for range 2 { // the second time from the cache
		o, err := query.Fetch(context.Background(), c, order("o-17"))
		fmt.Println(o.Status, err)
	}
	// Output:
	// fetching o-17
	// open <nil>
	// open <nil>
}

func ExampleFetch_error() {
	c, closing := open(query.Config{})
	defer closing()

	errGone := errors.New("gone")
	q := order("o-17")
	q.Fetch = func(context.Context) (Order, error) { return Order{}, errGone }
	_, err := query.Fetch(context.Background(), c, q)
	fmt.Println(err)
	fmt.Println(errors.Is(err, errGone))
	// Output:
	// query: fetch ["orders","detail","o-17"]: gone
	// true
}

func ExampleEnsure() {
	c, closing := open(query.Config{})
	defer closing()

	q := order("o-17")
	if err := query.SetAt(c, q, Order{Status: "old"}, time.Now().Add(-time.Hour)); err != nil {
		log.Fatal(err)
	}
	o, _ := query.Ensure(context.Background(), c, q) // any age will do
	fmt.Println(o.Status)
	o, _ = query.Fetch(context.Background(), c, q)
	fmt.Println(o.Status)
	// Output:
	// old
	// fetching o-17
	// open
}

func ExampleRevalidate() {
	fetched := make(chan struct{})
	c, closing := open(query.Config{OnFetch: query.FetchCallbacks{
		OnSuccess: func(query.State[any]) { close(fetched) },
	}})
	defer closing()

	q := order("o-17")
	if err := query.SetAt(c, q, Order{Status: "old"}, time.Now().Add(-time.Hour)); err != nil {
		log.Fatal(err)
	}
	o, _ := query.Revalidate(context.Background(), c, q)
	<-fetched
	fmt.Println("at once:", o.Status)
	o, _ = query.Get(c, q)
	fmt.Println("soon after:", o.Status)
	// Output:
	// fetching o-17
	// at once: old
	// soon after: open
}

func ExamplePrefetch() {
	c, closing := open(query.Config{})
	defer closing()

	if err := query.Prefetch(context.Background(), c, order("o-17")); err != nil {
		log.Fatal(err)
	}
	o, ok := query.Get(c, order("o-17"))
	fmt.Println(o.Status, ok)
	// Output:
	// fetching o-17
	// open true
}

func ExampleGet() {
	c, closing := open(query.Config{})
	defer closing()

	_, ok := query.Get(c, order("o-17")) // never fetches
	fmt.Println(ok)
	// Output: false
}

func ExampleSet() {
	c, closing := open(query.Config{})
	defer closing()

	if err := query.Set(c, order("o-17"), Order{Status: "confirmed"}); err != nil {
		log.Fatal(err)
	}
	o, _ := query.Fetch(context.Background(), c, order("o-17"))
	fmt.Println(o.Status)
	// Output: confirmed
}

func ExampleUpdate() {
	c, closing := open(query.Config{})
	defer closing()

	count := query.Query[int]{Key: querykey.Of("count")}
	for range 3 {
		err := query.Update(c, count, func(old int, ok bool) (int, bool) { return old + 1, true })
		if err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(query.Get(c, count))
	// Output: 3 true
}

func ExampleUpdateAll() {
	c, closing := open(query.Config{})
	defer closing()

	for _, id := range []string{"o-1", "o-2"} {
		if err := query.Set(c, order(id), Order{ID: id, Status: "open"}); err != nil {
			log.Fatal(err)
		}
	}
	err := query.UpdateAll(c, query.Filter{Key: querykey.Of("orders")}, func(o Order, ok bool) (Order, bool) {
		o.Status = "closed"
		return o, ok
	})
	o, _ := query.Get(c, order("o-2"))
	fmt.Println(o, err)
	// Output: {o-2 closed} <nil>
}

func ExampleObserve() {
	c, closing := open(query.Config{})
	defer closing()

	shown := make(chan Order)
	stop := query.Observe(c, order("o-17")).Subscribe(func(r query.Result[Order]) {
		if r.IsSuccess() {
			shown <- r.Data()
		}
	})
	defer stop()
	fmt.Println(<-shown)
	// Output:
	// fetching o-17
	// {o-17 open}
}

func ExampleObserver_Results() {
	c, closing := open(query.Config{})
	defer closing()

	for r := range query.Observe(c, order("o-17")).Results(context.Background()) {
		if r.IsSuccess() {
			fmt.Println(r.Data())
			break // leaving the loop unsubscribes
		}
	}
	// Output:
	// fetching o-17
	// {o-17 open}
}

func ExampleWatch() {
	c, closing := open(query.Config{})
	defer closing()

	q := query.Query[int]{Key: querykey.Of("count"), Policy: query.Policy{Enabled: query.Off}}
	for r := range query.Watch(context.Background(), c, q) {
		fmt.Println(r.Status(), r.Data())
		if r.HasData() {
			break
		}
		if err := query.Set(c, q, 1); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// pending 0
	// success 1
}

func ExampleObserveSelect() {
	c, closing := open(query.Config{})
	defer closing()

	q := order("o-17")
	if err := query.Set(c, q, Order{ID: "o-17", Status: "open"}); err != nil {
		log.Fatal(err)
	}
	status := query.ObserveSelect(c, q, func(o Order) (string, error) { return o.Status, nil })
	fmt.Println(status.Current().Data())
	// Output: open
}

func ExampleSetQuery() {
	c, closing := open(query.Config{})
	defer closing()

	for _, id := range []string{"o-1", "o-2"} {
		if err := query.Set(c, order(id), Order{ID: id}); err != nil {
			log.Fatal(err)
		}
	}
	o := query.Observe(c, order("o-1"))
	fmt.Println(o.Current().Data().ID)
	if err := query.SetQuery(o, order("o-2")); err != nil {
		log.Fatal(err)
	}
	fmt.Println(o.Current().Data().ID)
	// Output:
	// o-1
	// o-2
}

func ExampleClient_Invalidate() {
	c, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()

	_ = query.Prefetch(ctx, c, order("o-17"))
	if err := c.Invalidate(ctx, query.Filter{Key: querykey.Of("orders")}); err != nil {
		log.Fatal(err)
	}
	_ = query.Prefetch(ctx, c, order("o-17"))
	// Output:
	// fetching o-17
	// fetching o-17
}

func ExampleClient_Refetch() {
	c, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()

	_ = query.Prefetch(ctx, c, order("o-17"))
	fmt.Println(c.Refetch(ctx, query.Filter{Key: querykey.Of("orders")}))
	// Output:
	// fetching o-17
	// fetching o-17
	// <nil>
}

func ExampleClient_Cancel() {
	c, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()

	running := make(chan struct{})
	q := order("o-17")
	q.Fetch = func(ctx context.Context) (Order, error) {
		close(running)
		<-ctx.Done()
		return Order{}, ctx.Err()
	}
	ended := make(chan error)
	go func() { ended <- query.Prefetch(ctx, c, q) }()
	<-running
	fmt.Println(c.Cancel(ctx, query.Filter{Key: q.Key}))
	fmt.Println(errors.Is(<-ended, query.ErrCancelled))
	// Output:
	// <nil>
	// true
}

func ExampleClient_Reset() {
	c, closing := open(query.Config{})
	defer closing()

	q := query.Query[int]{Key: querykey.Of("count"), InitialData: query.Initial(1)}
	query.Observe(c, q)
	_ = query.Set(c, q, 5)
	_ = c.Reset(context.Background(), query.Filter{Key: q.Key})
	fmt.Println(query.Get(c, q))
	// Output: 1 true
}

func ExampleClient_Remove() {
	c, closing := open(query.Config{})
	defer closing()

	_ = query.Set(c, order("o-17"), Order{})
	c.Remove(query.Filter{Key: querykey.Of("orders")})
	_, ok := query.Get(c, order("o-17"))
	fmt.Println(ok)
	// Output: false
}

func ExampleMutate() {
	c, closing := open(query.Config{})
	defer closing()

	confirm := query.Mutation[string, Order]{
		Do: func(_ context.Context, id string) (Order, error) {
			return Order{ID: id, Status: "confirmed"}, nil
		},
		Invalidates: func(id string) []query.Filter { return []query.Filter{{Key: order(id).Key}} },
	}
	o, err := query.Mutate(context.Background(), c, confirm, "o-17")
	fmt.Println(o, err)
	// Output: {o-17 confirmed} <nil>
}

func ExamplePatch() {
	c, closing := open(query.Config{})
	defer closing()

	_ = query.Set(c, order("o-17"), Order{ID: "o-17", Status: "open"})
	show := func(when string) {
		o, _ := query.Get(c, order("o-17"))
		fmt.Println(when, o.Status)
	}
	confirm := query.Mutation[string, Order]{
		Optimistic: func(tx *query.Tx, id string) {
			query.Patch(tx, order(id), func(o Order, ok bool) (Order, bool) {
				o.Status = "confirmed"
				return o, ok
			})
		},
		Do: func(context.Context, string) (Order, error) {
			show("meanwhile:")
			return Order{}, errors.New("out of stock")
		},
	}
	_, err := query.Mutate(context.Background(), c, confirm, "o-17")
	show(err.Error() + ":")
	// Output:
	// meanwhile: confirmed
	// out of stock: open
}

func ExampleObserveMutation() {
	c, closing := open(query.Config{})
	defer closing()

	button := query.ObserveMutation(c, query.Mutation[int, int]{
		Do: func(_ context.Context, n int) (int, error) { return 2 * n, nil },
	})
	fmt.Println(button.Current().Status())
	_, _ = button.Mutate(context.Background(), 21, query.MutateCallbacks[int, int]{})
	fmt.Println(button.Current().Status(), button.Current().Data())
	// Output:
	// idle
	// success 42
}

func ExampleClient_SetQueryDefaults() {
	c, closing := open(query.Config{})
	defer closing()

	err := c.SetQueryDefaults(querykey.Of("greeting"), query.Defaults{
		Fetch: func(_ context.Context, info query.FetchInfo) (any, error) {
			return fmt.Sprint("hello ", info.Key.Part(1)), nil
		},
	})
	fmt.Println(err)
	fmt.Println(query.Fetch(context.Background(), c, query.Query[string]{Key: querykey.Of("greeting", "Ada")}))
	// Output:
	// <nil>
	// hello Ada <nil>
}

func ExampleSignal() {
	online := query.NewSignal(true)
	c, closing := open(query.Config{Online: online})
	defer closing()

	stop := online.Subscribe(func(v bool) { fmt.Println("online:", v) })
	defer stop()
	online.Set(false)
	online.Set(false) // no news
	fmt.Println(c.Online().Get(), c.Focus().Get())
	// Output:
	// online: false
	// false true
}

func ExampleEveryFunc() {
	now := clock.NewMock()
	c, closing := open(query.Config{Clock: now})
	defer closing()

	q := order("o-17")
	q.Policy.RefetchInterval = query.EveryFunc(func(s query.State[Order]) time.Duration {
		if s.Data().Status == "closed" {
			return 0 // nothing will change any more
		}
		return 3 * time.Second
	})
	_ = query.Set(c, q, Order{Status: "open"})
	o := query.Observe(c, q)
	defer o.Subscribe(func(query.Result[Order]) {})()
	fmt.Println(o.Current().NextPollAt().Sub(now.Now()))
	_ = query.Set(c, q, Order{Status: "closed"})
	fmt.Println(o.Current().NextPollAt().IsZero())
	// Output:
	// 3s
	// true
}

func ExampleStaleFunc() {
	c, closing := open(query.Config{})
	defer closing()

	q := order("o-17")
	q.Policy.StaleTime = query.StaleFunc(func(s query.State[Order]) query.StaleTime {
		if s.Data().Status == "closed" {
			return query.StaleNever()
		}
		return query.StaleAfter(0)
	})
	_ = query.Set(c, q, Order{Status: "closed"})
	o, _ := query.Fetch(context.Background(), c, q)
	fmt.Println(o.Status)
	// Output: closed
}

func ExampleRetryFunc() {
	c, closing := open(query.Config{})
	defer closing()

	errBusy, tries := errors.New("busy"), 0
	q := order("o-17")
	q.Policy.Retry = query.RetryFunc(func(n int, err error) bool { return n < 2 && errors.Is(err, errBusy) })
	q.Policy.RetryDelay = query.ConstantDelay(0)
	q.Fetch = func(context.Context) (Order, error) {
		tries++
		return Order{}, errBusy
	}
	err := query.Prefetch(context.Background(), c, q)
	fmt.Println(errors.Is(err, errBusy), tries)
	// Output: true 3
}

func ExamplePlaceholder() {
	c, closing := open(query.Config{})
	defer closing()

	q := order("o-17")
	q.PlaceholderData = query.Placeholder(Order{ID: "o-17", Status: "…"})
	r := query.Observe(c, q).Current()
	fmt.Println(r.Data().Status, r.IsPlaceholderData())
	// Output: … true
}

func ExampleKeepPrevious() {
	c, closing := open(query.Config{})
	defer closing()

	page := func(n int) query.Query[string] {
		return query.Query[string]{Key: querykey.Of("page", n), PlaceholderData: query.KeepPrevious[string]()}
	}
	_ = query.Set(c, page(1), "first page")
	o := query.Observe(c, page(1))
	_ = query.SetQuery(o, page(2))
	fmt.Println(o.Current().Data(), o.Current().IsPlaceholderData())
	// Output: first page true
}

func ExampleInitial() {
	c, closing := open(query.Config{})
	defer closing()

	q := order("o-17")
	q.InitialData = query.Initial(Order{ID: "o-17", Status: "from the list"})
	o, _ := query.Fetch(context.Background(), c, q)
	fmt.Println(o.Status)
	// Output: from the list
}

func ExampleInfiniteQuery() {
	c, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()

	feed := query.InfiniteQuery[string, int]{
		Key: querykey.Of("feed"),
		Fetch: func(_ context.Context, page query.PageRequest[int]) (string, error) {
			return fmt.Sprint("page ", page.Param), nil
		},
		InitialPageParam: 1,
		NextPageParam: func(_ string, all query.Pages[string, int]) (int, bool) {
			n := len(all.Pages) + 1
			return n, n <= 3
		},
		Policy: query.Policy{StaleTime: query.StaleNever()},
	}
	o := query.Observe(c, feed.Query())
	r, _ := o.Refetch(ctx, query.RefetchOptions{})
	for r.HasNextPage() {
		r, _ = o.FetchNextPage(ctx, query.RefetchOptions{})
	}
	fmt.Printf("%q\n", r.Data().Pages)
	// Output: ["page 1" "page 2" "page 3"]
}

func ExampleClient_Explain() {
	now := clock.NewMock()
	c, closing := open(query.Config{Clock: now})
	defer closing()

	q := order("o-17")
	q.Policy.RefetchInterval = query.Every(3 * time.Second)
	_ = query.Set(c, q, Order{})
	defer query.Observe(c, q).Subscribe(func(query.Result[Order]) {})()
	fmt.Println(c.Explain(q.Key))
	// Output:
	// ["orders","detail","o-17"]
	// - Its data count as fresh; that ends in 1m0s.
	// - It is polled; the next poll is in 3s.
}

func ExampleClient_Entries() {
	c, closing := open(query.Config{})
	defer closing()

	_ = query.Set(c, order("o-1"), Order{Status: "open"})
	_ = query.Set(c, order("o-2"), Order{Status: "closed"})
	for _, e := range c.Entries(query.Filter{Key: querykey.Of("orders")}) {
		fmt.Println(e.ID, e.State.Key(), e.State.Data().(Order).Status)
	}
	// Output:
	// 1 ["orders","detail","o-1"] open
	// 2 ["orders","detail","o-2"] closed
}

func ExampleClient_State() {
	c, closing := open(query.Config{})
	defer closing()

	_ = query.Set(c, order("o-17"), Order{})
	s, ok := c.State(order("o-17").Key)
	fmt.Println(ok, s.Status(), s.FetchStatus(), s.DataUpdateCount())
	// Output: true success idle 1
}

func ExampleClient_Close() {
	c, err := query.New(query.Config{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Close(context.Background()))
	_, err = query.Fetch(context.Background(), c, order("o-17"))
	fmt.Println(err)
	// Output:
	// <nil>
	// query: client is closed
}
