package seller_test

import (
	"context"
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/seller"
)

// loadAll fills the cache with every query that a change could reach, and some
// that none may.
func loadAll(s *shop) {
	s.t.Helper()
	load(s, s.Dashboard())
	load(s, s.Sales(seller.SalesFilter{}))
	load(s, s.Sales(seller.SalesFilter{Limit: 50}))
	load(s, s.SaleByID("sale_1"))
	load(s, s.SaleByID("sale_2"))
	load(s, s.PendingOrders())
	load(s, s.OrdersByStatus(seller.OrderPending))
	load(s, s.OrdersByStatus(seller.OrderConfirmed))
	load(s, s.OrderByID("ord_1"))
	load(s, s.OrderByID("ord_2"))
	load(s, s.OrderStats())
	load(s, s.PayoutStats())
	load(s, s.PayoutHistory(seller.PayoutFilter{}))
	load(s, s.PayoutHistoryPages(seller.PayoutFilter{}).Query())
	load(s, s.Listings(seller.ListingFilter{}))
}

// second returns another seller on the client of s, with a market of its own.
func (s *shop) second(m *market) *seller.Seller {
	s.t.Helper()
	api, err := trpc.New(trpc.Config{URL: "http://other.test/trpc", HTTP: &http.Client{Transport: m}})
	require.NoError(s.t, err)
	s.t.Cleanup(func() { require.NoError(s.t, api.Close(context.WithoutCancel(s.t.Context()))) })
	other, err := seller.New(seller.Config{Client: s.client, API: api, SellerID: "seller_2"})
	require.NoError(s.t, err)
	return other
}

func TestSellers_shareAClientButNoData_S17(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{market: newMarket(seller.OrderPending)})
		other := s.second(newMarket(seller.OrderPending, seller.OrderPending))
		require.Equal(t, 1, load(s, s.PendingOrders()).Total)
		require.Equal(t, 2, load(s, other.PendingOrders()).Total)
		require.Equal(t, 1, load(s, s.PendingOrders()).Total)

		s.client.Remove(query.Filter{Key: s.Keys().Root()}) // signs out
		_, ok := query.Get(s.client, s.PendingOrders())
		require.False(t, ok)
		require.Equal(t, 2, get(s, other.PendingOrders()).Total)
	})
}

func TestSellers_mutationOfOneLeavesTheOtherAlone_S17(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{market: newMarket(seller.OrderPending)})
		other := s.second(newMarket(seller.OrderPending))
		load(s, s.PendingOrders())
		load(s, other.PendingOrders())
		_, err := query.Mutate(t.Context(), s.client, s.ConfirmOrder(), seller.ConfirmOrderInput{OrderID: "ord_1"})
		require.NoError(t, err)
		require.Zero(t, get(s, s.PendingOrders()).Total)
		require.Equal(t, 1, get(s, other.PendingOrders()).Total)
		state, _ := s.client.State(other.Keys().PendingOrders())
		require.False(t, state.IsInvalidated())
	})
}

func TestNew_saysWhichFieldIsWrong(t *testing.T) {
	t.Parallel()
	client, err := query.New(query.Config{})
	require.NoError(t, err)
	api, err := trpc.New(trpc.Config{URL: "http://market.test/trpc"})
	require.NoError(t, err)
	good := seller.Config{Client: client, API: api, SellerID: "seller_1"}
	for field, spoil := range map[string]func(*seller.Config){
		"Client":       func(c *seller.Config) { c.Client = nil },
		"API":          func(c *seller.Config) { c.API = nil },
		"SellerID":     func(c *seller.Config) { c.SellerID = "" },
		"HiddenFactor": func(c *seller.Config) { c.HiddenFactor = 0.5 },
		"Intervals":    func(c *seller.Config) { c.Intervals.Settled = -time.Second },
	} {
		bad := good
		spoil(&bad)
		_, err := seller.New(bad)
		require.ErrorContains(t, err, "seller: ")
		require.ErrorContains(t, err, field)
	}
	for _, factor := range []float64{-1, math.NaN(), math.Inf(1)} {
		bad := good
		bad.HiddenFactor = factor
		_, err := seller.New(bad)
		require.ErrorContains(t, err, "HiddenFactor")
	}
	bad := good
	bad.SellerID = "\xff"
	_, err = seller.New(bad)
	require.ErrorContains(t, err, "SellerID")
	_, err = seller.New(good)
	require.NoError(t, err)
	require.NoError(t, client.Close(t.Context()))
	require.NoError(t, api.Close(t.Context()))
}
