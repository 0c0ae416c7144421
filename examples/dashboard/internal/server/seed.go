package server

import (
	"fmt"
	"slices"
	"time"

	"github.com/freshet-go/freshet/seller"
)

const (
	day           = 24 * time.Hour
	historySpan   = 90 * day
	listingAge    = 200 * day
	payoutDelay   = 2 * day
	payoutFee     = 25 // minor units
	minimumPayout = 1000
	freeShipping  = 15000
	shippingPrice = 595
)

func firstNames() []string {
	return []string{"Ada", "Bruno", "Chidi", "Dana", "Elif", "Farah", "Goran", "Hana", "Ines", "José", "Kaito", "Łukasz", "Mirela", "Noor", "Oona", "Pavel"}
}

func lastNames() []string {
	return []string{"Abara", "Berg", "Castro", "Dvořák", "Eriksen", "Fischer", "Garcia", "Haddad", "Ito", "Jansen", "Kowalska", "Lund"}
}

func cities() [][2]string {
	return [][2]string{{"Lisbon", "PT"}, {"Gdańsk", "PL"}, {"Porto", "PT"}, {"Lagos", "NG"}, {"Osaka", "JP"}, {"Zürich", "CH"}, {"Austin", "US"}, {"Tromsø", "NO"}}
}

func adjectives() []string {
	return []string{"Walnut", "Linen", "Brass", "Ceramic", "Wool", "Oak", "Indigo", "Copper", "Slate", "Amber"}
}

func nouns() []string {
	return []string{"Lamp", "Bowl", "Scarf", "Notebook", "Mug", "Tray", "Clock", "Basket", "Vase", "Stool"}
}

// newAccount makes up one seller's past, up to epoch. The order of the draws is part of
// what a seed means: moving one changes everything after it.
func newAccount(cfg Config, index int, epoch time.Time) *account {
	a := &account{
		id:       fmt.Sprintf("seller_%d", index),
		index:    index,
		currency: []string{"USD", "EUR", "GBP"}[(index-1)%3],
		rng:      newRNG(fmt.Sprintf("%d|seller|%d|", cfg.Seed, index)),
		drift:    newRNG(fmt.Sprintf("%d|drift|%d|", cfg.Seed, index)),
		byID:     map[string]*seller.Order{},
	}
	a.seedListings(cfg.Listings, epoch)
	a.seedOrders(cfg.Orders, epoch)
	a.seedPayouts(cfg.Payouts, epoch)
	a.orderLog, a.balanceLog = newEventLog("o", index), newEventLog("b", index)
	return a
}

func (a *account) seedListings(n int, epoch time.Time) {
	for i := 1; i <= n; i++ {
		status := seller.ListingActive
		switch {
		case i%13 == 0:
			status = seller.ListingDraft
		case i%7 == 0:
			status = seller.ListingSoldOut
		case i%5 == 0:
			status = seller.ListingPaused
		}
		at := epoch.Add(-listingAge + time.Duration(i)*time.Hour)
		l := &seller.Listing{
			ID:        fmt.Sprintf("lst_%d_%04d", a.index, i),
			SKU:       fmt.Sprintf("SKU-%d%04d", a.index, i),
			Title:     pick(a.rng, adjectives()) + " " + pick(a.rng, nouns()),
			Status:    status,
			CreatedAt: at,
			UpdatedAt: at,
		}
		l.Price = a.money(int64(a.rng.between(5, 240)*100 + pick(a.rng, []int{0, 49, 95, 99})))
		if status != seller.ListingSoldOut {
			l.Stock = a.rng.between(1, 60)
		}
		l.Views = a.rng.between(10, 4000)
		a.listings = append(a.listings, l)
	}
}

func (a *account) seedOrders(n int, epoch time.Time) {
	span := int(historySpan.Milliseconds())
	for i := 1; i <= n; i++ {
		status := a.drawStatus()
		sinceStart := (i-1)*span/n + a.rng.between(0, 1000)*10
		o := a.newOrder(epoch.Add(time.Duration(sinceStart-span) * time.Millisecond))
		a.ageOrder(o, status)
	}
}

// drawStatus follows the weights a seller's list has in practice: mostly completed.
func (a *account) drawStatus() seller.OrderStatus {
	statuses, weights := seller.OrderStatuses(), []int{12, 8, 7, 7, 9, 10, 60, 7}
	r := a.rng.fraction() * 120 // the sum of the weights
	for i, w := range weights {
		if r -= float64(w); r < 0 {
			return statuses[i]
		}
	}
	return seller.OrderCompleted
}

// ageOrder walks a new order to its status, an hour a step, so that its stamps and its
// timeline tell one story.
func (a *account) ageOrder(o *seller.Order, status seller.OrderStatus) {
	if status == seller.OrderCancelled {
		o.CancelReason = new("buyer_request")
		a.stamp(o, seller.OrderCancelled, o.CreatedAt.Add(time.Hour))
		return
	}
	for at := o.CreatedAt; o.Status != status; {
		next, _ := o.Status.Next()
		at = at.Add(time.Hour)
		a.stamp(o, next, at)
	}
}

// seedPayouts pays out part of what the completed orders have earned.
func (a *account) seedPayouts(n int, epoch time.Time) {
	if n == 0 {
		return
	}
	var earned int64
	for _, o := range a.orders {
		if o.Status == seller.OrderCompleted {
			earned += o.Net.AmountCents
		}
	}
	each := int64(float64(earned)*0.6) / int64(n)
	if each == 0 {
		return
	}
	span := int(historySpan.Milliseconds())
	for i := 1; i <= n; i++ {
		amount := each - int64(a.rng.between(0, int(each/10)))
		created := epoch.Add(time.Duration(i*span/(n+1)-span) * time.Millisecond)
		p := a.newPayout(amount, created, created.Add(payoutDelay))
		switch {
		case i == n:
		case i == n-1:
			p.Status = seller.PayoutProcessing
		case i%11 == 0:
			p.Status, p.FailureReason = seller.PayoutFailed, new("account_closed")
		default:
			p.Status, p.PaidAt = seller.PayoutPaid, new(p.ScheduledFor)
		}
	}
}

// newOrder makes up an order that has just come in.
func (a *account) newOrder(at time.Time) *seller.Order {
	o := &seller.Order{
		SellerID: a.id, Number: len(a.orders) + 1, Status: seller.OrderPending, Version: 1,
		CreatedAt: at, UpdatedAt: at,
		Timeline: []seller.TimelineEntry{{Status: seller.OrderPending, At: at}},
	}
	o.ID = fmt.Sprintf("ord_%d_%05d", a.index, o.Number)
	var subtotal int64
	for range a.rng.between(1, 3) {
		item := a.newItem()
		o.Items = append(o.Items, item)
		subtotal += item.Total.AmountCents
	}
	a.price(o, subtotal)
	city := pick(a.rng, cities())
	o.Buyer.ID = fmt.Sprintf("buy_%d", a.rng.between(1, 400))
	o.Buyer.Name = pick(a.rng, firstNames()) + " " + pick(a.rng, lastNames())
	o.Buyer.City, o.Buyer.Country = city[0], city[1]

	a.orders = append(a.orders, o)
	a.byID[o.ID] = o
	a.tellOrder(o, nil)
	return o
}

func (a *account) newItem() seller.OrderItem {
	l := pick(a.rng, a.listings)
	quantity := a.rng.between(1, 3)
	l.SoldCount += quantity
	return seller.OrderItem{
		ListingID: l.ID, SKU: l.SKU, Title: l.Title, Quantity: quantity,
		UnitPrice: l.Price, Total: a.money(l.Price.AmountCents * int64(quantity)),
	}
}

func (a *account) price(o *seller.Order, subtotal int64) {
	shipping := int64(shippingPrice)
	if subtotal > freeShipping {
		shipping = 0
	}
	tax := round(float64(subtotal) * 0.08)
	total := subtotal + shipping + tax
	fee := round(float64(total) * 0.1)
	o.Subtotal, o.Shipping, o.Tax = a.money(subtotal), a.money(shipping), a.money(tax)
	o.Total, o.Fee, o.Net = a.money(total), a.money(fee), a.money(total-fee)
}

// newPayout adds a scheduled payout to the books.
func (a *account) newPayout(amount int64, created, due time.Time) *seller.Payout {
	p := &seller.Payout{
		ID: fmt.Sprintf("pay_%d_%04d", a.index, len(a.payouts)+1), SellerID: a.id, Status: seller.PayoutScheduled,
		Amount: a.money(amount), Fee: a.money(payoutFee), Net: a.money(amount - payoutFee),
		Method:    seller.PayoutMethod{Type: "bank_account", Last4: fmt.Sprintf("%04d", a.index*1111%10000)},
		CreatedAt: created, ScheduledFor: due,
	}
	a.payouts = append(a.payouts, p)
	a.tellPayout(p, created)
	return p
}

// stamp moves an order to a status and writes down when.
func (a *account) stamp(o *seller.Order, status seller.OrderStatus, at time.Time) {
	before := o.Status
	o.Status, o.UpdatedAt = status, at
	o.Version++
	switch status {
	case seller.OrderConfirmed:
		o.ConfirmedAt = &at
	case seller.OrderShipped:
		o.ShippedAt = &at
		carrier := []string{"postline", "quickship", "northwind"}[o.Number%3]
		o.Tracking = &seller.Tracking{Carrier: carrier, Number: fmt.Sprintf("TRK%d%08d", a.index, o.Number)}
	case seller.OrderDelivered:
		o.DeliveredAt = &at
	case seller.OrderCompleted:
		o.CompletedAt = &at
	case seller.OrderCancelled:
		o.CancelledAt = &at
	default: // told by the timeline alone
	}
	// Copied, because answers given out earlier share the old list.
	o.Timeline = append(slices.Clip(o.Timeline), seller.TimelineEntry{Status: status, At: at})
	a.tellOrder(o, &before)
}
