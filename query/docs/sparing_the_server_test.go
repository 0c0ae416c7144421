package docs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

func TestSparing_everything(t *testing.T) {
	t.Parallel()
	// [snippet everything]
	client, err := query.New(query.Config{
		Together:   query.Together{On: query.On},                                               // polls share requests
		PollJitter: 2 * time.Second,                                                            // clients do not beat in step
		Storm:      query.Storm{Places: 4, Refocus: 5 * time.Second, Spread: 10 * time.Second}, // no stampede
		Defaults: query.Defaults{Policy: query.Policy{
			RefetchInterval: query.Adaptive{Min: 5 * time.Second, Max: time.Minute}.Interval(), // as often as it is worth
		}},
	})
	// [end]
	require.NoError(t, err)
	require.NoError(t, client.Close(context.WithoutCancel(t.Context())))
}

// [snippet adaptive]

func TestSparing_adaptive(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		server := querytest.Script(h, querytest.Value(Order{Status: "open"}))
		q := order(server.Fetch)
		q.Policy.RefetchInterval = query.Adaptive{Min: time.Second, Max: 10 * time.Second}.Interval()
		querytest.Watch(h, q)

		h.Advance(time.Minute)
		require.Less(h, server.Calls(), 13, "nothing changes")
		require.Contains(h, h.Client().Explain(q.Key).String(), "answers did not change")

		h.SetFocused(false)
		h.SetFocused(true) // somebody looks
		before := server.Calls()
		h.Advance(2 * time.Second)
		require.GreaterOrEqual(h, server.Calls(), before+1)
	})
}

// [end]

// [snippet places]

func TestSparing_places(t *testing.T) {
	t.Parallel()
	querytest.RunConfig(t, query.Config{Storm: query.Storm{Places: 2}}, func(h *querytest.Harness) {
		slow := querytest.Script(h, querytest.Value(Order{}).After(time.Second))
		for _, id := range []string{"a", "b", "c"} {
			querytest.Watch(h, query.Query[Order]{Key: querykey.Of("orders", id), Fetch: slow.Fetch})
		}
		h.Advance(time.Second)
		h.SetFocused(false)
		h.SetFocused(true)
		require.Equal(h, 2, h.Client().IsFetching(query.Filter{}))
		require.True(h, h.Client().Explain(querykey.Of("orders", "a")).Has(query.ReasonQueued))
	})
}

// [end]
