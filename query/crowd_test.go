package query_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// pollCrowd observes n queries that are polled each second, the function of which does
// what odd says in number seven.
func pollCrowd(t *testing.T, c *query.Client, n int, odd func(context.Context)) (polls, told []atomic.Int64) {
	t.Helper()
	polls, told = make([]atomic.Int64, n), make([]atomic.Int64, n)
	for i := range n {
		q := query.Query[int]{
			Key: key("crowd", i),
			Fetch: func(ctx context.Context) (int, error) {
				v := int(polls[i].Add(1))
				if i == 7 && v > 1 {
					odd(ctx)
				}
				return v, nil
			},
			Policy: query.Policy{RefetchInterval: query.Every(time.Second), Retry: query.NoRetry()},
		}
		stop := query.Observe(c, q).Subscribe(func(r query.Result[int]) { told[i].Store(int64(r.Data())) })
		t.Cleanup(stop)
	}
	return polls, told
}

// values returns what is in all but number seven.
func values(list []atomic.Int64) map[int64]int {
	found := map[int64]int{}
	for i := range list {
		if i != 7 {
			found[list[i].Load()]++
		}
	}
	return found
}

func TestPolling_ofACrowdWaitsForNoFunction(t *testing.T) {
	t.Parallel()
	const n = 1000
	for _, tc := range []struct {
		name string
		odd  func(context.Context)
		odds int64 // polls of number seven
	}{
		{"that blocks", func(ctx context.Context) { <-ctx.Done() }, 2},
		{"that ends its goroutine", func(context.Context) { runtime.Goexit() }, 11},
		{"that panics", func(context.Context) { panic("odd") }, 11},
		{"that takes half a second", func(context.Context) { time.Sleep(500 * time.Millisecond) }, 7},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				polls, told := pollCrowd(t, c, n, tc.odd)
				pass(10*time.Second + 500*time.Millisecond)
				require.Equal(t, map[int64]int{11: n - 1}, values(polls))
				require.Equal(t, map[int64]int{11: n - 1}, values(told), "and everybody has heard of the last one")
				require.InDelta(t, tc.odds, polls[7].Load(), 1)
			})
		})
	}
}

func TestPolling_ofACrowdTellsSlowSubscribersTheLast(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		polls, told := pollCrowd(t, c, 500, func(context.Context) {})
		var last atomic.Int64
		q := query.Query[int]{Key: key("crowd", 3), Policy: query.Policy{StaleTime: query.StaleNever()}}
		defer query.Observe(c, q).Subscribe(func(r query.Result[int]) {
			time.Sleep(700 * time.Millisecond)
			last.Store(int64(r.Data()))
		})()
		pass(5*time.Second + 500*time.Millisecond)
		require.Equal(t, map[int64]int{6: 499}, values(polls))
		require.Equal(t, map[int64]int{6: 499}, values(told))
		pass(950 * time.Millisecond) // it was told of two results since the last poll
		require.EqualValues(t, 6, last.Load())
	})
}

func TestPolling_ofACrowdBringsNothingBackThatWasRemoved(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s := &source{takes: 100 * time.Millisecond}
		for i := range 500 {
			q := query.Query[int]{Key: key("crowd", i), Fetch: s.fetch, Policy: query.Policy{RefetchInterval: query.Every(time.Second)}}
			t.Cleanup(query.Observe(c, q).Subscribe(ignore))
		}
		pass(1150 * time.Millisecond)
		require.EqualValues(t, 1000, s.calls.Load(), "each is being polled")
		c.Remove(query.Filter{Key: key("crowd")})
		pass(100 * time.Millisecond)
		require.Empty(t, c.Entries(query.Filter{}))
	})
}

func TestPolling_ofACrowdGoesTogetherAndWaitsForNoFunction(t *testing.T) {
	t.Parallel()
	cfg := query.Config{Together: query.Together{On: query.On}, PollJitter: 100 * time.Millisecond, Storm: query.Storm{Places: 4}}
	inBubble(t, cfg, func(t *testing.T, c *query.Client) {
		polls, told := pollCrowd(t, c, 1000, func(ctx context.Context) { <-ctx.Done() })
		pass(10 * time.Second)
		require.Equal(t, values(polls), values(told))
		for n := range values(polls) {
			require.InDelta(t, 11, n, 1, "a tenth of a second early at most, each time")
		}
		require.EqualValues(t, 2, polls[7].Load())
	})
}

func TestPolling_ofACrowdIsSlowWhilePushIsLive(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		polls, told := pollCrowd(t, c, 1000, func(context.Context) {})
		w := newWire()
		p := w.push()
		p.Covers, p.Safety = []query.Filter{{Key: key("crowd")}}, 10*time.Second
		attach(t, c, p)
		pass(2*time.Second + 500*time.Millisecond)
		require.Equal(t, map[int64]int{3: 999}, values(polls))
		w.say(connected)
		require.Equal(t, map[int64]int{4: 999}, values(polls), "what may have been missed")
		pass(9 * time.Second)
		require.Equal(t, map[int64]int{4: 999}, values(polls))
		pass(time.Second)
		require.Equal(t, map[int64]int{5: 999}, values(polls), "to be safe")
		pass(5 * time.Second)
		w.say(disconnected)
		require.Equal(t, map[int64]int{6: 999}, values(polls), "rescued")
		pass(3*time.Second + 100*time.Millisecond)
		require.Equal(t, map[int64]int{9: 999}, values(polls), "polled at its own pace")
		require.Equal(t, values(polls), values(told))
	})
}

func TestPolling_ofACrowdStoresNoAnswerThatAnEventHasOutdated(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s := &source{takes: 100 * time.Millisecond}
		all := make([]query.Query[int], 300)
		for i := range all {
			all[i] = query.Query[int]{Key: key("crowd", i), Fetch: s.fetch, Policy: query.Policy{RefetchInterval: query.Every(10 * time.Second)}}
			t.Cleanup(query.Observe(c, all[i]).Subscribe(ignore))
		}
		w := newWire()
		p := w.push()
		p.Covers = []query.Filter{{Key: key("crowd")}}
		p.On = func(_ context.Context, c *query.Client, v int) error { return query.Set(c, all[v], -1) }
		attach(t, c, p)
		pass(time.Second)
		w.say(connected)
		pass(50 * time.Millisecond) // all are being fetched
		w.say(data("1", 5))
		pass(50 * time.Millisecond)
		v, _ := query.Get(c, all[5])
		require.Equal(t, -1, v, "the answer was on its way when the event came")
		pass(200 * time.Millisecond)
		v, _ = query.Get(c, all[5])
		require.Equal(t, 601, v, "of the fetch after the event")
		require.EqualValues(t, 601, s.calls.Load())
	})
}
