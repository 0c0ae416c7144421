package query_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestDehydrate_takesWhatSucceededAndWhatIsPaused(t *testing.T) {
	t.Parallel()
	online := query.NewSignal(true)
	inBubble(t, query.Config{Online: online}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, query.Query[int]{Key: key("here")}, 1))
		failed := query.Query[int]{Key: key("failed"), Fetch: (&source{fail: always}).fetch}
		require.Error(t, query.Prefetch(t.Context(), c, failed))
		_ = fetching(t, c, query.Query[int]{Key: key("pending"), Fetch: hang})
		require.Len(t, c.Entries(query.Filter{}), 3)

		save := query.Mutation[string, int]{Do: func(context.Context, string) (int, error) { return 1, nil }}
		_, err := query.Mutate(t.Context(), c, save, "done")
		require.NoError(t, err)
		online.Set(false)
		require.NoError(t, query.ObserveMutation(c, save).Start(t.Context(), "paused", query.MutateCallbacks[string, int]{}))
		synctest.Wait()
		require.Len(t, c.Mutations(query.MutationFilter{}), 2)

		s, err := c.Dehydrate(query.DehydrateOptions{})
		require.NoError(t, err)
		require.Len(t, s.Queries, 1)
		require.Equal(t, key("here"), s.Queries[0].Key)
		require.Len(t, s.Mutations, 1)
		require.JSONEq(t, `"paused"`, string(s.Mutations[0].Variables))
	})
}

func TestHydrate_refusesAnyOtherVersion(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		for _, version := range []int{query.SnapshotVersion - 1, query.SnapshotVersion + 1, -1} {
			require.Error(t, c.Hydrate(&query.Snapshot{Version: version}, query.HydrateOptions{}))
		}
		require.NoError(t, c.Hydrate(&query.Snapshot{Version: query.SnapshotVersion}, query.HydrateOptions{}))
	})
}

func TestHydrate_dataOfTheSameAgeStay(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a")}
		at := time.Now()
		require.NoError(t, query.SetAt(c, q, 1, at))
		s, err := c.Dehydrate(query.DehydrateOptions{})
		require.NoError(t, err)
		require.NoError(t, query.SetAt(c, q, 2, at))
		require.NoError(t, c.Hydrate(travel(t, s), query.HydrateOptions{}))
		require.Equal(t, 2, value(t, c, q))
	})
}
