package seller

import (
	"context"
	"errors"
	"fmt"

	"github.com/freshet-go/freshet/query"
)

var errPartLost = errors.New("seller: not all streams are live")

// Listen lets the server tell what changes, over the subscriptions
// orderStatus.onOrderChanged and finance.onBalanceChanged, until stop is called or
// the query client is closed. What an event concerns is refetched at once. While both
// streams are healthy, orders, sales and payouts are polled once a minute only; when
// one is lost, what it covers is refetched at once and polled at its own pace again.
// The dashboard has parts that no event tells of and keeps its pace, unless
// Config.PushDashboard is set. The transport is that of [trpc.Config].Push. The error
// is query.ErrClosed. Listen once a seller: each call opens streams of its own.
func (s *Seller) Listen() (stop func(), err error) {
	both := allOf(2)
	stopOrders, err := query.Attach(s.client, query.Push[OrderEvent]{
		Name:   "orders of " + s.keys.SellerID,
		Source: watched(both, onOrderChanged.Source(s.api, OrderEventsInput{})),
		On:     s.orderChanged,
		Covers: []query.Filter{{Key: s.keys.Orders()}, {Key: s.keys.AllSales()}, {Key: s.keys.saleDetails()}},
	})
	if err != nil {
		return nil, err
	}
	stopBalances, err := query.Attach(s.client, query.Push[BalanceEvent]{
		Name:   "balances of " + s.keys.SellerID,
		Source: watched(both, onBalanceChanged.Source(s.api, BalanceEventsInput{})),
		On:     s.balanceChanged,
		Covers: []query.Filter{{Key: s.keys.Payouts()}},
	})
	if err != nil {
		stopOrders()
		return nil, err
	}
	stopDashboard, err := s.coverDashboard(both)
	if err != nil {
		stopOrders()
		stopBalances()
		return nil, err
	}
	return func() {
		stopDashboard()
		stopOrders()
		stopBalances()
	}, nil
}

// coverDashboard lets the dashboard be polled less while both streams are healthy. Their
// own events refetch it.
func (s *Seller) coverDashboard(both *streams) (stop func(), err error) {
	if !s.pushDashboard {
		return func() {}, nil
	}
	return query.Attach(s.client, query.Push[struct{}]{
		Name:   "dashboard of " + s.keys.SellerID,
		Source: both.source,
		On:     func(context.Context, *query.Client, struct{}) error { return nil },
		Covers: []query.Filter{{Key: s.keys.Dashboard(), Exact: true}},
	})
}

// lost refetches the dashboard, which no stream covers by itself.
func (s *Seller) lost(ctx context.Context, c *query.Client, what, reason string) error {
	if err := s.refresh(ctx, c, query.Filter{Key: s.keys.Dashboard()}); err != nil {
		return err
	}
	return fmt.Errorf("seller: %s events are lost: %s", what, reason)
}

// orderChanged refetches what shows the order of an event.
func (s *Seller) orderChanged(ctx context.Context, c *query.Client, e OrderEvent) error {
	if e.Type == OrderResync {
		return s.lost(ctx, c, "order", e.Reason)
	}
	return s.refresh(ctx, c, s.touchedByOrder(e.OrderID)...)
}

// balanceChanged refetches balances and payouts.
func (s *Seller) balanceChanged(ctx context.Context, c *query.Client, e BalanceEvent) error {
	if e.Type == BalanceResync {
		return s.lost(ctx, c, "balance", e.Reason)
	}
	return s.refresh(ctx, c, query.Filter{Key: s.keys.Payouts()}, query.Filter{Key: s.keys.Dashboard()})
}

func (s *Seller) refresh(ctx context.Context, c *query.Client, stale ...query.Filter) error {
	for _, f := range stale {
		f.Refetch.NoWait = true
		if err := c.Invalidate(ctx, f); err != nil {
			return err
		}
	}
	return nil
}
