package docs_test

import (
	"cmp"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

// [snippet await]

// AwaitShipment polls an order until it is shipped.
func AwaitShipment(ctx context.Context, client *query.Client, q query.Query[Order]) (Order, error) {
	q.Policy.RefetchInterval = query.Every(3 * time.Second)
	var last error
	for r := range query.Watch(ctx, client, q) {
		if r.Data().Status == "shipped" {
			return r.Data(), nil
		}
		last = r.Err()
	}
	return Order{}, cmp.Or(context.Cause(ctx), last, query.ErrClosed)
}

// [end]

func order(fetch func(context.Context) (Order, error)) query.Query[Order] {
	return query.Query[Order]{Key: querykey.Of("order"), Fetch: fetch}
}

func TestPolling_awaitShipment(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		open, shipped := Order{Status: "open"}, Order{Status: "shipped"}
		server := querytest.Script(h, querytest.Value(open), querytest.Value(open), querytest.Value(shipped))
		got := make(chan Order, 1)
		go func() {
			o, _ := AwaitShipment(h.Context(), h.Client(), order(server.Fetch))
			got <- o
		}()
		h.Advance(time.Minute)
		require.Equal(h, shipped, <-got)
		require.Equal(h, 3, server.Calls())
	})
}

func TestPolling_awaitShipmentEnds(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		server := querytest.Script(h, querytest.Value(Order{Status: "open"}))
		ctx, cancel := context.WithCancelCause(h.Context())
		ended := make(chan error, 2)
		for _, ctx := range []context.Context{ctx, h.Context()} {
			go func() {
				_, err := AwaitShipment(ctx, h.Client(), order(server.Fetch))
				ended <- err
			}()
		}
		h.Settle()
		cancel(errRefused)
		require.ErrorIs(h, <-ended, errRefused)
		require.NoError(h, h.Client().Close(h.Context()))
		require.ErrorIs(h, <-ended, query.ErrClosed)

		_, err := AwaitShipment(h.Context(), h.Client(), query.Query[Order]{Key: querykey.Of(cancel)})
		var part *querykey.PartError
		require.ErrorAs(h, err, &part)
	})
}

// [snippet pace]

func TestPolling_intervalBeginsWhenTheAnswerIsThere(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		slow := querytest.Script(h, querytest.Value("ready").After(time.Second))
		querytest.Watch(h, query.Query[string]{
			Key:    querykey.Of("report"),
			Fetch:  slow.Fetch,
			Policy: query.Policy{RefetchInterval: query.Every(3 * time.Second)},
		})
		h.Advance(12 * time.Second) // fetches begin at 0, 4, 8 and 12 s
		require.Equal(h, 4, slow.Calls())
	})
}

// [end]

// [snippet interval by data]

// OrderPolled polls an order while it can change.
func OrderPolled(id string) query.Query[Order] {
	q := OrderByID(id)
	q.Policy.RefetchInterval = query.EveryFunc(func(s query.State[Order]) time.Duration {
		switch {
		case s.Status() == query.StatusError:
			return 30 * time.Second
		case s.Data().Status == "shipped":
			return 0 // off for now
		default:
			return 3 * time.Second
		}
	})
	return q
}

// [end]

func TestPolling_intervalByData(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		server := querytest.Script(h,
			querytest.Value(Order{Status: "open"}),
			querytest.Fail[Order](errRefused),
			querytest.Value(Order{Status: "shipped"}),
		)
		q := OrderPolled("o-17")
		q.Fetch, q.Policy.Retry = server.Fetch, query.NoRetry()
		querytest.Watch(h, q)
		h.Advance(3 * time.Second)
		require.Equal(h, 2, server.Calls())
		h.Advance(29 * time.Second)
		require.Equal(h, 2, server.Calls())
		h.Advance(time.Second)
		require.Equal(h, 3, server.Calls())
		h.Advance(time.Hour)
		require.Equal(h, 3, server.Calls())
	})
}

// [snippet background]

func TestPolling_hiddenRetryStopsThePoll(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		answers := []querytest.Reply[string]{querytest.Fail[string](errRefused), querytest.Value("ready")}
		stuck := querytest.Script(h, querytest.Value("started"), answers...)
		goesOn := querytest.Script(h, querytest.Value("started"), answers...)
		policy := query.Policy{
			RefetchInterval:             query.Every(3 * time.Second),
			RefetchIntervalInBackground: query.On,
		}
		querytest.Watch(h, query.Query[string]{Key: querykey.Of("a"), Fetch: stuck.Fetch, Policy: policy})
		policy.Retry = query.NoRetry()
		querytest.Watch(h, query.Query[string]{Key: querykey.Of("b"), Fetch: goesOn.Fetch, Policy: policy})

		h.SetFocused(false)
		h.Advance(time.Minute)
		require.Equal(h, 2, stuck.Calls(), "the retry waits for focus, and the poll for the retry")
		require.Equal(h, 21, goesOn.Calls())
	})
}

// [end]

func TestPolling_shortestIntervalWins(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		server := querytest.Script(h, querytest.Value(Order{}))
		for _, interval := range []time.Duration{2 * time.Second, 5 * time.Second} {
			q := order(server.Fetch)
			q.Policy.RefetchInterval = query.Every(interval)
			q.Policy.RefetchOnMount = query.Never
			querytest.Watch(h, q)
		}
		h.Advance(20 * time.Second)
		require.Equal(h, 11, server.Calls())
	})
}

func TestPolling_writesPutItOff(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		server := querytest.Script(h, querytest.Value(Order{}))
		q := order(server.Fetch)
		q.Policy.RefetchInterval = query.Every(3 * time.Second)
		querytest.Watch(h, q)
		for range 10 {
			h.Advance(2 * time.Second)
			require.NoError(h, query.Set(h.Client(), q, Order{}))
		}
		require.Equal(h, 1, server.Calls())
	})
}
