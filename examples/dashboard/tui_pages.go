package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/freshet-go/freshet/seller"
)

// pageBody draws the page that is on screen.
func (m model) pageBody(height int) []string {
	p := m.session.pages
	switch m.page {
	case dashboardPage:
		if r := p.overview.observer.Current(); r.HasData() {
			return overviewBody(r.Data(), m.width, height)
		}
	case salesPage:
		if r := p.sales.observer.Current(); r.HasData() {
			return m.salesGrid(r.Data()).render(m.width, height)
		}
	case pendingPage:
		if r := p.pending.observer.Current(); r.HasData() {
			return m.pendingGrid(r.Data()).render(m.width, height)
		}
	case orderPage:
		if r := p.order.observer.Current(); r.HasData() {
			return orderBody(r.Data(), m.width)
		}
	case payoutsPage:
		return m.payoutsBody(height)
	}
	return []string{dim().Render("no data yet")}
}

// overviewBody is the figures, the orders by status, and the latest sales.
func overviewBody(d seller.Dashboard, width, height int) []string {
	var titles, figures strings.Builder
	for _, f := range []struct{ title, figure string }{
		{"revenue", amount(d.Revenue)},
		{"average order", amount(d.Stats.AverageOrderValue)},
		{"open orders", fmt.Sprintf("%d of %d", d.Metrics.Open, d.Metrics.Orders)},
		{"available", amount(d.Payouts.Available)},
		{"listings", fmt.Sprint(d.Metrics.Listings)},
	} {
		titles.WriteString(dim().Render(pad(f.title, width/5, false)))
		figures.WriteString(bold().Render(pad(f.figure, width/5, false)))
	}
	lines := []string{titles.String(), figures.String(), ""}
	latest := grid{selected: -1, empty: "no sales", columns: []column{{"latest", 7, false}, {"buyer", 0, false}, {"status", 11, false}, {"gross", 10, true}}}
	for _, s := range d.Sales.Items {
		latest.rows = append(latest.rows, []cell{
			text(label(s.OrderID)), text(s.BuyerName), {statusName(s.Status), statusStyle(s.Status)}, text(amount(s.Gross)),
		})
	}
	left := width * 2 / 5
	return append(lines, beside(statusBars(d.Stats, left-2), latest.render(width-left, height-len(lines)), left)...)
}

// statusBars draws how many orders there are in each status.
func statusBars(stats seller.OrderStats, width int) []string {
	most := 1
	for _, n := range stats.ByStatus {
		most = max(most, n)
	}
	lines := []string{dim().Render("orders by status")}
	for _, status := range seller.OrderStatuses() {
		n := stats.ByStatus[status]
		room := width - 16
		bar := strings.Repeat("█", (n*room+most-1)/most)
		lines = append(lines, fmt.Sprintf("%-11s%4d ", statusName(status), n)+statusStyle(status).Render(bar))
	}
	return lines
}

func (m model) salesGrid(p seller.Page[seller.Sale]) grid {
	g := grid{
		selected: m.row(), empty: "nothing sold yet",
		columns: []column{
			{"order", 6, false},
			{"buyer", 0, false},
			{"items", 5, true},
			{"status", 10, false},
			{"gross", 10, true},
			{"net", 10, true},
			{"sold", 12, false},
		},
	}
	for _, s := range p.Items {
		g.rows = append(g.rows, []cell{
			text(label(s.OrderID)), text(s.BuyerName), text(fmt.Sprint(s.ItemCount)),
			{statusName(s.Status), statusStyle(s.Status)},
			text(amount(s.Gross)), text(amount(s.Net)), text(day(s.SoldAt)),
		})
	}
	return g
}

func (m model) pendingGrid(p seller.Page[seller.Order]) grid {
	g := grid{
		selected: m.row(), empty: "every order is confirmed",
		columns: []column{
			{"order", 6, false}, {"buyer", 15, false}, {"items", 0, false}, {"to", 7, false}, {"total", 10, true}, {"since", 12, false},
		},
	}
	for _, o := range p.Items {
		g.rows = append(g.rows, []cell{
			text(label(o.ID)), text(o.Buyer.Name), text(firstItem(o)), text(o.Buyer.City), text(amount(o.Total)), text(day(o.CreatedAt)),
		})
	}
	return g
}

func firstItem(o seller.Order) string {
	switch len(o.Items) {
	case 0:
		return ""
	case 1:
		return o.Items[0].Title
	default:
		return fmt.Sprintf("%s +%d", o.Items[0].Title, len(o.Items)-1)
	}
}

// orderBody is the order's items and sums beside its history.
func orderBody(o seller.Order, width int) []string {
	left := width * 3 / 5
	items := []string{
		bold().Render(clean("Order "+label(o.ID))) + "  " + statusStyle(o.Status).Render(clean(statusName(o.Status))),
		clean(fmt.Sprintf("%s, %s %s", o.Buyer.Name, o.Buyer.City, o.Buyer.Country)),
		"",
	}
	g := grid{selected: -1, empty: "no items", columns: []column{{"item", 0, false}, {"pieces", 6, true}, {"price", 11, true}}}
	for _, i := range o.Items {
		g.rows = append(g.rows, []cell{text(i.Title), text(fmt.Sprint(i.Quantity)), text(amount(i.Total))})
	}
	items = append(items, g.render(left-3, len(g.rows)+2)...)
	for _, sum := range []struct {
		title string
		money seller.Money
	}{{"shipping", o.Shipping}, {"tax", o.Tax}, {"total", o.Total}, {"fee", o.Fee}, {"your share", o.Net}} {
		items = append(items, dim().Render(pad(sum.title, left-14, true))+pad(amount(sum.money), 11, true))
	}
	history := []string{dim().Render("history"), ""}
	for _, e := range o.Timeline {
		history = append(history, day(e.At)+"  "+statusStyle(e.Status).Render(clean(statusName(e.Status))))
	}
	if o.Tracking != nil {
		history = append(history, "", clean(o.Tracking.Carrier+" "+o.Tracking.Number))
	}
	if o.CancelReason != nil {
		history = append(history, "", clean(*o.CancelReason))
	}
	return beside(items, history, left)
}

// payoutsBody is the balances over the list of payouts, each as far as it is
// known.
func (m model) payoutsBody(height int) []string {
	var titles, figures strings.Builder
	balance := m.session.pages.balance.observer.Current().Data()
	for _, f := range []struct {
		title string
		money seller.Money
	}{{"available", balance.Available}, {"in escrow", balance.Pending}, {"on its way", balance.InTransit}, {"paid out", balance.PaidOut}} {
		titles.WriteString(dim().Render(pad(f.title, m.width/4, false)))
		figures.WriteString(bold().Render(pad(amount(f.money), m.width/4, false)))
	}
	lines := []string{titles.String(), figures.String(), ""}
	g := grid{
		selected: m.row(), empty: "no payouts yet",
		columns: []column{
			{"payout", 6, false}, {"status", 10, false}, {"amount", 10, true}, {"fee", 5, true}, {"account", 0, false}, {"due", 12, false}, {"paid", 12, false},
		},
	}
	for _, p := range m.session.pages.payouts.observer.Current().Data().Items {
		paid := ""
		if p.PaidAt != nil {
			paid = day(*p.PaidAt)
		}
		g.rows = append(g.rows, []cell{
			text(label(p.ID)),
			{string(p.Status), payoutStyle(p.Status)},
			text(amount(p.Amount)), text(amount(p.Fee)),
			text("ends in " + p.Method.Last4), text(day(p.ScheduledFor)), text(paid),
		})
	}
	return append(lines, g.render(m.width, height-len(lines))...)
}

func day(t time.Time) string { return t.Local().Format("Jan _2 15:04") }
