package docs_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

// [snippet log]

// LogFailures writes down which fetches failed for good, until ctx is done.
func LogFailures(ctx context.Context, client *query.Client, log *slog.Logger) {
	updates := query.EventOptions{Kinds: []query.EventKind{query.EventUpdated}}
	for ev := range client.Events(ctx, updates) {
		switch {
		case ev.Kind == query.EventLost:
			log.Warn("too slow for events", "lost", ev.Lost)
		case ev.Action != query.ActionError:
		case ev.Query != nil:
			log.Error("fetch", "key", ev.Query.State.Key(), "error", ev.Query.State.Err())
		default:
			log.Error("mutation", "key", ev.Mutation.Key, "error", ev.Mutation.Err)
		}
	}
}

// [end]

func TestEvents_logFailures(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		var text strings.Builder
		done := make(chan struct{})
		ctx, cancel := context.WithCancel(h.Context())
		go func() {
			defer close(done)
			LogFailures(ctx, h.Client(), slog.New(slog.NewTextHandler(&text, nil)))
		}()
		h.Settle()
		_, err := query.Fetch(h.Context(), h.Client(), order(func(context.Context) (Order, error) { return Order{}, errRefused }))
		require.ErrorIs(h, err, errRefused)
		_, err = query.Mutate(h.Context(), h.Client(), query.Mutation[int, int]{Do: func(context.Context, int) (int, error) { return 0, errNotFound }}, 1)
		require.ErrorIs(h, err, errNotFound)
		h.Settle()
		cancel()
		<-done
		require.Contains(h, text.String(), "msg=fetch")
		require.Contains(h, text.String(), "error=refused")
		require.Contains(h, text.String(), "msg=mutation")
		require.Contains(h, text.String(), `error="not found"`)
		require.Equal(h, 2, strings.Count(text.String(), "\n"))
	})
}

func Example_events() {
	client, closing := open(query.Config{})
	defer closing()
	// [snippet subscribe]
	done := make(chan struct{})
	stop := client.SubscribeEvents(query.EventOptions{Key: querykey.Of("orders")}, func(ev query.Event) {
		fmt.Printf("%s %q %t\n", ev.Kind, ev.Action, ev.Manual)
		if ev.Kind == query.EventRemoved {
			close(done)
		}
	})
	defer stop()
	err := query.Set(client, OrderByID("o-17"), Order{ID: "o-17", Status: "open"})
	client.Remove(query.Filter{})
	<-done
	// [end]
	check(err)
	// Output:
	// added "" false
	// updated "success" true
	// removed "" false
}

// [snippet lossesAreCounted]

func TestEvents_lossesAreCounted(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		var heard, lost int
		defer h.Client().SubscribeEvents(query.EventOptions{Buffer: 3}, func(ev query.Event) {
			if ev.Kind == query.EventLost {
				lost += ev.Lost
			} else {
				heard++
			}
			<-h.Clock().After(time.Second) // a slow listener
		})()
		order := query.Query[int]{Key: querykey.Of("n")}
		for n := range 10 { // one makes the entry, all change it
			require.NoError(h, query.Set(h.Client(), order, n))
		}
		h.Advance(time.Minute)
		require.Equal(h, 11, heard+lost)
	})
}

// [end]
