package query_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/query"
)

// crowd is a server that counts how many fetches run at a time.
type crowd struct {
	begun

	mu      sync.Mutex
	now     int
	most    int
	failing func(name any) bool
}

func (x *crowd) query(name any, takes time.Duration, p query.Policy) query.Query[int] {
	q := x.begun.query(name, 0, p)
	note := q.Fetch
	q.Fetch = func(ctx context.Context) (int, error) {
		x.change(+1)
		defer x.change(-1)
		_, _ = note(ctx)
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
		if x.failing != nil && x.failing(name) {
			return 0, errRefused
		}
		return 0, nil
	}
	return q
}

func (x *crowd) change(by int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.now += by
	x.most = max(x.most, x.now)
}

// watch observes n queries that take so long, and forgets their first fetches.
func (x *crowd) watch(c *query.Client, n int, takes time.Duration, p query.Policy) {
	for i := range n {
		query.Observe(c, x.query(i, takes, p)).Subscribe(ignore)
	}
	pass(10 * time.Second)
	x.anew()
}

// anew begins to count again.
func (x *crowd) anew() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.log.drop()
	x.since, x.most = time.Now(), 0
}

func (x *crowd) order() (names []any) {
	for _, n := range x.log.all() {
		names = append(names, n.key)
	}
	return names
}

func places(n int) query.Config { return query.Config{Storm: query.Storm{Places: n}} }

func TestStorm_noMoreThanThePlacesAreFetchedAtATime(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]func(*query.Client) error{
		"invalidate": func(c *query.Client) error { return c.Invalidate(context.Background(), query.Filter{}) },
		"refetch":    func(c *query.Client) error { return c.Refetch(context.Background(), query.Filter{}) },
		"focus": func(c *query.Client) error {
			c.Focus().Set(false)
			c.Focus().Set(true)
			pass(time.Minute)
			return nil
		},
		"reconnect": func(c *query.Client) error {
			c.Online().Set(false)
			c.Online().Set(true)
			pass(time.Minute)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, places(3), func(t *testing.T, c *query.Client) {
				x := new(crowd)
				x.watch(c, 10, time.Second, query.Policy{})
				require.NoError(t, cause(c))
				require.Equal(t, 3, x.most)
				require.Len(t, x.log.all(), 10, "waited for all")
				require.Equal(t, 4, x.moments(-1))
			})
		})
	}
}

func TestStorm_offFetchesAllAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		x := new(crowd)
		x.watch(c, 10, time.Second, query.Policy{})
		require.NoError(t, c.Invalidate(context.Background(), query.Filter{}))
		require.Equal(t, 10, x.most)
	})
}

func TestStorm_theOneLookedAtLastIsFirstAndTheUnobservedAreLast(t *testing.T) {
	t.Parallel()
	inBubble(t, places(1), func(t *testing.T, c *query.Client) {
		x := new(crowd)
		for _, name := range []string{"unseen 1", "unseen 2"} {
			_, err := query.Fetch(context.Background(), c, x.query(name, ms, query.Policy{}))
			require.NoError(t, err)
		}
		x.watch(c, 3, ms, query.Policy{})
		require.NoError(t, c.Refetch(context.Background(), query.Filter{}))
		// Every fourth place is for who has waited longest.
		require.Equal(t, []any{2, 1, 0, "unseen 1", "unseen 2"}, x.order())
	})
}

func TestStorm_nobodyIsOvertakenForEver(t *testing.T) {
	t.Parallel()
	inBubble(t, places(1), func(t *testing.T, c *query.Client) {
		x := new(crowd)
		_, err := query.Fetch(context.Background(), c, x.query("unseen", ms, query.Policy{}))
		require.NoError(t, err)
		x.watch(c, 20, time.Second, query.Policy{})
		go func() { _ = c.Refetch(context.Background(), query.Filter{}) }()
		for range 100 { // more is asked for than the place is good for
			pass(2 * time.Second)
			require.NoError(t, c.Invalidate(context.Background(), query.Filter{Key: key(), Refetch: query.RefetchOptions{NoWait: true}}))
		}
		require.Contains(t, x.order()[:40], any("unseen"))
	})
}

func TestStorm_whoWaitsIsIdleAndExplainSaysWhy(t *testing.T) {
	t.Parallel()
	inBubble(t, places(4), func(t *testing.T, c *query.Client) {
		x := new(crowd)
		x.watch(c, 6, time.Second, query.Policy{})
		require.NoError(t, c.Invalidate(context.Background(), query.Filter{Refetch: query.RefetchOptions{NoWait: true}}))
		pass(0)
		require.Equal(t, 4, c.IsFetching(query.Filter{}))
		require.Contains(t, c.Explain(key(1)).String(), "It waits for one of 4 places in a mass refetch.")
		require.True(t, c.Explain(key(1)).Has(query.ReasonQueued))
		pass(time.Second)
		require.False(t, c.Explain(key(1)).Has(query.ReasonQueued))
	})
}

func TestStorm_aSingleQueryIsFetchedAtOnceAndDoesNotWaitAnyLonger(t *testing.T) {
	t.Parallel()
	for name, fetch := range map[string]func(*query.Client, query.Query[int]) error{
		"exact": func(c *query.Client, q query.Query[int]) error {
			return c.Refetch(context.Background(), query.Filter{Key: q.Key, Exact: true})
		},
		"fetch": func(c *query.Client, q query.Query[int]) error {
			_, err := query.Fetch(context.Background(), c, q)
			return err
		},
		"observer": func(c *query.Client, q query.Query[int]) error {
			_, err := query.Observe(c, q).Refetch(context.Background(), query.RefetchOptions{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, places(1), func(t *testing.T, c *query.Client) {
				x := new(crowd)
				x.watch(c, 5, time.Second, query.Policy{})
				done := make(chan error, 1)
				go func() { done <- c.Invalidate(context.Background(), query.Filter{}) }()
				pass(500 * ms)
				require.NoError(t, fetch(c, x.query(0, time.Second, query.Policy{})))
				require.Equal(t, []time.Duration{500 * ms}, x.at(0))
				require.NoError(t, <-done)
				require.Len(t, x.log.all(), 5, "each once")
			})
		})
	}
}

func TestStorm_cancelAndCloseReachThoseWhoWait(t *testing.T) {
	t.Parallel()
	inBubble(t, places(1), func(t *testing.T, c *query.Client) {
		x := new(crowd)
		x.watch(c, 5, time.Second, query.Policy{})
		done := make(chan error, 1)
		invalidate := func() { done <- c.Invalidate(context.Background(), query.Filter{}) }
		go invalidate()
		pass(ms)
		require.NoError(t, c.Cancel(context.Background(), query.Filter{}))
		require.NoError(t, <-done, "there are data of before")
		require.Len(t, x.log.all(), 1)

		go invalidate()
		pass(ms)
		require.NoError(t, c.Cancel(context.Background(), query.Filter{Cancel: query.CancelOptions{Silent: true}}))
		require.ErrorIs(t, <-done, query.ErrCancelled)

		go invalidate()
		pass(ms)
		require.NoError(t, c.Close(context.Background()))
		require.ErrorIs(t, <-done, query.ErrClosed)
		require.Len(t, x.log.all(), 3)
	})
}

func TestStorm_whoseObserverLeavesDoesNotWaitAnyLonger(t *testing.T) {
	t.Parallel()
	inBubble(t, places(1), func(t *testing.T, c *query.Client) {
		x := new(crowd)
		x.watch(c, 2, time.Second, query.Policy{})
		stop := query.Observe(c, x.query("leaves", 0, query.Policy{StaleTime: query.StaleNever()})).Subscribe(ignore)
		query.Observe(c, x.query("last", time.Second, query.Policy{})).Subscribe(ignore)
		pass(10 * time.Second)
		x.anew()
		done := make(chan error, 1)
		go func() { done <- c.Invalidate(context.Background(), query.Filter{}) }()
		pass(ms)
		stop()
		require.NoError(t, <-done)
		require.Empty(t, x.at("leaves"))
		require.Len(t, x.log.all(), 3)
	})
}

func TestStorm_aFetchThatFailsOrPausesGivesItsPlaceAway(t *testing.T) {
	t.Parallel()
	inBubble(t, places(1), func(t *testing.T, c *query.Client) {
		x := new(crowd)
		x.watch(c, 6, 100*ms, query.Policy{Retry: query.RetryForever(), RetryDelay: query.ConstantDelay(time.Second)})
		x.failing = func(name any) bool { return name == 5 }
		go func() { _ = c.Invalidate(context.Background(), query.Filter{}) }()
		pass(5 * time.Second)
		require.Equal(t, []any{5, 4, 3, 0, 2, 1}, x.order()[:6], "the fourth is the oldest")
		require.Greater(t, len(x.at(5)), 3, "it is tried again")
		require.Equal(t, 1, x.most, "in its turn")
	})
}

func TestStorm_offlineNobodyHoldsAPlaceNorIsWaitedFor(t *testing.T) {
	t.Parallel()
	inBubble(t, places(2), func(t *testing.T, c *query.Client) {
		x := new(crowd)
		x.watch(c, 6, time.Second, query.Policy{})
		c.Online().Set(false)
		require.NoError(t, c.Invalidate(context.Background(), query.Filter{}))
		require.Empty(t, x.log.all())
		c.Online().Set(true)
		pass(10 * time.Second)
		require.Len(t, x.log.all(), 6)
		require.Equal(t, 2, x.most)
	})
}

func TestStorm_refocusWithinAMomentDoesNothingMore(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Storm: query.Storm{Refocus: 5 * time.Second}}, func(t *testing.T, c *query.Client) {
		x := new(crowd)
		x.watch(c, 1, 0, query.Policy{})
		for range 10 { // each second for ten
			c.Focus().Set(false)
			c.Focus().Set(true)
			pass(time.Second)
		}
		require.Equal(t, []time.Duration{0, 5 * time.Second}, x.at(0))
	})
}

func TestStorm_refocusLetsRetriesGoOn(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Storm: query.Storm{Refocus: time.Hour}}, func(t *testing.T, c *query.Client) {
		x := new(crowd)
		x.watch(c, 1, 0, query.Policy{})
		c.Focus().Set(false)
		c.Focus().Set(true)
		pass(time.Second)
		x.failing = func(any) bool { return len(x.log.all()) < 3 }
		go func() { _ = c.Refetch(context.Background(), query.Filter{}) }()
		pass(0)
		c.Focus().Set(false)
		pass(time.Minute)
		require.Len(t, x.log.all(), 2)
		c.Focus().Set(true)
		pass(0)
		require.Len(t, x.log.all(), 3)
	})
}

func TestStorm_reconnectIsSpread(t *testing.T) {
	t.Parallel()
	for _, together := range []query.Toggle{query.Off, query.On} {
		cfg := query.Config{
			Storm: query.Storm{Spread: 10 * time.Second}, Together: query.Together{On: together}, Random: rand.NewPCG(1, 2),
		}
		inBubble(t, cfg, func(t *testing.T, c *query.Client) {
			x := new(crowd)
			x.watch(c, 20, 0, query.Policy{})
			paused := x.query("paused", 0, query.Policy{})
			c.Online().Set(false)
			query.Observe(c, paused).Subscribe(ignore)
			pass(time.Second)
			c.Online().Set(true)
			pass(0)
			require.Contains(t, c.Explain(paused.Key).String(), "fetches are spread after the network has returned")
			pass(10 * time.Second)
			require.Len(t, x.log.all(), 21)
			if together == query.On {
				require.Equal(t, 1, x.moments(-1))
			} else {
				require.Greater(t, x.moments(-1), 15)
			}
		})
	}
}

func TestStorm_aWriteOfTheUserDoesNotWaitForTheSpread(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Storm: query.Storm{Places: 2, Spread: time.Hour}}, func(t *testing.T, c *query.Client) {
		x := new(crowd)
		x.watch(c, 5, 0, query.Policy{})
		c.Online().Set(false)
		c.Online().Set(true)
		pass(0)
		require.NoError(t, c.Invalidate(context.Background(), query.Filter{}))
		require.Len(t, x.log.all(), 5)
		pass(2 * time.Hour)
		require.Len(t, x.log.all(), 5, "each once")
	})
}

func TestStorm_isBoundedAndEndsWhateverHappens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(rt, "places")
		steps := rapid.SliceOfN(rapid.IntRange(0, 6), 1, 30).Draw(rt, "steps")
		synctest.Test(t, func(t *testing.T) {
			c, err := query.New(places(n))
			require.NoError(t, err)
			x := new(crowd)
			x.watch(c, 8, 700*ms, query.Policy{RetryDelay: query.ConstantDelay(0)})
			x.failing = func(name any) bool { return name == 3 }
			noWait := query.Filter{Refetch: query.RefetchOptions{NoWait: true}}
			var ends []chan error
			for i, step := range steps {
				switch step {
				case 0:
					require.NoError(t, c.Invalidate(context.Background(), noWait))
				case 1:
					done := make(chan error, 1)
					ends = append(ends, done)
					go func() { done <- c.Refetch(context.Background(), query.Filter{}) }()
				case 2:
					c.Focus().Set(i%2 == 0)
				case 3:
					c.Online().Set(i%2 == 0)
				case 4:
					require.NoError(t, c.Cancel(context.Background(), query.Filter{Key: key(i % 8)}))
				case 5:
					pass(time.Second)
				default:
					pass(100 * ms)
				}
			}
			c.Online().Set(true)
			c.Focus().Set(true)
			pass(5 * time.Minute)
			require.LessOrEqual(t, x.most, n)
			require.Zero(t, x.now)
			for _, done := range ends {
				require.NotEmpty(t, done, "waits for ever")
			}
			x.anew()
			require.Error(t, c.Invalidate(context.Background(), query.Filter{}), "number 3 fails")
			names := x.order()
			for i := range 8 {
				require.True(t, slices.Contains(names, any(i)), "nobody fetches %d any more", i)
			}
			require.NoError(t, c.Close(context.WithoutCancel(t.Context())))
		})
	})
}
