package server_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/examples/dashboard/internal/server"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/seller"
)

var (
	orderEvents   = trpc.NewSubscription[trpc.NoInput, seller.OrderEvent]("orderStatus.onOrderChanged")
	balanceEvents = trpc.NewSubscription[trpc.NoInput, seller.BalanceEvent]("finance.onBalanceChanged")
)

// listening starts a shop and connects a client to it.
func listening(t *testing.T) (*server.Server, *trpc.Client) {
	t.Helper()
	shop := server.New(server.Config{})
	address, err := shop.Start()
	require.NoError(t, err)
	api, err := trpc.New(trpc.Config{
		URL: address, Auth: trpc.BearerToken(server.DemoToken), Push: trpc.Push{RetryMin: time.Millisecond, RetryMax: time.Millisecond},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, api.Close(context.WithoutCancel(t.Context())))
		require.NoError(t, shop.Close(context.WithoutCancel(t.Context())))
	})
	return shop, api
}

// await returns the next event of a kind.
func await[T any](t *testing.T, next func() (trpc.Event[T], bool), kind trpc.EventKind) trpc.Event[T] {
	t.Helper()
	for {
		e, ok := next()
		require.True(t, ok, "the stream is over")
		require.NotEqual(t, trpc.EventClosed, e.Kind, "%v", e.Err)
		if e.Kind == kind {
			return e
		}
	}
}

func TestStream_tellsWhatHappensInOrder_S30(t *testing.T) {
	t.Parallel()
	shop, api := listening(t)
	orders, stopOrders := iter.Pull(orderEvents.Events(t.Context(), api, trpc.NoInput{}))
	defer stopOrders()
	balances, stopBalances := iter.Pull(balanceEvents.Events(t.Context(), api, trpc.NoInput{}))
	defer stopBalances()
	await(t, orders, trpc.EventConnected)
	await(t, balances, trpc.EventConnected)

	o, err := shop.CreateOrder(server.DemoSeller)
	require.NoError(t, err)
	created := await(t, orders, trpc.EventData)
	require.Equal(t, "o1-1", created.ID)
	require.Equal(t, seller.OrderCreatedEvent, created.Data.Type)
	require.Equal(t, o.ID, created.Data.OrderID)
	require.Nil(t, created.Data.PreviousStatus)

	_, err = shop.AdvanceOrder(server.DemoSeller, o.ID)
	require.NoError(t, err)
	confirmed := await(t, orders, trpc.EventData)
	require.Equal(t, "o1-2", confirmed.ID)
	require.Equal(t, seller.OrderStatusChangedEvent, confirmed.Data.Type)
	require.Equal(t, seller.OrderConfirmed, confirmed.Data.Status)
	require.Equal(t, seller.OrderPending, *confirmed.Data.PreviousStatus)
	balance := await(t, balances, trpc.EventData)
	require.Equal(t, "b1-1", balance.ID)
	require.Equal(t, o.ID, balance.Data.OrderID)
	require.Equal(t, "order_confirmed", balance.Data.Reason)
}

func TestStream_goesOnWhereItWasCut_S30(t *testing.T) {
	t.Parallel()
	shop, api := listening(t)
	orders, stop := iter.Pull(orderEvents.Events(t.Context(), api, trpc.NoInput{}))
	defer stop()
	await(t, orders, trpc.EventConnected)
	_, err := shop.CreateOrder(server.DemoSeller)
	require.NoError(t, err)
	require.Equal(t, "o1-1", await(t, orders, trpc.EventData).ID)

	shop.CutOff(true)
	await(t, orders, trpc.EventLost)
	for range 3 {
		_, err := shop.CreateOrder(server.DemoSeller)
		require.NoError(t, err)
	}
	shop.CutOff(false)
	await(t, orders, trpc.EventResumed)
	for n := 2; n <= 4; n++ {
		require.Equal(t, fmt.Sprintf("o1-%d", n), await(t, orders, trpc.EventData).ID)
	}
}

func TestStream_whatItHasNotKeptIsAResync_S30(t *testing.T) {
	t.Parallel()
	for _, after := range []string{"o1-7", "b1-1", "o1-x", "nothing"} {
		_, api := listening(t)
		orders, stop := iter.Pull(orderEvents.After(after).Events(t.Context(), api, trpc.NoInput{}))
		e := await(t, orders, trpc.EventData)
		stop()
		require.Equal(t, seller.OrderResync, e.Data.Type, after)
		require.Equal(t, after, *e.Data.LastEventID)
		require.Equal(t, "o1-0", e.ID)
	}
}

func TestStream_logIsBounded(t *testing.T) {
	t.Parallel()
	shop, api := listening(t)
	for range 300 {
		_, err := shop.CreateOrder(server.DemoSeller)
		require.NoError(t, err)
	}
	for after, want := range map[string]seller.OrderEventType{"o1-43": seller.OrderResync, "o1-44": seller.OrderCreatedEvent} {
		orders, stop := iter.Pull(orderEvents.After(after).Events(t.Context(), api, trpc.NoInput{}))
		require.Equal(t, want, await(t, orders, trpc.EventData).Data.Type, after)
		stop()
	}
}

func TestStream_strangersAndBatchesAreRefused(t *testing.T) {
	t.Parallel()
	s := server.New(server.Config{})
	request := func(target, token string) int {
		return send(s, http.MethodGet, target, "", map[string]string{"authorization": token}).Code
	}
	require.Equal(t, http.StatusUnauthorized, request("/trpc/orderStatus.onOrderChanged", "Bearer tok-99"))
	require.Equal(t, http.StatusBadRequest, request("/trpc/orderStatus.onOrderChanged?connectionParams=x", "Bearer tok-1"))
	require.Equal(t, http.StatusMethodNotAllowed, request("/trpc/orderStatus.onOrderChanged?batch=1", "Bearer tok-1"))
}
