package seller_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/seller"
)

func TestDashboard_isComposedOfFourProcedures_S1(t *testing.T) {
	t.Parallel()
	market := newMarket(seller.OrderPending, seller.OrderShipped, seller.OrderCompleted, seller.OrderCancelled)
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{market: market})
		d := load(s, s.Dashboard())
		require.Len(t, d.Sales.Items, 4)
		require.Equal(t, 4, d.Stats.Total)
		require.Equal(t, "lst_1", d.Listings.Items[0].ID)
		require.Equal(t, usd(50_000), d.Payouts.Available)
		require.Equal(t, usd(3000), d.Revenue)
		require.Equal(t, seller.Metrics{
			Orders: 4, Pending: 1, Open: 2, CompletedRate: 0.25, CancelledRate: 0.25, AverageOrderValue: usd(1000), Listings: 1,
		}, d.Metrics)
		require.Equal(t, 1, s.requests(), "S29: one HTTP batch")
	})
}

func TestDashboard_withoutOrdersHasNoRates_S1(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{market: newMarket()})
		require.Equal(t, seller.Metrics{AverageOrderValue: usd(0), Listings: 1}, load(s, s.Dashboard()).Metrics)
	})
}

func TestDashboard_partialFailureNamesTheProcedure_S1(t *testing.T) {
	t.Parallel()
	for _, procedure := range []string{
		"sales.getAllSales", "orderStatus.getOrderStats", "listing.getMyListings", "finance.getPayoutStats",
	} {
		t.Run(procedure, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, setup{})
				s.market.setFail(failing(refusedError{trpc.CodeForbidden}, procedure))
				q := s.Dashboard()
				q.Policy.Retry = query.NoRetry()
				_, err := query.Fetch(t.Context(), s.client, q)
				require.ErrorIs(t, err, trpc.CodeForbidden)
				require.ErrorContains(t, err, "seller: dashboard: ")
				var refusal *trpc.Error
				require.ErrorAs(t, err, &refusal)
				require.Equal(t, procedure, refusal.Procedure)
				_, ok := query.Get(s.client, q)
				require.False(t, ok)
			})
		})
	}
}

func TestDashboard_survivesJSON_S38(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{})
		d := load(s, s.Dashboard())
		text, err := json.Marshal(d)
		require.NoError(t, err)
		var again seller.Dashboard
		require.NoError(t, json.Unmarshal(text, &again))
		require.Equal(t, d, again)
	})
}

func TestPayoutHistoryPages_growAndArePolledAsAWhole_S8(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff})
		list := watch(s, s.PayoutHistoryPages(seller.PayoutFilter{}).Query())
		s.advance(0)
		require.True(t, list.Current().HasNextPage())
		for range 2 {
			_, err := list.FetchNextPage(t.Context(), query.RefetchOptions{})
			require.NoError(t, err)
		}
		require.False(t, list.Current().HasNextPage())
		var ids []string
		for _, page := range list.Current().Data().Pages {
			ids = append(ids, page.Items[0].ID)
		}
		require.Equal(t, []string{"pay_1", "pay_2", "pay_3"}, ids)
		s.advance(10 * sec)
		require.Equal(t, []string{"{}", `{"cursor":"2"}`, `{"cursor":"3"}`, "{}", `{"cursor":"2"}`, `{"cursor":"3"}`},
			s.market.inputs("finance.getPayoutHistory"))
	})
}

func TestSales_filterAndCursorReachTheServer_S2(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{})
		load(s, s.Sales(seller.SalesFilter{Status: []seller.OrderStatus{seller.OrderShipped}, Cursor: "c", Limit: 7}))
		load(s, s.Listings(seller.ListingFilter{Query: "mug"}))
		load(s, s.OrdersByStatus(seller.OrderShipped))
		load(s, s.SaleByID("sale_1"))
		require.Equal(t, []string{`{"status":["shipped"],"cursor":"c","limit":7}`}, s.market.inputs("sales.getAllSales"))
		require.Equal(t, []string{`{"query":"mug"}`}, s.market.inputs("listing.getMyListings"))
		require.Equal(t, []string{`{"status":"shipped"}`}, s.market.inputs("orderStatus.getOrdersByStatus"))
		require.Equal(t, []string{`{"saleId":"sale_1"}`}, s.market.inputs("sales.getSaleById"))
	})
}
