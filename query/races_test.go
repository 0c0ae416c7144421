package query_test

import (
	"context"
	"encoding/json"
	"math"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestRefetch_ofWhatIsRemovedMeanwhileEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := query.New(query.Config{})
		require.NoError(t, err)
		a, b := query.Query[int]{Key: key("a"), Fetch: new(source).fetch}, query.Query[int]{Key: key("b")}
		_, err = query.Fetch(t.Context(), c, a)
		require.NoError(t, err)
		require.NoError(t, query.Set(c, b, 1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err = c.Refetch(ctx, query.Filter{Predicate: func(s query.State[any]) bool {
			if s.Key() == b.Key { // a has been chosen
				removed := make(chan struct{})
				go func() { defer close(removed); c.Remove(query.Filter{Key: a.Key}) }()
				<-removed
				return false
			}
			return true
		}})
		t.Log("refetch:", err)
		require.NoError(t, c.Close(context.WithoutCancel(t.Context())))
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestGoexit_inSelectThatFollowsAFetchLeavesTheFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := query.New(query.Config{})
		require.NoError(t, err)
		q := query.Query[int]{Key: key("a"), Fetch: new(source).fetch, Policy: query.Policy{StaleTime: query.StaleNever()}}
		require.NoError(t, query.Set(c, q, 1))
		var once sync.Once
		o := query.ObserveSelect(c, q, func(v int) (int, error) { return v, nil })
		defer o.Subscribe(func(query.Result[int]) {})()
		q.Policy.Enabled = query.EnabledFunc(func(s query.State[int]) bool {
			if s.FetchStatus() == query.FetchFetching {
				once.Do(runtime.Goexit)
			}
			return true
		})
		require.NoError(t, query.SetQuery(o, q))
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = o.Refetch(t.Context(), query.RefetchOptions{})
		}()
		<-done
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		require.NoError(t, c.Close(ctx))
	})
}

func TestHydrate_refusesImpossibleCounts(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a")}
		s := &query.Snapshot{Version: 1, Queries: []query.QuerySnapshot{{Key: q.Key, Status: query.StatusSuccess, Data: json.RawMessage("1"), DataUpdateCount: math.MaxInt}}}
		require.ErrorContains(t, c.Hydrate(s, query.HydrateOptions{}), "impossible count")
		_, ok := c.State(q.Key)
		require.False(t, ok, "a snapshot that is not valid changes nothing")
	})
}

func TestClear_aMutationThatBacksOffGoesOn(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		n := 0
		first := query.Mutation[int, int]{Scope: "s", Policy: query.MutationPolicy{Retry: query.Retries(1), RetryDelay: query.ConstantDelay(time.Second)}, Do: func(context.Context, int) (int, error) {
			n++
			if n == 1 {
				return 0, errRefused
			}
			return 7, nil
		}}
		second := query.Mutation[int, int]{Scope: "s", Do: func(context.Context, int) (int, error) { time.Sleep(time.Minute); return 8, nil }}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var wg sync.WaitGroup
		var err1, err2 error
		wg.Go(func() { _, err1 = query.Mutate(ctx, c, first, 1) })
		synctest.Wait()
		c.Clear()
		wg.Go(func() { _, err2 = query.Mutate(ctx, c, second, 1) })
		wg.Wait()
		require.NoError(t, err2)
		require.NoError(t, err1)
	})
}

func TestClaim_byManyAtOnce(t *testing.T) {
	t.Parallel()
	for range 200 {
		c, err := query.New(query.Config{})
		require.NoError(t, err)
		q := query.Query[int]{Key: key("a"), Fetch: new(source).fetch}
		s := &query.Snapshot{Version: 1, Queries: []query.QuerySnapshot{{Key: q.Key, Status: query.StatusSuccess, Data: json.RawMessage("1")}}}
		require.NoError(t, c.Hydrate(s, query.HydrateOptions{}))
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = query.Fetch(t.Context(), c, q) })
		wg.Go(func() { _ = query.Set(c, q, 1) })
		wg.Wait()
		require.NoError(t, c.Close(t.Context()))
	}
}

func TestGet_ofAnotherTypeLeavesTheClaimAlone(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Fetch: new(source).fetch, Policy: query.Policy{StaleTime: query.StaleAfter(time.Hour)}}
		_, err := query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		pass(time.Minute)
		s := &query.Snapshot{Version: 1, Queries: []query.QuerySnapshot{{Key: q.Key, Status: query.StatusSuccess, Data: json.RawMessage(`"x"`), DataUpdatedAt: time.Now()}}}
		require.NoError(t, c.Hydrate(s, query.HydrateOptions{}))
		_, ok := query.Get(c, query.Query[string]{Key: q.Key})
		t.Log("Get[string] found:", ok)
		v, err := query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, 2, v)
	})
}
