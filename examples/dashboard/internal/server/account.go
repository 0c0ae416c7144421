package server

import (
	"math"
	"time"

	"github.com/freshet-go/freshet/seller"
)

// account is everything one seller owns. The store's lock guards it. Orders and payouts are
// kept in the order they were made; their answers are copies.
type account struct {
	id       string
	index    int
	currency string
	rng      *rng // makes up new things
	drift    *rng // decides what changes by itself, apart so that clients' calls do not disturb it

	listings []*seller.Listing
	orders   []*seller.Order
	byID     map[string]*seller.Order
	payouts  []*seller.Payout

	orderLog, balanceLog *eventLog // nil until all is made up
}

func (a *account) money(cents int64) seller.Money {
	return seller.Money{AmountCents: cents, Currency: a.currency}
}

// round rounds half up, as the money of this shop always did.
func round(x float64) int64 { return int64(math.Floor(x + 0.5)) }

// order finds one of the seller's own orders.
func (a *account) order(id string) (*seller.Order, error) {
	o, ok := a.byID[id]
	if !ok {
		return nil, &refusal{
			code: "NOT_FOUND", reason: "order_not_found", message: "No order " + id,
			details: map[string]any{"orderId": id},
		}
	}
	return o, nil
}

func saleOf(o *seller.Order) seller.Sale {
	s := seller.Sale{
		ID: "sale_" + o.ID[len("ord_"):], OrderID: o.ID, Status: o.Status, BuyerName: o.Buyer.Name,
		Gross: o.Total, Fee: o.Fee, Net: o.Net, SoldAt: o.CreatedAt, UpdatedAt: o.UpdatedAt,
	}
	for _, item := range o.Items {
		s.ItemCount += item.Quantity
	}
	return s
}

// stats counts the orders of a period.
func (a *account) stats(p period, now time.Time) seller.OrderStats {
	stats := seller.OrderStats{ByStatus: map[seller.OrderStatus]int{}, AsOf: now}
	for _, status := range seller.OrderStatuses() {
		stats.ByStatus[status] = 0
	}
	var revenue int64
	for _, o := range a.orders {
		if !p.includes(o.CreatedAt) {
			continue
		}
		stats.Total++
		stats.ByStatus[o.Status]++
		if o.Status != seller.OrderCancelled {
			revenue += o.Total.AmountCents
		}
	}
	stats.Revenue, stats.AverageOrderValue = a.money(revenue), a.money(0)
	if paying := stats.Total - stats.ByStatus[seller.OrderCancelled]; paying > 0 {
		stats.AverageOrderValue = a.money(round(float64(revenue) / float64(paying)))
	}
	return stats
}

// includes reports whether t is at or after the start and before the end, if there is one.
func (p period) includes(t time.Time) bool {
	return !t.Before(p.from) && (p.to.IsZero() || t.Before(p.to))
}

// balance adds the books up: what completed orders earned, less what was paid out.
func (a *account) balance(now time.Time) seller.PayoutStats {
	var pending, earned, gross, fees, inTransit, paid int64
	for _, o := range a.orders {
		switch {
		case o.Status.InEscrow():
			pending += o.Net.AmountCents
		case o.Status == seller.OrderCompleted:
			earned += o.Net.AmountCents
			gross += o.Total.AmountCents
			fees += o.Fee.AmountCents
		}
	}
	stats := seller.PayoutStats{Currency: a.currency, MinimumPayout: a.money(minimumPayout), AsOf: now}
	for _, p := range a.payouts {
		switch {
		case p.Status == seller.PayoutPaid:
			paid += p.Amount.AmountCents
			if stats.LastPayoutAt == nil || p.PaidAt.After(*stats.LastPayoutAt) {
				stats.LastPayoutAt = p.PaidAt
			}
		case !p.Status.Terminal():
			inTransit += p.Amount.AmountCents
			if stats.NextPayoutAt == nil || p.ScheduledFor.Before(*stats.NextPayoutAt) {
				stats.NextPayoutAt = new(p.ScheduledFor)
			}
		}
	}
	stats.Available, stats.Pending = a.money(earned-paid-inTransit), a.money(pending)
	stats.InTransit, stats.PaidOut = a.money(inTransit), a.money(paid)
	stats.LifetimeGross, stats.LifetimeFees = a.money(gross), a.money(fees)
	return stats
}
