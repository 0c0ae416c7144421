package query_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

func ExampleMutationObserver() {
	c, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()

	pay := query.Mutation[int, string]{
		Do: func(_ context.Context, cents int) (string, error) {
			return "", fmt.Errorf("%d cents are too little", cents)
		},
	}
	button := query.ObserveMutation(c, pay)
	fmt.Println(button.Current().IsIdle())

	settled := query.MutateCallbacks[int, string]{
		OnSettled: func(_ string, err error, cents int, _ any) { fmt.Println("settled:", cents, err) },
	}
	defer button.Subscribe(func(query.MutationResult[int, string]) {})()
	_, _ = button.Mutate(ctx, 5, settled)
	r := button.Current()
	fmt.Println(r.IsError(), r.Variables(), r.FailureCount(), r.FailureReason())

	button.Reset()
	pay.Do = func(context.Context, int) (string, error) { return "paid", nil }
	button.SetMutation(pay)
	fmt.Println(button.Current().Status())
	fmt.Println(button.Mutate(ctx, 500, query.MutateCallbacks[int, string]{}))
	// Output:
	// true
	// settled: 5 5 cents are too little
	// true 5 1 5 cents are too little
	// idle
	// paid <nil>
}

// Callbacks of the client hear of every mutation, before the mutation's own.
func ExampleMutationCallbacks() {
	c, closing := open(query.Config{OnMutation: query.MutationCallbacks{
		OnSettled: func(_ context.Context, m query.MutationInfo, _ any, err error) error {
			fmt.Println(m.Key, m.Meta["audit"], err)
			return nil
		},
	}})
	defer closing()

	_, err := query.Mutate(context.Background(), c, query.Mutation[string, string]{
		Key:  querykey.Of("orders", "cancel"),
		Meta: map[string]any{"audit": true},
		Do:   func(context.Context, string) (string, error) { return "", errors.New("too late") },
		OnSettled: func(_ context.Context, _ string, err error, id string, _ any) error {
			fmt.Println(id, err)
			return nil
		},
	}, "o-17")
	fmt.Println(err)
	// Output:
	// ["orders","cancel"] true too late
	// o-17 too late
	// too late
}

// Mutations of one order follow each other, and each has an idempotency key,
// made once for all of its attempts.
func ExampleMutation_scopeOf() {
	c, closing := open(query.Config{Online: query.NewSignal(false)})
	defer closing()

	type change struct{ Order, Status, RequestID string }
	update := query.Mutation[change, string]{
		Key:     querykey.Of("orders", "update"),
		ScopeOf: func(v change) string { return "order " + v.Order },
		Prepare: func(v change) change {
			v.RequestID = "request for " + v.Order
			return v
		},
		Do: func(_ context.Context, v change) (string, error) { return v.Status, nil },
	}
	button := query.ObserveMutation(c, update)
	_ = button.Start(context.Background(), change{Order: "o-17", Status: "packed"}, query.MutateCallbacks[change, string]{})
	waiting := query.MutationFilter{Key: update.Key, Predicate: func(m query.MutationInfo) bool { return m.IsPaused }}
	for _, m := range c.Mutations(waiting) {
		fmt.Println(m.Scope, "-", m.Variables.(change).RequestID)
	}
	fmt.Println(c.IsMutating(query.MutationFilter{}))
	// Output:
	// order o-17 - request for o-17
	// 1
}

func ExampleClient_SetDefaultOptions() {
	c, closing := open(query.Config{})
	defer closing()

	c.SetDefaultOptions(query.Defaults{Policy: query.Policy{StaleTime: query.StaleNever()}}, query.MutationDefaults{})
	q := query.Query[int]{Key: querykey.Of("n")}
	_ = query.Set(c, q, 1)
	fmt.Println(query.Observe(c, q).Current().IsStale())
	// Output: false
}

func ExampleClient_Clear() {
	c, closing := open(query.Config{})
	defer closing()

	_ = query.Set(c, order("o-17"), Order{})
	c.Clear() // at sign-out
	fmt.Println(len(c.Entries(query.Filter{})))
	// Output: 0
}

// A client that is not mounted, say because its window is hidden, does not react
// to focus and network.
func ExampleClient_Unmount() {
	c, closing := open(query.Config{})
	defer closing()

	q := order("o-17")
	q.Policy.RefetchOnFocus = query.Always
	_ = query.Set(c, q, Order{})
	o := query.Observe(c, q)
	defer o.Subscribe(seen)()
	c.Unmount()
	c.Focus().Set(false)
	c.Focus().Set(true)
	fmt.Println(o.Current().FetchStatus())
	c.Mount()
	// Output: idle
}

func ExampleFilter() {
	c, closing := open(query.Config{})
	defer closing()

	for _, id := range []string{"o-17", "o-18", "o-19"} {
		_ = query.Set(c, order(id), Order{ID: id})
	}
	defer query.Observe(c, order("o-17")).Subscribe(seen)()
	_ = c.Invalidate(context.Background(), query.Filter{
		Key:     order("o-18").Key,
		Refetch: query.RefetchOptions{Type: query.RefetchNone},
	})
	show := func(f query.Filter) {
		for _, e := range c.Entries(f) {
			fmt.Print(" ", e.State.Key().Part(2), " ", e.Observers, ";")
		}
		fmt.Println()
	}
	show(query.Filter{Type: query.ActiveEntries})
	show(query.Filter{Stale: query.On})
	show(query.Filter{Predicate: func(s query.State[any]) bool {
		return s.Data().(Order).ID > "o-17"
	}})
	// Output:
	// o-17 1;
	//  o-18 0;
	//  o-18 0; o-19 0;
}

// Refetching many waits for all of them, unless the first failure is enough.
func ExampleRefetchOptions() {
	c, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()

	for _, name := range []string{"a", "b"} {
		_ = query.Prefetch(ctx, c, query.Query[int]{
			Key:   querykey.Of(name),
			Fetch: func(context.Context) (int, error) { return 0, errors.New("down") },
		})
	}
	fmt.Println(c.Refetch(ctx, query.Filter{}))
	fmt.Println(c.Refetch(ctx, query.Filter{Key: querykey.Of("a"), Refetch: query.RefetchOptions{FailFast: true}}))
	// Output:
	// query: fetch ["a"]: down
	// query: fetch ["b"]: down
	// query: fetch ["a"]: down
}

// A cancelled fetch leaves what was there before, and its callers get that.
func ExampleCancelOptions() {
	c, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()

	begun := make(chan struct{})
	q := query.Query[int]{
		Key: querykey.Of("n"),
		Fetch: func(ctx context.Context) (int, error) {
			close(begun)
			<-ctx.Done()
			return 0, ctx.Err()
		},
	}
	_ = query.Set(c, q, 41)
	o := query.Observe(c, q)
	defer o.Subscribe(seen)() // the data are stale
	<-begun
	_ = c.Cancel(ctx, query.Filter{Cancel: query.CancelOptions{Revert: query.On, Silent: true}})
	s, _ := c.State(q.Key)
	fmt.Println(s.Data(), s.Status(), s.FetchStatus(), s.Err())
	// Output: 41 success idle <nil>
}
