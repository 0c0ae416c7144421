package trpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/query/trpc/trpctest"
	"github.com/freshet-go/freshet/querykey"
)

// A source tells a push all that a subscription tells.
func TestSource_tellsOfConnectionsAndEvents(t *testing.T) {
	t.Parallel()
	overBoth(t, nil, func(t *testing.T, s *trpctest.Server, push trpc.Push) {
		c := realClient(t, s, trpc.Config{Push: push, Auth: trpc.BearerToken("tok-1")})
		sub := trpc.NewSubscription[json.RawMessage, json.RawMessage]("orderStatus.onOrderChanged")
		next, stop := iter.Pull(sub.Source(c, rawInput(""))(t.Context(), "o1-0"))
		defer stop()
		requireKind := func(want query.PushKind) query.PushEvent[json.RawMessage] {
			t.Helper()
			e, ok := next()
			require.True(t, ok)
			require.Equal(t, want, e.Kind)
			return e
		}
		requireKind(query.PushResumed)
		s.Control("createOrder", map[string]any{"sellerId": "seller_1"}, nil)
		require.Equal(t, "o1-1", requireKind(query.PushData).ID)
	})
}

func TestSource_thatIsRefusedSaysWhy(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t)
	c := realClient(t, s, trpc.Config{Push: transports(s)["WebSocket"], Auth: trpc.BearerToken("tok-wrong")})
	sub := trpc.NewSubscription[json.RawMessage, json.RawMessage]("orderStatus.onOrderChanged")
	for e := range sub.Source(c, rawInput(""))(t.Context(), "") {
		if e.Err != nil {
			require.Equal(t, query.PushDisconnected, e.Kind)
			return
		}
	}
	t.Fatal("no reason was given")
}

// What is pushed is in the cache without a fetch.
func TestSource_feedsTheCache(t *testing.T) {
	t.Parallel()
	overBoth(t, nil, func(t *testing.T, s *trpctest.Server, push trpc.Push) {
		c := realClient(t, s, trpc.Config{Push: push, Auth: trpc.BearerToken("tok-1")})
		client, err := query.New(query.Config{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, client.Close(context.WithoutCancel(t.Context()))) })
		latest := query.Query[string]{Key: querykey.Of("latest")}
		type change struct{ Type string }
		seen := query.Observe(client, latest)
		stop, err := query.Attach(client, query.Push[change]{
			Name:   "orders",
			Source: trpc.NewSubscription[json.RawMessage, change]("orderStatus.onOrderChanged").Source(c, rawInput("")),
			On: func(_ context.Context, client *query.Client, e change) error {
				if e.Type == "resync" {
					return errors.New("events are lost")
				}
				return query.Set(client, latest, e.Type)
			},
			Covers: []query.Filter{{Key: latest.Key}},
		})
		require.NoError(t, err)
		defer stop()
		for r := range seen.Results(t.Context()) {
			if r.HasData() {
				require.Equal(t, "order.created", r.Data())
				return
			}
			if r.Push().Status == query.PushLive {
				s.Control("createOrder", map[string]any{"sellerId": "seller_1"}, nil)
			}
		}
	})
}
