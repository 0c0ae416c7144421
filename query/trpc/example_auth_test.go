package trpc_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/freshet-go/freshet/query/trpc"
)

// expiring has a token that has run out, and gets another one.
type expiring struct{ token string }

func (s *expiring) Token(context.Context) (string, error) { return s.token, nil }

func (s *expiring) Refresh(context.Context, string) (string, error) {
	s.token = "fresh"
	return s.token, nil
}

// A call that the server refuses for its token is made again with a new one.
func ExampleAuth() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Header.Get("Authorization"))
		if r.Header.Get("Authorization") != "Bearer fresh" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":{"message":"expired","code":-32001,"data":{"code":"UNAUTHORIZED","httpStatus":401}}}`)
			return
		}
		fmt.Fprint(w, `{"result":{"data":{"id":"o-17","status":"shipped"}}}`)
	}))
	defer server.Close()
	ctx := context.Background()
	client, err := trpc.New(trpc.Config{
		URL:   server.URL + "/trpc",
		Auth:  &expiring{token: "expired"},
		Batch: trpc.Batch{Mode: trpc.BatchOff},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)

	order, err := trpc.NewQuery[OrderInput, Order]("orders.byId").Call(ctx, client, OrderInput{OrderID: "o-17"})
	fmt.Println(order.Status, err)
	// Output:
	// Bearer expired
	// Bearer fresh
	// shipped <nil>
}

// The other common transformer of servers keeps what JSON has no type for.
func ExampleSuperJSON() {
	var at time.Time
	err := trpc.SuperJSON().Decode([]byte(`{"json":"2026-03-01T10:00:00.000Z","meta":{"values":["Date"]}}`), &at)
	fmt.Println(at, err)
	// Output: 2026-03-01 10:00:00 +0000 UTC <nil>
}
