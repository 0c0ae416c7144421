package main

import (
	"fmt"
	"time"

	"github.com/freshet-go/freshet/seller"
)

// This file says in words what a page holds, and what changed between two
// answers. Times of counting, such as AsOf, always change and are not news.

func briefOverview(d seller.Dashboard) string {
	return fmt.Sprintf("%d orders, %s revenue, %s available", d.Stats.Total, amount(d.Stats.Revenue), amount(d.Payouts.Available))
}

func overviewChanges(before, after seller.Dashboard) []string {
	var words []string
	if before.Stats.Total != after.Stats.Total {
		words = append(words, fmt.Sprintf("orders %d → %d", before.Stats.Total, after.Stats.Total))
	}
	for _, status := range seller.OrderStatuses() {
		if a, b := before.Stats.ByStatus[status], after.Stats.ByStatus[status]; a != b {
			words = append(words, fmt.Sprintf("%s %d → %d", statusName(status), a, b))
		}
	}
	words = append(words, moneyChange("revenue", before.Stats.Revenue, after.Stats.Revenue)...)
	words = append(words, moneyChange("available", before.Payouts.Available, after.Payouts.Available)...)
	if a, b := views(before), views(after); a != b {
		words = append(words, fmt.Sprintf("views %+d", b-a))
	}
	return words
}

func views(d seller.Dashboard) int {
	sum := 0
	for _, l := range d.Listings.Items {
		sum += l.Views
	}
	return sum
}

func briefSales(p seller.Page[seller.Sale]) string {
	return fmt.Sprintf("latest %d of %d sales", len(p.Items), p.Total)
}

func salesChanges(before, after seller.Page[seller.Sale]) []string {
	known := map[string]seller.OrderStatus{}
	for _, s := range before.Items {
		known[s.ID] = s.Status
	}
	var words []string
	for _, s := range after.Items {
		was, ok := known[s.ID]
		switch {
		case !ok:
			words = append(words, fmt.Sprintf("%s sold to %s for %s", label(s.OrderID), s.BuyerName, amount(s.Gross)))
		case was != s.Status:
			words = append(words, fmt.Sprintf("%s %s → %s", label(s.OrderID), statusName(was), statusName(s.Status)))
		}
	}
	return words
}

func briefPending(p seller.Page[seller.Order]) string {
	return fmt.Sprintf("%d orders wait for confirmation", p.Total)
}

func pendingChanges(before, after seller.Page[seller.Order]) []string {
	var words []string
	for _, o := range missing(after.Items, before.Items, orderID) {
		words = append(words, fmt.Sprintf("%s came in from %s, %s", label(o.ID), o.Buyer.City, amount(o.Total)))
	}
	for _, o := range missing(before.Items, after.Items, orderID) {
		words = append(words, label(o.ID)+" no longer waits")
	}
	return words
}

func orderID(o seller.Order) string { return o.ID }

func briefOrder(o seller.Order) string {
	return fmt.Sprintf("watching %s, %s, %s", label(o.ID), statusName(o.Status), amount(o.Total))
}

func orderChanges(before, after seller.Order) []string {
	if before.Status == after.Status {
		return nil
	}
	return []string{fmt.Sprintf("%s %s → %s", label(after.ID), statusName(before.Status), statusName(after.Status))}
}

func briefBalance(p seller.PayoutStats) string {
	return fmt.Sprintf("%s available, %s in escrow", amount(p.Available), amount(p.Pending))
}

func balanceChanges(before, after seller.PayoutStats) []string {
	var words []string
	words = append(words, moneyChange("available", before.Available, after.Available)...)
	words = append(words, moneyChange("in escrow", before.Pending, after.Pending)...)
	words = append(words, moneyChange("on its way", before.InTransit, after.InTransit)...)
	return append(words, moneyChange("paid out", before.PaidOut, after.PaidOut)...)
}

func briefPayouts(p seller.Page[seller.Payout]) string {
	return fmt.Sprintf("latest %d of %d payouts", len(p.Items), p.Total)
}

func payoutChanges(before, after seller.Page[seller.Payout]) []string {
	known := map[string]seller.PayoutStatus{}
	for _, p := range before.Items {
		known[p.ID] = p.Status
	}
	var words []string
	for _, p := range after.Items {
		was, ok := known[p.ID]
		switch {
		case !ok:
			words = append(words, fmt.Sprintf("payout %s of %s %s", label(p.ID), amount(p.Amount), p.Status))
		case was != p.Status:
			words = append(words, fmt.Sprintf("payout %s %s → %s", label(p.ID), was, p.Status))
		}
	}
	return words
}

func moneyChange(what string, before, after seller.Money) []string {
	if before == after {
		return nil
	}
	return []string{fmt.Sprintf("%s %s → %s", what, amount(before), amount(after))}
}

// missing returns the items of list that are not in other.
func missing[T any](list, other []T, id func(T) string) []T {
	there := map[string]bool{}
	for _, v := range other {
		there[id(v)] = true
	}
	var found []T
	for _, v := range list {
		if !there[id(v)] {
			found = append(found, v)
		}
	}
	return found
}

// ago says how old something is, in whole seconds that have passed.
func ago(d time.Duration) string {
	if d < time.Second {
		return "just now"
	}
	return seconds(d.Truncate(time.Second)) + " ago"
}

// seconds rounds up, so that a wait counts down to 1 s and then is over.
func seconds(d time.Duration) string {
	d = (d + time.Second - 1).Truncate(time.Second)
	if d < 100*time.Second {
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return d.String()
}

// tenths is a duration as a summary shows it, in tenths of a second that have
// passed.
func tenths(d time.Duration) string {
	return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
}
