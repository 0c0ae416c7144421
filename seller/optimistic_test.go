package seller_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/seller"
)

// ids lists the orders of a page.
func ids(page seller.Page[seller.Order]) []string {
	list := []string{}
	for _, o := range page.Items {
		list = append(list, o.ID)
	}
	return list
}

func statusOf(page seller.Page[seller.Sale], orderID string) seller.OrderStatus {
	for _, sale := range page.Items {
		if sale.OrderID == orderID {
			return sale.Status
		}
	}
	return ""
}

// counts lists the counts that are not zero.
func counts(stats seller.OrderStats) map[seller.OrderStatus]int {
	list := map[seller.OrderStatus]int{}
	for status, n := range stats.ByStatus {
		if n != 0 {
			list[status] = n
		}
	}
	return list
}

func TestConfirmOrder_showsAtOnceEverywhere_S20(t *testing.T) {
	t.Parallel()
	market := newMarket(seller.OrderPending, seller.OrderConfirmed, seller.OrderPending)
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{market: market})
		loadAll(s)
		s.market.latency = sec
		done := start(s, s.ConfirmOrder(), confirming("ord_1"))

		require.Equal(t, []string{"ord_3"}, ids(get(s, s.PendingOrders())))
		require.Equal(t, 1, get(s, s.PendingOrders()).Total)
		require.Equal(t, []string{"ord_3"}, ids(get(s, s.OrdersByStatus(seller.OrderPending))))
		require.Equal(t, []string{"ord_2", "ord_1"}, ids(get(s, s.OrdersByStatus(seller.OrderConfirmed))), "newest first")
		require.Equal(t, 2, get(s, s.OrdersByStatus(seller.OrderConfirmed)).Total)
		require.Equal(t, map[seller.OrderStatus]int{"pending": 1, "confirmed": 2}, counts(get(s, s.OrderStats())))
		require.Equal(t, usd(3000), get(s, s.OrderStats()).Revenue)
		require.Equal(t, seller.OrderConfirmed, get(s, s.OrderByID("ord_1")).Status)
		require.Equal(t, seller.OrderConfirmed, get(s, s.SaleByID("sale_1")).Status)
		require.Equal(t, seller.OrderConfirmed, get(s, s.SaleByID("sale_1")).Order.Status)
		for _, limit := range []int{0, 50} {
			require.Equal(t, seller.OrderConfirmed, statusOf(get(s, s.Sales(seller.SalesFilter{Limit: limit})), "ord_1"))
		}
		dashboard := get(s, s.Dashboard())
		require.Equal(t, seller.OrderConfirmed, statusOf(dashboard.Sales, "ord_1"))
		require.Equal(t, map[seller.OrderStatus]int{"pending": 1, "confirmed": 2}, counts(dashboard.Stats))
		require.Equal(t, 1, dashboard.Metrics.Pending)

		require.Equal(t, seller.OrderConfirmed, get(s, s.OrderByID("ord_2")).Status, "others stay as they are")
		require.Equal(t, seller.OrderPending, statusOf(dashboard.Sales, "ord_3"))
		require.Equal(t, usd(50_000), get(s, s.PayoutStats()).Available)
		require.NoError(t, (<-done).err)
	})
}

func TestCancelOrder_showsAtOnceEverywhere_S20(t *testing.T) {
	t.Parallel()
	market := newMarket(seller.OrderConfirmed, seller.OrderConfirmed, seller.OrderCancelled, seller.OrderPending)
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{market: market})
		loadAll(s)
		load(s, s.OrdersByStatus(seller.OrderCancelled))
		s.market.latency = sec
		done := start(s, s.CancelOrder(), cancelling("ord_1"))

		require.Equal(t, []string{"ord_2"}, ids(get(s, s.OrdersByStatus(seller.OrderConfirmed))))
		require.Equal(t, []string{"ord_3", "ord_1"}, ids(get(s, s.OrdersByStatus(seller.OrderCancelled))))
		require.Equal(t, map[seller.OrderStatus]int{"pending": 1, "confirmed": 1, "cancelled": 2}, counts(get(s, s.OrderStats())))
		require.Equal(t, usd(2000), get(s, s.OrderStats()).Revenue, "a cancelled order earns nothing")
		require.Equal(t, usd(1000), get(s, s.OrderStats()).AverageOrderValue)
		dashboard := get(s, s.Dashboard())
		require.Equal(t, usd(2000), dashboard.Revenue)
		require.InDelta(t, 0.5, dashboard.Metrics.CancelledRate, 0)
		require.NoError(t, (<-done).err)
	})
}

func TestSchedulePayout_balanceDropsAtOnce_S20(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{})
		loadAll(s)
		s.market.latency = sec
		done := start(s, s.SchedulePayout(), seller.SchedulePayoutInput{AmountCents: 700, Currency: "USD"})
		for _, stats := range []seller.PayoutStats{get(s, s.PayoutStats()), get(s, s.Dashboard()).Payouts} {
			require.Equal(t, usd(49_300), stats.Available)
			require.Equal(t, usd(1_700), stats.InTransit)
		}
		require.NoError(t, (<-done).err)
	})
}

func TestSchedulePayout_thatCannotBeShowsNothing_S20(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]seller.SchedulePayoutInput{
		"too much":         {AmountCents: 50_001, Currency: "USD"},
		"another currency": {AmountCents: 1, Currency: "EUR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, setup{})
				loadAll(s)
				before := s.snapshot()
				s.market.latency = sec
				done := start(s, s.SchedulePayout(), in)
				require.Equal(t, before, s.snapshot())
				<-done
			})
		})
	}
}

func TestMutations_refusalRollsBackExactly_S20(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*shop) <-chan outcome{
		"ConfirmOrder": func(s *shop) <-chan outcome { return start(s, s.ConfirmOrder(), confirming("ord_1")) },
		"CancelOrder":  func(s *shop) <-chan outcome { return start(s, s.CancelOrder(), cancelling("ord_1")) },
		"SchedulePayout": func(s *shop) <-chan outcome {
			return start(s, s.SchedulePayout(), seller.SchedulePayoutInput{AmountCents: 700, Currency: "USD"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, setup{})
				loadAll(s)
				before := s.snapshot()
				s.market.latency = sec
				s.market.setFail(failing(refusedError{trpc.CodeConflict}))
				done := begin(s)
				require.NotEqual(t, before, s.snapshot())
				require.ErrorIs(t, (<-done).err, trpc.CodeConflict)
				require.Equal(t, before, s.snapshot())
			})
		})
	}
}

func TestMutations_neverChangeSharedValues_S20(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{market: newMarket(seller.OrderConfirmed, seller.OrderPending)})
		loadAll(s)
		pending, sales, stats := get(s, s.PendingOrders()), get(s, s.Sales(seller.SalesFilter{})), get(s, s.OrderStats())
		confirmed := seller.Page[seller.Order]{Items: append(make([]seller.Order, 0, 4), order(1, seller.OrderConfirmed)), Total: 1}
		s.client.Remove(query.Filter{Key: s.Keys().OrdersByStatus(seller.OrderConfirmed)})
		require.NoError(t, query.Set(s.client, s.OrdersByStatus(seller.OrderConfirmed), confirmed), "with room to grow in place")
		_, err := query.Mutate(t.Context(), s.client, s.ConfirmOrder(), confirming("ord_2"))
		require.NoError(t, err)
		require.Equal(t, []string{"ord_2", "ord_1"}, ids(get(s, s.OrdersByStatus(seller.OrderConfirmed))))
		require.Equal(t, []string{"ord_2"}, ids(pending))
		require.Equal(t, []string{"ord_1"}, ids(confirmed))
		require.Equal(t, seller.OrderPending, statusOf(sales, "ord_2"))
		require.Equal(t, 1, stats.ByStatus[seller.OrderPending])
	})
}

func TestMutations_pollMeanwhileKeepsTheChangeOnScreen_S20(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff})
		watch(s, s.PendingOrders())
		watch(s, s.OrderStats())
		s.advance(sec)
		s.market.setFail(failing(badGatewayError{}, "orderStatus.confirmOrder"))
		done := start(s, s.ConfirmOrder(), confirming("ord_1"))
		s.advance(5 * sec) // a poll, while the mutation backs off
		require.Len(t, s.times("orderStatus.getPendingOrders"), 2)
		require.Empty(t, ids(get(s, s.PendingOrders())))
		require.Zero(t, get(s, s.OrderStats()).ByStatus[seller.OrderPending])
		s.market.setFail(nil)
		require.NoError(t, (<-done).err)
		s.advance(0)
		require.Empty(t, ids(get(s, s.PendingOrders())))
		require.Zero(t, get(s, s.OrderStats()).ByStatus[seller.OrderPending])
	})
}

func TestDashboard_pollThatShowsTheChangeIsNotCountedTwice_S20(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff, market: newMarket(seller.OrderPending, seller.OrderPending)})
		watch(s, s.Dashboard())
		s.advance(sec)
		s.client.Online().Set(false) // the mutation waits
		start(s, s.ConfirmOrder(), confirming("ord_2"))
		require.Equal(t, 1, get(s, s.Dashboard()).Metrics.Pending)
		s.market.setStatus("ord_2", seller.OrderConfirmed) // by somebody else
		q := s.Dashboard()
		q.Policy.NetworkMode = query.NetworkAlways
		_, err := query.Observe(s.client, q).Refetch(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.Equal(t, 1, get(s, s.Dashboard()).Metrics.Pending)
	})
}

func TestConfirmOrder_knowsTheOrderFromWhateverIsCached_S20(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(*shop){
		"nothing: only pending orders can be confirmed": func(*shop) {},
		"order":     func(s *shop) { load(s, s.OrderByID("ord_1")) },
		"sale":      func(s *shop) { load(s, s.SaleByID("sale_1")) },
		"list":      func(s *shop) { load(s, s.PendingOrders()) },
		"sales":     func(s *shop) { load(s, s.Sales(seller.SalesFilter{})) },
		"dashboard": func(s *shop) { load(s, s.Dashboard()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, setup{})
				fill(s)
				load(s, s.OrderStats())
				s.market.latency = sec
				done := start(s, s.ConfirmOrder(), confirming("ord_1"))
				require.Equal(t, map[seller.OrderStatus]int{"confirmed": 2, "shipped": 1}, counts(get(s, s.OrderStats())))
				require.NoError(t, (<-done).err)
			})
		})
	}
}

func TestMutations_thatTheServerMustRefuseShowNothing_S20(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*shop) <-chan outcome{
		"confirming a shipped order":     func(s *shop) <-chan outcome { return start(s, s.ConfirmOrder(), confirming("ord_3")) },
		"cancelling a shipped order":     func(s *shop) <-chan outcome { return start(s, s.CancelOrder(), cancelling("ord_3")) },
		"cancelling an order never seen": func(s *shop) <-chan outcome { return start(s, s.CancelOrder(), cancelling("ord_9")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, setup{})
				loadAll(s)
				before := s.snapshot()
				s.market.latency = sec
				done := begin(s)
				require.Equal(t, before, s.snapshot())
				require.Error(t, (<-done).err)
			})
		})
	}
}

func TestConfirmOrder_leavesALaterPageToTheServer_S20(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{})
		loadAll(s)
		full := seller.Page[seller.Order]{Items: []seller.Order{order(2, seller.OrderConfirmed)}, NextCursor: "c", Total: 9}
		require.NoError(t, query.Set(s.client, s.OrdersByStatus(seller.OrderConfirmed), full))
		s.market.latency = sec
		done := start(s, s.ConfirmOrder(), confirming("ord_1"))
		require.Equal(t, full, get(s, s.OrdersByStatus(seller.OrderConfirmed)))
		require.NoError(t, (<-done).err)
	})
}
