package query_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestCancel_bringsBackTheErrorThatTheFetchHadHidden(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		_, err := query.Fetch(t.Context(), c, src.query(query.Policy{}))
		require.ErrorIs(t, err, errRefused)

		q := query.Query[int]{Key: src.query(query.Policy{}).Key, Fetch: hang}
		outcome := fetching(t, c, q)
		during, _ := c.State(q.Key)
		require.Equal(t, query.StatusPending, during.Status())
		require.NoError(t, during.Err())

		require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
		synctest.Wait()
		_, err = outcome()
		require.ErrorIs(t, err, query.ErrCancelled)
		after, _ := c.State(q.Key)
		require.Equal(t, query.StatusError, after.Status())
		require.ErrorIs(t, after.Err(), errRefused)
		require.Equal(t, 1, after.FailureCount())
		require.Equal(t, query.FetchIdle, after.FetchStatus())
	})
}
