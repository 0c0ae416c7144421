package query_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// counting returns a query whose fetches are numbered from one.
func counting(stale query.StaleTime) query.Query[int] {
	n := 0
	return query.Query[int]{
		Key: querykey.Of("count"), Policy: query.Policy{StaleTime: stale},
		Fetch: func(context.Context) (int, error) { n++; return n, nil },
	}
}

func TestFetch_dataAreStaleToTheNanosecond(t *testing.T) {
	t.Parallel()
	for name, setUp := range map[string]func(*clock.Mock) (query.Config, func(time.Duration)){
		"fake clock":   func(m *clock.Mock) (query.Config, func(time.Duration)) { return query.Config{Clock: m}, m.Add },
		"system clock": func(*clock.Mock) (query.Config, func(time.Duration)) { return query.Config{}, time.Sleep },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cfg, pass := setUp(clock.NewMock())
				c, err := query.New(cfg)
				require.NoError(t, err)
				defer func() { require.NoError(t, c.Close(context.Background())) }()
				q := counting(query.StaleAfter(time.Minute))
				fetch := func() int {
					v, err := query.Fetch(t.Context(), c, q)
					require.NoError(t, err)
					return v
				}
				require.Equal(t, 1, fetch())
				pass(time.Minute - 1)
				require.Equal(t, 1, fetch(), "fresh for a nanosecond more")
				pass(1)
				require.Equal(t, 2, fetch())
			})
		})
	}
}

// On the system clock, outside a bubble, most hits do not look at the clock.
func TestFetch_freshDataByTheCoarseTime(t *testing.T) {
	t.Parallel()
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(context.Background())) }()
	ctx := t.Context()
	q := counting(query.StaleAfter(time.Hour))
	fetch := func() int {
		v, err := query.Fetch(ctx, c, q)
		require.NoError(t, err)
		return v
	}
	for range 3 {
		require.Equal(t, 1, fetch())
	}
	require.NoError(t, c.Invalidate(ctx, query.Filter{}))
	seen, _ := query.Get(c, q)
	require.Equal(t, 1, seen)
	require.Equal(t, 2, fetch(), "invalidated, and seen to be")
	require.Equal(t, 2, fetch())

	require.NoError(t, query.SetAt(c, q, 7, time.Now().Add(-2*time.Hour)))
	require.Equal(t, 3, fetch(), "written as of long ago")
	require.NoError(t, query.SetAt(c, q, 8, time.Now().Round(0)))
	require.Equal(t, 8, fetch(), "by the time on the wall")

	_, err = query.Fetch(ctx, c, query.Query[string]{Key: q.Key, Policy: q.Policy})
	require.ErrorIs(t, err, query.ErrTypeMismatch)
	done, cancel := context.WithCancel(ctx)
	cancel()
	v, err := query.Fetch(done, c, q)
	require.NoError(t, err, "what is there needs no wait")
	require.Equal(t, 8, v)

	require.NoError(t, c.Close(ctx))
	_, err = query.Fetch(ctx, c, q)
	require.ErrorIs(t, err, query.ErrClosed)
}

func TestFetch_dataThatAFailureLeftBehindAreFetchedAgain(t *testing.T) {
	t.Parallel()
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(context.Background())) }()
	ctx := t.Context()
	outcomes := []error{nil, context.DeadlineExceeded, nil}
	calls := 0
	q := query.Query[int]{
		Key: querykey.Of("count"), Policy: query.Policy{StaleTime: query.StaleAfter(time.Hour)},
		Fetch: func(context.Context) (int, error) { calls++; return calls, outcomes[calls-1] },
	}
	for range 2 { // the second time the coarse time begins
		v, err := query.Fetch(ctx, c, q)
		require.NoError(t, err)
		require.Equal(t, 1, v)
	}
	require.NoError(t, c.Invalidate(ctx, query.Filter{}))
	_, err = query.Fetch(ctx, c, q)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	v, err := query.Fetch(ctx, c, q)
	require.NoError(t, err)
	require.Equal(t, 3, v)
}
