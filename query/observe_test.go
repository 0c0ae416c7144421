package query_test

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestObserver_doesNothingUntilSomebodySubscribes(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		o := query.Observe(c, src.query(query.Policy{RefetchInterval: query.Every(time.Second)}))
		pass(10 * time.Second)
		require.Zero(t, src.count(0))
		require.True(t, o.Current().IsPending())
		stop := o.Subscribe(ignore)
		pass(time.Second)
		require.Equal(t, 2, src.count(0))
		stop()
		pass(10 * time.Second)
		require.Equal(t, 2, src.count(0))
	})
}

func TestObserver_showsTheStepsOfTheFirstLoad(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		o := query.Observe(c, src.query(query.Policy{}))
		before := o.Current()
		require.True(t, before.IsPending())
		require.False(t, before.IsFetching())
		r, stop := record(o)
		defer stop()
		require.True(t, o.Current().IsLoading(), "the fetch has begun when Subscribe returns")
		pass(time.Second)
		all := r.all()
		require.Len(t, all, 2)
		require.True(t, all[0].IsLoading())
		end := all[1]
		require.True(t, end.IsSuccess())
		require.Equal(t, 1, end.Data())
		require.True(t, end.HasData())
		require.True(t, end.IsStale())
		require.True(t, end.IsEnabled())
		require.True(t, end.IsFetched())
		require.True(t, end.IsFetchedAfterMount())
		require.False(t, end.IsFetching())
		require.False(t, end.IsPaused())
		require.False(t, end.IsPlaceholderData())
		require.NoError(t, end.Err())
		require.Equal(t, key("source"), end.Key())
		require.Equal(t, time.Now(), end.DataUpdatedAt())
		require.Zero(t, end.NextPollAt())
	})
}

func TestObserver_ageGrowsWithTheClock(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a")}
		require.Zero(t, query.Observe(c, q).Current().Age())
		require.NoError(t, query.Set(c, q, 1))
		r := query.Observe(c, q).Current()
		pass(3 * time.Second)
		require.Equal(t, 3*time.Second, r.Age())
		require.NoError(t, query.SetAt(c, q, 1, time.Now().Add(time.Hour)))
		require.Zero(t, query.Observe(c, q).Current().Age(), "data from the future are not of negative age")
	})
}

func TestObserver_backgroundErrorKeepsData(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		q := src.query(query.Policy{Retry: query.NoRetry()})
		require.NoError(t, query.Set(c, q, 9))
		r, stop := record(query.Observe(c, q))
		defer stop()
		pass(time.Second)
		end := r.last()
		require.True(t, end.IsError())
		require.True(t, end.IsRefetchError())
		require.False(t, end.IsLoadingError())
		require.Equal(t, 9, end.Data())
		require.ErrorIs(t, end.Err(), errRefused)
		require.ErrorIs(t, end.FailureReason(), errRefused)
		require.Equal(t, 1, end.ErrorUpdateCount())
		require.Equal(t, 1, end.FailureCount())
		require.False(t, end.ErrorUpdatedAt().IsZero())
	})
}

func TestObserver_firstErrorIsALoadingError(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		r, stop := record(query.Observe(c, src.query(query.Policy{Retry: query.NoRetry()})))
		defer stop()
		pass(0)
		require.True(t, r.last().IsLoadingError())
		require.False(t, r.last().IsRefetchError())
	})
}

func TestSubscribe_slowSubscriberGetsTheLastResult(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		r := new(recorder[int])
		stop := query.Observe(c, q).Subscribe(func(x query.Result[int]) {
			time.Sleep(time.Minute)
			r.add(x)
		})
		defer stop()
		for i := range 100 {
			require.NoError(t, query.Set(c, q, i))
			pass(time.Second)
		}
		pass(time.Hour)
		data := r.data()
		require.Equal(t, 99, data[len(data)-1])
		require.LessOrEqual(t, len(data), 4, "what came meanwhile was conflated")
		require.IsIncreasing(t, data)
	})
}

func TestSubscribe_callsComeOneAtATime(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		var inside, worst, calls atomic.Int64
		stop := query.Observe(c, q).Subscribe(func(query.Result[int]) {
			worst.Store(max(worst.Load(), inside.Add(1)))
			time.Sleep(3 * time.Millisecond)
			inside.Add(-1)
			calls.Add(1)
		})
		defer stop()
		for i := range 50 {
			require.NoError(t, query.Set(c, q, i))
			pass(time.Millisecond)
		}
		pass(time.Second)
		require.EqualValues(t, 1, worst.Load())
		require.Greater(t, calls.Load(), int64(10))
	})
}

func TestSubscribe_equalDataTellNobodyWhoListensToData(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[[]string]{Key: key("a"), Policy: query.Policy{Enabled: query.Off, NotifyOn: []query.Field{query.FieldData}}}
		r, stop := record(query.Observe(c, q))
		defer stop()
		for range 3 {
			require.NoError(t, query.Set(c, q, []string{"same"}))
			pass(time.Second)
		}
		require.Len(t, r.all(), 1)
		require.NoError(t, query.Set(c, q, []string{"other"}))
		pass(time.Second)
		require.Len(t, r.all(), 2)
	})
}

func TestNotifyOn_emptyListIsSilence(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		o := query.Observe(c, src.query(query.Policy{NotifyOn: []query.Field{}}))
		r, stop := record(o)
		defer stop()
		pass(time.Second)
		require.Empty(t, r.all())
		require.Equal(t, 1, o.Current().Data(), "what is shown is up to date all the same")
	})
}

func TestStop_isHarmlessTwiceAndEndsDelivery(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		o := query.Observe(c, q)
		first, stopFirst := record(o)
		second, stopSecond := record(o)
		require.NoError(t, query.Set(c, q, 1))
		pass(0)
		stopFirst()
		stopFirst()
		require.NoError(t, query.Set(c, q, 2))
		pass(0)
		require.Equal(t, []int{1}, first.data())
		require.Equal(t, []int{1, 2}, second.data())
		require.Equal(t, 1, c.Entries(query.Filter{})[0].Observers)
		stopSecond()
		require.Equal(t, 0, c.Entries(query.Filter{})[0].Observers)
	})
}

func TestSubscribe_sameFunctionTwiceIsTwoSubscriptions(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		o := query.Observe(c, q)
		r := new(recorder[int])
		stop := o.Subscribe(r.add)
		defer o.Subscribe(r.add)()
		require.NoError(t, query.Set(c, q, 1))
		pass(0)
		require.Equal(t, []int{1, 1}, r.data())
		stop()
		require.NoError(t, query.Set(c, q, 2))
		pass(0)
		require.Equal(t, []int{1, 1, 2}, r.data())
	})
}

func TestStop_fromTheCallbackItself(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		var calls atomic.Int64
		var stop func()
		stop = query.Observe(c, q).Subscribe(func(query.Result[int]) { calls.Add(1); stop() })
		for i := range 3 {
			require.NoError(t, query.Set(c, q, i))
			pass(0)
		}
		require.EqualValues(t, 1, calls.Load())
	})
}

func TestResults_firstTheCurrentThenEachNewOne(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		var seen []int
		for r := range query.Watch(t.Context(), c, src.query(query.Policy{RefetchInterval: query.Every(time.Second), NotifyOn: []query.Field{query.FieldData}})) {
			seen = append(seen, r.Data())
			if r.Data() == 3 {
				break
			}
		}
		require.Equal(t, []int{0, 1, 2, 3}, seen)
		require.Equal(t, 0, c.Entries(query.Filter{})[0].Observers, "leaving the loop unsubscribes")
	})
}

func TestResults_endWithTheContext(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		rounds := 0
		for range query.Watch(ctx, c, query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}) {
			rounds++
		}
		require.Equal(t, 1, rounds)
		require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
	})
}

func TestChan_holdsTheLatestForASlowReceiver(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		ctx, cancel := context.WithCancel(t.Context())
		ch := query.Observe(c, q).Chan(ctx)
		for i := range 10 {
			require.NoError(t, query.Set(c, q, i))
			pass(time.Second)
		}
		require.Equal(t, 9, (<-ch).Data())
		cancel()
		_, open := <-ch
		require.False(t, open)
	})
}

func TestObserveSelect_runsOnlyWhenTheDataChanged(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		var runs atomic.Int64
		o := query.ObserveSelect(c, q, func(v int) (string, error) {
			runs.Add(1)
			return strconv.Itoa(v), nil
		})
		defer o.Subscribe(ignore)()
		require.Zero(t, runs.Load(), "there is nothing to select from")
		require.NoError(t, query.Set(c, q, 4))
		require.Equal(t, "4", o.Current().Data())
		require.NoError(t, query.Set(c, q, 4))
		require.NoError(t, c.Invalidate(t.Context(), query.Filter{}))
		require.EqualValues(t, 1, runs.Load())
	})
}

func TestObserveSelect_errorIsTheObserversOwn(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		o := query.ObserveSelect(c, q, func(v int) (int, error) {
			if v < 0 {
				return 0, errRefused
			}
			return v * 2, nil
		})
		defer o.Subscribe(ignore)()
		require.NoError(t, query.Set(c, q, 2))
		require.Equal(t, 4, o.Current().Data())
		require.NoError(t, query.Set(c, q, -1))
		r := o.Current()
		require.True(t, r.IsError())
		require.ErrorIs(t, r.Err(), errRefused)
		require.Equal(t, 4, r.Data(), "the last good selection stays")
		since := r.ErrorUpdatedAt()
		s, _ := c.State(q.Key)
		require.Equal(t, query.StatusSuccess, s.Status(), "the query has no part in it")
		pass(time.Second)
		require.NoError(t, c.Invalidate(t.Context(), query.Filter{}))
		require.Equal(t, since, o.Current().ErrorUpdatedAt(), "it is still the same error")
		require.NoError(t, query.Set(c, q, 3))
		require.True(t, o.Current().IsSuccess())
		require.Equal(t, 6, o.Current().Data())
	})
}

func TestSetQuery_switchesAndFetches(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		page := func(n int) query.Query[int] {
			return query.Query[int]{
				Key:             key("page", n),
				Fetch:           func(context.Context) (int, error) { time.Sleep(time.Second); return n * 100, nil },
				PlaceholderData: query.KeepPrevious[int](),
			}
		}
		o := query.Observe(c, page(1))
		defer o.Subscribe(ignore)()
		pass(time.Second)
		require.NoError(t, query.SetQuery(o, page(2)))
		r := o.Current()
		require.True(t, r.IsPlaceholderData())
		require.True(t, r.IsSuccess())
		require.True(t, r.IsRefetching())
		require.Equal(t, 100, r.Data())
		require.Zero(t, r.DataUpdatedAt())
		require.NoError(t, query.SetQuery(o, page(3)))
		require.Equal(t, 100, o.Current().Data(), "the last query that had data")
		pass(time.Second)
		require.Equal(t, 300, o.Current().Data())
		require.False(t, o.Current().IsPlaceholderData())
		require.Equal(t, 0, c.Entries(query.Filter{Key: key("page", 1)})[0].Observers)
	})
}

func TestSetQuerySelect_changesTheSelection(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		require.NoError(t, query.Set(c, q, 2))
		o := query.Observe(c, q)
		require.NoError(t, query.SetQuerySelect(o, q, func(v int) (int, error) { return -v, nil }))
		require.Equal(t, -2, o.Current().Data())
		require.NoError(t, query.SetQuerySelect[int](o, q, nil))
		require.Equal(t, 2, o.Current().Data())
	})
}

func TestObserver_queryRemovedUnderItComesBackWithTheNextFetch(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		o := query.Observe(c, src.query(query.Policy{}))
		defer o.Subscribe(ignore)()
		pass(0)
		c.Remove(query.Filter{})
		require.Equal(t, 1, o.Current().Data(), "who observes keeps what there is")
		_, ok := c.State(key("source"))
		require.False(t, ok)
		_, err := o.Refetch(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.Equal(t, 2, value(t, c, src.query(query.Policy{})))
		require.Equal(t, 1, c.Entries(query.Filter{})[0].Observers)
	})
}

func TestRefetch_worksOnADisabledQuery(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		o := query.Observe(c, src.query(query.Policy{Enabled: query.Off}))
		defer o.Subscribe(ignore)()
		pass(time.Second)
		require.Zero(t, src.count(0))
		require.False(t, o.Current().IsStale(), "what is disabled is never stale")
		r, err := o.Refetch(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.Equal(t, 1, r.Data())
	})
}

func TestRefetch_errorIsThatOfTheFetch(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		o := query.Observe(c, src.query(query.Policy{Retry: query.NoRetry()}))
		r, err := o.Refetch(t.Context(), query.RefetchOptions{})
		require.ErrorIs(t, err, errRefused)
		require.True(t, r.IsError())
		_, err = o.Refetch(t.Context(), query.RefetchOptions{NoWait: true})
		require.NoError(t, err, "who does not wait does not know")
		synctest.Wait()
	})
}

func TestObserver_turnsStaleWithoutFetching(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		o := query.Observe(c, src.query(query.Policy{StaleTime: query.StaleAfter(10 * time.Second)}))
		r, stop := record(o)
		defer stop()
		pass(10 * time.Second)
		require.False(t, o.Current().IsStale())
		pass(time.Millisecond)
		require.True(t, r.last().IsStale())
		require.Equal(t, 1, src.count(0))
	})
}

func TestObserver_errorsOfAnyKindCanBeShown(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		// The dynamic type of this error cannot be compared with ==.
		src := &source{fail: func(n int) error { return manyErrors{errRefused, errors.ErrUnsupported} }}
		o := query.Observe(c, src.query(query.Policy{Retry: query.NoRetry()}))
		defer o.Subscribe(ignore)()
		for range 2 {
			_, err := o.Refetch(t.Context(), query.RefetchOptions{})
			require.ErrorIs(t, err, errRefused)
		}
		require.Equal(t, "many", o.Current().Err().Error())
	})
}

type manyErrors []error

func (manyErrors) Error() string     { return "many" }
func (m manyErrors) Unwrap() []error { return m }
