package seller

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
)

// Dashboard is the seller's business at one moment: the newest sales, the counts
// of orders, the first listings and the balances, read together. Revenue and
// Metrics are derived from them.
type Dashboard struct {
	Sales    Page[Sale]    `json:"sales"`
	Stats    OrderStats    `json:"stats"`
	Listings Page[Listing] `json:"listings"`
	Payouts  PayoutStats   `json:"payouts"`
	Revenue  Money         `json:"revenue"` // of all orders that were not cancelled
	Metrics  Metrics       `json:"metrics"`
}

// Metrics are the figures at the top of a dashboard. Rates are shares between 0
// and 1 of all orders, and 0 without orders. Statuses unknown to this package
// count as open.
type Metrics struct {
	Orders            int     `json:"orders"`
	Pending           int     `json:"pending"` // to be confirmed by the seller
	Open              int     `json:"open"`    // neither completed nor cancelled
	CompletedRate     float64 `json:"completedRate"`
	CancelledRate     float64 `json:"cancelledRate"`
	AverageOrderValue Money   `json:"averageOrderValue"`
	Listings          int     `json:"listings"`
}

// Dashboard is everything on the seller's first page as one result. Its four
// procedures are called together, so that they share one HTTP request, and fail
// together: the error names the procedure. It is polled each 5 s and is stale
// after 5 s.
func (s *Seller) Dashboard() query.Query[Dashboard] {
	fetch := s.fetchDashboard
	if s.selective {
		fetch = s.fetchDashboardSelectively
	}
	return query.Query[Dashboard]{
		Key:    s.keys.Dashboard(),
		Fetch:  fetch,
		Policy: s.policies.Dashboard,
	}
}

func (s *Seller) fetchDashboard(ctx context.Context) (Dashboard, error) {
	var d Dashboard
	together, ctx := errgroup.WithContext(ctx)
	together.Go(func() (err error) {
		d.Sales, err = getAllSales.Call(ctx, s.api, SalesFilter{})
		return err
	})
	together.Go(func() (err error) {
		d.Stats, err = getOrderStats.Call(ctx, s.api, OrderStatsFilter{})
		return err
	})
	together.Go(func() (err error) {
		d.Listings, err = getMyListings.Call(ctx, s.api, ListingFilter{})
		return err
	})
	together.Go(func() (err error) {
		d.Payouts, err = getPayoutStats.Call(ctx, s.api, trpc.NoInput{})
		return err
	})
	if err := together.Wait(); err != nil {
		return Dashboard{}, dashboardError(err)
	}
	return d.derived(), nil
}

func dashboardError(err error) error { return fmt.Errorf("seller: dashboard: %w", err) }

// derived returns d with the figures that follow from the rest.
func (d Dashboard) derived() Dashboard {
	stats := d.Stats
	completed, cancelled := stats.ByStatus[OrderCompleted], stats.ByStatus[OrderCancelled]
	d.Revenue = stats.Revenue
	d.Metrics = Metrics{
		Orders:            stats.Total,
		Pending:           stats.ByStatus[OrderPending],
		Open:              stats.Total - completed - cancelled,
		CompletedRate:     share(completed, stats.Total),
		CancelledRate:     share(cancelled, stats.Total),
		AverageOrderValue: stats.AverageOrderValue,
		Listings:          d.Listings.Total,
	}
	return d
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
