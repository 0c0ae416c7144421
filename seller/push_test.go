package seller_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/seller"
)

// transports are those that events can take.
var transports = map[string]trpc.Transport{"SSE": trpc.SSE, "WebSocket": trpc.WebSocket}

// listening waits until push keeps the query of o fresh.
func listening[T any](t *testing.T, p *page, o *query.Observer[T]) {
	t.Helper()
	stop, err := p.Listen()
	require.NoError(t, err)
	t.Cleanup(stop)
	await(t, o, func(r query.Result[T]) bool { return r.Push().Status == query.PushLive && !r.IsFetching() })
}

func TestListen_eventsShowWithoutPolling_S30(t *testing.T) {
	t.Parallel()
	for name, transport := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := openPageOver(t, rarely, transport)
			pending := onScreen(t, p, p.PendingOrders())
			id := pending.Current().Data().Items[0].ID
			detail := onScreen(t, p, p.OrderByID(id))
			dashboard := onScreen(t, p, p.Dashboard())
			orders := dashboard.Current().Data().Metrics.Orders
			listening(t, p, pending)

			p.server.Control("advanceOrder", map[string]any{"orderId": id}, nil)
			await(t, detail, func(r query.Result[seller.Order]) bool { return r.Data().Status == seller.OrderConfirmed })
			await(t, pending, func(r query.Result[seller.Page[seller.Order]]) bool { return !slices.Contains(ids(r.Data()), id) })
			p.server.Control("createOrder", map[string]any{"sellerId": "seller_1"}, nil)
			await(t, dashboard, func(r query.Result[seller.Dashboard]) bool { return r.Data().Metrics.Orders == orders+1 })
		})
	}
}

func TestListen_slowsPollingDownUntilItStops_S30(t *testing.T) {
	t.Parallel()
	p := openPage(t, 2*time.Second)
	pending := onScreen(t, p, p.PendingOrders())
	dashboard := onScreen(t, p, p.Dashboard())
	stop, err := p.Listen()
	require.NoError(t, err)
	defer stop()
	await(t, pending, func(r query.Result[seller.Page[seller.Order]]) bool {
		return r.Push().Status == query.PushLive && r.NextPollAt().Sub(p.client.Now()) > 30*time.Second
	})
	require.Equal(t, query.PushNone, dashboard.Current().Push().Status, "it has parts that no event tells of")
	require.Less(t, dashboard.Current().NextPollAt().Sub(p.client.Now()), 3*time.Second)

	stop()
	after := await(t, pending, func(r query.Result[seller.Page[seller.Order]]) bool { return r.Push().Status == query.PushNone })
	require.Less(t, after.NextPollAt().Sub(p.client.Now()), 3*time.Second)
}

func TestListen_slowsTheDashboardDownIfItMay_S30(t *testing.T) {
	t.Parallel()
	for name, transport := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := openPageAs(t, 2*time.Second, transport, seller.Config{PushDashboard: true})
			dashboard := onScreen(t, p, p.Dashboard())
			orders := dashboard.Current().Data().Metrics.Orders
			listening(t, p, dashboard)
			await(t, dashboard, func(r query.Result[seller.Dashboard]) bool {
				return r.NextPollAt().Sub(p.client.Now()) > 30*time.Second
			})

			p.server.Control("createOrder", map[string]any{"sellerId": "seller_1"}, nil)
			await(t, dashboard, func(r query.Result[seller.Dashboard]) bool { return r.Data().Metrics.Orders == orders+1 })
			require.Equal(t, query.PushLive, dashboard.Current().Push().Status)
		})
	}
}

func TestListen_pollsTheDashboardAgainWhenOneStreamIsLost_S30(t *testing.T) {
	t.Parallel()
	p := openPageAs(t, 2*time.Second, trpc.SSE, seller.Config{PushDashboard: true})
	dashboard := onScreen(t, p, p.Dashboard())
	balance := onScreen(t, p, p.PayoutStats())
	listening(t, p, dashboard)

	p.cable.cut.Store(true) // neither stream comes back
	p.server.Control("dropConnections", map[string]any{"kind": "sse", "hard": true}, nil)
	lost := await(t, dashboard, func(r query.Result[seller.Dashboard]) bool { return r.Push().Status == query.PushLost })
	require.Less(t, lost.NextPollAt().Sub(p.client.Now()), 3*time.Second)

	p.cable.cut.Store(false)
	await(t, dashboard, func(r query.Result[seller.Dashboard]) bool { return r.Push().Status == query.PushLive })
	require.Equal(t, query.PushLive, balance.Current().Push().Status, "all streams are back")
}

func TestListen_lostEventsRefetchTheDashboardToo_S30(t *testing.T) {
	t.Parallel()
	p := openPageAs(t, rarely, trpc.SSE, seller.Config{PushDashboard: true})
	dashboard := onScreen(t, p, p.Dashboard())
	orders := dashboard.Current().Data().Metrics.Orders
	listening(t, p, dashboard)
	p.server.Control("createOrder", map[string]any{"sellerId": "seller_1"}, nil)
	await(t, dashboard, func(r query.Result[seller.Dashboard]) bool { return r.Data().Metrics.Orders == orders+1 })

	p.cable.cut.Store(true)
	p.server.Control("dropConnections", map[string]any{"kind": "sse", "hard": true}, nil)
	await(t, dashboard, func(r query.Result[seller.Dashboard]) bool { return r.Push().Status == query.PushLost })
	p.server.Control("createOrder", map[string]any{"sellerId": "seller_1", "count": 20}, nil)
	p.server.Control("setEventLogLimit", map[string]any{"limit": 2}, nil)
	p.cable.cut.Store(false)
	await(t, dashboard, func(r query.Result[seller.Dashboard]) bool { return r.Data().Metrics.Orders == orders+21 })
}

func TestListen_onAClosedClientSaysSo(t *testing.T) {
	t.Parallel()
	p := openPage(t, rarely)
	require.NoError(t, p.client.Close(t.Context()))
	_, err := p.Listen()
	require.ErrorIs(t, err, query.ErrClosed)
}
