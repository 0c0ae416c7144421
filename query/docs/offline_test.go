package docs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
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

// [snippet save]

// Save makes a text of what the client knows. Call it before Close, which ends
// the mutations that wait.
func Save(client *query.Client) ([]byte, error) {
	snapshot, err := client.Dehydrate(query.DehydrateOptions{})
	if err != nil {
		return nil, err
	}
	return json.Marshal(snapshot)
}

// Restore brings back what Save wrote, and sends the mutations that waited.
func Restore(ctx context.Context, client *query.Client, text []byte) error {
	err := client.SetMutationDefaults(querykey.Of("confirmOrder"), query.MutationDefaults{
		Do: func(ctx context.Context, m query.MutationInfo) (any, error) {
			id, ok := m.Variables.(string)
			if !ok {
				return nil, fmt.Errorf("confirm order: variables are %T", m.Variables)
			}
			return api.Confirm(ctx, id)
		},
	})
	if err != nil {
		return err
	}
	var snapshot query.Snapshot
	if err := json.Unmarshal(text, &snapshot); err != nil {
		return err
	}
	if err := client.Hydrate(&snapshot, query.HydrateOptions{}); err != nil {
		return err
	}
	return client.ResumePausedMutations(ctx)
}

// [end]

func Example_restart() {
	ctx := context.Background()
	confirm := ConfirmOrder()
	confirm.Key = querykey.Of("confirmOrder")

	before, closing := open(query.Config{Online: query.NewSignal(false)})
	check(query.Set(before, OrderByID("o-17"), Order{Status: "open"}))
	button := query.ObserveMutation(before, confirm)
	check(button.Start(ctx, "o-17", query.MutateCallbacks[string, Order]{}))
	text, err := Save(before)
	check(err)
	closing()

	after, closing := open(query.Config{})
	defer closing()
	check(Restore(ctx, after, text))
	o, _ := query.Get(after, OrderByID("o-17"))
	fmt.Println(o.Status)
	// Output:
	// confirm order o-17
	// open
}
