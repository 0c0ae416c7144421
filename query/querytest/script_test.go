package querytest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
)

func TestScript_repliesInOrderAndRepeatsTheLast(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		boom := errors.New("boom")
		f := querytest.Script(h, querytest.Value(1), querytest.Fail[int](boom), querytest.Value(2))

		v, err := f.Fetch(h.Context())
		require.NoError(h, err)
		require.Equal(h, 1, v)

		v, err = f.Fetch(h.Context())
		require.Equal(h, boom, err)
		require.Zero(h, v)

		for range 3 {
			v, err = f.Fetch(h.Context())
			require.NoError(h, err)
			require.Equal(h, 2, v)
		}
		require.Equal(h, 5, f.Calls())
		require.Zero(h, f.Running())
	})
}

func TestReply_afterTakesTimeOnTheClock(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		boom := errors.New("boom")
		f := querytest.Script(h, querytest.Value("a").After(time.Minute), querytest.Fail[string](boom).After(time.Second))
		q := greeting(f.Fetch)
		q.Policy.Retry = query.NoRetry()
		r := querytest.Watch(h, q)

		h.Advance(time.Minute - 1)
		require.True(h, r.Last().IsLoading())
		require.Equal(h, 1, f.Running())
		h.Advance(1)
		require.Equal(h, "a", r.Last().Data())
		require.Zero(h, f.Running())

		require.NoError(h, h.Client().Refetch(h.Context(), query.Filter{Refetch: query.RefetchOptions{NoWait: true}}))
		h.Advance(time.Second)
		require.ErrorIs(h, r.Last().Err(), boom)
	})
}

func TestReply_endsWithItsContext(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped")
	for name, reply := range map[string]querytest.Reply[int]{
		"never": querytest.Never[int](),
		"after": querytest.Value(1).After(time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			querytest.Run(t, func(h *querytest.Harness) {
				f := querytest.Script(h, reply)
				ctx, cancel := context.WithCancelCause(h.Context())
				errs := make(chan error, 1)
				go func() {
					_, err := f.Fetch(ctx)
					errs <- err
				}()
				h.Advance(time.Minute)
				require.Empty(h, errs)

				cancel(stopped)
				require.Equal(h, stopped, <-errs)
			})
		})
	}
}

func TestFn_countsConcurrentCalls(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		f := querytest.Script(h, querytest.Value(1).After(time.Second))
		var callers sync.WaitGroup
		for range 10 {
			callers.Go(func() { _, _ = f.Fetch(h.Context()) })
		}
		h.Settle()
		require.Equal(h, 10, f.Calls())
		require.Equal(h, 10, f.Running())

		h.Advance(time.Second)
		callers.Wait()
		require.Zero(h, f.Running())
	})
}

func TestFn_repliesAtOnceDoNotLookAtTheContext(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		ctx, cancel := context.WithCancel(h.Context())
		cancel()
		v, err := querytest.Script(h, querytest.Value("x")).Fetch(ctx)
		require.NoError(h, err)
		require.Equal(h, "x", v)
	})
}
