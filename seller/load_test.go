package seller_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/seller"
)

// perMinute counts the HTTP requests of a minute of watching, once loaded.
func perMinute(s *shop) int {
	s.advance(sec)
	before := s.requests()
	s.advance(mins)
	return s.requests() - before
}

func TestLoad_requestsPerMinuteOfEachPage_S27(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		page     func(*shop)
		statuses []seller.OrderStatus
		most     int
	}{
		"dashboard":             {func(s *shop) { watch(s, s.Dashboard()) }, nil, 12},
		"pending":               {func(s *shop) { watch(s, s.PendingOrders()) }, nil, 12},
		"sales that move":       {func(s *shop) { watch(s, s.Sales(seller.SalesFilter{})) }, []seller.OrderStatus{seller.OrderShipped}, 12},
		"sales that wait":       {func(s *shop) { watch(s, s.Sales(seller.SalesFilter{})) }, []seller.OrderStatus{seller.OrderPending}, 4},
		"sales that are over":   {func(s *shop) { watch(s, s.Sales(seller.SalesFilter{})) }, []seller.OrderStatus{seller.OrderCompleted}, 1},
		"order detail":          {func(s *shop) { watch(s, s.OrderByID("ord_1")) }, []seller.OrderStatus{seller.OrderPending}, 20},
		"payouts":               {func(s *shop) { watch(s, s.PayoutStats()) }, nil, 6},
		"payout history":        {func(s *shop) { watch(s, s.PayoutHistory(seller.PayoutFilter{})) }, nil, 6},
		"listings":              {func(s *shop) { watch(s, s.Listings(seller.ListingFilter{})) }, nil, 1},
		"two pages of one kind": {func(s *shop) { watch(s, s.PendingOrders()); watch(s, s.PendingOrders()) }, nil, 12},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, setup{market: newMarket(tc.statuses...)})
				tc.page(s)
				n := perMinute(s)
				require.LessOrEqual(t, n, tc.most)
				require.GreaterOrEqual(t, n, tc.most-1, "the limit is used, short of the time that requests take")
			})
		})
	}
}

func TestLoad_concurrentReadsCostOneRequest_S28(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		s.market.latency = 500 * time.Millisecond
		var readers sync.WaitGroup
		for range 50 {
			readers.Go(func() { require.NoError(s.t, p.fetch(s.t.Context(), s.client)) })
		}
		readers.Wait()
		require.NoError(s.t, p.fetch(s.t.Context(), s.client), "within the stale time")
		require.Len(s.t, s.times(d.procedure), 1)
	})
}

func TestLoad_queriesDueTogetherShareOneRequest_S29(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{})
		watch(s, s.Dashboard())
		watch(s, s.PendingOrders())
		watch(s, s.OrderStats())
		watch(s, s.OrdersByStatus(seller.OrderShipped))
		s.advance(sec)
		require.Equal(t, 1, s.requests(), "the first load")
		require.Equal(t, 1, perMinute(s)/12, "S27: all of them together cost as much as the dashboard alone")
		stats := s.api.Stats()
		require.Equal(t, stats.Requests, stats.Batches)
		require.Equal(t, 7*stats.Requests, stats.Calls)
	})
}

func TestStates_areTold_S35(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff})
		s.market.latency = 100 * time.Millisecond
		pending := watch(s, s.PendingOrders())
		r := pending.Current()
		require.True(t, r.IsLoading(), "loading")

		s.advance(sec)
		r = pending.Current()
		require.True(t, r.IsSuccess() && !r.IsFetching(), "at rest")

		s.advance(4*sec + 150*time.Millisecond)
		r = pending.Current()
		require.True(t, r.IsRefetching(), "refreshing")

		s.market.setFail(failing(refusedError{trpc.CodeForbidden}))
		s.advance(sec / 2)
		r = pending.Current()
		require.Equal(t, 1, r.FailureCount(), "retrying: attempt 2 of 4")
		require.Equal(t, s.opened.Add(6200*time.Millisecond), r.RetryAt(), "next try at")
		require.True(t, r.IsRefetching() && r.HasData())

		s.advance(10 * sec)
		r = pending.Current()
		require.True(t, r.IsRefetchError() && r.HasData(), "error with old data")
		require.ErrorIs(t, r.Err(), trpc.CodeForbidden)

		s.client.Online().Set(false)
		s.advance(10 * sec)
		r = pending.Current()
		require.True(t, r.IsPaused(), "paused")
	})
}

func TestResults_sayWhenTheyWereUpdatedAndWillBe_S34(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff})
		pending := watch(s, s.PendingOrders())
		s.advance(7 * sec)
		r := pending.Current()
		require.Equal(t, s.opened.Add(5*sec), r.DataUpdatedAt())
		require.Equal(t, 2*sec, r.Age())
		require.Equal(t, s.opened.Add(10*sec), r.NextPollAt())
	})
}

func TestErrors_ofOnePageLeaveTheOthersAlone_S36(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{})
		s.market.setFail(failing(refusedError{trpc.CodeForbidden}, "sales.getAllSales"))
		sales := watch(s, s.Sales(seller.SalesFilter{}))
		pending := watch(s, s.PendingOrders())
		dashboard := watch(s, s.Dashboard())
		s.advance(8 * sec)
		require.ErrorIs(t, sales.Current().Err(), trpc.CodeForbidden)
		require.ErrorIs(t, dashboard.Current().Err(), trpc.CodeForbidden)
		require.NoError(t, pending.Current().Err())
		require.Less(t, pending.Current().Age(), 5*sec, "it goes on being polled")

		s.market.setFail(nil)
		s.advance(15 * sec)
		require.NoError(t, sales.Current().Err())
		require.NoError(t, dashboard.Current().Err())
	})
}

func TestExplain_saysWhyAPageIsNotUpdating_S37(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff})
		k := s.Keys()
		require.True(t, s.client.Explain(k.PendingOrders()).Has(query.ReasonUnknownKey), "never fetched")

		load(s, s.OrderStats())
		require.True(t, s.client.Explain(k.OrderStats()).Has(query.ReasonNoObservers))

		watch(s, s.PendingOrders())
		disabled := s.PayoutStats()
		disabled.Policy.Enabled = query.Off
		watch(s, disabled)
		still := s.Listings(seller.ListingFilter{})
		still.Policy.RefetchInterval = query.NoInterval()
		watch(s, still)
		visible := s.OrderByID("ord_1")
		visible.Policy.RefetchIntervalInBackground = query.Off
		watch(s, visible)
		s.advance(sec)
		fresh := s.client.Explain(k.PendingOrders())
		require.True(t, fresh.Has(query.ReasonFresh))
		require.True(t, fresh.Has(query.ReasonPolling))
		require.True(t, s.client.Explain(k.PayoutStats()).Has(query.ReasonDisabled))
		require.True(t, s.client.Explain(k.MyListings(seller.ListingFilter{})).Has(query.ReasonNoInterval))

		s.market.setFail(failing(refusedError{trpc.CodeForbidden}))
		s.advance(4 * sec)
		require.True(t, s.client.Explain(k.PendingOrders()).Has(query.ReasonBackingOff))
		s.advance(8 * sec)
		require.True(t, s.client.Explain(k.PendingOrders()).Has(query.ReasonError))

		s.client.Focus().Set(false)
		require.True(t, s.client.Explain(k.OrderByID("ord_1")).Has(query.ReasonHidden))
		s.client.Online().Set(false)
		s.advance(10 * sec)
		require.True(t, s.client.Explain(k.PendingOrders()).Has(query.ReasonOffline))
	})
}
