package query_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestInfinite_refetchBeginsAtTheFirstPageThatIsLeft(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		b := &book{pages: 10}
		q := b.query()
		q.InitialPageParam, q.MaxPages = 5, 2
		o := query.Observe(c, q.Query())
		defer o.Subscribe(ignore)()
		synctest.Wait()
		for range 2 {
			_, err := o.FetchNextPage(t.Context(), query.RefetchOptions{})
			require.NoError(t, err)
		}
		b.edition = 1
		r, err := o.Refetch(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.Equal(t, pages([]int{61, 71}, []int{6, 7}), r.Data(), "not at the initial page param, which is 5")
	})
}
