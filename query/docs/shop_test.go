package docs_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// [snippet order]

// Order is what the server answers.
type Order struct {
	ID     string
	Status string
}

// OrderByID ties the key of an order to its type and to the way to fetch it.
func OrderByID(id string) query.Query[Order] {
	return query.Query[Order]{
		Key:   querykey.Of("orders", "detail", id),
		Fetch: func(ctx context.Context) (Order, error) { return api.Order(ctx, id) },
	}
}

// [end]

var (
	api         shop
	errNotFound = errors.New("not found")
	errRefused  = errors.New("refused")
)

// shop is the server of the guides. It prints what it is asked.
type shop struct{}

func (shop) Order(_ context.Context, id string) (Order, error) {
	fmt.Println("GET order", id)
	switch id {
	case "o-404":
		return Order{}, errNotFound
	case "o-500", "o-501":
		return Order{}, errRefused
	}
	return Order{ID: id, Status: "open"}, nil
}

func (shop) Confirm(_ context.Context, id string) (Order, error) {
	fmt.Println("confirm order", id)
	if id == "o-13" {
		return Order{}, errRefused
	}
	return Order{ID: id, Status: "confirmed"}, nil
}

// open returns a client for an example, and what closes it.
func open(cfg query.Config) (client *query.Client, closing func()) {
	client, err := query.New(cfg)
	check(err)
	return client, func() { check(client.Close(context.Background())) }
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func Example() {
	ctx := context.Background()
	// [snippet begin]
	client, err := query.New(query.Config{})
	if err != nil {
		log.Fatal(err)
	}
	order, err := query.Fetch(ctx, client, OrderByID("o-17"))
	fmt.Println(order.Status, err)
	// [end]
	check(client.Close(ctx))
	// Output:
	// GET order o-17
	// open <nil>
}
