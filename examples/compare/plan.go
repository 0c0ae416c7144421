package main

import (
	"context"
	"errors"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/seller"
)

// plan is a way to keep pages fresh.
type plan struct {
	name     string
	batch    trpc.Batch
	push     trpc.Push
	together query.Together
	seller   seller.Config
	listen   bool
}

// naive polls each query by itself, as often as the seller's policies say.
var naive = plan{name: "polled one by one", batch: trpc.Batch{Mode: trpc.BatchOff}}

// everything is all that there is.
func everything(transport trpc.Transport) plan {
	return plan{
		name:     "everything on",
		batch:    trpc.Batch{Window: 20 * time.Millisecond},
		push:     trpc.Push{Transport: transport},
		together: query.Together{On: query.On},
		seller:   seller.Config{Selective: true, Adaptive: true, PushDashboard: true},
		listen:   true,
	}
}

// The account that all pages are of.
const (
	token    = "tok-1"
	sellerID = "seller_1"
)

// side is a seller with all pages open by a plan, and the server behind them.
type side struct {
	plan   plan
	clock  clock.Clock
	node   *node
	api    *trpc.Client
	client *query.Client
	shop   *seller.Seller
	stops  []func()

	history history
	answers answers // of the server, as they were after the last change
	orderID string  // on the order page
}

func openSide(ctx context.Context, clk clock.Clock, p plan) (s *side, err error) {
	s = &side{plan: p, clock: clk}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close(context.WithoutCancel(ctx)))
		}
	}()
	if s.node, err = startNode(ctx); err != nil {
		return nil, err
	}
	if s.api, err = trpc.New(trpc.Config{URL: s.node.URL, Auth: trpc.BearerToken(token), Batch: p.batch, Push: p.push}); err != nil {
		return nil, err
	}
	if s.client, err = query.New(query.Config{Together: p.together}); err != nil {
		return nil, err
	}
	cfg := p.seller
	cfg.Client, cfg.API, cfg.SellerID = s.client, s.api, sellerID
	s.shop, err = seller.New(cfg)
	return s, err
}

// open opens all pages.
func (s *side) open() error {
	look(s, s.shop.Dashboard(), func(d seller.Dashboard) map[view]content {
		return map[view]content{
			dashboardSales: contentOf(d.Sales), dashboardStats: contentOf(d.Stats),
			dashboardListings: contentOf(d.Listings), dashboardBalance: contentOf(d.Payouts),
		}
	})
	look(s, s.shop.Sales(seller.SalesFilter{}), of[seller.Page[seller.Sale]](salesList))
	look(s, s.shop.PendingOrders(), of[seller.Page[seller.Order]](pendingList))
	look(s, s.shop.OrderByID(s.orderID), of[seller.Order](orderDetail))
	look(s, s.shop.PayoutStats(), of[seller.PayoutStats](balance))
	look(s, s.shop.PayoutHistory(seller.PayoutFilter{}), of[seller.Page[seller.Payout]](payoutList))
	if !s.plan.listen {
		return nil
	}
	stop, err := s.shop.Listen()
	if err == nil {
		s.stops = append(s.stops, stop)
	}
	return err
}

func of[T any](v view) func(T) map[view]content {
	return func(data T) map[view]content { return map[view]content{v: contentOf(data)} }
}

// look shows q until the side is closed, and writes down what it shows.
func look[T any](s *side, q query.Query[T], contents func(T) map[view]content) {
	stop := query.Observe(s.client, q).Subscribe(func(r query.Result[T]) {
		if !r.HasData() {
			return
		}
		now := s.clock.Now()
		for v, is := range contents(r.Data()) {
			s.history.shows(v, now, is)
		}
	})
	s.stops = append(s.stops, stop)
}

func (s *side) close(ctx context.Context) (err error) {
	for _, stop := range s.stops {
		stop()
	}
	if s.client != nil {
		err = s.client.Close(ctx)
	}
	if s.api != nil {
		err = errors.Join(err, s.api.Close(ctx))
	}
	if s.node != nil {
		s.node.close()
	}
	return err
}
