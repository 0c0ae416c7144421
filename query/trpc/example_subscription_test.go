package trpc_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/querykey"
)

func ExampleSubscription() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "event: connected\ndata: {}\n\n",
			`data: {"orderId":"o-17","status":"shipped"}`, "\nid: 41\n\n",
			`data: {"orderId":"o-18","status":"pending"}`, "\nid: 42\n\n",
			"event: return\ndata: \n\n")
	}))
	defer server.Close()

	type change struct {
		OrderID string `json:"orderId"`
		Status  string `json:"status"`
	}
	orderChanged := trpc.NewSubscription[trpc.NoInput, change]("orderStatus.onOrderChanged")
	client, err := trpc.New(trpc.Config{URL: server.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(context.Background())

	for event := range orderChanged.Events(context.Background(), client, trpc.NoInput{}) {
		switch event.Kind {
		case trpc.EventData:
			fmt.Println(event.ID, event.Data.OrderID, event.Data.Status)
		default:
			fmt.Println(event.Kind)
		}
	}
	// Output:
	// connected
	// 41 o-17 shipped
	// 42 o-18 pending
	// closed
}

// What a subscription brings is in the cache: whoever watches the order sees it.
func ExampleSubscription_Source() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "event: connected\ndata: {}\n\n", `data: {"orderId":"o-17","status":"shipped"}`, "\nid: 41\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer server.Close()
	api, err := trpc.New(trpc.Config{URL: server.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer api.Close(context.Background())
	c, err := query.New(query.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close(context.Background())

	type change struct {
		OrderID string `json:"orderId"`
		Status  string `json:"status"`
	}
	status := func(order string) query.Query[string] {
		return query.Query[string]{Key: querykey.Of("orders", order, "status")}
	}
	orderChanged := trpc.NewSubscription[trpc.NoInput, change]("orderStatus.onOrderChanged")
	stop, err := query.Attach(c, query.Push[change]{
		Name:   "orders",
		Source: orderChanged.Source(api, trpc.NoInput{}),
		On: func(_ context.Context, c *query.Client, e change) error {
			return query.Set(c, status(e.OrderID), e.Status)
		},
		Covers: []query.Filter{{Key: querykey.Of("orders")}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()

	for r := range query.Watch(context.Background(), c, status("o-17")) {
		if r.HasData() {
			fmt.Println(r.Data())
			break
		}
	}
	// Output: shipped
}
