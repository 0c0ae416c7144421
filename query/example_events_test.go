package query_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// Everything that happens to a query, in order.
func ExampleEvent() {
	c, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()

	last := make(chan struct{})
	defer c.SubscribeEvents(query.EventOptions{}, func(ev query.Event) {
		fmt.Printf("%s %q\n", ev.Kind, ev.Action)
		if ev.Kind == query.EventRemoved {
			close(last)
		}
	})()

	q := order("o-17")
	q.Fetch = func(context.Context) (Order, error) { return Order{}, errors.New("down") }
	q.Policy = query.Policy{Retry: query.Retries(1), RetryDelay: query.ConstantDelay(time.Millisecond)}
	_, _ = query.Fetch(ctx, c, q)
	_ = query.Set(c, q, Order{})
	_ = c.Invalidate(ctx, query.Filter{})
	_ = c.Reset(ctx, query.Filter{})
	c.Remove(query.Filter{})
	<-last
	// Output:
	// added ""
	// updated "fetch"
	// updated "failed"
	// updated "error"
	// updated "success"
	// updated "invalidate"
	// updated "setState"
	// removed ""
}

// A mutation that has to wait for the network pauses and continues.
func ExampleAction() {
	c, closing := open(query.Config{Online: query.NewSignal(false)})
	defer closing()

	last := make(chan struct{})
	mutations := query.EventOptions{Kinds: []query.EventKind{query.EventAdded, query.EventUpdated}}
	defer c.SubscribeEvents(mutations, func(ev query.Event) {
		fmt.Println(ev.Kind, ev.Action, ev.Mutation.IsPaused)
		if ev.Action == query.ActionPause {
			c.Online().Set(true)
		}
		if ev.Action == query.ActionSuccess {
			close(last)
		}
	})()
	_, _ = query.Mutate(context.Background(), c, query.Mutation[int, int]{
		Key: querykey.Of("double"),
		Do:  func(_ context.Context, v int) (int, error) { return 2 * v, nil },
	}, 21)
	<-last
	// Output:
	// added  false
	// updated pending true
	// updated pause true
	// updated continue false
	// updated success false
}

// Observers come and go, get other options, and show other results.
func ExampleEventKind() {
	c, closing := open(query.Config{})
	defer closing()

	last := make(chan struct{})
	observers := query.EventOptions{Kinds: []query.EventKind{
		query.EventObserverAdded, query.EventObserverOptionsUpdated,
		query.EventObserverResultsUpdated, query.EventObserverRemoved,
	}}
	defer c.SubscribeEvents(observers, func(ev query.Event) {
		fmt.Println(ev.Kind)
		if ev.Kind == query.EventObserverRemoved {
			close(last)
		}
	})()
	q := order("o-17")
	_ = query.Set(c, q, Order{Status: "open"})
	o := query.Observe(c, q)
	stop := o.Subscribe(seen)
	_ = query.Set(c, q, Order{Status: "closed"})
	q.Policy.StaleTime = query.StaleNever()
	_ = query.SetQuery(o, q)
	stop()
	<-last
	// Output:
	// observerResultsUpdated
	// observerAdded
	// observerResultsUpdated
	// observerOptionsUpdated
	// observerRemoved
}
