package docs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

func Example_staleAtOnce() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	// [snippet stale at once]
	for range 2 {
		order, err := query.Fetch(ctx, client, OrderByID("o-17"))
		fmt.Println(order.Status, err)
	}
	// [end]

	// Output:
	// GET order o-17
	// open <nil>
	// GET order o-17
	// open <nil>
}

func Example_copyAndAssign() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	// [snippet copy and assign]
	q := OrderByID("o-17")
	q.Policy.StaleTime = query.StaleAfter(time.Minute)
	for range 2 {
		order, err := query.Fetch(ctx, client, q)
		fmt.Println(order.Status, err)
	}
	// [end]

	// Output:
	// GET order o-17
	// open <nil>
	// open <nil>
}

// [snippet defaults]

// NewClient returns a client with the defaults of the application.
func NewClient() (*query.Client, error) {
	client, err := query.New(query.Config{
		Defaults: query.Defaults{Policy: query.Policy{
			StaleTime: query.StaleAfter(30 * time.Second),
			Retry:     query.Retries(1),
		}},
	})
	if err != nil {
		return nil, err
	}
	return client, client.SetQueryDefaults(querykey.Of("orders"), query.Defaults{
		Policy: query.Policy{StaleTime: query.StaleAfter(2 * time.Second)},
	})
}

// [end]

func Example_defaults() {
	client, err := NewClient()
	check(err)
	ctx := context.Background()
	fetch := func(age time.Duration, q query.Query[Order]) {
		check(query.SetAt(client, q, Order{Status: "cached"}, time.Now().Add(-age)))
		order, err := query.Fetch(ctx, client, q)
		fmt.Println(order.Status, err)
	}
	other := OrderByID("o-17")
	other.Key = querykey.Of("other")
	own := OrderByID("o-17")
	own.Policy.StaleTime = query.StaleNever()

	fetch(10*time.Second, OrderByID("o-17"))
	fetch(10*time.Second, other)
	fetch(time.Hour, other)
	fetch(time.Hour, own)
	check(client.Close(ctx))
	// Output:
	// GET order o-17
	// open <nil>
	// cached <nil>
	// GET order o-17
	// open <nil>
	// cached <nil>
}
