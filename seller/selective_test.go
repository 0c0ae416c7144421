package seller_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/seller"
)

func TestSelective_unchangedAnswersTellNobody_S31(t *testing.T) {
	t.Parallel()
	for _, d := range definitions() {
		t.Run(d.id, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, setup{batch: trpc.BatchOff, config: seller.Config{Selective: true}})
				p := d.probe(s.Seller)
				p.watch(s)
				s.advance(d.every)
				require.Len(t, s.times(d.procedure), 2)
				for _, e := range s.client.Entries(query.Filter{}) {
					require.Zero(t, s.client.Now().Sub(e.State.DataUpdatedAt()), "only the time has moved on")
					found := s.client.Explain(e.State.Key()).Has(query.ReasonNotModified)
					require.Equal(t, d.id != "S8 PayoutHistoryPages", found, "all but the infinite list")
				}
			})
		})
	}
}

func TestSelective_showsTheSameAsWithout_S31(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		market := newMarket(seller.OrderPending, seller.OrderConfirmed, seller.OrderShipped)
		plain := open(t, setup{batch: trpc.BatchOff, market: market})
		selective := open(t, setup{batch: trpc.BatchOff, market: market, config: seller.Config{Selective: true}})
		for _, d := range definitions() {
			d.probe(plain.Seller).watch(plain)
			d.probe(selective.Seller).watch(selective)
		}
		for _, status := range []seller.OrderStatus{seller.OrderConfirmed, seller.OrderProcessing, seller.OrderCancelled} {
			plain.advance(2 * mins)
			require.Equal(t, plain.snapshot(), selective.snapshot())
			market.setStatus("ord_1", status)
		}
		market.add(order(9, seller.OrderPending))
		plain.advance(2 * mins)
		require.Equal(t, plain.snapshot(), selective.snapshot())
	})
}

func TestSelective_dashboardThatCannotBeDecodedIsAnError_S31(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{config: seller.Config{Selective: true}})
		s.market.setFail(failing(refusedError{trpc.CodeForbidden}, "listing.getMyListings"))
		q := s.Dashboard()
		q.Policy.Retry = query.NoRetry()
		_, err := query.Fetch(t.Context(), s.client, q)
		require.ErrorIs(t, err, trpc.CodeForbidden)
		require.ErrorContains(t, err, "seller: dashboard: ")
	})
}

func TestAdaptive_intervalsFollowTheServer_S32(t *testing.T) {
	t.Parallel()
	for _, d := range definitions() {
		t.Run(d.id, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, setup{batch: trpc.BatchOff, config: seller.Config{Adaptive: true}})
				d.probe(s.Seller).watch(s)
				s.advance(10 * mins)
				calm := len(s.times(d.procedure))
				key := s.client.Entries(query.Filter{})[0].State.Key()
				if d.id == "S2 Sales" || d.id == "S6 OrdersByStatus" {
					require.Len(t, s.times(d.procedure), 121, "at the pace of what is in it")
					require.False(t, s.client.Explain(key).Has(query.ReasonAdaptive))
					return
				}
				require.True(t, s.client.Explain(key).Has(query.ReasonAdaptive))
				longest := 2 * d.every
				if d.every < 10*sec {
					longest = 10 * sec
				}
				require.Less(t, calm, int(10*mins/d.every), "nothing changes")
				require.GreaterOrEqual(t, calm, int(10*mins/longest), "but data stay as fresh as promised")
			})
		})
	}
}

func TestAdaptive_refusalsStretchAndRecoveryShrinks_S32(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff, config: seller.Config{Adaptive: true}})
		q := s.PendingOrders()
		q.Policy.Retry = query.NoRetry()
		pending := watch(s, q)
		s.market.setFail(failing(refusedError{trpc.CodeTooManyRequests}))
		s.advance(mins)
		busy := len(s.times("orderStatus.getPendingOrders"))
		require.Less(t, busy, 10, "13 without")
		require.True(t, s.client.Explain(pending.Current().Key()).Has(query.ReasonAdaptive))

		s.market.setFail(nil)
		s.advance(mins)
		s.market.setStatus("ord_1", seller.OrderConfirmed) // news
		s.advance(mins)
		at := s.times("orderStatus.getPendingOrders")
		quickest := mins
		for i := busy + 1; i < len(at); i++ {
			quickest = min(quickest, at[i]-at[i-1])
		}
		require.Equal(t, 5*sec, quickest, "as if nothing had been")
	})
}

func TestStats_tellWhichPagesGainFromPolling_S33(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff, cache: query.Config{StatsDepth: 3}})
		watch(s, s.PendingOrders())
		s.advance(mins)
		rows := s.client.Stats()
		i := slices.IndexFunc(rows, func(r query.Stats) bool { return r.Prefix == s.Keys().Orders() })
		require.GreaterOrEqual(t, i, 0)
		got := rows[i]
		require.EqualValues(t, 13, got.Fetches)
		require.EqualValues(t, 1, got.Changed, "nothing happens")
		require.EqualValues(t, 12, got.Unchanged)
		require.EqualValues(t, 12, got.Age.Count)
		require.Equal(t, 5*time.Second, got.Age.Quantile(0.5))
		require.EqualValues(t, 13, got.Latency.Count)
		require.Positive(t, got.Bytes)
	})
}
