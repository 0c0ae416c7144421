package query_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestReconnect_pausedMutationsGoOnInTheOrderOfTheirMaking(t *testing.T) {
	t.Parallel()
	online := query.NewSignal(false)
	inBubble(t, query.Config{Online: online}, func(t *testing.T, c *query.Client) {
		save := query.Mutation[int, int]{Do: func(_ context.Context, v int) (int, error) { return v, nil }}
		for v := range 5 {
			require.NoError(t, query.ObserveMutation(c, save).Start(t.Context(), v, query.MutateCallbacks[int, int]{}))
			synctest.Wait()
		}
		var order notes[uint64]
		defer c.SubscribeEvents(query.EventOptions{}, func(ev query.Event) {
			if ev.Mutation != nil && ev.Action == query.ActionContinue {
				order.add(ev.Mutation.ID)
			}
		})()
		online.Set(true)
		synctest.Wait()
		require.Equal(t, []uint64{1, 2, 3, 4, 5}, order.all())
	})
}
