package docs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
)

// [snippet polled]

func TestOrder_isPolled(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		server := querytest.Script(h,
			querytest.Value(Order{Status: "open"}),
			querytest.Value(Order{Status: "shipped"}),
		)
		q := OrderByID("o-17")
		q.Fetch = server.Fetch
		q.Policy.RefetchInterval = query.Every(3 * time.Second)

		r := querytest.Watch(h, q)
		require.Equal(h, "open", r.Last().Data().Status)

		h.Advance(3 * time.Second)
		require.Equal(h, "shipped", r.Last().Data().Status)
		require.Equal(h, 2, server.Calls())
	})
}

// [end]

// [snippet refresh fails]

func TestOrder_staysOnScreenWhenARefreshFails(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		server := querytest.Script(h,
			querytest.Value(Order{Status: "open"}),
			querytest.Fail[Order](errRefused),
		)
		q := OrderByID("o-17")
		q.Fetch = server.Fetch
		r := querytest.Watch(h, q)

		h.SetFocused(false)
		h.SetFocused(true) // refetches: the data are stale at once
		h.Advance(7 * time.Second)
		require.Equal(h, 5, server.Calls(), "after 1, 2 and 4 seconds again")
		require.ErrorIs(h, r.Last().Err(), errRefused)
		require.Equal(h, "open", r.Last().Data().Status)
	})
}

// [end]

// [snippet waiting]

func TestAwaitShipment_pollsUntilItIsShipped(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		server := querytest.Script(h,
			querytest.Value(Order{Status: "open"}),
			querytest.Value(Order{Status: "shipped"}),
		)
		q := OrderByID("o-17")
		q.Fetch = server.Fetch
		done := make(chan error, 1)
		go func() {
			_, err := AwaitShipment(h.Context(), h.Client(), q)
			done <- err
		}()

		h.Advance(3 * time.Second)
		require.NoError(h, <-done)
	})
}

// [end]

// [snippet every result]

func TestOrder_showsThatItIsLoading(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		q := OrderByID("o-17")
		q.Fetch = func(context.Context) (Order, error) { return Order{Status: "open"}, nil }
		r := querytest.Watch(h, q)

		var shown []bool
		for _, result := range r.All() {
			shown = append(shown, result.IsLoading())
		}
		require.Equal(h, []bool{true, false}, shown)
	})
}

// [end]
