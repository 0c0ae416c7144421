package query_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

func TestSmoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := query.New(query.Config{})
		require.NoError(t, err)
		n := 0
		q := query.Query[int]{
			Key:    querykey.Of("a"),
			Fetch:  func(ctx context.Context) (int, error) { time.Sleep(10 * time.Millisecond); n++; return n, nil },
			Policy: query.Policy{StaleTime: query.StaleAfter(time.Second), RefetchInterval: query.Every(100 * time.Millisecond)},
		}
		v, err := query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, 1, v)
		v, err = query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, 1, v)
		var got []int
		stop := query.Observe(c, q).Subscribe(func(r query.Result[int]) { got = append(got, r.Data()) })
		time.Sleep(350 * time.Millisecond)
		synctest.Wait()
		stop()
		require.Equal(t, 4, n)
		r, err := query.Mutate(t.Context(), c, query.Mutation[int, int]{Do: func(_ context.Context, v int) (int, error) { return v + 1, nil }}, 4)
		require.NoError(t, err)
		require.Equal(t, 5, r)
		require.NoError(t, c.Close(t.Context()))
		t.Log(got)
	})
}
