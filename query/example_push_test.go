package query_test

import (
	"context"
	"fmt"
	"iter"
	"log"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// priceOf is polled, unless prices are pushed.
func priceOf(item string) query.Query[int] {
	return query.Query[int]{
		Key:    querykey.Of("price", item),
		Fetch:  func(context.Context) (int, error) { return 100, nil },
		Policy: query.Policy{RefetchInterval: query.Every(5 * time.Second)},
	}
}

type newPrice struct {
	Item  string
	Price int
}

// pricesOf is a source that says that it is connected, and then all of list.
func pricesOf(list ...query.PushEvent[newPrice]) func(context.Context, string) iter.Seq[query.PushEvent[newPrice]] {
	return func(ctx context.Context, _ string) iter.Seq[query.PushEvent[newPrice]] {
		return func(yield func(query.PushEvent[newPrice]) bool) {
			if !yield(query.PushEvent[newPrice]{Kind: query.PushConnected}) {
				return
			}
			for _, e := range list {
				if !yield(e) {
					return
				}
			}
			<-ctx.Done()
		}
	}
}

func writePrice(_ context.Context, c *query.Client, p newPrice) error {
	return query.Set(c, priceOf(p.Item), p.Price)
}

func ExampleAttach() {
	c, closing := open(query.Config{})
	defer closing()

	stop, err := query.Attach(c, query.Push[newPrice]{
		Name:   "prices",
		Source: pricesOf(query.PushEvent[newPrice]{ID: "e1", Data: newPrice{"tea", 120}}),
		On:     writePrice,
		Covers: []query.Filter{{Key: querykey.Of("price")}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer stop()

	tea := priceOf("tea")
	tea.Policy.Enabled = query.Off // nothing but push
	for r := range query.Watch(context.Background(), c, tea) {
		if r.HasData() {
			fmt.Println(r.Data())
			break
		}
	}
	// Output: 120
}

func ExampleResult_Push() {
	c, closing := open(query.Config{})
	defer closing()

	_, err := query.Attach(c, query.Push[newPrice]{
		Name: "prices", Source: pricesOf(), On: writePrice, Covers: []query.Filter{{Key: querykey.Of("price")}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for r := range query.Watch(context.Background(), c, priceOf("tea")) {
		if r.Push().Status == query.PushLive && r.HasData() {
			fmt.Println(r.Data(), r.Push().Name, r.Push().Safety)
			break
		}
	}
	// Output: 100 prices 1m0s
}

func ExampleClient_Pushes() {
	c, closing := open(query.Config{})
	defer closing()

	stop, err := query.Attach(c, query.Push[newPrice]{
		Name: "prices", Source: pricesOf(), On: writePrice, Covers: []query.Filter{{Key: querykey.Of("price")}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range c.Pushes() {
		fmt.Println(p.State.Name, p.Events)
	}
	stop()
	fmt.Println(len(c.Pushes()))
	// Output:
	// prices 0
	// 0
}
