package server

import (
	"time"

	"github.com/freshet-go/freshet/seller"
)

// change lets one thing happen to the seller, as it does in the course of business. The
// chances keep the number of open orders about level: an order takes six steps to be done.
func (a *account) change(now time.Time) {
	pick(a.drift, a.listings).Views += a.drift.between(1, 9)
	switch chance := a.drift.fraction(); {
	case chance < 0.13:
		a.newOrder(now)
	case chance < 0.16:
		a.cancelSome(now)
	case chance < 0.94:
		a.advanceSome(now)
	default:
		a.advancePayout(now)
	}
}

func (a *account) advanceSome(now time.Time) {
	open := a.ordersWhere(func(o *seller.Order) bool { return !o.Status.Terminal() })
	if len(open) == 0 {
		return
	}
	o := pick(a.drift, open)
	if next, ok := o.Status.Next(); ok {
		a.stamp(o, next, now)
	}
}

func (a *account) cancelSome(now time.Time) {
	pending := a.ordersWhere(func(o *seller.Order) bool { return o.Status == seller.OrderPending })
	if len(pending) == 0 {
		return
	}
	o := pick(a.drift, pending)
	o.CancelReason = new("buyer_request")
	a.stamp(o, seller.OrderCancelled, now)
}

// advancePayout moves the oldest payout under way one step on.
func (a *account) advancePayout(now time.Time) {
	for _, p := range a.payouts {
		switch p.Status {
		case seller.PayoutScheduled:
			p.Status = seller.PayoutProcessing
			a.tellPayout(p, now)
			return
		case seller.PayoutProcessing:
			p.Status, p.PaidAt = seller.PayoutPaid, &now
			a.tellPayout(p, now)
			return
		default: // it has arrived, or never will
		}
	}
}

func (a *account) ordersWhere(match func(*seller.Order) bool) []*seller.Order {
	var found []*seller.Order
	for _, o := range a.orders {
		if match(o) {
			found = append(found, o)
		}
	}
	return found
}
