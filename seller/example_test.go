package seller_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/seller"
)

// signIn returns a seller and the client that holds the seller's data. The server
// is one in memory, with a pending, a shipped and a completed order.
func signIn(cfg seller.Config) (*seller.Seller, *query.Client, error) {
	market := newMarket(seller.OrderPending, seller.OrderShipped, seller.OrderCompleted)
	api, err := trpc.New(trpc.Config{URL: "http://market.test/trpc", HTTP: &http.Client{Transport: market}})
	if err != nil {
		return nil, nil, err
	}
	client, err := query.New(query.Config{Clock: clock.NewMock()}) // time stands still
	if err != nil {
		return nil, nil, err
	}
	cfg.Client, cfg.API, cfg.SellerID = client, api, "seller_1"
	me, err := seller.New(cfg)
	return me, client, err
}

func Example() {
	ctx := context.Background()
	me, client, err := signIn(seller.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)

	d, err := query.Fetch(ctx, client, me.Dashboard())
	fmt.Println(d.Revenue, d.Metrics.Pending, d.Metrics.Open, err)

	_, err = query.Mutate(ctx, client, me.ConfirmOrder(), seller.ConfirmOrderInput{OrderID: "ord_1"})
	fmt.Println(err)

	d, err = query.Fetch(ctx, client, me.Dashboard())
	fmt.Println(d.Revenue, d.Metrics.Pending, d.Metrics.Open, err)
	// Output:
	// $30.00 1 2 <nil>
	// <nil>
	// $30.00 0 2 <nil>
}

// A page watches what it shows: it is polled until the loop is left.
func ExampleSeller_PendingOrders() {
	ctx := context.Background()
	me, client, err := signIn(seller.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)

	for r := range query.Watch(ctx, client, me.PendingOrders()) {
		if r.IsLoading() {
			continue
		}
		for _, o := range r.Data().Items {
			fmt.Println(o.ID, o.Status, o.Total)
		}
		break
	}
	// Output: ord_1 pending $10.00
}

// A list that grows page by page.
func ExampleSeller_PayoutHistoryPages() {
	ctx := context.Background()
	me, client, err := signIn(seller.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)

	list := me.PayoutHistoryPages(seller.PayoutFilter{})
	list.Pages = 2
	all, err := query.Fetch(ctx, client, list.Query())
	for _, page := range all.Pages {
		fmt.Println(page.Items[0].ID)
	}
	fmt.Println(err)
	// Output:
	// pay_1
	// pay_2
	// <nil>
}

// A prefix reaches a whole group of queries, here everything about orders.
func ExampleKeys_Orders() {
	keys := seller.Keys{SellerID: "seller_1"}
	fmt.Println(keys.Orders())
	fmt.Println(keys.OrderByID("ord_1").Matches(keys.Orders()))
	fmt.Println(keys.SaleByID("sale_1").Matches(keys.Orders()))
	// Output:
	// ["seller","seller_1","orders"]
	// true
	// false
}

// Numbers are changed for all uses of a definition by the configuration, and for
// one use on a copy.
func ExamplePolicies() {
	ctx := context.Background()
	me, client, err := signIn(seller.Config{
		Policies:     seller.Policies{Listings: query.Policy{RefetchInterval: query.Every(5 * time.Minute)}},
		Intervals:    seller.Intervals{Settled: 2 * time.Minute},
		HiddenFactor: 4,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)

	order := me.OrderByID("ord_1")
	order.Policy.RefetchInterval = query.Every(time.Second)
	listings := me.Listings(seller.ListingFilter{})
	fmt.Println(poll(ctx, client, order))
	fmt.Println(poll(ctx, client, listings))
	// Output:
	// ["seller","seller_1","orders","detail","ord_1"] each 1s
	// ["seller","seller_1","listings",{}] each 5m0s
}

// poll tells at which interval a query is polled.
func poll[T any](ctx context.Context, c *query.Client, q query.Query[T]) string {
	for r := range query.Watch(ctx, c, q) {
		if r.IsSuccess() && !r.IsFetching() {
			return fmt.Sprintf("%s each %v", r.Key(), r.NextPollAt().Sub(r.DataUpdatedAt()))
		}
	}
	return ""
}
