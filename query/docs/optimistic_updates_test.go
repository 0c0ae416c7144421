package docs_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

// [snippet confirm]

// ConfirmOrder confirms an order. It is shown as confirmed at once.
func ConfirmOrder() query.Mutation[string, Order] {
	return query.Mutation[string, Order]{
		Key: querykey.Of("orders", "confirm"), // to be known again after a restart
		Do:  func(ctx context.Context, id string) (Order, error) { return api.Confirm(ctx, id) },
		Optimistic: func(tx *query.Tx, id string) {
			query.Patch(tx, OrderByID(id), func(o Order, ok bool) (Order, bool) {
				o.Status = "confirmed"
				return o, ok
			})
			lists := query.Filter{Key: querykey.Of("orders", "list")}
			query.PatchAll(tx, lists, func(list []Order) []Order {
				list = slices.Clone(list) // the cache is shared with everyone
				for i := range list {
					if list[i].ID == id {
						list[i].Status = "confirmed"
					}
				}
				return list
			})
		},
		Invalidates: func(id string) []query.Filter {
			return []query.Filter{{Key: querykey.Of("orders")}}
		},
		Scope: "orders",
	}
}

// [end]

// A poll that is faster than the answer shows the change already.
func TestOptimistic_whatIsAddedIsAddedOnce(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		open := query.Query[[]string]{Key: querykey.Of("orders", "open")}
		require.NoError(h, query.Set(h.Client(), open, []string{"o-1"}))
		answer := querytest.Script(h, querytest.Value("done").After(time.Minute))
		add := query.Mutation[string, string]{
			Do: func(ctx context.Context, _ string) (string, error) { return answer.Fetch(ctx) },
			Optimistic: func(tx *query.Tx, id string) {
				// [snippet once]
				query.Patch(tx, open, func(ids []string, ok bool) ([]string, bool) {
					if slices.Contains(ids, id) {
						return ids, ok
					}
					return append(slices.Clip(ids), id), ok
				})
				// [end]
			},
		}
		shown := func() []string {
			ids, _ := query.Get(h.Client(), open)
			return ids
		}
		button := query.ObserveMutation(h.Client(), add)
		require.NoError(h, button.Start(h.Context(), "o-2", query.MutateCallbacks[string, string]{}))
		h.Settle()
		require.Equal(h, []string{"o-1", "o-2"}, shown())
		require.NoError(h, query.Set(h.Client(), open, []string{"o-1", "o-2"}))
		require.Equal(h, []string{"o-1", "o-2"}, shown())
		h.Advance(time.Minute)
		require.True(h, button.Current().IsSuccess())
		require.Equal(h, []string{"o-1", "o-2"}, shown())
	})
}

func Example_optimistic() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	list := query.Query[[]Order]{Key: querykey.Of("orders", "list")}
	check(query.Set(client, OrderByID("o-13"), Order{ID: "o-13", Status: "open"}))
	check(query.Set(client, list, []Order{{ID: "o-13", Status: "open"}}))
	show := func(when string) {
		o, _ := query.Get(client, OrderByID("o-13"))
		all, _ := query.Get(client, list)
		fmt.Println(when, o.Status, all[0].Status)
	}

	confirm := ConfirmOrder()
	confirm.Do = func(ctx context.Context, id string) (Order, error) {
		show("meanwhile:")
		return api.Confirm(ctx, id)
	}
	_, err := query.Mutate(ctx, client, confirm, "o-13")
	fmt.Println(err)
	show("afterwards:")

	// Output:
	// meanwhile: confirmed confirmed
	// confirm order o-13
	// refused
	// afterwards: open open
}

// [snippet poll]

func TestOptimistic_pollMeanwhileDoesNotFlicker(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		server := querytest.Script(h, querytest.Value(Order{ID: "o-13", Status: "open"}))
		q := OrderByID("o-13")
		q.Fetch = server.Fetch
		q.Policy.RefetchInterval = query.Every(3 * time.Second)
		r := querytest.Watch(h, q)

		refusal := querytest.Script(h, querytest.Fail[Order](errRefused).After(10*time.Second))
		confirm := ConfirmOrder()
		confirm.Do = func(ctx context.Context, _ string) (Order, error) { return refusal.Fetch(ctx) }
		button := query.ObserveMutation(h.Client(), confirm)
		require.NoError(h, button.Start(h.Context(), "o-13", query.MutateCallbacks[string, Order]{}))

		h.Advance(9 * time.Second)
		require.Equal(h, 4, server.Calls(), "three polls have found the order open")
		require.Equal(h, "confirmed", r.Last().Data().Status)

		h.Advance(time.Second)
		require.Equal(h, "open", r.Last().Data().Status)
		require.ErrorIs(h, button.Current().Err(), errRefused)
	})
}

// [end]

func Example_answer() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	// [snippet answer]
	confirm := query.Mutation[string, Order]{
		Do: api.Confirm,
		OnSuccess: func(_ context.Context, answer Order, id string, _ any) error {
			return query.Set(client, OrderByID(id), answer)
		},
	}
	_, err := query.Mutate(ctx, client, confirm, "o-17")
	o, _ := query.Get(client, OrderByID("o-17"))
	fmt.Println(o.Status, err)
	// [end]

	// Output:
	// confirm order o-17
	// confirmed <nil>
}

func Example_snapshot() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	check(query.Set(client, OrderByID("o-13"), Order{ID: "o-13", Status: "open"}))
	confirm := query.Mutation[string, Order]{
		Do: api.Confirm,
		OnMutate: func(ctx context.Context, id string) (any, error) {
			q := OrderByID(id)
			if err := client.Cancel(ctx, query.Filter{Key: q.Key, Exact: true}); err != nil {
				return nil, err
			}
			before, _ := query.Get(client, q)
			return before, query.Set(client, q, Order{ID: id, Status: "confirmed"})
		},
		OnError: func(_ context.Context, _ error, id string, mctx any) error {
			before, ok := mctx.(Order)
			if !ok {
				return nil // OnMutate itself has failed
			}
			return query.Set(client, OrderByID(id), before)
		},
	}
	_, err := query.Mutate(ctx, client, confirm, "o-13")
	o, _ := query.Get(client, OrderByID("o-13"))
	fmt.Println(o.Status, err)

	// Output:
	// confirm order o-13
	// open refused
}

func TestOptimistic_scopeRunsOneAfterTheOtherButShowsAllAtOnce(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		answer := querytest.Script(h, querytest.Value(Order{}).After(time.Second))
		confirm := ConfirmOrder()
		confirm.Do = func(ctx context.Context, _ string) (Order, error) { return answer.Fetch(ctx) }
		for _, id := range []string{"o-1", "o-2"} {
			require.NoError(h, query.Set(h.Client(), OrderByID(id), Order{ID: id}))
			button := query.ObserveMutation(h.Client(), confirm)
			require.NoError(h, button.Start(h.Context(), id, query.MutateCallbacks[string, Order]{}))
		}
		h.Settle()
		second, _ := query.Get(h.Client(), OrderByID("o-2"))
		require.Equal(h, "confirmed", second.Status)
		require.Equal(h, 1, answer.Calls())
		h.Advance(time.Second)
		require.Equal(h, 2, answer.Calls())
	})
}
