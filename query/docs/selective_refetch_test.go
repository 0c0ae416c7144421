package docs_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/httpquery"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/querykey"
)

// [snippet http]

// OpenOrders asks by ETag.
func OpenOrders(client *http.Client) query.Query[[]*Order] {
	return query.Query[[]*Order]{
		Key:   querykey.Of("orders", "open"),
		Fetch: httpquery.Resource[[]*Order]{URL: "https://host/orders?status=open", HTTP: client}.Fetch,
	}
}

// [end]

// [snippet trpc]

// AllOrders compares what comes with what came before.
func AllOrders(client *trpc.Client) query.Query[[]*Order] {
	procedure := trpc.NewQuery[trpc.NoInput, []*Order]("orders.all")
	return query.Query[[]*Order]{
		Key:   querykey.Of("orders", "all"),
		Fetch: procedure.Fetch(client, trpc.NoInput{}, trpc.Remember{}),
	}
}

// [end]

func TestSelective_definitions(t *testing.T) {
	t.Parallel()
	require.NotNil(t, OpenOrders(nil).Fetch)
	require.NotNil(t, AllOrders(nil).Fetch)
}

// [snippet body]

func TestSelective_elementsThatStayAreKept(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		file := `[{"ID":"o-1","Status":"new"},{"ID":"o-2","Status":"new"}]`
		q := query.Query[[]*Order]{
			Key: querykey.Of("orders", "file"),
			Fetch: query.Body[[]*Order]{
				Read: func(context.Context) ([]byte, error) { return []byte(file), nil },
			}.Fetch,
		}
		before, err := query.Fetch(h.Context(), h.Client(), q)
		require.NoError(h, err)
		file = `[{"ID":"o-1","Status":"new"},{"ID":"o-2","Status":"sent"}]`
		after, err := query.Fetch(h.Context(), h.Client(), q)
		require.NoError(h, err)
		require.Same(h, before[0], after[0])
		require.Equal(h, "sent", after[1].Status)
	})
}

// [end]

// [snippet remember]

func TestSelective_byHand(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		revision, status, sent := 1, "new", 0 // of the server
		q := query.Query[Order]{
			Key: querykey.Of("orders", "detail", "o-17"),
			Fetch: func(ctx context.Context) (Order, error) {
				info, _ := query.FetchInfoFrom(ctx)
				if info.Remembered() == revision { // what the server would say
					return Order{}, query.ErrNotModified
				}
				sent++
				info.Remember(revision)
				return Order{ID: "o-17", Status: status}, nil
			},
		}
		for range 3 {
			_, err := query.Fetch(h.Context(), h.Client(), q)
			require.NoError(h, err)
		}
		require.Equal(h, 1, sent)
		require.True(h, h.Client().Explain(q.Key).Has(query.ReasonNotModified))

		require.NoError(h, query.Set(h.Client(), q, Order{ID: "o-17", Status: "mine"}))
		require.NoError(h, h.Client().Invalidate(h.Context(), query.Filter{Key: q.Key}))
		order, err := query.Fetch(h.Context(), h.Client(), q)
		require.NoError(h, err)
		require.Equal(h, "new", order.Status, "what was written by hand is not what revision 1 was")
	})
}

// [end]
