package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/seller"
)

// story is what happens at the server, the same on all sides.
type story struct {
	options options
	clock   clock.Clock
	sides   []*side
	random  *rand.Rand

	changes int
	length  time.Duration
	end     time.Time
}

func newStory(o options, clk clock.Clock, sides []*side) *story {
	return &story{options: o, clock: clk, sides: sides, random: rand.New(rand.NewPCG(o.seed, 0))}
}

// play opens the pages, and changes something from time to time until the time is up.
func (y *story) play(ctx context.Context) error {
	for _, s := range y.sides {
		if err := s.readFirst(ctx); err != nil {
			return err
		}
	}
	began := y.clock.Now()
	for _, s := range y.sides {
		if err := s.open(); err != nil {
			return err
		}
	}
	for {
		left := y.options.length - y.clock.Since(began)
		wait := time.Duration((0.5 + y.random.Float64()) * float64(y.options.every))
		if err := y.pause(ctx, min(wait, left)); err != nil {
			return err
		}
		if wait >= left {
			y.end = y.clock.Now()
			y.length = y.end.Sub(began)
			return nil
		}
		if err := y.change(ctx); err != nil {
			return err
		}
	}
}

func (y *story) pause(ctx context.Context, d time.Duration) error {
	timer := y.clock.Timer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return errors.New("interrupted")
	}
}

// change lets the next thing happen, at the same time on all sides.
func (y *story) change(ctx context.Context) error {
	done := make(chan error, len(y.sides))
	for _, s := range y.sides {
		go func() { done <- s.change(ctx, y.changes) }()
	}
	y.changes++
	var err error
	for range y.sides {
		err = errors.Join(err, <-done)
	}
	return err
}

// change lets the n-th thing happen.
func (s *side) change(ctx context.Context, n int) error {
	op, fields := s.next(n)
	at := s.clock.Now() // before it happens, so that no age comes out too small
	if err := s.node.do(ctx, op, fields, nil); err != nil {
		return err
	}
	return s.read(ctx, at)
}

// next is what happens as the n-th thing: an order comes in, that on the order page
// goes on, or another one, or a payout. Instead of what cannot be an order comes in.
func (s *side) next(n int) (op string, fields map[string]any) {
	open := func(wanted func(id string) bool) string {
		for _, sale := range s.answers.Sales.Items {
			if !sale.Status.Terminal() && wanted(sale.OrderID) {
				return sale.OrderID
			}
		}
		return ""
	}
	switch n % 5 {
	case 1, 3:
		if id := open(func(id string) bool { return id != s.orderID }); id != "" {
			return "advanceOrder", map[string]any{"orderId": id}
		}
	case 2:
		if !s.answers.Order.Status.Terminal() {
			return "advanceOrder", map[string]any{"orderId": s.orderID}
		}
	case 4:
		for _, p := range s.answers.History.Items {
			if p.Status == seller.PayoutScheduled || p.Status == seller.PayoutProcessing {
				return "advancePayout", map[string]any{"payoutId": p.ID}
			}
		}
	}
	return "createOrder", map[string]any{"sellerId": sellerID}
}

// answers are what the server would answer at a moment, to each procedure.
type answers struct {
	Sales    seller.Page[seller.Sale]    `json:"sales.getAllSales"`
	Pending  seller.Page[seller.Order]   `json:"orderStatus.getPendingOrders"`
	Order    seller.Order                `json:"orderStatus.getOrderById"`
	Stats    seller.OrderStats           `json:"orderStatus.getOrderStats"`
	Balance  seller.PayoutStats          `json:"finance.getPayoutStats"`
	History  seller.Page[seller.Payout]  `json:"finance.getPayoutHistory"`
	Listings seller.Page[seller.Listing] `json:"listing.getMyListings"`
}

// readFirst reads the data before there are pages, and chooses the order to watch.
func (s *side) readFirst(ctx context.Context) error {
	var waiting struct {
		Answers answers
	}
	call := map[string]any{"sellerId": sellerID, "calls": map[string]any{"orderStatus.getPendingOrders": nil}}
	if err := s.node.do(ctx, "answers", call, &waiting); err != nil {
		return err
	}
	if len(waiting.Answers.Pending.Items) == 0 {
		return errors.New("no order is pending")
	}
	s.orderID = waiting.Answers.Pending.Items[0].ID
	return s.read(ctx, s.clock.Now())
}

// read writes down what the server's data are since at.
func (s *side) read(ctx context.Context, at time.Time) error {
	var now struct{ Answers answers }
	calls := map[string]any{
		"sales.getAllSales": nil, "orderStatus.getPendingOrders": nil, "orderStatus.getOrderStats": nil, "finance.getPayoutStats": nil,
		"finance.getPayoutHistory": nil, "listing.getMyListings": nil, "orderStatus.getOrderById": map[string]any{"orderId": s.orderID},
	}
	if err := s.node.do(ctx, "answers", map[string]any{"sellerId": sellerID, "calls": calls}, &now); err != nil {
		return err
	}
	a := now.Answers
	s.answers = a
	for v, is := range map[view]content{
		dashboardSales: contentOf(a.Sales), dashboardStats: contentOf(a.Stats),
		dashboardListings: contentOf(a.Listings), dashboardBalance: contentOf(a.Balance),
		salesList: contentOf(a.Sales), pendingList: contentOf(a.Pending), orderDetail: contentOf(a.Order),
		balance: contentOf(a.Balance), payoutList: contentOf(a.History),
	} {
		s.history.becomes(v, at, is)
	}
	return nil
}
