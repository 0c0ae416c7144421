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

// crowd observes n queries that are polled each second, the function of which does
// what odd says in number seven.
func crowd(t *testing.T, c *query.Client, n int, odd func(context.Context)) (polls, told []atomic.Int64) {
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
				polls, told := crowd(t, c, n, tc.odd)
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
		polls, told := crowd(t, c, 500, func(context.Context) {})
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
