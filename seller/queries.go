package seller

import (
	"context"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
)

// Sales is one page of sales, newest first; NextCursor in the filter's Cursor
// leads on. It is polled each 5 s while an order in it is being processed or
// travels, each 15 s while one is pending or confirmed, else each 60 s, see
// [Intervals]. Stale after 3 s.
func (s *Seller) Sales(f SalesFilter) query.Query[Page[Sale]] {
	return query.Query[Page[Sale]]{
		Key:    s.keys.Sales(f),
		Fetch:  calling(s, getAllSales, f),
		Policy: s.policies.Sales,
	}
}

// ArchivedSales is Sales for views of what is over. It has the same data and key
// but is polled each 60 s, see [Intervals], whatever is in it.
func (s *Seller) ArchivedSales(f SalesFilter) query.Query[Page[Sale]] {
	q := s.Sales(f)
	q.Policy = s.policies.ArchivedSales
	return q
}

// SaleByID is one sale with its order. It is polled each 3 s and is stale after
// 2 s. The error for an unknown id matches trpc.CodeNotFound.
func (s *Seller) SaleByID(id string) query.Query[SaleDetail] {
	return query.Query[SaleDetail]{
		Key:    s.keys.SaleByID(id),
		Fetch:  calling(s, getSaleByID, SaleByIDInput{SaleID: id}),
		Policy: s.policies.SaleByID,
	}
}

// PendingOrders is the first page of the orders that wait to be confirmed, newest
// first. It is polled each 5 s and is stale after 3 s.
func (s *Seller) PendingOrders() query.Query[Page[Order]] {
	return query.Query[Page[Order]]{
		Key:    s.keys.PendingOrders(),
		Fetch:  calling(s, getPendingOrders, PageInput{}),
		Policy: s.policies.PendingOrders,
	}
}

// OrdersByStatus is the first page of the orders with one status, newest first.
// It is polled at the pace of that status, as documented at Sales, and is stale
// after 3 s.
func (s *Seller) OrdersByStatus(status OrderStatus) query.Query[Page[Order]] {
	return query.Query[Page[Order]]{
		Key:    s.keys.OrdersByStatus(status),
		Fetch:  calling(s, getOrdersByStatus, OrdersByStatusInput{Status: status}),
		Policy: s.policies.OrdersByStatus,
	}
}

// OrderByID is one order. It is polled each 3 s and is stale after 2 s. The error
// for an unknown id matches trpc.CodeNotFound.
func (s *Seller) OrderByID(id string) query.Query[Order] {
	return query.Query[Order]{
		Key:    s.keys.OrderByID(id),
		Fetch:  calling(s, getOrderByID, OrderByIDInput{OrderID: id}),
		Policy: s.policies.OrderByID,
	}
}

// OrderStats counts the seller's orders by status. It is polled each 5 s and is
// stale after 3 s.
func (s *Seller) OrderStats() query.Query[OrderStats] {
	return query.Query[OrderStats]{
		Key:    s.keys.OrderStats(),
		Fetch:  calling(s, getOrderStats, OrderStatsFilter{}),
		Policy: s.policies.OrderStats,
	}
}

// PayoutStats are the seller's balances. They are polled each 10 s and are stale
// after 5 s.
func (s *Seller) PayoutStats() query.Query[PayoutStats] {
	return query.Query[PayoutStats]{
		Key:    s.keys.PayoutStats(),
		Fetch:  calling(s, getPayoutStats, trpc.NoInput{}),
		Policy: s.policies.PayoutStats,
	}
}

// PayoutHistory is one page of payouts, newest first. It is polled each 10 s and
// is stale after 5 s.
func (s *Seller) PayoutHistory(f PayoutFilter) query.Query[Page[Payout]] {
	return query.Query[Page[Payout]]{
		Key:    s.keys.PayoutHistory(f),
		Fetch:  calling(s, getPayoutHistory, f),
		Policy: s.policies.PayoutHistory,
	}
}

// PayoutHistoryPages is PayoutHistory as one growing list that begins at the
// filter's cursor. Each poll gets all pages again that are shown, one after the
// other.
func (s *Seller) PayoutHistoryPages(f PayoutFilter) query.InfiniteQuery[Page[Payout], Cursor] {
	return query.InfiniteQuery[Page[Payout], Cursor]{
		Key: s.keys.PayoutHistoryPages(f),
		Fetch: func(ctx context.Context, page query.PageRequest[Cursor]) (Page[Payout], error) {
			in := f
			in.Cursor = page.Param
			return getPayoutHistory.Call(ctx, s.api, in)
		},
		InitialPageParam: f.Cursor,
		NextPageParam: func(last Page[Payout], _ query.Pages[Page[Payout], Cursor]) (Cursor, bool) {
			return last.NextCursor, last.HasNext()
		},
		Policy: s.policies.PayoutHistory,
	}
}

// Listings is one page of what the seller offers, newest first. It is polled each
// 60 s and is stale after 30 s; on return to the application it is refetched if
// it is older than 10 s.
func (s *Seller) Listings(f ListingFilter) query.Query[Page[Listing]] {
	return query.Query[Page[Listing]]{
		Key:    s.keys.MyListings(f),
		Fetch:  calling(s, getMyListings, f),
		Policy: s.policies.Listings,
	}
}

// calling is a fetch function that asks procedure p for in.
func calling[In, Out any](s *Seller, p trpc.Query[In, Out], in In) func(context.Context) (Out, error) {
	if s.selective {
		return p.Fetch(s.api, in, lists)
	}
	return func(ctx context.Context) (Out, error) { return p.Call(ctx, s.api, in) }
}
