package query_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// starts notes when a fetch began, in milliseconds since the first one.
type starts struct {
	takes time.Duration
	first atomic.Pointer[time.Time]
	at    notes[int64]
}

func (s *starts) fetch(context.Context) (int, error) {
	now := time.Now()
	s.first.CompareAndSwap(nil, &now)
	s.at.add(now.Sub(*s.first.Load()).Milliseconds())
	time.Sleep(s.takes)
	return len(s.at.all()), nil
}

func (s *starts) failing(ctx context.Context) (int, error) {
	_, _ = s.fetch(ctx)
	return 0, errRefused
}

func TestPolling_periodIsIntervalPlusDuration(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name            string
		interval, takes time.Duration
		want            []int64
	}{
		{"instant", 100 * time.Millisecond, 0, []int64{0, 100, 200, 300, 400}},
		{"slow", 100 * time.Millisecond, 60 * time.Millisecond, []int64{0, 160, 320}},
		{"slower than the interval", 50 * time.Millisecond, 150 * time.Millisecond, []int64{0, 200, 400}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				s := &starts{takes: tc.takes}
				q := query.Query[int]{Key: key("a"), Fetch: s.fetch, Policy: query.Policy{RefetchInterval: query.Every(tc.interval)}}
				defer query.Observe(c, q).Subscribe(ignore)()
				pass(450 * time.Millisecond)
				require.Equal(t, tc.want, s.at.all())
			})
		})
	}
}

func TestPolling_goesOnAfterErrors(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		defer query.Observe(c, src.query(query.Policy{RefetchInterval: query.Every(time.Second), Retry: query.NoRetry()})).Subscribe(ignore)()
		pass(3500 * time.Millisecond)
		require.Equal(t, 4, src.count(0))
	})
}

func TestPolling_staticDataArePolledToo(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		defer query.Observe(c, src.query(query.Policy{RefetchInterval: query.Every(time.Second), StaleTime: query.StaleStatic()})).Subscribe(ignore)()
		pass(2500 * time.Millisecond)
		require.Equal(t, 3, src.count(0))
	})
}

func TestPolling_stopsWithoutFocusAndResumesItsPace(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		fore, back := new(source), new(source)
		p := query.Policy{RefetchInterval: query.Every(time.Second), RefetchOnFocus: query.Never}
		seen := fore.query(p)
		p.RefetchIntervalInBackground = query.On
		hidden := back.query(p)
		hidden.Key = key("background")
		defer query.Observe(c, seen).Subscribe(ignore)()
		defer query.Observe(c, hidden).Subscribe(ignore)()
		pass(500 * time.Millisecond)
		c.Focus().Set(false)
		pass(3 * time.Second)
		require.Equal(t, 1, fore.count(0))
		require.Equal(t, 4, back.count(0))
		c.Focus().Set(true)
		pass(0)
		require.Equal(t, 1, fore.count(0), "a missed tick is not made up for")
		pass(500 * time.Millisecond)
		require.Equal(t, 2, fore.count(0))
	})
}

func TestPolling_intervalFollowsTheState(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s := new(starts)
		q := query.Query[int]{Key: key("a"), Fetch: s.fetch, Policy: query.Policy{
			RefetchInterval: query.EveryFunc(func(s query.State[int]) time.Duration {
				switch s.Data() {
				case 1:
					return 100 * time.Millisecond
				case 2:
					return time.Second
				default:
					return 0
				}
			}),
		}}
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		pass(500 * time.Millisecond)
		require.Equal(t, time.Now().Add(600*time.Millisecond), o.Current().NextPollAt())
		pass(time.Hour)
		require.Equal(t, []int64{0, 100, 1100}, s.at.all())
		require.Zero(t, o.Current().NextPollAt())
	})
}

func TestPolling_changedIntervalTakesEffectAndTheSameOneDoesNot(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s := new(starts)
		every := func(d time.Duration) query.Query[int] {
			return query.Query[int]{Key: key("a"), Fetch: s.fetch, Policy: query.Policy{
				RefetchInterval: query.Every(d), StaleTime: query.StaleNever(),
			}}
		}
		o := query.Observe(c, every(100*time.Millisecond))
		defer o.Subscribe(ignore)()
		pass(60 * time.Millisecond)
		require.NoError(t, query.SetQuery(o, every(100*time.Millisecond)))
		pass(60 * time.Millisecond)
		require.NoError(t, query.SetQuery(o, every(50*time.Millisecond)))
		pass(60 * time.Millisecond)
		require.NoError(t, query.SetQuery(o, every(0)))
		pass(time.Hour)
		require.Equal(t, []int64{0, 100, 170}, s.at.all())
	})
}

func TestPolling_anyWriteBeginsTheIntervalAnew(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		q := src.query(query.Policy{RefetchInterval: query.Every(100 * time.Millisecond)})
		defer query.Observe(c, q).Subscribe(ignore)()
		for range 20 {
			pass(70 * time.Millisecond)
			require.NoError(t, query.Set(c, q, 0))
		}
		require.Equal(t, 1, src.count(0))
		pass(100 * time.Millisecond)
		require.Equal(t, 2, src.count(0))
	})
}

func TestPolling_disabledObserverDoesNotPoll(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		p := query.Policy{RefetchInterval: query.Every(time.Second), Enabled: query.Off}
		o := query.Observe(c, src.query(p))
		defer o.Subscribe(ignore)()
		pass(10 * time.Second)
		require.Zero(t, src.count(0))
		p.Enabled = query.On
		require.NoError(t, query.SetQuery(o, src.query(p)))
		pass(time.Second)
		require.Equal(t, 2, src.count(0), "enabling fetches, then the pace begins")
	})
}

func TestPolling_offlineTickWaitsForTheNetwork(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		o := query.Observe(c, src.query(query.Policy{RefetchInterval: query.Every(time.Second), RefetchOnReconnect: query.Never}))
		defer o.Subscribe(ignore)()
		pass(500 * time.Millisecond)
		c.Online().Set(false)
		pass(5 * time.Second)
		require.Equal(t, 1, src.count(0))
		require.True(t, o.Current().IsPaused())
		c.Online().Set(true)
		pass(0)
		require.Equal(t, 2, src.count(0))
	})
}
