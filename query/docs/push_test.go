package docs_test

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

// Note is one message of the model server's stream.
type Note struct {
	ID    string
	Order Order
	Err   error
}

// Notes is a stream that the guide's tests feed.
type Notes chan Note

// [snippet push]

// OrderEvents keeps the orders fresh.
func OrderEvents(notes Notes) query.Push[Order] {
	return query.Push[Order]{
		Name:   "orders",
		Source: notes.follow,
		On: func(ctx context.Context, client *query.Client, o Order) error {
			lists := query.Filter{Key: querykey.Of("orders", "list"), Refetch: query.RefetchOptions{NoWait: true}}
			if err := query.Set(client, OrderByID(o.ID), o); err != nil {
				return err
			}
			return client.Invalidate(ctx, lists)
		},
		Covers: []query.Filter{{Key: querykey.Of("orders")}},
	}
}

// [end]

// [snippet source]

func (n Notes) follow(ctx context.Context, after string) iter.Seq[query.PushEvent[Order]] {
	return func(yield func(query.PushEvent[Order]) bool) {
		connection := query.PushEvent[Order]{Kind: query.PushConnected}
		if after != "" {
			connection.Kind = query.PushResumed // the server goes on behind after
		}
		if !yield(connection) {
			return
		}
		for {
			select {
			case m := <-n:
				if m.Err != nil {
					yield(query.PushEvent[Order]{Kind: query.PushDisconnected, Err: m.Err})
					return // it is run again
				}
				if !yield(query.PushEvent[Order]{ID: m.ID, Data: m.Order}) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// [end]

// [snippet polling]

func TestPush_pollingComesBackWhenItIsLost(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		notes, order := make(Notes), OrderByID("o-17")
		order.Policy.RefetchInterval = query.Every(5 * time.Second)
		stop, err := query.Attach(h.Client(), OrderEvents(notes))
		require.NoError(h, err)
		defer stop()
		seen := querytest.Watch(h, order)
		h.Settle()
		require.Equal(h, h.Clock().Now().Add(time.Minute), seen.Last().NextPollAt())

		notes <- Note{ID: "e1", Order: Order{ID: "o-17", Status: "shipped"}}
		h.Settle()
		require.Equal(h, "shipped", seen.Last().Data().Status)

		notes <- Note{Err: errRefused}
		h.Settle()
		require.Equal(h, query.PushLost, seen.Last().Push().Status)
		require.Equal(h, h.Clock().Now().Add(5*time.Second), seen.Last().NextPollAt())
	})
}

// [end]

func Example_push() {
	ctx := context.Background()
	client, closing := open(query.Config{})
	defer closing()
	notes := make(Notes)
	// [snippet attach]
	stop, err := query.Attach(client, OrderEvents(notes))
	if err != nil {
		return
	}
	defer stop()
	// [end]
	check(query.Set(client, OrderByID("o-17"), Order{ID: "o-17", Status: "open"}))
	notes <- Note{ID: "e1", Order: Order{ID: "o-17", Status: "shipped"}}
	still := OrderByID("o-17")
	still.Policy.RefetchOnMount = query.Never
	for r := range query.Watch(ctx, client, still) {
		if r.Data().Status == "shipped" {
			fmt.Println(r.Data().Status, r.Push().Status)
			break
		}
	}

	// Output:
	// shipped live
}
