package seller_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/seller"
)

// onHold is a status of a newer server.
const onHold = seller.OrderStatus("on_hold")

func TestSales_arePolledByTheLiveliestOrder(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		statuses []seller.OrderStatus
		want     time.Duration
	}{
		"S2a processing":                 {[]seller.OrderStatus{seller.OrderPending, seller.OrderProcessing, seller.OrderCompleted}, 5 * sec},
		"S2a shipped":                    {[]seller.OrderStatus{seller.OrderPending, seller.OrderShipped, seller.OrderCompleted}, 5 * sec},
		"S2a in transit":                 {[]seller.OrderStatus{seller.OrderCompleted, seller.OrderInTransit, seller.OrderPending}, 5 * sec},
		"S2b pending":                    {[]seller.OrderStatus{seller.OrderPending, seller.OrderCompleted}, 15 * sec},
		"S2b confirmed":                  {[]seller.OrderStatus{seller.OrderCompleted, seller.OrderConfirmed}, 15 * sec},
		"S2b unknown to this package":    {[]seller.OrderStatus{seller.OrderCompleted, onHold}, 15 * sec},
		"S2c delivered":                  {[]seller.OrderStatus{seller.OrderDelivered}, 60 * sec},
		"S2c completed and cancelled":    {[]seller.OrderStatus{seller.OrderCompleted, seller.OrderCancelled}, 60 * sec},
		"S2c nothing sold at all so far": {nil, 60 * sec},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, setup{batch: trpc.BatchOff, market: newMarket(tc.statuses...)})
				watch(s, s.Sales(seller.SalesFilter{}))
				s.advance(3*tc.want - 1)
				require.Equal(t, every(tc.want, 2), s.times("sales.getAllSales"))
			})
		})
	}
}

func TestSales_intervalFollowsEachResult_S2(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff, market: newMarket(seller.OrderPending)})
		watch(s, s.Sales(seller.SalesFilter{}))
		s.advance(sec)
		s.market.setStatus("ord_1", seller.OrderShipped)
		s.advance(21 * sec)
		s.market.setStatus("ord_1", seller.OrderDelivered)
		s.advance(70 * sec)
		want := []time.Duration{0, 15 * sec, 20 * sec, 25 * sec, 85 * sec}
		require.Equal(t, want, s.times("sales.getAllSales"))
	})
}

func TestSales_thatCouldNotBeLoadedArePolledAsPending_S2b(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff})
		s.market.setFail(failing(refusedError{trpc.CodeForbidden}))
		q := s.Sales(seller.SalesFilter{})
		q.Policy.Retry = query.NoRetry()
		watch(s, q)
		s.advance(31 * sec)
		require.Equal(t, every(15*sec, 2), s.times("sales.getAllSales"))
	})
}

func TestOrdersByStatus_arePolledByTheStatusAskedFor_S6(t *testing.T) {
	t.Parallel()
	for status, want := range map[seller.OrderStatus]time.Duration{
		seller.OrderProcessing: 5 * sec,
		seller.OrderShipped:    5 * sec,
		seller.OrderInTransit:  5 * sec,
		seller.OrderPending:    15 * sec,
		seller.OrderConfirmed:  15 * sec,
		onHold:                 15 * sec,
		seller.OrderDelivered:  60 * sec,
		seller.OrderCompleted:  60 * sec,
		seller.OrderCancelled:  60 * sec,
	} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, setup{batch: trpc.BatchOff, market: newMarket()})
				watch(s, s.OrdersByStatus(status))
				s.advance(3*want - 1)
				require.Equal(t, every(want, 2), s.times("orderStatus.getOrdersByStatus"))
			})
		})
	}
}

func TestIntervals_areOverriddenOneByOne_S15(t *testing.T) {
	t.Parallel()
	cfg := seller.Config{Intervals: seller.Intervals{Processing: 2 * sec, Archived: 3 * mins}}
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff, config: cfg, market: newMarket(seller.OrderShipped)})
		watch(s, s.Sales(seller.SalesFilter{}))
		watch(s, s.OrdersByStatus(seller.OrderPending))
		s.advance(31 * sec)
		require.Equal(t, every(2*sec, 15), s.times("sales.getAllSales"))
		require.Equal(t, every(15*sec, 2), s.times("orderStatus.getOrdersByStatus"), "inherited")
	})
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff, config: cfg})
		watch(s, s.ArchivedSales(seller.SalesFilter{}))
		s.advance(7 * mins)
		require.Equal(t, every(3*mins, 2), s.times("sales.getAllSales"), "S2d is the caller's choice")
	})
}

func TestHiddenFactor_leavesIntervalsOfTheCallerAlone_S11(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff, config: seller.Config{HiddenFactor: 4}})
		s.client.Focus().Set(false)
		q := s.PayoutStats()
		q.Policy.RefetchInterval = query.Every(2 * sec)
		watch(s, q)
		s.advance(5 * sec)
		require.Equal(t, every(2*sec, 2), s.times("finance.getPayoutStats"))
	})
}

func TestHiddenFactor_tooLongForADurationIsTheLongest_S11(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff, config: seller.Config{HiddenFactor: 1e300}})
		s.client.Focus().Set(false)
		watch(s, s.PayoutStats())
		s.advance(24 * 365 * time.Hour)
		require.Equal(t, []time.Duration{0}, s.times("finance.getPayoutStats"))
	})
}

func TestReturn_showsAtOnceWhatHappenedWhileHidden(t *testing.T) {
	t.Parallel()
	for name, background := range map[string]query.Toggle{"S23 with background polling": query.On, "S23 without": query.Off} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, setup{batch: trpc.BatchOff})
				q := s.OrderByID("ord_1")
				q.Policy.RefetchIntervalInBackground = background
				detail := watch(s, q)
				s.advance(sec)
				s.client.Focus().Set(false)
				s.market.setStatus("ord_1", seller.OrderConfirmed)
				s.advance(30 * sec)
				s.client.Focus().Set(true)
				s.advance(0)
				require.Equal(t, seller.OrderConfirmed, detail.Current().Data().Status)
				require.Zero(t, detail.Current().Age())
			})
		})
	}
}

func TestReturn_showsANewOrderAtOnce_S24(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff, market: newMarket()})
		q := s.PendingOrders()
		q.Policy.RefetchIntervalInBackground = query.Off
		pending := watch(s, q)
		s.advance(sec)
		s.client.Focus().Set(false)
		s.market.add(order(1, seller.OrderPending))
		s.advance(20 * sec)
		require.Zero(t, pending.Current().Data().Total)
		s.client.Focus().Set(true)
		s.advance(0)
		require.Equal(t, 1, pending.Current().Data().Total)
	})
}

func TestReconnect_refetchesAndShowsWithoutTheUser_S25(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		p.watch(s)
		s.advance(sec)
		s.client.Online().Set(false)
		s.advance(15 * sec)
		require.Equal(s.t, []time.Duration{0}, s.times(d.procedure), "nothing is sent without a network")
		s.client.Online().Set(true)
		s.advance(0)
		require.Equal(s.t, []time.Duration{0, 16 * sec}, s.times(d.procedure))
	})
}
