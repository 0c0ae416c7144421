package query_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// As in query-core, where only a change of the query or of its options asks.
func TestEveryFunc_isNotAskedWhenFocusChanges(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var asked atomic.Int64
		src := new(source)
		q := src.query(query.Policy{
			StaleTime:                   query.StaleNever(),
			RefetchIntervalInBackground: query.On,
			RefetchInterval: query.EveryFunc(func(query.State[int]) time.Duration {
				asked.Add(1)
				if !c.Focus().Get() {
					return time.Minute
				}
				return time.Second
			}),
		})
		defer query.Observe(c, q).Subscribe(ignore)()
		synctest.Wait()
		before := asked.Load()
		require.Positive(t, before)
		c.Focus().Set(false)
		synctest.Wait()
		require.Equal(t, before, asked.Load())
		pass(time.Second)
		require.Equal(t, 2, src.count(0), "the interval that was chosen before still holds")
		require.Greater(t, asked.Load(), before, "the fetch that it began has changed the query")
		pass(59 * time.Second)
		require.Equal(t, 2, src.count(0))
		pass(time.Second)
		require.Equal(t, 3, src.count(0))
	})
}
