package server_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/examples/dashboard/internal/server"
	"github.com/freshet-go/freshet/seller"
)

// everything is all a seller can see, as text.
func everything(s *server.Server) string {
	return get(s, "/trpc/"+strings.Join([]string{
		"sales.getAllSales", "orderStatus.getPendingOrders", "orderStatus.getOrderStats",
		"finance.getPayoutStats", "finance.getPayoutHistory", "listing.getMyListings",
	}, ",")+"?batch=1").Body.String()
}

func TestStep_sameSeedAndClockGiveTheSameAnswers(t *testing.T) {
	t.Parallel()
	life := func(seed uint32) []string {
		s, mock := newServer(server.Config{Seed: seed})
		seen := []string{everything(s)}
		for range 50 {
			mock.Add(time.Second)
			s.Step()
			seen = append(seen, everything(s))
		}
		return seen
	}
	one := life(7)
	require.Equal(t, one, life(7))
	require.NotEqual(t, one[0], life(8)[0])
}

func TestStep_callsOfClientsDoNotDecideWhatHappensNext(t *testing.T) {
	t.Parallel()
	quiet, _ := newServer(server.Config{})
	busy, _ := newServer(server.Config{})
	for range 20 {
		require.Equal(t, 200, get(busy, "/trpc/sales.getAllSales").Code)
		quiet.Step()
		busy.Step()
	}
	require.Equal(t, everything(quiet), everything(busy))
}

func TestStep_keepsTheShopInBusiness(t *testing.T) {
	t.Parallel()
	s, mock := newServer(server.Config{})
	before := data[seller.OrderStats](t, get(s, "/trpc/orderStatus.getOrderStats"))
	balance := data[seller.PayoutStats](t, get(s, "/trpc/finance.getPayoutStats"))
	for range 1000 {
		mock.Add(time.Second)
		s.Step()
	}
	after := data[seller.OrderStats](t, get(s, "/trpc/orderStatus.getOrderStats"))
	require.Greater(t, after.Total, before.Total)
	require.Greater(t, after.ByStatus[seller.OrderCompleted], before.ByStatus[seller.OrderCompleted])
	require.Greater(t, after.ByStatus[seller.OrderCancelled], before.ByStatus[seller.OrderCancelled])
	open := after.Total - after.ByStatus[seller.OrderCompleted] - after.ByStatus[seller.OrderCancelled]
	require.Positive(t, open)
	require.Less(t, open, 200, "orders must not pile up")
	require.Positive(t, after.ByStatus[seller.OrderPending])

	later := data[seller.PayoutStats](t, get(s, "/trpc/finance.getPayoutStats"))
	require.Greater(t, later.PaidOut.AmountCents, balance.PaidOut.AmountCents)
	require.Greater(t, later.LifetimeGross.AmountCents, balance.LifetimeGross.AmountCents)
}

func TestBalance_isWhatTheOrdersAndPayoutsAddUpTo(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{Orders: 60})
	for range 30 {
		s.Step()
	}
	var pending, earned int64
	for _, sale := range data[seller.Page[seller.Sale]](t, get(s, withInput("sales.getAllSales", `{"limit":100}`))).Items {
		switch {
		case sale.Status.InEscrow():
			pending += sale.Net.AmountCents
		case sale.Status == seller.OrderCompleted:
			earned += sale.Net.AmountCents
		}
	}
	balance := data[seller.PayoutStats](t, get(s, "/trpc/finance.getPayoutStats"))
	require.Equal(t, pending, balance.Pending.AmountCents)
	require.Equal(t, earned, balance.Available.AmountCents+balance.InTransit.AmountCents+balance.PaidOut.AmountCents)
}

func TestRun_changesAtTheConfiguredPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, mock := newServer(server.Config{ChangeEvery: 2 * time.Second})
		stepped, _ := newServer(server.Config{})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			s.Run(ctx)
		}()
		views := func(s *server.Server) string {
			return get(s, withInput("listing.getMyListings", `{"limit":100}`)).Body.String()
		}
		for range 5 {
			synctest.Wait()
			mock.Add(time.Second)
			synctest.Wait()
			require.Equal(t, views(stepped), views(s))
			mock.Add(time.Second)
			synctest.Wait()
			require.NotEqual(t, views(stepped), views(s), "each change shows in the listings")
			stepped.Step()
			require.Equal(t, views(stepped), views(s))
		}
		stop()
		<-ended
	})
}

func TestRun_withoutPaceReturnsAtOnce(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	before := everything(s)
	s.Run(t.Context())
	require.Equal(t, before, everything(s))
}

func TestAdvanceOrder_leadsToTheEndAndNoFurther(t *testing.T) {
	t.Parallel()
	s, mock := newServer(server.Config{})
	order, err := s.CreateOrder(server.DemoSeller)
	require.NoError(t, err)
	require.Equal(t, seller.OrderPending, order.Status)
	require.Equal(t, epoch(), order.CreatedAt)
	for !order.Status.Terminal() {
		mock.Add(time.Minute)
		order, err = s.AdvanceOrder(server.DemoSeller, order.ID)
		require.NoError(t, err)
	}
	require.Equal(t, seller.OrderCompleted, order.Status)
	require.Len(t, order.Timeline, 7)
	require.NotNil(t, order.Tracking)
	require.Equal(t, epoch().Add(6*time.Minute), *order.CompletedAt)
	_, err = s.AdvanceOrder(server.DemoSeller, order.ID)
	require.ErrorContains(t, err, "CONFLICT")
	_, err = s.AdvanceOrder("seller_2", order.ID)
	require.ErrorContains(t, err, "NOT_FOUND")
	_, err = s.CreateOrder("seller_9")
	require.ErrorContains(t, err, "NOT_FOUND")
}

func TestAnswers_doNotChangeAfterTheyWereGiven(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	order, err := s.CreateOrder(server.DemoSeller)
	require.NoError(t, err)
	first, err := s.AdvanceOrder(server.DemoSeller, order.ID)
	require.NoError(t, err)
	_, err = s.AdvanceOrder(server.DemoSeller, order.ID)
	require.NoError(t, err)
	require.Equal(t, seller.OrderPending, order.Status)
	require.Len(t, order.Timeline, 1)
	require.Len(t, first.Timeline, 2)
	require.Nil(t, order.ConfirmedAt)
}

func TestCounters_tellRequestsBatchesAndCalls(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	require.Equal(t, server.Counters{}, s.Counters())
	get(s, "/trpc/finance.getPayoutStats")
	get(s, "/trpc/finance.getPayoutStats,orderStatus.getOrderStats,no.such?batch=1")
	s.SetFault(server.Fault{Kind: server.FailGateway})
	get(s, "/trpc/orderStatus.getOrderStats")
	get(s, "/elsewhere")
	counted := s.Counters()
	require.Equal(t, server.Counters{
		Requests: 3, Batches: 1, Calls: 5,
		ByProcedure: map[string]int{"finance.getPayoutStats": 2, "orderStatus.getOrderStats": 2},
	}, counted)
	counted.ByProcedure["finance.getPayoutStats"] = 99
	require.Equal(t, 2, s.Counters().ByProcedure["finance.getPayoutStats"])
}

func TestConfig_zeroEpochIsTheClocksTime(t *testing.T) {
	t.Parallel()
	s, mock := newServer(server.Config{})
	moved, _ := newServer(server.Config{Epoch: epoch().Add(-24 * time.Hour)})
	mock.Add(1500 * time.Microsecond)
	require.Equal(t, epoch().Add(time.Millisecond), data[seller.PayoutStats](t, get(s, "/trpc/finance.getPayoutStats")).AsOf)
	require.Equal(t, epoch().Add(-24*time.Hour), data[seller.PayoutStats](t, get(moved, "/trpc/finance.getPayoutStats")).AsOf)
}
