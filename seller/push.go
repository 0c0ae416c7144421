package seller

import (
	"context"
	"fmt"

	"github.com/freshet-go/freshet/query"
)

// Listen lets the server tell what changes, over the subscriptions
// orderStatus.onOrderChanged and finance.onBalanceChanged, until stop is called or
// the query client is closed. What an event concerns is refetched at once. While both
// streams are healthy, orders, sales and payouts are polled once a minute only; when
// one is lost, what it covers is refetched at once and polled at its own pace again.
// The dashboard has parts that no event tells of and keeps its pace. The transport is
// that of [trpc.Config].Push. The error is query.ErrClosed. Listen once a seller: each
// call opens streams of its own.
func (s *Seller) Listen() (stop func(), err error) {
	stopOrders, err := query.Attach(s.client, query.Push[OrderEvent]{
		Name:   "orders of " + s.keys.SellerID,
		Source: onOrderChanged.Source(s.api, OrderEventsInput{}),
		On:     s.orderChanged,
		Covers: []query.Filter{{Key: s.keys.Orders()}, {Key: s.keys.AllSales()}, {Key: s.keys.saleDetails()}},
	})
	if err != nil {
		return nil, err
	}
	stopBalances, err := query.Attach(s.client, query.Push[BalanceEvent]{
		Name:   "balances of " + s.keys.SellerID,
		Source: onBalanceChanged.Source(s.api, BalanceEventsInput{}),
		On:     s.balanceChanged,
		Covers: []query.Filter{{Key: s.keys.Payouts()}},
	})
	if err != nil {
		stopOrders()
		return nil, err
	}
	return func() {
		stopOrders()
		stopBalances()
	}, nil
}

// orderChanged refetches what shows the order of an event.
func (s *Seller) orderChanged(ctx context.Context, c *query.Client, e OrderEvent) error {
	if e.Type == OrderResync {
		return fmt.Errorf("seller: order events are lost: %s", e.Reason)
	}
	return s.refresh(ctx, c, s.touchedByOrder(e.OrderID)...)
}

// balanceChanged refetches balances and payouts.
func (s *Seller) balanceChanged(ctx context.Context, c *query.Client, e BalanceEvent) error {
	if e.Type == BalanceResync {
		return fmt.Errorf("seller: balance events are lost: %s", e.Reason)
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
