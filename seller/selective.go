package seller

import (
	"context"
	"encoding/json"

	"golang.org/x/sync/errgroup"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
)

// lists says where pages have their elements.
var lists = trpc.Remember{Member: "items"}

// wire is what the dashboard is made of, as it came.
type wire struct {
	Sales    json.RawMessage `json:"sales"`
	Stats    json.RawMessage `json:"stats"`
	Listings json.RawMessage `json:"listings"`
	Payouts  json.RawMessage `json:"payouts"`
}

// fetchDashboardSelectively is fetchDashboard for answers that are decoded only if
// one of the four has changed.
func (s *Seller) fetchDashboardSelectively(ctx context.Context) (Dashboard, error) {
	var w wire
	together, calls := errgroup.WithContext(ctx)
	together.Go(func() error { return asIs(calls, s, getAllSales, SalesFilter{}, &w.Sales) })
	together.Go(func() error { return asIs(calls, s, getOrderStats, OrderStatsFilter{}, &w.Stats) })
	together.Go(func() error { return asIs(calls, s, getMyListings, ListingFilter{}, &w.Listings) })
	together.Go(func() error { return asIs(calls, s, getPayoutStats, trpc.NoInput{}, &w.Payouts) })
	err := together.Wait()
	if err == nil {
		var text []byte
		if text, err = json.Marshal(w); err == nil {
			return query.Body[Dashboard]{Decode: decodeDashboard}.Answer(ctx, text)
		}
	}
	return Dashboard{}, dashboardError(err)
}

func decodeDashboard(text []byte) (Dashboard, error) {
	var d Dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		return Dashboard{}, dashboardError(err)
	}
	return d.derived(), nil
}

// asIs calls p for in and leaves the result as it came.
func asIs[In, Out any](ctx context.Context, s *Seller, p trpc.Query[In, Out], in In, out *json.RawMessage) (err error) {
	*out, err = trpc.NewQuery[In, json.RawMessage](p.Path()).Call(ctx, s.api, in)
	return err
}
