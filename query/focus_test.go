package query_test

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// occasions are the ways in which a query can come to refetch by itself.
var occasions = []struct {
	name   string
	policy func(p query.RefetchPolicy) query.Policy
	happen func(c *query.Client)
}{
	{"focus", func(p query.RefetchPolicy) query.Policy { return query.Policy{RefetchOnFocus: p} }, func(c *query.Client) {
		c.Focus().Set(false)
		c.Focus().Set(true)
	}},
	{"reconnect", func(p query.RefetchPolicy) query.Policy { return query.Policy{RefetchOnReconnect: p} }, func(c *query.Client) {
		c.Online().Set(false)
		c.Online().Set(true)
	}},
}

func TestFocusAndReconnect_refetchByPolicy(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		policy  query.RefetchPolicy
		stale   query.StaleTime
		enabled query.EnabledPolicy
		want    int // fetches after the occasion, the first load included
	}{
		{"default refetches stale data", nil, query.StaleAfter(0), nil, 2},
		{"default leaves fresh data", nil, query.StaleNever(), nil, 1},
		{"if stale", query.IfStale, query.StaleAfter(0), nil, 2},
		{"always, though fresh", query.Always, query.StaleNever(), nil, 2},
		{"always, but static", query.Always, query.StaleStatic(), nil, 1},
		{"always, but disabled", query.Always, query.StaleAfter(0), query.Off, 0},
		{"never", query.Never, query.StaleAfter(0), nil, 1},
		{"func says always", query.RefetchFunc(func(query.State[int]) query.RefetchMode { return query.Always }), query.StaleNever(), nil, 2},
		{"func says never", query.RefetchFunc(func(query.State[int]) query.RefetchMode { return query.Never }), query.StaleAfter(0), nil, 1},
	}
	for _, on := range occasions {
		for _, tc := range cases {
			t.Run(on.name+" "+tc.name, func(t *testing.T) {
				t.Parallel()
				inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
					src := new(source)
					p := on.policy(tc.policy)
					p.StaleTime, p.Enabled = tc.stale, tc.enabled
					defer query.Observe(c, src.query(p)).Subscribe(ignore)()
					pass(time.Second)
					on.happen(c)
					pass(time.Second)
					require.Equal(t, tc.want, src.count(0))
				})
			})
		}
	}
}

func TestReconnect_leavesQueriesAloneThatNeedNoNetwork(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		defer query.Observe(c, src.query(query.Policy{NetworkMode: query.NetworkAlways})).Subscribe(ignore)()
		pass(time.Second)
		c.Online().Set(false)
		c.Online().Set(true)
		pass(time.Second)
		require.Equal(t, 1, src.count(0))
	})
}

func TestFocus_oneFetchForAllObserversOfAQuery(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		for range 10 {
			defer query.Observe(c, src.query(query.Policy{RefetchOnMount: query.Never})).Subscribe(ignore)()
		}
		pass(time.Second)
		c.Focus().Set(true)
		pass(time.Second)
		require.Equal(t, 2, src.count(0))
	})
}

func TestUnmounted_clientIgnoresFocusAndNetwork(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		defer query.Observe(c, src.query(query.Policy{})).Subscribe(ignore)()
		pass(time.Second)
		c.Mount()
		c.Unmount()
		c.Focus().Set(true)
		pass(0)
		require.Equal(t, 2, src.count(0), "mounting is counted")
		c.Unmount()
		for _, on := range occasions {
			on.happen(c)
		}
		pass(time.Second)
		require.Equal(t, 2, src.count(0))
		c.Mount()
		c.Focus().Set(false)
		c.Focus().Set(true)
		pass(0)
		require.Equal(t, 3, src.count(0))
	})
}

func TestMount_policyDecidesAboutDataThatAreThere(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		mode  query.RefetchPolicy
		stale query.StaleTime
		want  int
	}{
		{"stale", nil, query.StaleAfter(0), 1},
		{"fresh", nil, query.StaleNever(), 0},
		{"always", query.Always, query.StaleNever(), 1},
		{"never", query.Never, query.StaleAfter(0), 0},
		{"static", query.Always, query.StaleStatic(), 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				src := new(source)
				q := src.query(query.Policy{RefetchOnMount: tc.mode, StaleTime: tc.stale})
				require.NoError(t, query.Set(c, q, 100))
				defer query.Observe(c, q).Subscribe(ignore)()
				pass(time.Second)
				require.Equal(t, tc.want, src.count(0))
			})
		})
	}
}

func TestMount_neverStillLoadsTheFirstTime(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		defer query.Observe(c, src.query(query.Policy{RefetchOnMount: query.Never})).Subscribe(ignore)()
		pass(0)
		require.Equal(t, 1, src.count(0))
	})
}

func TestRetryOnMount_decidesAboutQueriesThatFailedWithoutData(t *testing.T) {
	t.Parallel()
	unless := func(final error) query.RetryOnMountPolicy {
		return query.RetryOnMountFunc(func(s query.State[int]) bool { return !errors.Is(s.Err(), final) })
	}
	for _, tc := range []struct {
		retry query.RetryOnMountPolicy
		want  int
	}{{nil, 2}, {query.On, 2}, {query.Off, 1}, {unless(errRefused), 1}, {unless(io.EOF), 2}} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			src := &source{fail: always}
			q := src.query(query.Policy{RetryOnMount: tc.retry, Retry: query.NoRetry()})
			require.Error(t, query.Prefetch(t.Context(), c, q))
			defer query.Observe(c, q).Subscribe(ignore)()
			pass(time.Second)
			require.Equal(t, tc.want, src.count(0))
		})
	}
}

func TestRetryOnMount_isAskedOnlyAboutEnabledQueriesThatFailed(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		var asked atomic.Int64
		q := src.query(query.Policy{
			Retry: query.NoRetry(),
			RetryOnMount: query.RetryOnMountFunc(func(query.State[int]) bool {
				asked.Add(1)
				return false
			}),
		})
		mount := func(q query.Query[int]) {
			stop := query.Observe(c, q).Subscribe(ignore)
			pass(0)
			stop()
		}
		mount(q)
		require.Equal(t, 1, src.count(0))
		require.Zero(t, asked.Load(), "it had not failed yet")
		disabled := q
		disabled.Policy.Enabled = query.Off
		mount(disabled)
		require.Zero(t, asked.Load(), "it would not fetch anyway")
		mount(q)
		require.EqualValues(t, 1, asked.Load())
		require.Equal(t, 1, src.count(0))
	})
}

func TestRetryOnMount_functionThatPanicsRetries(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		q := src.query(query.Policy{
			Retry:        query.NoRetry(),
			RetryOnMount: query.RetryOnMountFunc(func(query.State[int]) bool { panic("oops") }),
		})
		require.Error(t, query.Prefetch(t.Context(), c, q))
		defer query.Observe(c, q).Subscribe(ignore)()
		pass(0)
		require.Equal(t, 2, src.count(0))
	})
}

func TestEnabledFunc_followsTheState(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		q := src.query(query.Policy{
			RefetchInterval: query.Every(time.Second),
			Enabled:         query.EnabledFunc(func(s query.State[int]) bool { return s.Data() < 3 }),
		})
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		pass(time.Minute)
		require.Equal(t, 3, src.count(0))
		require.False(t, o.Current().IsEnabled())
	})
}

func TestOffline_fetchWaitsAndGoesOnWithTheNetwork(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Online: query.NewSignal(false)}, func(t *testing.T, c *query.Client) {
		src := new(source)
		q := src.query(query.Policy{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := query.Fetch(ctx, c, q)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		s, _ := c.State(q.Key)
		require.Equal(t, query.FetchPaused, s.FetchStatus())
		require.Zero(t, c.IsFetching(query.Filter{}), "paused is not fetching")
		outcome := fetching(t, c, q)
		c.Online().Set(true)
		v, err := outcome()
		require.NoError(t, err)
		require.Equal(t, 1, v)
	})
}

func TestNetworkMode_saysWhatWaits(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		mode  query.NetworkMode
		tries int
	}{{"online", query.NetworkOnline, 0}, {"offline first", query.NetworkOfflineFirst, 1}, {"always", query.NetworkAlways, 4}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{Online: query.NewSignal(false)}, func(t *testing.T, c *query.Client) {
				src := &source{fail: always}
				o := query.Observe(c, src.query(query.Policy{NetworkMode: tc.mode}))
				defer o.Subscribe(ignore)()
				pass(time.Minute)
				require.Equal(t, tc.tries, src.count(0))
				require.Equal(t, tc.mode != query.NetworkAlways, o.Current().IsPaused())
			})
		})
	}
}

func TestFocus_retriesWaitForItInAnyNetworkMode(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		o := query.Observe(c, src.query(query.Policy{NetworkMode: query.NetworkAlways, Retry: query.Retries(1)}))
		c.Focus().Set(false)
		defer o.Subscribe(ignore)()
		pass(time.Minute)
		require.Equal(t, 1, src.count(0))
		require.True(t, o.Current().IsPaused())
		require.True(t, o.Current().RetryAt().IsZero())
		c.Focus().Set(true)
		synctest.Wait()
		require.Equal(t, 2, src.count(0))
		require.True(t, o.Current().IsError())
	})
}
