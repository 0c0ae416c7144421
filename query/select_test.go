package query_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestObserveSelect_keepsTheValueItShowsIfItSelectsTheSame(t *testing.T) {
	t.Parallel()
	type poll struct {
		Names []string
		Votes int
	}
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[poll]{Key: key("poll"), Policy: query.Policy{
			StaleTime: query.StaleNever(),
			NotifyOn:  []query.Field{query.FieldData},
		}}
		require.NoError(t, query.Set(c, q, poll{[]string{"ada", "bob"}, 1}))
		runs := 0
		o := query.ObserveSelect(c, q, func(p poll) ([]string, error) {
			runs++
			return slices.Clone(p.Names), nil
		})
		r, stop := record(o)
		defer stop()
		before := o.Current().Data()
		require.Equal(t, []string{"ada", "bob"}, before)

		require.NoError(t, query.Set(c, q, poll{[]string{"ada", "bob"}, 2}))
		synctest.Wait()
		require.Equal(t, 2, runs)
		require.Same(t, &before[0], &o.Current().Data()[0])
		require.Empty(t, r.all())

		require.NoError(t, query.Set(c, q, poll{[]string{"ada", "eve"}, 2}))
		synctest.Wait()
		require.Equal(t, []string{"ada", "eve"}, r.last().Data())
	})
}
