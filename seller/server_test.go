package seller_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/query/trpc/trpctest"
	"github.com/freshet-go/freshet/seller"
)

// page is a seller's screen in front of a real server.
type page struct {
	*seller.Seller

	server *trpctest.Server
	client *query.Client
	cable  *cable
}

// cable is a network that can be cut.
type cable struct{ cut atomic.Bool }

func (c *cable) RoundTrip(req *http.Request) (*http.Response, error) {
	if c.cut.Load() {
		return nil, errors.New("no network")
	}
	return http.DefaultTransport.RoundTrip(req)
}

// openPage starts a server and a seller whose queries are polled at interval.
func openPage(t *testing.T, interval time.Duration) *page {
	t.Helper()
	return openPageOver(t, interval, trpc.SSE)
}

func openPageOver(t *testing.T, interval time.Duration, transport trpc.Transport) *page {
	t.Helper()
	return openPageAs(t, interval, transport, seller.Config{})
}

func openPageAs(t *testing.T, interval time.Duration, transport trpc.Transport, cfg seller.Config) *page {
	t.Helper()
	p := &page{server: trpctest.Start(t), cable: new(cable)}
	api, err := trpc.New(trpc.Config{
		URL: p.server.URL, HTTP: &http.Client{Transport: p.cable}, Auth: trpc.BearerToken("tok-1"),
		Push: trpc.Push{Transport: transport, RetryMin: time.Millisecond, RetryMax: 10 * time.Millisecond},
	})
	require.NoError(t, err)
	p.client, err = query.New(query.Config{})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		require.NoError(t, p.client.Close(ctx))
		require.NoError(t, api.Close(ctx))
	})
	poll := query.Policy{RefetchInterval: query.Every(interval)}
	cfg.Client, cfg.API, cfg.SellerID = p.client, api, "seller_1"
	cfg.Policies = seller.Policies{Dashboard: poll, PendingOrders: poll, OrderByID: poll, OrderStats: poll, Sales: poll}
	p.Seller, err = seller.New(cfg)
	require.NoError(t, err)
	return p
}

// await waits until a result of the observer is as it should be.
func await[T any](t *testing.T, o *query.Observer[T], ok func(query.Result[T]) bool) query.Result[T] {
	t.Helper()
	for r := range o.Results(t.Context()) {
		if ok(r) {
			return r
		}
	}
	t.Fatalf("the query never showed what was awaited, but %+v", o.Current().Data())
	return query.Result[T]{}
}

// onScreen observes q until the end of the test and waits for its first data.
func onScreen[T any](t *testing.T, p *page, q query.Query[T]) *query.Observer[T] {
	t.Helper()
	o := query.Observe(p.client, q)
	t.Cleanup(o.Subscribe(func(query.Result[T]) {}))
	await(t, o, func(r query.Result[T]) bool { return r.IsSuccess() && !r.IsFetching() })
	return o
}

// rarely is an interval at which no poll happens during a test, so that what is
// shown got there by another way.
const rarely = time.Hour

func TestServer_statusChangedWhileHiddenShowsOnReturn_S23(t *testing.T) {
	t.Parallel()
	p := openPage(t, rarely)
	pending := onScreen(t, p, p.PendingOrders())
	id := pending.Current().Data().Items[0].ID
	detail := onScreen(t, p, p.OrderByID(id))
	require.Equal(t, seller.OrderPending, detail.Current().Data().Status)

	p.client.Focus().Set(false)
	p.server.Control("advanceOrder", map[string]any{"orderId": id}, nil)
	require.Equal(t, seller.OrderPending, detail.Current().Data().Status)

	p.client.Focus().Set(true)
	await(t, detail, func(r query.Result[seller.Order]) bool { return r.Data().Status == seller.OrderConfirmed })
	await(t, pending, func(r query.Result[seller.Page[seller.Order]]) bool { return !slices.Contains(ids(r.Data()), id) })
}

func TestServer_statusChangedWhileHiddenShowsByPolling_S23(t *testing.T) {
	t.Parallel()
	p := openPage(t, 20*time.Millisecond)
	pending := onScreen(t, p, p.PendingOrders())
	id := pending.Current().Data().Items[0].ID
	p.client.Focus().Set(false)
	p.server.Control("advanceOrder", map[string]any{"orderId": id}, nil)
	await(t, pending, func(r query.Result[seller.Page[seller.Order]]) bool { return !slices.Contains(ids(r.Data()), id) })
}

func TestServer_newOrderShowsOnReturn_S24(t *testing.T) {
	t.Parallel()
	p := openPage(t, rarely)
	pending := onScreen(t, p, p.PendingOrders())
	dashboard := onScreen(t, p, p.Dashboard())
	before, orders := pending.Current().Data(), dashboard.Current().Data().Metrics.Orders

	p.client.Focus().Set(false)
	p.server.Control("createOrder", map[string]any{"sellerId": "seller_1"}, nil)
	p.client.Focus().Set(true)
	after := await(t, pending, func(r query.Result[seller.Page[seller.Order]]) bool { return r.Data().Total == before.Total+1 })
	require.NotContains(t, ids(before), after.Data().Items[0].ID, "newest first")
	await(t, dashboard, func(r query.Result[seller.Dashboard]) bool { return r.Data().Metrics.Orders == orders+1 })
}

func TestServer_networkCutAndRestoredShowsNewData_S25(t *testing.T) {
	t.Parallel()
	p := openPage(t, rarely)
	pending := onScreen(t, p, p.PendingOrders())
	before := pending.Current().Data()

	p.cable.cut.Store(true)
	p.client.Online().Set(false)
	p.server.Control("createOrder", map[string]any{"sellerId": "seller_1"}, nil)
	_, err := pending.Refetch(t.Context(), query.RefetchOptions{NoWait: true})
	require.NoError(t, err)
	await(t, pending, query.Result[seller.Page[seller.Order]].IsPaused)
	require.Equal(t, before, pending.Current().Data(), "the old data stay")

	p.cable.cut.Store(false)
	p.client.Online().Set(true)
	await(t, pending, func(r query.Result[seller.Page[seller.Order]]) bool { return r.Data().Total == before.Total+1 })
}

func TestServer_networkCutUnnoticedRecoversByPolling_S25(t *testing.T) {
	t.Parallel()
	p := openPage(t, 20*time.Millisecond)
	q := p.PendingOrders()
	q.Policy.RetryDelay = query.ConstantDelay(5 * time.Millisecond)
	pending := onScreen(t, p, q)
	before := pending.Current().Data()
	p.cable.cut.Store(true)
	failed := await(t, pending, query.Result[seller.Page[seller.Order]].IsRefetchError)
	require.Equal(t, before, failed.Data())
	p.server.Control("createOrder", map[string]any{"sellerId": "seller_1"}, nil)
	p.cable.cut.Store(false)
	await(t, pending, func(r query.Result[seller.Page[seller.Order]]) bool { return r.Data().Total == before.Total+1 })
}

func TestServer_confirmedOrderChangesListCountsAndStats_S26(t *testing.T) {
	t.Parallel()
	p := openPage(t, rarely)
	pending := onScreen(t, p, p.PendingOrders())
	stats := onScreen(t, p, p.OrderStats())
	dashboard := onScreen(t, p, p.Dashboard())
	sales := onScreen(t, p, p.Sales(seller.SalesFilter{}))
	before, id := stats.Current().Data().ByStatus, pending.Current().Data().Items[0].ID
	list, counts := pending.Current().DataUpdatedAt(), stats.Current().DataUpdatedAt()
	overview, rows := dashboard.Current().DataUpdatedAt(), sales.Current().DataUpdatedAt()

	confirmed, err := query.Mutate(t.Context(), p.client, p.ConfirmOrder(), seller.ConfirmOrderInput{OrderID: id})
	require.NoError(t, err)
	require.Equal(t, seller.OrderConfirmed, confirmed.Status)

	// Newer data than before are the server's own, not the optimistic ones.
	await(t, pending, func(r query.Result[seller.Page[seller.Order]]) bool {
		return r.DataUpdatedAt().After(list) && !slices.Contains(ids(r.Data()), id)
	})
	await(t, stats, func(r query.Result[seller.OrderStats]) bool {
		return r.DataUpdatedAt().After(counts) && r.Data().ByStatus[seller.OrderPending] == before[seller.OrderPending]-1 &&
			r.Data().ByStatus[seller.OrderConfirmed] == before[seller.OrderConfirmed]+1
	})
	await(t, dashboard, func(r query.Result[seller.Dashboard]) bool {
		return r.DataUpdatedAt().After(overview) && r.Data().Metrics.Pending == before[seller.OrderPending]-1
	})
	await(t, sales, func(r query.Result[seller.Page[seller.Sale]]) bool {
		return r.DataUpdatedAt().After(rows) && statusOf(r.Data(), id) != seller.OrderPending
	})
	require.Equal(t, before[seller.OrderPending]-1, p.server.State("seller_1").Stats.ByStatus["pending"])
}

func TestServer_refusedConfirmationIsTakenBack_S20(t *testing.T) {
	t.Parallel()
	p := openPage(t, rarely)
	pending := onScreen(t, p, p.PendingOrders())
	first := pending.Current().Data().Items[0]
	_, err := query.Mutate(t.Context(), p.client, p.ConfirmOrder(),
		seller.ConfirmOrderInput{OrderID: first.ID, ExpectedVersion: first.Version + 7})
	require.ErrorIs(t, err, trpc.CodePreconditionFailed)
	require.Contains(t, ids(pending.Current().Data()), first.ID)
}

func TestServer_answerLostConfirmsOnce_S22(t *testing.T) {
	t.Parallel()
	p := openPage(t, rarely)
	pending := onScreen(t, p, p.PendingOrders())
	id := pending.Current().Data().Items[0].ID
	p.server.Inject(trpctest.Fault{Kind: "applied_then_reset", Procedure: "orderStatus.confirmOrder"})
	m := p.ConfirmOrder()
	m.Policy.RetryDelay = query.ConstantDelay(time.Millisecond)
	confirmed, err := query.Mutate(t.Context(), p.client, m, seller.ConfirmOrderInput{OrderID: id})
	require.NoError(t, err, "a second run would be a conflict")
	require.Equal(t, seller.OrderConfirmed, confirmed.Status)
	require.Equal(t, 2, p.server.Counters().HTTP.ByProcedure["orderStatus.confirmOrder"])
}
