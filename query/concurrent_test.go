package query_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestConcurrent_resultsComeInOrderAndTheLastOneArrives(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		require.NoError(t, query.Set(c, q, 0))
		var recorders []*recorder[int]
		for range 20 {
			r, stop := record(query.Observe(c, q))
			defer stop()
			recorders = append(recorders, r)
		}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for range 100 {
					_ = query.Update(c, q, func(old int, _ bool) (int, bool) { return old + 1, true })
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		for _, r := range recorders {
			require.IsIncreasing(t, r.data())
			require.Equal(t, 2000, r.last().Data())
		}
	})
}

func TestConcurrent_currentNeverGoesBack(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		done := make(chan struct{})
		var backwards atomic.Int64
		var readers, writers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				shown, got := 0, 0
				for {
					select {
					case <-done:
						return
					default:
					}
					v, _ := query.Get(c, q)
					s := o.Current().Data()
					if v < got || s < shown {
						backwards.Add(1)
					}
					got, shown = v, s
				}
			})
		}
		for range 4 {
			writers.Go(func() {
				for range 500 {
					_ = query.Update(c, q, func(old int, _ bool) (int, bool) { return old + 1, true })
				}
			})
		}
		writers.Wait()
		close(done)
		readers.Wait()
		require.Zero(t, backwards.Load())
		require.Equal(t, 2000, o.Current().Data())
	})
}

func TestConcurrent_entriesComeAndGoUnderReaders(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		at := func(n int) query.Query[int] { return query.Query[int]{Key: key("k", n)} }
		require.NoError(t, query.Set(c, query.Query[int]{Key: key("stays")}, 42))
		var lost atomic.Int64
		done := make(chan struct{})
		var readers, writers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-done:
						return
					default:
					}
					if v, ok := query.Get(c, query.Query[int]{Key: key("stays")}); !ok || v != 42 {
						lost.Add(1)
					}
					if v, ok := query.Get(c, at(n%300)); ok && v != n%300 {
						lost.Add(1)
					}
				}
			})
		}
		for w := range 3 {
			writers.Go(func() {
				for round := range 10 {
					for n := range 100 {
						_ = query.Set(c, at(w*100+n), w*100+n)
					}
					if round%2 == 1 {
						for n := range 100 {
							c.Remove(query.Filter{Key: key("k", w*100+n), Exact: true})
						}
					}
				}
			})
		}
		writers.Wait()
		close(done)
		readers.Wait()
		require.Zero(t, lost.Load())
		require.Equal(t, 1, held(c))
	})
}

func TestConcurrent_subscribersComeAndGo(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Millisecond}
		q := src.query(query.Policy{RefetchInterval: query.Every(time.Millisecond)})
		o := query.Observe(c, q)
		var wg sync.WaitGroup
		for n := range 50 {
			wg.Go(func() {
				for range 20 {
					stop := o.Subscribe(ignore)
					own := query.Observe(c, q).Subscribe(ignore)
					time.Sleep(time.Duration(n%5) * time.Millisecond)
					stop()
					own()
				}
			})
		}
		wg.Wait()
		require.Equal(t, 0, c.Entries(query.Filter{})[0].Observers)
		pass(time.Second) // the last fetch ends
		calls := src.count(0)
		pass(time.Minute)
		require.Equal(t, calls, src.count(0))
	})
}

func TestConcurrent_patchesOfManyMutationsAddUp(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, stock, 0))
		var wg sync.WaitGroup
		for n := range 50 {
			m := newPatch(stock)
			m.Do = func(context.Context, int) (int, error) {
				time.Sleep(time.Duration(n%7) * time.Millisecond)
				if n%2 == 0 {
					return 0, errRefused
				}
				return 0, nil
			}
			wg.Go(func() { _, _ = query.Mutate(t.Context(), c, m, 1) })
		}
		wg.Wait()
		require.Equal(t, 25, value(t, c, stock))
	})
}

func TestReentrant_subscriberMayUseTheClient(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		q := src.query(query.Policy{StaleTime: query.StaleNever()})
		other := query.Query[int]{Key: key("copy"), Policy: query.Policy{Enabled: query.Off}}
		copies, stopCopies := record(query.Observe(c, other))
		defer stopCopies()
		o := query.Observe(c, q)
		var stop func()
		known := make(chan struct{}) // closed once stop is
		stop = o.Subscribe(func(r query.Result[int]) {
			<-known
			_ = query.Set(c, other, r.Data())
			inner := o.Subscribe(ignore)
			inner()
			switch {
			case r.Data() == 1 && !r.IsFetching():
				_ = c.Invalidate(t.Context(), query.Filter{Key: q.Key})
			case r.Data() == 2 && !r.IsFetching():
				_, _ = o.Refetch(t.Context(), query.RefetchOptions{})
			case r.Data() == 3:
				c.Remove(query.Filter{Key: q.Key})
				_ = query.Prefetch(t.Context(), c, q)
				stop()
			}
		})
		close(known)
		pass(time.Second)
		require.Equal(t, 4, src.count(0))
		require.Equal(t, 3, copies.last().Data())
	})
}

func TestReentrant_callbacksOfMutationsMayUseTheClient(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		q := src.query(query.Policy{StaleTime: query.StaleNever()})
		defer query.Observe(c, q).Subscribe(ignore)()
		pass(0)
		m := query.Mutation[int, int]{
			Do: func(ctx context.Context, v int) (int, error) {
				return query.Mutate(ctx, c, query.Mutation[int, int]{Do: double}, v)
			},
			OnMutate: func(ctx context.Context, v int) (any, error) {
				before, _ := query.Get(c, q)
				return before, c.Cancel(ctx, query.Filter{Key: q.Key})
			},
			OnSuccess: func(_ context.Context, r, _ int, before any) error {
				return query.Set(c, q, r+before.(int))
			},
			OnSettled: func(ctx context.Context, _ int, _ error, _ int, _ any) error {
				return c.Invalidate(ctx, query.Filter{Key: q.Key})
			},
		}
		r, err := query.Mutate(t.Context(), c, m, 10)
		require.NoError(t, err)
		require.Equal(t, 20, r)
		require.Equal(t, 2, value(t, c, q), "fetched again before the mutation was over")
	})
}

func TestReentrant_fetchCallbacksMayUseTheClient(t *testing.T) {
	t.Parallel()
	var c *query.Client
	copied := query.Query[string]{Key: key("copy")}
	synctest.Test(t, func(t *testing.T) {
		var err error
		c, err = query.New(query.Config{OnFetch: query.FetchCallbacks{OnSuccess: func(s query.State[any]) {
			_ = query.Set(c, copied, fmt.Sprint(s.Data()))
			_ = c.Invalidate(t.Context(), query.Filter{Key: s.Key()})
		}}})
		require.NoError(t, err)
		require.NoError(t, query.Prefetch(t.Context(), c, new(source).query(query.Policy{})))
		require.Equal(t, "1", value(t, c, copied))
		s, _ := c.State(key("source"))
		require.True(t, s.IsInvalidated())
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestReentrant_fetchFunctionMayWriteItsOwnKey(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a")}
		q.Fetch = func(context.Context) (int, error) {
			if err := query.Set(c, query.Query[int]{Key: q.Key}, 1); err != nil {
				return 0, err
			}
			time.Sleep(time.Second)
			return 2, nil
		}
		outcome := fetching(t, c, q)
		require.Equal(t, 1, value(t, c, q), "first part of the answer")
		v, err := outcome()
		require.NoError(t, err)
		require.Equal(t, 2, v)
	})
}

func TestStop_returnsWhileACallRunsAndNoFurtherOneFollows(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		var begun, ended atomic.Int64
		release := make(chan struct{})
		stop := query.Observe(c, q).Subscribe(func(query.Result[int]) {
			begun.Add(1)
			<-release
			ended.Add(1)
		})
		require.NoError(t, query.Set(c, q, 1))
		synctest.Wait()
		require.NoError(t, query.Set(c, q, 2))
		stop()
		require.EqualValues(t, 1, begun.Load())
		require.EqualValues(t, 0, ended.Load(), "stop does not wait")
		close(release)
		synctest.Wait()
		require.EqualValues(t, 1, begun.Load(), "what waited in the mailbox is dropped")
		require.EqualValues(t, 1, ended.Load())
	})
}
