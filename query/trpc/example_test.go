package trpc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/freshet-go/freshet/query/trpc"
)

type OrderInput struct {
	OrderID string `json:"orderId"`
}

type Order struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// shop answers two procedures, alone and in a batch.
func shop() *httptest.Server {
	const order = `{"result":{"data":{"id":"o-17","status":"shipped"}}}`
	const stats = `{"result":{"data":{"shipped":1}}}`
	const late = `{"error":{"message":"Order o-17 is shipped","code":-32009,"data":{"code":"CONFLICT","httpStatus":409,"path":"orders.cancel"}}}`
	answers := map[string]string{
		"/trpc/orders.byId":              order,
		"/trpc/orders.byId,orders.stats": "[" + order + "," + stats + "]",
		"/trpc/orders.stats,orders.byId": "[" + stats + "," + order + "]",
		"/trpc/orders.cancel":            late,
	}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/trpc/orders.cancel" {
			w.WriteHeader(http.StatusConflict)
		}
		fmt.Fprint(w, answers[r.URL.Path])
	}))
}

func Example() {
	server := shop()
	defer server.Close()
	ctx := context.Background()

	orderByID := trpc.NewQuery[OrderInput, Order]("orders.byId") // usually a package variable

	client, err := trpc.New(trpc.Config{URL: server.URL + "/trpc"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)

	order, err := orderByID.Call(ctx, client, OrderInput{OrderID: "o-17"})
	fmt.Println(order.Status, err)
	// Output: shipped <nil>
}

// Calls that start together travel in one request.
func ExampleBatch() {
	server := shop()
	defer server.Close()
	ctx := context.Background()
	client, err := trpc.New(trpc.Config{
		URL:   server.URL + "/trpc",
		Batch: trpc.Batch{MaxItems: 2, Window: time.Second},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)

	orderByID := trpc.NewQuery[OrderInput, Order]("orders.byId")
	stats := trpc.NewQuery[trpc.NoInput, map[string]int]("orders.stats")

	var order Order
	var counts map[string]int
	var wg sync.WaitGroup
	wg.Go(func() { order, _ = orderByID.Call(ctx, client, OrderInput{OrderID: "o-17"}) })
	wg.Go(func() { counts, _ = stats.Call(ctx, client, trpc.NoInput{}) })
	wg.Wait()

	fmt.Println(order.ID, counts, client.Stats().Requests, "request")
	// Output: o-17 map[shipped:1] 1 request
}

func ExampleError() {
	server := shop()
	defer server.Close()
	ctx := context.Background()
	client, err := trpc.New(trpc.Config{URL: server.URL + "/trpc"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)

	cancel := trpc.NewMutation[OrderInput, Order]("orders.cancel")
	_, err = cancel.Call(ctx, client, OrderInput{OrderID: "o-17"})

	var refused *trpc.Error
	switch {
	case errors.Is(err, trpc.ErrOutcomeUnknown):
		fmt.Println("it may be cancelled, ask again")
	case errors.Is(err, trpc.CodeConflict) && errors.As(err, &refused):
		fmt.Println("too late:", refused.Message)
	}
	// Output: too late: Order o-17 is shipped
}

// A link sees every call; this one notes them.
func ExampleLink() {
	server := shop()
	defer server.Close()
	ctx := context.Background()
	var log []string
	logging := func(next trpc.Handler) trpc.Handler {
		return func(ctx context.Context, op trpc.Op) (trpc.Answer, error) {
			answer, err := next(ctx, op)
			log = append(log, fmt.Sprintf("%s %s: status %d", op.Kind, op.Path, answer.Status))
			return answer, err
		}
	}
	client, err := trpc.New(trpc.Config{URL: server.URL + "/trpc", Links: []trpc.Link{logging}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)

	_, err = trpc.NewQuery[OrderInput, Order]("orders.byId").Call(ctx, client, OrderInput{OrderID: "o-17"})
	fmt.Println(log, err)
	// Output: [query orders.byId: status 200] <nil>
}
