package trpc_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/freshet-go/freshet/query/trpc"
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
