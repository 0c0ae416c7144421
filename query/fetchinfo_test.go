package query_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

func ExampleFetchInfoFrom() {
	// What lies below fetch functions, such as a client of an API, sees no query.
	get := func(ctx context.Context) (string, error) {
		if info, ok := query.FetchInfoFrom(ctx); ok {
			return fmt.Sprint("for ", info.Key, " of ", info.Meta["page"]), nil
		}
		return "for nobody", nil
	}
	c, _ := query.New(query.Config{})
	defer c.Close(context.Background())
	said, _ := query.Fetch(context.Background(), c, query.Query[string]{
		Key: querykey.Of("orders", 17), Fetch: get, Meta: map[string]any{"page": "orders"},
	})
	fmt.Println(said)
	said, _ = get(context.Background())
	fmt.Println(said)
	// Output:
	// for ["orders",17] of orders
	// for nobody
}

func TestFetchInfoFrom_countsTheFailuresOfTheFetch(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var seen []int
		q := query.Query[int]{
			Key:    key("often"),
			Policy: query.Policy{Retry: query.Retries(2), RetryDelay: query.ConstantDelay(time.Second)},
			Fetch: func(ctx context.Context) (int, error) {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				info, ok := query.FetchInfoFrom(ctx)
				if !ok || info.Key != key("often") {
					return 0, errRefused
				}
				seen = append(seen, info.Failures)
				return 0, errRefused
			},
		}
		for range 2 {
			_, err := query.Fetch(t.Context(), c, q)
			require.ErrorIs(t, err, errRefused)
		}
		require.Equal(t, []int{0, 1, 2, 0, 1, 2}, seen)
	})
}

func TestFetchInfoFrom_lookingIsNotConsuming(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		over := false
		stop := query.Observe(c, query.Query[int]{Key: key("deaf"), Fetch: func(ctx context.Context) (int, error) {
			_, ok := query.FetchInfoFrom(ctx)
			time.Sleep(time.Second)
			over = ok
			return 1, nil
		}}).Subscribe(ignore)
		pass(time.Millisecond)
		stop()
		pass(time.Minute)
		require.True(t, over)
		require.Equal(t, 1, value(t, c, query.Query[int]{Key: key("deaf")}), "nobody left ended the fetch")
	})
}

func TestPlaceholder_ofOneValueIsTheSameHoweverOftenItIsMade(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		first, second query.PlaceholderData[int]
		want          int // of a select that is given with the second
	}{
		"equal values":   {query.Placeholder(1), query.Placeholder(1), 1},
		"other values":   {query.Placeholder(1), query.Placeholder(2), 20},
		"other function": {query.Placeholder(1), query.PlaceholderFunc(func(int, bool) (int, bool) { return 1, true }), 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				q := query.Query[int]{Key: key("slow"), Fetch: hang, PlaceholderData: tc.first}
				o := query.ObserveSelect(c, q, func(v int) (int, error) { return v, nil })
				defer o.Subscribe(ignore)()
				pass(time.Second)
				require.Equal(t, 1, o.Current().Data())
				q.PlaceholderData = tc.second
				require.NoError(t, query.SetQuerySelect(o, q, func(v int) (int, error) { return 10 * v, nil }))
				require.Equal(t, tc.want, o.Current().Data(), "placeholder data that stay the same are not selected from again")
			})
		})
	}
}

func TestPlaceholder_ofIncomparableValuesAsks(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[[]int]{Key: key("slow"), Fetch: func(ctx context.Context) ([]int, error) { _, err := hang(ctx); return nil, err }}
		q.PlaceholderData = query.Placeholder([]int{1})
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		pass(time.Second)
		q.PlaceholderData = query.Placeholder([]int{2})
		require.NoError(t, query.SetQuery(o, q))
		require.Equal(t, []int{2}, o.Current().Data())
	})
}

func TestInitialData_ofAFetchAreShownBeforeItBegins(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("late")}
		q.Policy.Enabled, q.Policy.NotifyOn = query.Off, []query.Field{query.FieldStatus}
		r, stop := record(query.Observe(c, q))
		defer stop()
		go query.Fetch(t.Context(), c, query.Query[int]{Key: q.Key, Fetch: hang, InitialData: query.Initial(7)})
		pass(time.Second)
		require.Equal(t, []int{7}, r.data())
		require.False(t, r.last().IsFetching(), "the status did not change any more")
	})
}
