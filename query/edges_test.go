package query_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestGoexit_inFetchEndsTheFlight(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := query.Fetch(ctx, c, query.Query[int]{Key: key("a"), Fetch: func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }})
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		require.Error(t, err)
	})
}

func TestGoexit_inMutationEndsIt(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := query.Mutate(ctx, c, query.Mutation[int, int]{Do: func(context.Context, int) (int, error) { runtime.Goexit(); return 0, nil }}, 1)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		require.Error(t, err)
	})
}

func TestGoexit_inSubscriberDoesNotSilenceIt(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a")}
		calls := 0
		stop := query.Observe(c, q).Subscribe(func(query.Result[int]) {
			calls++
			if calls == 1 {
				runtime.Goexit()
			}
		})
		defer stop()
		synctest.Wait()
		require.NoError(t, query.Set(c, q, 1))
		synctest.Wait()
		require.NoError(t, query.Set(c, q, 2))
		synctest.Wait()
		require.GreaterOrEqual(t, calls, 2)
	})
}

func TestGoexit_inSelectHurtsNobodyElse(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		o := query.ObserveSelect(c, q, func(v int) (int, error) {
			if v == 1 {
				runtime.Goexit()
			}
			return v, nil
		})
		defer o.Subscribe(func(query.Result[int]) {})()
		returned := false
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = query.Set(c, q, 1)
			returned = true
		}()
		<-done
		require.False(t, returned)
		require.NoError(t, query.Set(c, q, 2))
		require.Equal(t, 2, o.Current().Data())
	})
}

func TestPatch_hidingStaysHiddenWhenAPollLands(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a")}
		require.NoError(t, query.Set(c, q, 1))
		answer := make(chan struct{})
		go func() {
			_, _ = query.Mutate(t.Context(), c, query.Mutation[int, int]{
				Do:         func(context.Context, int) (int, error) { <-answer; return 0, nil },
				Optimistic: func(tx *query.Tx, v int) { query.Patch(tx, q, func(int, bool) (int, bool) { return 0, false }) },
			}, 1)
		}()
		synctest.Wait()
		_, ok := query.Get(c, q)
		require.False(t, ok, "hidden")
		require.NoError(t, query.Set(c, q, 2))
		v, ok := query.Get(c, q)
		close(answer)
		synctest.Wait()
		require.False(t, ok, "shows %v", v)
	})
}

func TestSet_overUntypedEntryOfAnotherTypeFailsOrWrites(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, query.Query[any]{Key: key("a")}, any("text")))
		q := query.Query[int]{Key: key("a")}
		err := query.Set(c, q, 1)
		v, ok := query.Get(c, q)
		if err == nil {
			require.True(t, ok, "no error, and nothing written: %v", v)
		} else {
			require.ErrorIs(t, err, query.ErrTypeMismatch)
		}
	})
}

func TestDefaultFetch_ofWrongTypeIsAClearError(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		c.SetDefaultOptions(query.Defaults{Fetch: func(context.Context, query.FetchInfo) (any, error) { return "text", nil }}, query.MutationDefaults{})
		_, err := query.Fetch(t.Context(), c, query.Query[int]{Key: key("a")})
		require.ErrorIs(t, err, query.ErrTypeMismatch)
		t.Log(err)
		require.NotContains(t, err.Error(), "<nil>")
		r := query.Observe(c, query.Query[int]{Key: key("a")}).Current()
		t.Log(r.Status(), r.HasData(), r.Err())
		require.False(t, r.IsSuccess() && !r.HasData(), "success without data")
	})
}

func TestClosed_everythingFailsWithErrClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		c, _ := query.New(query.Config{})
		q := query.Query[int]{Key: key("a"), Fetch: func(context.Context) (int, error) { return 1, nil }}
		require.NoError(t, query.Set(c, q, 1))
		o := query.Observe(c, q)
		require.NoError(t, c.Close(ctx))
		check := func(name string, err error) {
			t.Run(name, func(t *testing.T) { require.ErrorIs(t, err, query.ErrClosed) })
		}
		_ = check
		errs := map[string]error{}
		_, errs["Fetch"] = query.Fetch(ctx, c, q)
		_, errs["Ensure"] = query.Ensure(ctx, c, q)
		_, errs["Revalidate"] = query.Revalidate(ctx, c, q)
		errs["Set"] = query.Set(c, q, 2)
		errs["Update"] = query.Update(c, q, func(int, bool) (int, bool) { return 0, false })
		errs["UpdateNew"] = query.Update(c, query.Query[int]{Key: key("b")}, func(int, bool) (int, bool) { return 0, false })
		errs["UpdateAll"] = query.UpdateAll(c, query.Filter{}, func(int, bool) (int, bool) { return 3, true })
		errs["Invalidate"] = c.Invalidate(ctx, query.Filter{})
		errs["Refetch"] = c.Refetch(ctx, query.Filter{})
		errs["Cancel"] = c.Cancel(ctx, query.Filter{})
		errs["Reset"] = c.Reset(ctx, query.Filter{})
		errs["Resume"] = c.ResumePausedMutations(ctx)
		_, errs["ObserverRefetch"] = o.Refetch(ctx, query.RefetchOptions{})
		errs["SetQuery"] = query.SetQuery(o, q)
		_, errs["Mutate"] = query.Mutate(ctx, c, query.Mutation[int, int]{Do: func(context.Context, int) (int, error) { return 0, nil }}, 1)
		for n, e := range errs {
			if !errors.Is(e, query.ErrClosed) {
				t.Errorf("%s: %v", n, e)
			}
		}
		v, ok := query.Get(c, q)
		t.Log("Get", v, ok)
	})
}

func TestSignal_subscriberPanicStaysInside(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s := c.Focus()
		told := false
		s.Subscribe(func(bool) { panic("mine") })
		s.Subscribe(func(bool) { told = true })
		require.NotPanics(t, func() { s.Set(false) })
		require.True(t, told)
	})
}

func TestCancel_withDoneContextIsDeterministic(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		got := map[string]int{}
		q := query.Query[int]{Key: key("a"), Fetch: func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }}
		for range 50 {
			go query.Fetch(t.Context(), c, q)
			synctest.Wait()
			err := c.Cancel(ctx, query.Filter{})
			if err == nil {
				got["nil"]++
			} else {
				got[err.Error()]++
			}
			synctest.Wait()
		}
		require.Len(t, got, 1, "%v", got)
	})
}

func TestRefetch_afterCloseIsErrClosedEvenIfTheLastFetchFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := query.New(query.Config{})
		q := query.Query[int]{Key: key("a"), Fetch: func(context.Context) (int, error) { return 0, errors.New("no") }, Policy: query.Policy{Retry: query.NoRetry()}}
		o := query.Observe(c, q)
		_, _ = o.Refetch(t.Context(), query.RefetchOptions{})
		require.NoError(t, c.Close(t.Context()))
		_, err := o.Refetch(t.Context(), query.RefetchOptions{})
		require.ErrorIs(t, err, query.ErrClosed)
	})
}

func TestGroup_concurrentSetQueries(t *testing.T) {
	t.Parallel()
	for round := range 2000 {
		c, _ := query.New(query.Config{})
		qs := func(n int) (list []query.Observable[int]) {
			for i := range 3 {
				list = append(list, query.Query[int]{Key: key(n, i), Policy: query.Policy{Enabled: query.Off}})
			}
			return list
		}
		g := query.ObserveGroup[int](c, qs(0)...)
		stop := g.Subscribe(func([]query.Result[int]) {})
		var wg sync.WaitGroup
		for n := range 3 {
			wg.Go(func() { g.SetQueries(qs(n)...) })
		}
		wg.Wait()
		total := 0
		for _, e := range c.Entries(query.Filter{}) {
			total += e.Observers
		}
		stop()
		left := 0
		for _, e := range c.Entries(query.Filter{}) {
			left += e.Observers
		}
		require.NoError(t, c.Close(t.Context()))
		require.Equal(t, 3, total, "round %d", round)
		require.Zero(t, left, "round %d: left behind", round)
	}
}

func TestFetch_errPollingCountsAsLooking(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var steps atomic.Int64
		q := query.Query[int]{Key: key("a"), Fetch: func(ctx context.Context) (int, error) {
			for range 10 {
				if ctx.Err() != nil {
					return 0, ctx.Err()
				}
				steps.Add(1)
				time.Sleep(time.Second)
			}
			return 1, nil
		}}
		stop := query.Observe(c, q).Subscribe(func(query.Result[int]) {})
		time.Sleep(1500 * time.Millisecond)
		stop()
		time.Sleep(time.Minute)
		require.EqualValues(t, 2, steps.Load())
	})
}

func TestUpdate_missingKeyRunsOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		n := 0
		require.NoError(t, query.Update(c, query.Query[int]{Key: key("a")}, func(int, bool) (int, bool) { n++; return 1, true }))
		require.Equal(t, 1, n)
	})
}

func TestUpdate_removedMeanwhile(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a")}
		require.NoError(t, query.Set(c, q, 1))
		once := false
		reading, removed := make(chan struct{}), make(chan struct{})
		var err error
		var wg sync.WaitGroup
		wg.Go(func() {
			err = query.Update(c, q, func(old int, ok bool) (int, bool) {
				if !once {
					once = true
					close(reading)
					<-removed
				}
				return old + 1, true
			})
		})
		<-reading
		c.Remove(query.Filter{})
		close(removed)
		wg.Wait()
		require.NoError(t, err)
		_, ok := query.Get(c, q)
		require.True(t, ok, "Update returned nil and nothing is there")
	})
}

func TestMutations_withABadKeyChoosesNone(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		m := query.Mutation[int, int]{Do: func(_ context.Context, v int) (int, error) { return v, nil }}
		_, err := query.Mutate(t.Context(), c, m, 1)
		require.NoError(t, err)
		require.Len(t, c.Mutations(query.MutationFilter{}), 1)
		require.Empty(t, c.Mutations(query.MutationFilter{Key: key(make(chan int))}))
	})
}

func TestClaimedEntry_withoutDataTakesNoOtherType(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		number := query.Query[int]{Key: key("a")}
		text := query.Query[string]{Key: key("a")}
		query.Observe(c, number)
		require.NoError(t, query.UpdateAll(c, query.Filter{}, func(string, bool) (string, bool) { return "x", true }))
		_, err := query.Mutate(t.Context(), c, query.Mutation[int, int]{
			Do: func(_ context.Context, v int) (int, error) { return v, nil },
			Optimistic: func(tx *query.Tx, _ int) {
				query.Patch(tx, text, func(string, bool) (string, bool) { return "x", true })
			},
		}, 1)
		require.NoError(t, err)
		s, ok := c.State(number.Key)
		require.True(t, ok)
		require.False(t, s.HasData())
	})
}

func TestMutationObserver_aStartThatFailsLeavesTheCallbacksOfTheRunAlone(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var told []string
		m := query.Mutation[int, int]{Do: func(context.Context, int) (int, error) {
			time.Sleep(time.Second)
			return 1, nil
		}}
		o := query.ObserveMutation(c, m)
		defer o.Subscribe(func(query.MutationResult[int, int]) {})()
		says := func(what string) query.MutateCallbacks[int, int] {
			return query.MutateCallbacks[int, int]{OnSuccess: func(int, int, any) { told = append(told, what) }}
		}
		require.NoError(t, o.Start(t.Context(), 1, says("first")))
		m.Key = key(make(chan int))
		o.SetMutation(m)
		require.Error(t, o.Start(t.Context(), 2, says("second")))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"first"}, told)
	})
}

func TestFetch_theEndOfTheCallersContextIsNoFetchError(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := query.Fetch(ctx, c, query.Query[int]{Key: key("a"), Fetch: hang})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var failed *query.FetchError
		require.NotErrorAs(t, err, &failed)
	})
}

func TestDefaults_keepPreviousDataEverywhere(t *testing.T) {
	t.Parallel()
	cfg := query.Config{Defaults: query.Defaults{PlaceholderData: query.KeepPrevious[any]()}}
	inBubble(t, cfg, func(t *testing.T, c *query.Client) {
		one := query.Query[int]{Key: key(1)}
		require.NoError(t, query.Set(c, one, 1))
		o := query.Observe(c, one)
		require.NoError(t, query.SetQuery(o, query.Query[int]{Key: key(2)}))
		require.Equal(t, 1, o.Current().Data())
		require.True(t, o.Current().IsPlaceholderData())
	})
}
