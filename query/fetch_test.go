package query_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestFetch_freshDataAreServedFromTheCache(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		q := src.query(query.Policy{StaleTime: query.StaleAfter(10 * time.Second)})
		for range 3 {
			v, err := query.Fetch(t.Context(), c, q)
			require.NoError(t, err)
			require.Equal(t, 1, v)
		}
		pass(9 * time.Second)
		v, err := query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, 1, v, "fresh up to the stale time")
		pass(time.Second)
		v, err = query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, 2, v, "stale at the stale time")
	})
}

func TestFetch_dataAreStaleAtOnceByDefault(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		for want := 1; want <= 3; want++ {
			v, err := query.Fetch(t.Context(), c, src.query(query.Policy{}))
			require.NoError(t, err)
			require.Equal(t, want, v)
		}
	})
}

func TestFetch_thousandCallersShareOneRun(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		q := src.query(query.Policy{})
		var wg sync.WaitGroup
		var sum atomic.Int64
		for range 1000 {
			wg.Go(func() {
				v, err := query.Fetch(t.Context(), c, q)
				if err == nil {
					sum.Add(int64(v))
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1000, sum.Load(), "everybody got the one answer")
		require.Equal(t, 1, src.count(0))
	})
}

func TestFetch_waiterDeadlineLeavesFlightRunning(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: 10 * time.Second}
		q := src.query(query.Policy{StaleTime: query.StaleNever()})
		patient := make(chan int, 1)
		go func() {
			v, _ := query.Fetch(t.Context(), c, q)
			patient <- v
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := query.Fetch(ctx, c, q)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		require.Equal(t, 1, c.IsFetching(query.Filter{}))
		require.Equal(t, 1, <-patient)
		require.Equal(t, 1, src.count(0))
	})
}

func TestFetch_cancelCauseReachesTheWaiter(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errRefused)
		_, err := query.Fetch(ctx, c, query.Query[int]{Key: key("a"), Fetch: hang})
		require.ErrorIs(t, err, errRefused)
	})
}

func TestFetch_doneContextStillGetsFreshData(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Fetch: hang, Policy: query.Policy{StaleTime: query.StaleNever()}}
		require.NoError(t, query.Set(c, q, 7))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		v, err := query.Fetch(ctx, c, q)
		require.NoError(t, err)
		require.Equal(t, 7, v)
	})
}

func TestFetch_errorNamesTheKeyAndKeepsTheCause(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		_, err := query.Fetch(t.Context(), c, src.query(query.Policy{}))
		require.ErrorIs(t, err, errRefused)
		var fetch *query.FetchError
		require.ErrorAs(t, err, &fetch)
		require.Equal(t, key("source"), fetch.Key)
		require.EqualError(t, err, `query: fetch ["source"]: refused`)
		require.Equal(t, 1, src.count(0), "Fetch does not retry")
		s, ok := c.State(key("source"))
		require.True(t, ok)
		require.Equal(t, query.StatusError, s.Status())
		require.ErrorIs(t, s.Err(), errRefused)
	})
}

func TestFetch_failedRefreshKeepsOldData(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		q := src.query(query.Policy{StaleTime: query.StaleAfter(0)})
		require.NoError(t, query.Set(c, q, 42))
		_, err := query.Fetch(t.Context(), c, q)
		require.ErrorIs(t, err, errRefused)
		require.Equal(t, 42, value(t, c, q))
		s, _ := c.State(q.Key)
		require.Equal(t, query.StatusError, s.Status())
		require.True(t, s.IsInvalidated(), "an error makes data stale")
	})
}

func TestFetch_nestedFetchIsItsOwnFlight(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		inner := &source{takes: time.Second}
		outer := query.Query[int]{Key: key("outer"), Fetch: func(ctx context.Context) (int, error) {
			v, err := query.Fetch(ctx, c, inner.query(query.Policy{}))
			return v * 10, err
		}}
		v, err := query.Fetch(t.Context(), c, outer)
		require.NoError(t, err)
		require.Equal(t, 10, v)
	})
}

func TestFetch_keyWithOtherOrderOfMembersIsTheSame(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		a := query.Query[int]{Key: key("list", map[string]any{"page": 1, "sort": "up"})}
		b := query.Query[int]{Key: key("list", map[string]any{"sort": "up", "page": 1})}
		require.NoError(t, query.Set(c, a, 5))
		require.Equal(t, 5, value(t, c, b))
		_, ok := query.Get(c, query.Query[int]{Key: key("list", map[string]any{"page": "1", "sort": "up"})})
		require.False(t, ok)
	})
}

func TestFetch_nilIsData(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls atomic.Int64
		q := query.Query[error]{Key: key("nil"), Fetch: func(context.Context) (error, error) { calls.Add(1); return nil, nil }}
		for range 2 {
			v, err := query.Ensure(t.Context(), c, q)
			require.NoError(t, err)
			require.NoError(t, v)
		}
		require.EqualValues(t, 1, calls.Load())
		s, ok := c.State(q.Key)
		require.True(t, ok)
		require.True(t, s.HasData())
	})
}

func TestEnsure_isContentWithDataOfAnyAge(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		q := src.query(query.Policy{})
		v, err := query.Ensure(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, 1, v)
		require.NoError(t, c.Invalidate(t.Context(), query.Filter{}))
		pass(time.Minute)
		v, err = query.Ensure(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, 1, v)
		require.Equal(t, 1, src.count(0))
	})
}

func TestEnsure_sharesTheRunOfFetch(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		q := src.query(query.Policy{})
		go func() { _ = query.Prefetch(t.Context(), c, q) }()
		synctest.Wait()
		v, err := query.Ensure(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, 1, v)
	})
}

func TestRevalidate_refreshesInitialDataThatAreStale(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		q := src.query(query.Policy{})
		q.InitialData = query.Initial(-1)
		v, err := query.Revalidate(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, -1, v)
		pass(time.Second)
		v, ok := query.Get(c, q)
		require.True(t, ok)
		require.Equal(t, 1, v)
	})
}

func TestRevalidate_answersAtOnceAndRefreshesStaleData(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		q := src.query(query.Policy{StaleTime: query.StaleAfter(10 * time.Second)})
		v, err := query.Revalidate(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, 1, v, "the first call waits")
		_, err = query.Revalidate(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, 1, src.count(0), "fresh data are left alone")
		pass(10 * time.Second)
		start := time.Now()
		v, err = query.Revalidate(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, 1, v)
		require.Zero(t, time.Since(start))
		pass(time.Second)
		require.Equal(t, 2, value(t, c, q))
	})
}

func TestPrefetch_returnsTheError(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: func(n int) error {
			if n == 1 {
				return errRefused
			}
			return nil
		}}
		q := src.query(query.Policy{StaleTime: query.StaleNever()})
		require.ErrorIs(t, query.Prefetch(t.Context(), c, q), errRefused)
		require.NoError(t, query.Prefetch(t.Context(), c, q))
		require.Equal(t, 2, value(t, c, q))
	})
}

func TestSet_duringAFetchIsOverwrittenByIt(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		q := src.query(query.Policy{})
		go func() { _ = query.Prefetch(t.Context(), c, q) }()
		synctest.Wait()
		require.NoError(t, query.Set(c, q, 99))
		require.Equal(t, 99, value(t, c, q))
		s, _ := c.State(q.Key)
		require.Equal(t, query.FetchFetching, s.FetchStatus())
		pass(time.Second)
		require.Equal(t, 1, value(t, c, q))
		s, _ = c.State(q.Key)
		require.Equal(t, query.FetchIdle, s.FetchStatus())
		require.Equal(t, 2, s.DataUpdateCount())
	})
}

func TestFetch_singleFlightPerKeyHoldsOverManyKeys(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var running, worst, calls [50]atomic.Int64
		get := func(i int) query.Query[int] {
			return query.Query[int]{Key: key("k", i), Fetch: func(context.Context) (int, error) {
				calls[i].Add(1)
				if n := running[i].Add(1); n > worst[i].Load() {
					worst[i].Store(n)
				}
				time.Sleep(time.Duration(i) * time.Millisecond)
				running[i].Add(-1)
				return i, nil
			}}
		}
		var wg sync.WaitGroup
		for n := range 1000 {
			wg.Go(func() {
				time.Sleep(time.Duration(n%7) * time.Millisecond)
				_, _ = query.Fetch(t.Context(), c, get(n%50))
			})
		}
		wg.Wait()
		for i := range worst {
			require.EqualValues(t, 1, worst[i].Load())
			require.Equal(t, i, value(t, c, get(i)))
		}
	})
}

func TestOnFetch_hearsEveryOutcomeOnceAndAfterTheState(t *testing.T) {
	t.Parallel()
	var heard notes[string]
	note := heard.add
	cfg := query.Config{OnFetch: query.FetchCallbacks{
		OnSuccess: func(s query.State[any]) { note("success, now " + string(s.Status())) },
		OnError:   func(s query.State[any], err error) { note("error, now " + string(s.Status()) + ": " + err.Error()) },
		OnSettled: func(s query.State[any], err error) { note("settled " + s.Key().String()) },
	}}
	inBubble(t, cfg, func(t *testing.T, c *query.Client) {
		src := &source{fail: func(n int) error {
			if n == 2 {
				return errRefused
			}
			return nil
		}}
		q := src.query(query.Policy{})
		require.NoError(t, query.Prefetch(t.Context(), c, q))
		require.Error(t, query.Prefetch(t.Context(), c, q))
		require.NoError(t, query.Set(c, q, 3))
		require.Equal(t, []string{
			"success, now success", `settled ["source"]`,
			"error, now error: refused", `settled ["source"]`,
		}, heard.all(), "writes by hand are not fetches")
	})
}
