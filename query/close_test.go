package query_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestClose_endsFetchesAndTheirWaiters(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		outcome := fetching(t, c, query.Query[int]{Key: key("a"), Fetch: hang})
		retrying := fetching(t, c, query.Query[int]{Key: key("b"), Fetch: (&source{fail: always}).fetch, Policy: query.Policy{Retry: query.RetryForever()}})
		c.Online().Set(false)
		paused := fetching(t, c, query.Query[int]{Key: key("c"), Fetch: hang})
		require.NoError(t, c.Close(t.Context()))
		for _, wait := range []func() (int, error){outcome, retrying, paused} {
			_, err := wait()
			require.ErrorIs(t, err, query.ErrClosed)
		}
	})
}

func TestClose_waitsForAFetchThatDoesNotLook(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		fetching(t, c, (&source{takes: time.Minute}).query(query.Policy{}))
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, c.Close(ctx), context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		require.NoError(t, c.Close(t.Context()), "closing again waits on")
		require.Equal(t, time.Minute, time.Since(start))
	})
}

func TestClose_endsMutations(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var wg sync.WaitGroup
		var errs notes[error]
		run := func(m query.Mutation[int, int]) {
			wg.Go(func() {
				_, err := query.Mutate(t.Context(), c, m, 1)
				errs.add(err)
			})
			synctest.Wait()
		}
		run(query.Mutation[int, int]{Do: func(ctx context.Context, _ int) (int, error) { return hang(ctx) }, Scope: "s"})
		run(query.Mutation[int, int]{Do: double, Scope: "s"})
		run(query.Mutation[int, int]{Do: func(context.Context, int) (int, error) { return 0, errRefused }, Policy: query.MutationPolicy{Retry: query.RetryForever()}})
		c.Online().Set(false)
		run(query.Mutation[int, int]{Do: double})
		require.NoError(t, c.Close(t.Context()))
		wg.Wait()
		require.Len(t, errs.all(), 4)
		for _, err := range errs.all() {
			require.ErrorIs(t, err, query.ErrClosed)
		}
	})
}

func TestClose_endsLoopsAndChannels(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		ch := query.Observe(c, q).Chan(t.Context())
		rounds := make(chan int, 1)
		go func() {
			n := 0
			for range query.Watch(t.Context(), c, q) {
				n++
			}
			rounds <- n
		}()
		synctest.Wait()
		require.NoError(t, c.Close(t.Context()))
		require.Equal(t, 1, <-rounds)
		_, open := <-ch
		require.True(t, open, "the result that was there")
		_, open = <-ch
		require.False(t, open)
	})
}

func TestClose_nothingHappensAfterwards(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		q := src.query(query.Policy{RefetchInterval: query.Every(time.Second), StaleTime: query.StaleAfter(time.Second)})
		o := query.Observe(c, q)
		r, stop := record(o)
		pass(0)
		require.NoError(t, c.Close(t.Context()))
		calls, told := src.count(0), len(r.all())
		c.Focus().Set(false)
		c.Focus().Set(true)
		c.Mount()
		pass(time.Hour)
		stop()
		require.Equal(t, calls, src.count(0))
		require.Len(t, r.all(), told)

		late, unrecord := record(o)
		defer unrecord()
		_, fetched := query.Fetch(t.Context(), c, q)
		_, refetched := o.Refetch(t.Context(), query.RefetchOptions{})
		_, mutated := query.Mutate(t.Context(), c, query.Mutation[int, int]{Do: double}, 1)
		m := query.ObserveMutation(c, query.Mutation[int, int]{Do: double})
		m.Subscribe(func(query.MutationResult[int, int]) {})()
		for name, err := range map[string]error{
			"Fetch": fetched, "Refetch": refetched, "Mutate": mutated,
			"Prefetch": query.Prefetch(t.Context(), c, q),
			"Set":      query.Set(c, q, 9),
			"SetQuery": query.SetQuery(o, q),
			"Observe":  query.Observe(c, q).Current().Err(),
			"Start":    m.Start(t.Context(), 1, query.MutateCallbacks[int, int]{}),
		} {
			require.ErrorIs(t, err, query.ErrClosed, name)
		}
		_, open := <-o.Chan(t.Context())
		require.False(t, open)
		pass(time.Hour)
		require.Empty(t, late.all())
		require.Equal(t, 1, value(t, c, q), "what is cached can still be read")
	})
}

func TestClose_duringEverything(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var wg sync.WaitGroup
		for i := range 8 {
			q := query.Query[int]{
				Key: key("k", i%3), Fetch: (&source{takes: time.Millisecond}).fetch,
				Policy: query.Policy{RefetchInterval: query.Every(2 * time.Millisecond), GCTime: query.GCAfter(time.Millisecond)},
			}
			wg.Go(func() {
				for range 50 {
					_, _ = query.Fetch(t.Context(), c, q)
					_ = query.Set(c, q, i)
				}
			})
			wg.Go(func() {
				for range 50 {
					o := query.Observe(c, q)
					stop := o.Subscribe(ignore)
					time.Sleep(time.Millisecond)
					_, _ = o.Refetch(t.Context(), query.RefetchOptions{})
					stop()
				}
			})
			wg.Go(func() {
				for range 50 {
					_, _ = query.Mutate(t.Context(), c, newPatch(q), 1)
					_ = c.Invalidate(t.Context(), query.Filter{})
				}
			})
			wg.Go(func() {
				for range 20 {
					c.Focus().Set(true)
					c.Online().Set(false)
					time.Sleep(time.Millisecond)
					c.Focus().Unset()
					c.Online().Set(true)
				}
			})
		}
		time.Sleep(20 * time.Millisecond)
		require.NoError(t, c.Close(t.Context()))
		wg.Wait()
		require.ErrorIs(t, query.Set(c, query.Query[int]{Key: key("k", 0)}, 1), query.ErrClosed)
	})
}

func newPatch(q query.Query[int]) query.Mutation[int, int] {
	return query.Mutation[int, int]{
		Do: double,
		Optimistic: func(tx *query.Tx, v int) {
			query.Patch(tx, q, func(old int, ok bool) (int, bool) { return old + v, ok })
		},
	}
}
