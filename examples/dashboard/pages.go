package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/seller"
)

// page is one screen of the dashboard.
type page int

const (
	dashboardPage page = iota
	salesPage
	pendingPage
	orderPage
	payoutsPage
)

const pageCount = int(payoutsPage) + 1

func (p page) String() string {
	return [...]string{"dashboard", "sales", "pending", "order", "payouts"}[p]
}

// parsePage finds a page by its number, from 1, or by its name.
func parsePage(text string) (page, error) {
	for p := range page(pageCount) {
		if text == strconv.Itoa(int(p)+1) || strings.EqualFold(text, p.String()) {
			return p, nil
		}
	}
	return 0, fmt.Errorf("no page %q: there are dashboard, sales, pending, order and payouts", text)
}

// pages are the queries behind the screens. All of them stay observed, whatever
// is on screen.
type pages struct {
	overview *feed[seller.Dashboard]
	sales    *feed[seller.Page[seller.Sale]]
	pending  *feed[seller.Page[seller.Order]]
	order    *feed[seller.Order]
	balance  *feed[seller.PayoutStats]
	payouts  *feed[seller.Page[seller.Payout]]
}

// newPages says which query makes which page, how often it may ask the server,
// and how its changes are told.
func newPages(c *query.Client, shop *seller.Seller, m *meter) pages {
	return pages{
		overview: newFeed(c, shop.Dashboard(), feedConfig[seller.Dashboard]{
			gauge: m.gauge(dashboardPage, 5*time.Second, 4), name: "dashboard", attempts: 4,
			brief: briefOverview, changes: overviewChanges,
		}),
		sales: newFeed(c, shop.Sales(seller.SalesFilter{}), feedConfig[seller.Page[seller.Sale]]{
			gauge: m.gauge(salesPage, 5*time.Second, 1), name: "sales", attempts: 4,
			brief: briefSales, changes: salesChanges,
		}),
		pending: newFeed(c, shop.PendingOrders(), feedConfig[seller.Page[seller.Order]]{
			gauge: m.gauge(pendingPage, 5*time.Second, 1), name: "pending", attempts: 4,
			brief: briefPending, changes: pendingChanges,
		}),
		order: newFeed(c, orderOf(shop, ""), feedConfig[seller.Order]{
			gauge: m.gauge(orderPage, 3*time.Second, 1), name: "order", attempts: 3,
			brief: briefOrder, changes: orderChanges,
		}),
		balance: newFeed(c, shop.PayoutStats(), feedConfig[seller.PayoutStats]{
			gauge: m.gauge(payoutsPage, 10*time.Second, 1), name: "balance", attempts: 4,
			brief: briefBalance, changes: balanceChanges,
		}),
		payouts: newFeed(c, shop.PayoutHistory(seller.PayoutFilter{}), feedConfig[seller.Page[seller.Payout]]{
			gauge: m.gauge(payoutsPage, 10*time.Second, 1), name: "history", attempts: 4,
			brief: briefPayouts, changes: payoutChanges,
		}),
	}
}

// ask lets all pages ask the seller's queries, with that order on the order page.
func (p pages) ask(shop *seller.Seller, orderID string) error {
	return errors.Join(
		p.overview.show(shop.Dashboard()),
		p.sales.show(shop.Sales(seller.SalesFilter{})),
		p.pending.show(shop.PendingOrders()),
		p.order.show(orderOf(shop, orderID)),
		p.balance.show(shop.PayoutStats()),
		p.payouts.show(shop.PayoutHistory(seller.PayoutFilter{})),
	)
}

// orderOf asks for nothing before the order is known.
func orderOf(shop *seller.Seller, id string) query.Query[seller.Order] {
	q := shop.OrderByID(id)
	q.Skip = id == ""
	return q
}

// source is a feed whatever its data are.
type source interface {
	title() string
	health() health
	explain(c *query.Client) query.Explanation
	watch(c *journal) (stop func())
}

// all lists every source.
func (p pages) all() []source {
	return []source{p.overview, p.sales, p.pending, p.order, p.balance, p.payouts}
}

// of lists the sources of one page.
func (p pages) of(at page) []source {
	switch at {
	case dashboardPage:
		return []source{p.overview}
	case salesPage:
		return []source{p.sales}
	case pendingPage:
		return []source{p.pending}
	case orderPage:
		return []source{p.order}
	default:
		return []source{p.balance, p.payouts}
	}
}
