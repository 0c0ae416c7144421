package docs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/persist"
	"github.com/freshet-go/freshet/query/querytest"
)

func TestOffline_queriesWaitForTheNetwork(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		server := querytest.Script(h, querytest.Value(Order{Status: "open"}))
		q := OrderByID("o-17")
		q.Fetch = server.Fetch

		h.Client().Online().Set(false)
		r := querytest.Watch(h, q)
		require.True(h, r.Last().IsPending())
		require.True(h, r.Last().IsPaused())

		h.SetOnline(true) // Online().Set(true), and what follows
		require.Equal(h, "open", r.Last().Data().Status)
	})
}

func TestOffline_fetchWaitsAsLongAsItsContext(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		h.SetOnline(false)
		server := querytest.Script(h, querytest.Value(Order{Status: "open"}))
		q := OrderByID("o-17")
		q.Fetch = server.Fetch
		ctx, stop := context.WithTimeout(h.Context(), time.Minute)
		defer stop()
		_, err := query.Fetch(ctx, h.Client(), q)
		require.ErrorIs(h, err, context.DeadlineExceeded)

		q = OrderByID("o-18") // loopback, say, or a file
		q.Fetch = server.Fetch
		q.Policy.NetworkMode = query.NetworkAlways
		_, err = query.Fetch(h.Context(), h.Client(), q)
		require.NoError(h, err)
	})
}

// [snippet queue]

func TestOffline_mutationsWaitInTheirOrder(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		var sent []string
		note := query.Mutation[string, int]{
			Scope: "notes", // one after the other
			Do: func(_ context.Context, text string) (int, error) {
				sent = append(sent, text)
				return len(sent), nil
			},
		}
		h.SetOnline(false)
		for _, text := range []string{"first", "second"} {
			button := query.ObserveMutation(h.Client(), note)
			err := button.Start(h.Context(), text, query.MutateCallbacks[string, int]{})
			require.NoError(h, err)
			h.Settle()
			require.True(h, button.Current().IsPaused())
		}
		require.Empty(h, sent)

		h.SetOnline(true)
		require.Equal(h, []string{"first", "second"}, sent)
	})
}

// [end]

// [snippet reopen]

// Reopen brings back what the program knew when it ended, sends the changes that
// waited, and saves from now on.
func Reopen(ctx context.Context, client *query.Client, path string) (*persist.Session, error) {
	if err := query.Register(client, ConfirmOrder()); err != nil {
		return nil, err
	}
	return persist.Start(ctx, client, persist.File{Path: path}, persist.Options{})
}

// [end]

func TestOffline_aChangeOutlivesItsProgram(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "client.json")
	program := func(use func(h *querytest.Harness)) {
		querytest.Run(t, func(h *querytest.Harness) {
			h.SetOnline(false)
			session, err := Reopen(h.Context(), h.Client(), path)
			require.NoError(h, err)
			use(h)
			require.NoError(h, session.Close(h.Context()))
		})
	}
	program(func(h *querytest.Harness) {
		require.NoError(h, query.Set(h.Client(), OrderByID("o-17"), Order{ID: "o-17", Status: "open"}))
		button := query.ObserveMutation(h.Client(), ConfirmOrder())
		require.NoError(h, button.Start(h.Context(), "o-17", query.MutateCallbacks[string, Order]{}))
		h.Settle()
	})
	program(func(h *querytest.Harness) {
		order, _ := query.Get(h.Client(), OrderByID("o-17"))
		require.Equal(h, "confirmed", order.Status)
		require.Equal(h, 1, h.Client().IsMutating(query.MutationFilter{}))

		h.SetOnline(true)
		runs := h.Client().Mutations(query.MutationFilter{Key: ConfirmOrder().Key})
		require.Len(h, runs, 1)
		require.Equal(h, Order{ID: "o-17", Status: "confirmed"}, runs[0].Data)
	})
}

// [snippet travel]

// Travel puts what one client knows into another.
func Travel(from, to *query.Client) error {
	snapshot, err := from.Dehydrate(query.DehydrateOptions{})
	if err != nil {
		return err
	}
	text, err := json.Marshal(snapshot) // to be sent, or stored
	if err != nil {
		return err
	}
	var arrived query.Snapshot
	if err := json.Unmarshal(text, &arrived); err != nil {
		return err
	}
	return to.Hydrate(&arrived, query.HydrateOptions{})
}

// [end]

func Example_travel() {
	from, closing := open(query.Config{})
	defer closing()
	check(query.Set(from, OrderByID("o-17"), Order{ID: "o-17", Status: "open"}))
	to, closing := open(query.Config{})
	defer closing()
	check(Travel(from, to))
	o, _ := query.Get(to, OrderByID("o-17"))
	fmt.Println(o.Status)
	// Output: open
}
