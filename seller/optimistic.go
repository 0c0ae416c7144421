package seller

import (
	"maps"
	"slices"
	"time"

	"github.com/freshet-go/freshet/query"
)

// move is an order on its way from one status to another, as it is shown while
// the server has not answered yet. Its methods return changed copies: what is in
// the cache is shared with those who read it. They may see data that show the
// change already, because polls go on meanwhile.
type move struct {
	s        *Seller
	orderID  string
	from, to OrderStatus // from is empty if the change cannot be shown
	total    Money       // of the order; zero if that is unknown
	order    *Order      // nil if the whole order is not in the cache
}

// move finds out where the order stands. A change that the server is bound to
// refuse is not shown.
func (s *Seller) move(orderID string, to OrderStatus) move {
	m := move{s: s, orderID: orderID, to: to}
	last := s.lastSeen(orderID)
	if last.status == "" && to == OrderConfirmed {
		last.status = OrderPending // only those can be confirmed
	}
	if to == OrderConfirmed && last.status == OrderPending || to == OrderCancelled && last.status.Cancellable() {
		m.from = last.status
	}
	m.total, m.order = last.total, last.order
	return m
}

// sighting is what some cached data say about an order.
type sighting struct {
	status OrderStatus
	total  Money
	order  *Order
	at     time.Time
}

// lastSeen returns the newest sighting of an order in the cache. Of equally new
// ones it prefers the more complete.
func (s *Seller) lastSeen(id string) sighting {
	var last sighting
	see := func(x sighting) {
		if x.at.After(last.at) || x.at.Equal(last.at) && last.order == nil {
			last = x
		}
	}
	seeOrder := func(o Order) {
		if o.ID == id {
			see(sighting{status: o.Status, total: o.Total, order: &o, at: o.UpdatedAt})
		}
	}
	seeSales := func(page Page[Sale]) {
		for _, sale := range page.Items {
			if sale.OrderID == id {
				see(sighting{status: sale.Status, total: sale.Gross, at: sale.UpdatedAt})
			}
		}
	}
	for _, entry := range s.client.Entries(query.Filter{Key: s.keys.Root()}) {
		switch data := entry.State.Data().(type) {
		case Order:
			seeOrder(data)
		case SaleDetail:
			seeOrder(data.Order)
		case Page[Order]:
			for _, o := range data.Items {
				seeOrder(o)
			}
		case Page[Sale]:
			seeSales(data)
		case Dashboard:
			seeSales(data.Sales)
		}
	}
	return last
}

// patch shows the move everywhere.
func (m move) patch(tx *query.Tx) {
	if m.from == "" {
		return
	}
	s := m.s
	target := s.keys.OrdersByStatus(m.to)
	others := query.Filter{
		Key:       s.keys.AllOrdersByStatus(),
		Predicate: func(st query.State[any]) bool { return st.Key() != target },
	}
	query.PatchAll(tx, query.Filter{Key: s.keys.OrderByID(m.orderID)}, m.moved)
	query.PatchAll(tx, query.Filter{Key: s.keys.PendingOrders()}, m.leave)
	query.PatchAll(tx, others, m.leave)
	query.PatchAll(tx, query.Filter{Key: target}, m.join)
	query.PatchAll(tx, query.Filter{Key: s.keys.OrderStats()}, m.count)
	query.PatchAll(tx, query.Filter{Key: s.keys.AllSales()}, m.sales)
	query.PatchAll(tx, s.saleOf(m.orderID), m.sale)
	query.PatchAll(tx, query.Filter{Key: s.keys.Dashboard()}, m.dashboard)
}

func (m move) moved(o Order) Order {
	o.Status = m.to
	return o
}

func (m move) sale(d SaleDetail) SaleDetail {
	d.Status = m.to
	d.Order = m.moved(d.Order)
	return d
}

// sales changes the order's row in a list, which keeps it even if its filter
// would not; the refetch settles that.
func (m move) sales(page Page[Sale]) Page[Sale] {
	if i := m.row(page); i >= 0 {
		page.Items = slices.Clone(page.Items)
		page.Items[i].Status = m.to
	}
	return page
}

func (m move) row(page Page[Sale]) int {
	return slices.IndexFunc(page.Items, func(s Sale) bool { return s.OrderID == m.orderID })
}

// leave takes the order out of a list that it no longer belongs to.
func (m move) leave(page Page[Order]) Page[Order] {
	if i := m.place(page); i >= 0 {
		page.Items = slices.Delete(slices.Clone(page.Items), i, i+1)
		page.Total--
	}
	return page
}

func (m move) place(page Page[Order]) int {
	return slices.IndexFunc(page.Items, func(o Order) bool { return o.ID == m.orderID })
}

// join puts the order into the list that it belongs to now, newest first, unless
// its place is on a later page.
func (m move) join(page Page[Order]) Page[Order] {
	if m.order == nil || m.place(page) >= 0 {
		return page
	}
	i := slices.IndexFunc(page.Items, func(o Order) bool { return o.CreatedAt.Before(m.order.CreatedAt) })
	if i < 0 {
		if page.HasNext() {
			return page
		}
		i = len(page.Items)
	}
	page.Items = slices.Insert(slices.Clone(page.Items), i, m.moved(*m.order))
	page.Total++
	return page
}

// count moves the order from one count to the other. A cancelled order is no
// revenue.
func (m move) count(stats OrderStats) OrderStats {
	if stats.ByStatus[m.from] == 0 {
		return stats
	}
	stats.ByStatus = maps.Clone(stats.ByStatus)
	stats.ByStatus[m.from]--
	stats.ByStatus[m.to]++
	rest, err := stats.Revenue.Sub(m.total)
	if m.to != OrderCancelled || m.total.IsZero() || err != nil {
		return stats
	}
	stats.Revenue, stats.AverageOrderValue.AmountCents = rest, 0
	if paying := int64(stats.Total - stats.ByStatus[OrderCancelled]); paying > 0 {
		stats.AverageOrderValue.AmountCents = (rest.AmountCents + paying/2) / paying
	}
	return stats
}

// dashboard changes the counts only if the sales read together with them do not
// show the move yet.
func (m move) dashboard(d Dashboard) Dashboard {
	if i := m.row(d.Sales); i < 0 || d.Sales.Items[i].Status != m.to {
		d.Sales = m.sales(d.Sales)
		d.Stats = m.count(d.Stats)
	}
	return d.derived()
}

// patchPayout shows the balances as they are once a payout is on its way. One
// that the balance does not cover is not shown.
func (s *Seller) patchPayout(tx *query.Tx, amount Money) {
	payOut := func(stats PayoutStats) PayoutStats {
		available, err := stats.Available.Sub(amount)
		if err != nil || available.AmountCents < 0 {
			return stats
		}
		inTransit, err := stats.InTransit.Add(amount)
		if err != nil {
			return stats
		}
		stats.Available, stats.InTransit = available, inTransit
		return stats
	}
	query.PatchAll(tx, query.Filter{Key: s.keys.PayoutStats()}, payOut)
	query.PatchAll(tx, query.Filter{Key: s.keys.Dashboard()}, func(d Dashboard) Dashboard {
		d.Payouts = payOut(d.Payouts)
		return d
	})
}
