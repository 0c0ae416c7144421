package docs_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

// User is who has orders.
type User struct{ ID string }

// [snippet users]

// UserByEmail finds a user.
func UserByEmail(email string) query.Query[User] {
	return query.Query[User]{
		Key:   querykey.Of("users", "email", email),
		Fetch: func(ctx context.Context) (User, error) { return api.User(ctx, email) },
	}
}

// OrderIDsOf lists the orders of a user. Without a user there is nothing to
// fetch.
func OrderIDsOf(userID string) query.Query[[]string] {
	return query.Query[[]string]{
		Key:   querykey.Of("users", "detail", userID, "orders"),
		Fetch: func(ctx context.Context) ([]string, error) { return api.OrderIDs(ctx, userID) },
		Skip:  userID == "",
	}
}

// [end]

func (shop) User(_ context.Context, email string) (User, error) {
	fmt.Println("GET user", email)
	return User{ID: "u-1"}, nil
}

func (shop) OrderIDs(_ context.Context, userID string) ([]string, error) {
	fmt.Println("GET orders of", userID)
	return []string{"o-1", "o-2"}, nil
}

func Example_dependentCalls() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	// [snippet calls]
	load := func(email string) ([]string, error) {
		user, err := query.Fetch(ctx, client, UserByEmail(email))
		if err != nil {
			return nil, err
		}
		return query.Fetch(ctx, client, OrderIDsOf(user.ID))
	}
	fmt.Println(load("ada@example.com"))
	// [end]

	// Output:
	// GET user ada@example.com
	// GET orders of u-1
	// [o-1 o-2] <nil>
}

func Example_dependentObservers() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	// [snippet observers]
	orders := query.Observe(client, OrderIDsOf(""))
	user := query.Observe(client, UserByEmail("ada@example.com"))
	stop := user.Subscribe(func(r query.Result[User]) {
		if err := query.SetQuery(orders, OrderIDsOf(r.Data().ID)); err != nil {
			fmt.Println(err)
		}
	})
	defer stop()
	for r := range orders.Results(ctx) {
		if r.HasData() {
			fmt.Println(r.Data())
			break
		}
	}
	// [end]

	// Output:
	// GET user ada@example.com
	// GET orders of u-1
	// [o-1 o-2]
}

func Example_dependentInside() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	ordersOf := func(email string) query.Query[[]string] {
		return query.Query[[]string]{
			Key: querykey.Of("users", "email", email, "orders"),
			Fetch: func(ctx context.Context) ([]string, error) {
				user, err := query.Ensure(ctx, client, UserByEmail(email))
				if err != nil {
					return nil, err
				}
				return api.OrderIDs(ctx, user.ID)
			},
		}
	}
	fmt.Println(query.Fetch(ctx, client, ordersOf("ada@example.com")))

	// Output:
	// GET user ada@example.com
	// GET orders of u-1
	// [o-1 o-2] <nil>
}

// [snippet errgroup]

// Orders fetches orders at the same time, four at most.
func Orders(ctx context.Context, client *query.Client, ids ...string) ([]Order, error) {
	orders := make([]Order, len(ids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, id := range ids {
		g.Go(func() (err error) {
			orders[i], err = query.Fetch(ctx, client, OrderByID(id))
			return err
		})
	}
	return orders, g.Wait()
}

// [end]

func TestParallel_errgroup(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		orders, err := Orders(h.Context(), h.Client(), "o-1", "o-2", "o-1")
		require.NoError(h, err)
		require.Equal(h, []Order{{"o-1", "open"}, {"o-2", "open"}, {"o-1", "open"}}, orders)
		_, err = Orders(h.Context(), h.Client(), "o-1", "o-404")
		require.ErrorIs(h, err, errNotFound)
	})
}

func Example_group() {
	fresh := query.Defaults{Policy: query.Policy{StaleTime: query.StaleNever()}}
	client, closing := open(query.Config{Defaults: fresh})
	defer closing()
	ctx := context.Background()
	check(query.Set(client, OrderByID("o-2"), Order{Status: "shipped"}))
	check(query.Set(client, OrderByID("o-1"), Order{Status: "open"}))
	// [snippet group]
	list := []query.Observable[Order]{OrderByID("o-1"), OrderByID("o-2")}
	for results := range query.ObserveGroup(client, list...).Results(ctx) {
		for _, r := range results {
			fmt.Println(r.Key(), r.Data().Status)
		}
		break // or wait for the next change
	}
	// [end]

	// Output:
	// ["orders","detail","o-1"] open
	// ["orders","detail","o-2"] shipped
}

func Example_selection() {
	client, closing := open(query.Config{})
	defer closing()
	check(query.Set(client, OrderByID("o-1"), Order{Status: "open"}))
	check(query.Set(client, OrderIDsOf("u-1"), []string{"o-1", "o-2"}))
	// [snippet selection]
	status := query.Selection[Order, string]{
		Query:  OrderByID("o-1"),
		Select: func(o Order) (string, error) { return o.Status, nil },
	}
	count := query.Selection[[]string, string]{
		Query:  OrderIDsOf("u-1"),
		Select: func(ids []string) (string, error) { return fmt.Sprint(len(ids)), nil },
	}
	for _, r := range query.ObserveGroup(client, status, count).Current() {
		fmt.Println(r.Data())
	}
	// [end]

	// Output:
	// open
	// 2
}

func TestDependent_waysNotToFetch(t *testing.T) {
	t.Parallel()
	off, skip := OrderByID("o-1"), OrderByID("o-2")
	off.Policy.Enabled = query.Off
	skip.Skip = true
	for name, tc := range map[string]struct {
		q    query.Query[Order]
		want error
	}{
		"off":  {off, nil},
		"skip": {skip, query.ErrNoFetch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			querytest.Run(t, func(h *querytest.Harness) {
				r := querytest.Watch(h, tc.q)
				h.SetFocused(true)
				require.False(h, r.Last().IsFetched())
				require.ErrorIs(h, query.Prefetch(h.Context(), h.Client(), tc.q), tc.want)

				o := query.Observe(h.Client(), tc.q)
				ended := make(chan error, 1)
				go func() {
					_, err := o.Refetch(h.Context(), query.RefetchOptions{})
					ended <- err
				}()
				h.Advance(time.Minute)
				require.ErrorIs(h, <-ended, tc.want)

				tc.q.Policy.StaleTime = query.StaleNever()
				require.NoError(h, query.Set(h.Client(), tc.q, Order{Status: "fresh"}))
				order, err := query.Fetch(h.Context(), h.Client(), tc.q)
				require.NoError(h, err)
				require.Equal(h, "fresh", order.Status)
			})
		})
	}
}

func TestDependent_anotherKeyIsFetchedWhateverRefetchOnMountSays(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		never := func(id string) query.Query[Order] {
			q := OrderByID(id)
			q.Policy.RefetchOnMount = query.Never
			return q
		}
		require.NoError(h, query.Set(h.Client(), never("o-1"), Order{Status: "cached"}))
		require.NoError(h, query.Set(h.Client(), never("o-2"), Order{Status: "cached"}))
		o := query.Observe(h.Client(), never("o-1"))
		r := querytest.Record(h, o)
		require.Equal(h, "cached", r.Last().Data().Status)
		require.NoError(h, query.SetQuery(o, never("o-2")))
		h.Settle()
		require.Equal(h, "open", r.Last().Data().Status)
	})
}
