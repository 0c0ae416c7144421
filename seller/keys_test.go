package seller_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
	"github.com/freshet-go/freshet/seller"
)

// allKeys are the keys of one query each.
func allKeys(k seller.Keys) map[string]querykey.Key {
	return map[string]querykey.Key{
		"dashboard":     k.Dashboard(),
		"sales":         k.Sales(seller.SalesFilter{}),
		"shipped sales": k.Sales(seller.SalesFilter{Status: []seller.OrderStatus{seller.OrderShipped}}),
		"sale":          k.SaleByID("sale_1"),
		"pending":       k.PendingOrders(),
		"shipped":       k.OrdersByStatus(seller.OrderShipped),
		"order":         k.OrderByID("ord_1"),
		"counts":        k.OrderStats(),
		"balance":       k.PayoutStats(),
		"payouts":       k.PayoutHistory(seller.PayoutFilter{}),
		"payout pages":  k.PayoutHistoryPages(seller.PayoutFilter{}),
		"listings":      k.MyListings(seller.ListingFilter{}),
	}
}

func matching(k seller.Keys, prefix querykey.Key) []string {
	var names []string
	for name, key := range allKeys(k) {
		if key.Matches(prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestKeys_prefixReachesItsGroupAndNothingElse_S16(t *testing.T) {
	t.Parallel()
	k := seller.Keys{SellerID: "seller_1"}
	for _, tc := range []struct {
		prefix querykey.Key
		want   []string
	}{
		{k.Orders(), []string{"counts", "order", "pending", "shipped"}},
		{k.AllOrdersByStatus(), []string{"shipped"}},
		{k.AllSales(), []string{"sales", "shipped sales"}},
		{k.Payouts(), []string{"balance", "payout pages", "payouts"}},
		{k.AllPayoutHistory(), []string{"payout pages", "payouts"}},
		{k.Listings(), []string{"listings"}},
		{k.Dashboard(), []string{"dashboard"}},
		{k.Sales(seller.SalesFilter{Status: []seller.OrderStatus{seller.OrderShipped}}), []string{"shipped sales"}},
		{k.OrderByID("ord_1"), []string{"order"}},
		{k.OrderByID("ord_2"), nil},
	} {
		require.NoError(t, tc.prefix.Err())
		require.Equal(t, tc.want, matching(k, tc.prefix), tc.prefix.String())
	}
	require.Len(t, matching(k, k.Root()), len(allKeys(k)))
}

func TestKeys_areThoseOfTheDefinitions_S16(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{})
		k := s.Keys()
		require.Equal(t, k.Dashboard(), s.Dashboard().Key)
		require.Equal(t, k.Sales(seller.SalesFilter{Limit: 3}), s.Sales(seller.SalesFilter{Limit: 3}).Key)
		require.Equal(t, k.SaleByID("a"), s.SaleByID("a").Key)
		require.Equal(t, k.PendingOrders(), s.PendingOrders().Key)
		require.Equal(t, k.OrdersByStatus("a"), s.OrdersByStatus("a").Key)
		require.Equal(t, k.OrderByID("a"), s.OrderByID("a").Key)
		require.Equal(t, k.OrderStats(), s.OrderStats().Key)
		require.Equal(t, k.PayoutStats(), s.PayoutStats().Key)
		require.Equal(t, k.PayoutHistory(seller.PayoutFilter{Limit: 3}), s.PayoutHistory(seller.PayoutFilter{Limit: 3}).Key)
		require.Equal(t, k.PayoutHistoryPages(seller.PayoutFilter{}), s.PayoutHistoryPages(seller.PayoutFilter{}).Key)
		require.Equal(t, k.MyListings(seller.ListingFilter{Limit: 3}), s.Listings(seller.ListingFilter{Limit: 3}).Key)
		require.Equal(t, k.ConfirmOrder(), s.ConfirmOrder().Key)
		require.Equal(t, k.CancelOrder(), s.CancelOrder().Key)
		require.Equal(t, k.SchedulePayout(), s.SchedulePayout().Key)
	})
}

func TestKeys_sameMomentInAnotherZoneIsTheSameFilter_S16(t *testing.T) {
	t.Parallel()
	k := seller.Keys{SellerID: "seller_1"}
	from := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	require.Equal(t, k.Sales(seller.SalesFilter{From: from}),
		k.Sales(seller.SalesFilter{From: from.In(time.FixedZone("", 3600))}))
}

func TestKeys_invalidatingOrdersReachesEveryOrderQueryAndNothingElse_S16(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{})
		loadAll(s)
		require.NoError(t, s.client.Invalidate(t.Context(), query.Filter{Key: s.Keys().Orders()}))
		var invalid []string
		for _, e := range s.client.Entries(query.Filter{}) {
			if e.State.IsInvalidated() {
				invalid = append(invalid, e.State.Key().String())
			}
		}
		k := s.Keys()
		require.ElementsMatch(t, []string{
			k.PendingOrders().String(), k.OrdersByStatus(seller.OrderPending).String(), k.OrdersByStatus(seller.OrderConfirmed).String(),
			k.OrderByID("ord_1").String(), k.OrderByID("ord_2").String(), k.OrderStats().String(),
		}, invalid)
	})
}

func TestKeys_tellSellersApart_S17(t *testing.T) {
	t.Parallel()
	one, other := seller.Keys{SellerID: "seller_1"}, seller.Keys{SellerID: "seller_2"}
	theirs := allKeys(other)
	for name, key := range allKeys(one) {
		require.NotEqual(t, theirs[name], key, name)
		require.False(t, key.Matches(other.Root()), name)
	}
	require.NotEqual(t, one.ConfirmOrder(), other.ConfirmOrder())
}
