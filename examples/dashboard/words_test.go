package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/seller"
)

func usd(cents int64) seller.Money { return seller.Money{AmountCents: cents, Currency: "USD"} }

func TestWords_timesOfCountingAreNoNews(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
	require.Empty(t, overviewChanges(
		seller.Dashboard{Stats: seller.OrderStats{AsOf: now}, Payouts: seller.PayoutStats{AsOf: now}},
		seller.Dashboard{Stats: seller.OrderStats{AsOf: now.Add(time.Second)}, Payouts: seller.PayoutStats{AsOf: now.Add(time.Second)}},
	))
	require.Empty(t, balanceChanges(seller.PayoutStats{AsOf: now}, seller.PayoutStats{AsOf: now.Add(time.Second)}))
}

func TestWords_overviewTellsCountsMoneyAndViews(t *testing.T) {
	t.Parallel()
	before := seller.Dashboard{
		Stats: seller.OrderStats{Total: 3, ByStatus: map[seller.OrderStatus]int{seller.OrderPending: 2, seller.OrderInTransit: 1}, Revenue: usd(100)},
	}
	after := seller.Dashboard{
		Stats:    seller.OrderStats{Total: 4, ByStatus: map[seller.OrderStatus]int{seller.OrderPending: 2, seller.OrderInTransit: 2}, Revenue: usd(123450)},
		Payouts:  seller.PayoutStats{Available: usd(5)},
		Listings: seller.Page[seller.Listing]{Items: []seller.Listing{{Views: 7}}},
	}
	require.Equal(t, []string{
		"orders 3 → 4", "in transit 1 → 2", "revenue $1.00 → $1,234.50", "available 0.00 → $0.05", "views +7",
	}, overviewChanges(before, after))
}

func TestWords_salesTellNewOnesAndNewStatuses(t *testing.T) {
	t.Parallel()
	list := func(sales ...seller.Sale) seller.Page[seller.Sale] { return seller.Page[seller.Sale]{Items: sales} }
	old := seller.Sale{ID: "sale_1_00007", OrderID: "ord_1_00007", Status: seller.OrderShipped}
	moved := old
	moved.Status = seller.OrderInTransit
	fresh := seller.Sale{ID: "sale_1_00121", OrderID: "ord_1_00121", BuyerName: "Ada Berg", Gross: usd(5000)}

	require.Equal(t, []string{"#121 sold to Ada Berg for $50.00", "#7 shipped → in transit"}, salesChanges(list(old), list(fresh, moved)))
	require.Empty(t, salesChanges(list(fresh, old), list(fresh, old)))
	require.Empty(t, salesChanges(list(fresh, old), list(fresh)), "the end of the list was pushed off the page")
}

func TestWords_pendingTellsWhoCameAndWhoLeft(t *testing.T) {
	t.Parallel()
	came := seller.Order{ID: "ord_1_00002", Total: usd(100), Buyer: seller.Buyer{City: "Porto"}}
	require.Equal(t, []string{"#2 came in from Porto, $1.00", "#1 no longer waits"}, pendingChanges(
		seller.Page[seller.Order]{Items: []seller.Order{{ID: "ord_1_00001"}}},
		seller.Page[seller.Order]{Items: []seller.Order{came}},
	))
}

func TestWords_orderTellsItsStatus(t *testing.T) {
	t.Parallel()
	before, after := seller.Order{ID: "ord_1_00002", Status: "on_hold"}, seller.Order{ID: "ord_1_00002", Status: seller.OrderPending}
	require.Equal(t, []string{"#2 on hold → pending"}, orderChanges(before, after))
	require.Empty(t, orderChanges(after, after))
}

func TestWords_payoutsTellBalancesAndSteps(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"available $3.00 → $1.00", "on its way $0.00 → $2.00"}, balanceChanges(
		seller.PayoutStats{Available: usd(300), InTransit: usd(0)}, seller.PayoutStats{Available: usd(100), InTransit: usd(200)},
	))
	list := func(payouts ...seller.Payout) seller.Page[seller.Payout] {
		return seller.Page[seller.Payout]{Items: payouts}
	}
	require.Equal(t, []string{"payout #31 of $10.00 scheduled", "payout #30 processing → paid"}, payoutChanges(
		list(seller.Payout{ID: "pay_1_0030", Status: seller.PayoutProcessing}),
		list(
			seller.Payout{ID: "pay_1_0031", Status: seller.PayoutScheduled, Amount: usd(1000)},
			seller.Payout{ID: "pay_1_0030", Status: seller.PayoutPaid},
		),
	))
}

func TestLabel_shortensOnlyWhatEndsInANumber(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"ord_1_00121": "#121", "ord_1_0": "ord_1_0", "8f14e45f": "8f14e45f", "12": "12", "ord_x": "ord_x", "": "", "a_1b": "a_1b",
	} {
		require.Equal(t, want, label(id), id)
	}
}

func TestAmount_setsThousandsApart(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]seller.Money{
		"$0.05": usd(5), "$999.99": usd(99999), "$1,000.00": usd(100000), "-$12,345,678.90": usd(-1234567890),
		"1,234 JPY": {AmountCents: 1234, Currency: "JPY"}, "0.00": {},
	} {
		require.Equal(t, want, amount(m))
	}
}

func TestDurations_agesRoundDownAndWaitsRoundUp(t *testing.T) {
	t.Parallel()
	require.Equal(t, "just now", ago(999*time.Millisecond))
	require.Equal(t, "3 s ago", ago(3999*time.Millisecond))
	require.Equal(t, "4 s", seconds(3001*time.Millisecond))
	require.Equal(t, "2m5s", seconds(125*time.Second))
	require.Equal(t, "10.0s", tenths(10*time.Second+99*time.Millisecond))
}

func TestClean_foreignTextCannotMoveTheCursorOrForgeALine(t *testing.T) {
	t.Parallel()
	require.Equal(t, "José  [2J Łukasz", clean("José\n\x1b[2J\u00a0Łukasz"))
}
