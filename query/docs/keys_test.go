package docs_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// [snippet tree]

// OrderFilter chooses orders. Zero fields choose nothing.
type OrderFilter struct {
	Status string `json:"status,omitempty"`
	Page   int    `json:"page,omitempty"`
}

// Keys is the tree of keys of one user.
type Keys struct{ UserID string }

// Root is the prefix of all that the user sees.
func (k Keys) Root() querykey.Key { return querykey.Of("user", k.UserID) }

// Orders is the prefix of all queries about orders.
func (k Keys) Orders() querykey.Key { return k.Root().With("orders") }

// OrderList is the key of one page of orders.
func (k Keys) OrderList(f OrderFilter) querykey.Key { return k.Orders().With("list", f) }

// Order is the key of one order.
func (k Keys) Order(id string) querykey.Key { return k.Orders().With("detail", id) }

// [end]

func Example_keyMatching() {
	// [snippet matching]
	keys := Keys{UserID: "u-1"}
	page := keys.OrderList(OrderFilter{Status: "open", Page: 2})
	fmt.Println(page)
	fmt.Println(page.Matches(keys.Root()))
	fmt.Println(page.Matches(keys.Orders()))
	fmt.Println(page.Matches(keys.OrderList(OrderFilter{})))
	fmt.Println(page.Matches(keys.OrderList(OrderFilter{Status: "open"})))
	fmt.Println(page.Matches(keys.OrderList(OrderFilter{Status: "shipped"})))
	// [end]

	// Output:
	// ["user","u-1","orders","list",{"page":2,"status":"open"}]
	// true
	// true
	// true
	// true
	// false
}

func Example_keyEquality() {
	// [snippet equality]
	asStruct := querykey.Of("orders", OrderFilter{Status: "open", Page: 2})
	asMap := querykey.Of("orders", map[string]any{"page": 2.0, "status": "open"})
	fmt.Println(asStruct == asMap)
	fmt.Println(querykey.Of("order", 17) == querykey.Of("order", int64(17)))
	fmt.Println(querykey.Of("order", 17) == querykey.Of("order", "17"))
	// [end]

	// Output:
	// true
	// true
	// false
}

func Example_keyFilters() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	keys := Keys{UserID: "u-1"}
	set := func(k querykey.Key) { check(query.Set(client, query.Query[Order]{Key: k}, Order{})) }
	set(keys.Order("o-1"))
	set(keys.Order("o-2"))
	set(keys.OrderList(OrderFilter{Page: 1}))
	// [snippet filters]
	// One key and nothing below it.
	err := client.Invalidate(ctx, query.Filter{Key: keys.Order("o-1"), Exact: true})
	fmt.Println(err)
	// Everything of this user, as when signing out.
	client.Remove(query.Filter{Key: keys.Root()})
	fmt.Println(len(client.Entries(query.Filter{})))
	// [end]

	// Output:
	// <nil>
	// 0
}

func Example_keyType() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	// [snippet type]
	if err := query.Prefetch(ctx, client, OrderByID("o-17")); err != nil {
		fmt.Println(err)
	}
	count := query.Query[int]{Key: OrderByID("o-17").Key}
	err := query.Set(client, count, 1)
	fmt.Println(errors.Is(err, query.ErrTypeMismatch))
	fmt.Println(err)
	// [end]

	// Output:
	// GET order o-17
	// true
	// query: key ["orders","detail","o-17"] holds docs_test.Order, not int
}

func Example_keyInvalid() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	q := OrderByID("o-17")
	q.Key = querykey.Of("orders", make(chan int))
	_, err := query.Fetch(ctx, client, q)
	var part *querykey.PartError
	fmt.Println(errors.As(err, &part))

	// Output: true
}
