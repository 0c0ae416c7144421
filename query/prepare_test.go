package query_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestPrepare_completesTheVariablesOnceForAllAttempts(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		prepared := 0
		var seen []int
		m := query.Mutation[int, int]{
			Prepare: func(v int) int { prepared++; return v + 100*prepared },
			Do: func(_ context.Context, v int) (int, error) {
				if seen = append(seen, v); len(seen) < 3 {
					return 0, errors.New("lost")
				}
				return v, nil
			},
			Policy: query.MutationPolicy{Retry: query.Retries(2), RetryDelay: query.ConstantDelay(0)},
		}
		v, err := query.Mutate(t.Context(), c, m, 7)
		require.NoError(t, err)
		require.Equal(t, 107, v)
		require.Equal(t, []int{107, 107, 107}, seen)
		require.Equal(t, 107, c.Mutations(query.MutationFilter{})[0].Variables)
		v, err = query.Mutate(t.Context(), c, m, 8)
		require.NoError(t, err)
		require.Equal(t, 208, v, "each run is prepared anew")
	})
}

func TestPrepare_thatPanicsStartsNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		m := query.Mutation[int, int]{
			Prepare: func(int) int { panic("prepare") },
			Do:      func(context.Context, int) (int, error) { t.Error("called"); return 0, nil },
		}
		_, err := query.Mutate(t.Context(), c, m, 1)
		var p *query.PanicError
		require.ErrorAs(t, err, &p)
		require.Empty(t, c.Mutations(query.MutationFilter{}))
	})
}
