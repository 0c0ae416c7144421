package query_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// versioned is a server that knows the version its caller has.
type versioned struct {
	takes time.Duration // to answer
	stays bool          // it says that nothing has changed, whatever it is told

	mu      sync.Mutex
	version int
	seen    []any // what each fetch was told of
}

func (s *versioned) fetch(ctx context.Context) ([]int, error) {
	info, _ := query.FetchInfoFrom(ctx)
	have := info.Remembered()
	s.mu.Lock()
	s.seen = append(s.seen, have)
	version := s.version
	s.mu.Unlock()
	time.Sleep(s.takes)
	if have == version || s.stays {
		return nil, query.ErrNotModified
	}
	info.Remember(version)
	return []int{version}, nil
}

// told returns what fetches were told of so far.
func (s *versioned) told() []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// become changes the version.
func (s *versioned) become(version int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = version
}

func (s *versioned) query() query.Query[[]int] {
	return query.Query[[]int]{Key: key("versioned"), Fetch: s.fetch, Policy: query.Policy{Retry: query.NoRetry()}}
}

// got fetches q.
func got[T any](t *testing.T, c *query.Client, q query.Query[T]) T {
	t.Helper()
	v, err := query.Fetch(t.Context(), c, q)
	require.NoError(t, err)
	return v
}

func ExampleErrNotModified() {
	version, list := "v1", []string{"o-17"} // of the server
	c, _ := query.New(query.Config{})
	defer c.Close(context.Background())
	orders := query.Query[[]string]{
		Key: querykey.Of("orders"),
		Fetch: func(ctx context.Context) ([]string, error) {
			info, _ := query.FetchInfoFrom(ctx)
			if info.Remembered() == version {
				return nil, query.ErrNotModified
			}
			info.Remember(version)
			return list, nil
		},
	}
	for range 2 {
		got, err := query.Fetch(context.Background(), c, orders)
		fmt.Println(got, err)
	}
	fmt.Println(c.Explain(orders.Key).Has(query.ReasonNotModified))
	// Output:
	// [o-17] <nil>
	// [o-17] <nil>
	// true
}

func TestNotModified_isASuccessWithTheSameData(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s := &versioned{version: 1}
		q := s.query()
		q.Policy.StaleTime = query.StaleAfter(2 * time.Second)
		q.Policy.RefetchInterval = query.Every(10 * time.Second)
		loud, stopLoud := record(query.Observe(c, q))
		defer stopLoud()
		q.Policy.NotifyOn = []query.Field{query.FieldData}
		quiet, stopQuiet := record(query.Observe(c, q))
		defer stopQuiet()
		pass(time.Second)
		first, heard := loud.last(), len(quiet.data())
		require.Equal(t, []int{1}, first.Data())
		require.NoError(t, c.Invalidate(t.Context(), query.Filter{Key: q.Key, Refetch: query.RefetchOptions{Type: query.RefetchNone}}))
		pass(10 * time.Second)
		last := loud.last()
		require.Equal(t, []any{nil, 1}, s.told())
		require.Same(t, &first.Data()[0], &last.Data()[0])
		require.True(t, last.DataUpdatedAt().After(first.DataUpdatedAt()))
		require.Equal(t, query.FetchIdle, last.FetchStatus())
		st := c.Entries(query.Filter{Key: q.Key})[0].State
		require.False(t, st.IsInvalidated())
		require.Equal(t, 2, st.DataUpdateCount())
		require.Len(t, quiet.data(), heard, "who listens to data alone hears nothing")
		require.True(t, c.Explain(q.Key).Has(query.ReasonNotModified))
		pass(10 * time.Second)
		require.Equal(t, []any{nil, 1, 1}, s.told(), "polls go on")
		s.become(2)
		pass(10 * time.Second)
		require.Equal(t, []int{2}, loud.last().Data())
		require.False(t, c.Explain(q.Key).Has(query.ReasonNotModified))
	})
}

func TestNotModified_clearsErrorsAndTellsEventsAndCallbacks(t *testing.T) {
	t.Parallel()
	succeeded := 0
	cfg := query.Config{OnFetch: query.FetchCallbacks{OnSuccess: func(query.State[any]) { succeeded++ }}}
	inBubble(t, cfg, func(t *testing.T, c *query.Client) {
		s := &versioned{version: 1}
		told := make(chan bool, 9)
		defer c.SubscribeEvents(query.EventOptions{Kinds: []query.EventKind{query.EventUpdated}}, func(ev query.Event) {
			if ev.Action == query.ActionSuccess {
				told <- ev.Unchanged
			}
		})()
		require.Equal(t, []int{1}, got(t, c, s.query()))
		broken := s.query()
		broken.Fetch = func(context.Context) ([]int, error) { return nil, errRefused }
		_, err := query.Fetch(t.Context(), c, broken)
		require.ErrorIs(t, err, errRefused)
		require.Equal(t, []int{1}, got(t, c, s.query()))
		st := c.Entries(query.Filter{})[0].State
		require.NoError(t, st.Err())
		require.Equal(t, query.StatusSuccess, st.Status())
		require.Equal(t, []any{nil, 1}, s.told(), "what failed has changed nothing")
		pass(time.Second)
		require.False(t, <-told)
		require.True(t, <-told)
		require.Empty(t, told)
		require.Equal(t, 2, succeeded)
	})
}

func TestRemembered_goesWithTheDataThatWereFetched(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, c *query.Client, q query.Query[[]int]){
		"Set": func(t *testing.T, c *query.Client, q query.Query[[]int]) {
			require.NoError(t, query.Set(c, q, []int{7}))
		},
		"Set of equal data": func(t *testing.T, c *query.Client, q query.Query[[]int]) {
			require.NoError(t, query.Set(c, q, []int{1}))
		},
		"Update": func(t *testing.T, c *query.Client, q query.Query[[]int]) {
			require.NoError(t, query.Update(c, q, func(old []int, ok bool) ([]int, bool) { return append(slices.Clone(old), 7), true }))
		},
		"Reset": func(t *testing.T, c *query.Client, q query.Query[[]int]) {
			require.NoError(t, c.Reset(t.Context(), query.Filter{Key: q.Key}))
		},
		"Remove": func(_ *testing.T, c *query.Client, q query.Query[[]int]) { c.Remove(query.Filter{Key: q.Key}) },
		"Receive": func(t *testing.T, c *query.Client, q query.Query[[]int]) {
			require.NoError(t, c.Receive(query.QuerySnapshot{Key: q.Key, Data: []byte("[7]"), DataUpdatedAt: time.Now().Add(time.Hour)}, query.HydrateOptions{}))
		},
		"Hydrate": func(t *testing.T, c *query.Client, q query.Query[[]int]) {
			snap, err := c.Dehydrate(query.DehydrateOptions{})
			require.NoError(t, err)
			snap.Queries[0].DataUpdatedAt = time.Now().Add(time.Hour)
			require.NoError(t, c.Hydrate(snap, query.HydrateOptions{}))
		},
		"a baked patch": func(t *testing.T, c *query.Client, q query.Query[[]int]) {
			m := query.Mutation[int, int]{
				Do: func(context.Context, int) (int, error) { return 0, nil },
				Optimistic: func(tx *query.Tx, v int) {
					query.Patch(tx, q, func(old []int, _ bool) ([]int, bool) { return append(slices.Clone(old), v), true })
				},
			}
			_, err := query.Mutate(t.Context(), c, m, 7)
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				s := &versioned{version: 1}
				require.Equal(t, []int{1}, got(t, c, s.query()))
				change(t, c, s.query())
				require.NoError(t, c.Invalidate(t.Context(), query.Filter{}))
				require.Equal(t, []int{1}, got(t, c, s.query()))
				require.Equal(t, []any{nil, nil}, s.told())
				require.Equal(t, []int{1}, got(t, c, s.query()))
				require.Equal(t, []any{nil, nil, 1}, s.told())
			})
		})
	}
}

func TestRemembered_outlivesWhatLeavesTheDataAlone(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s := &versioned{version: 1}
		q := s.query()
		require.Equal(t, []int{1}, got(t, c, q))
		m := query.Mutation[int, int]{
			Do: func(context.Context, int) (int, error) { return 0, errRefused },
			Optimistic: func(tx *query.Tx, v int) {
				query.Patch(tx, q, func([]int, bool) ([]int, bool) { return []int{v}, true })
			},
		}
		_, err := query.Mutate(t.Context(), c, m, 7)
		require.ErrorIs(t, err, errRefused)
		s.takes = time.Second
		stop := query.Observe(c, q).Subscribe(ignore)
		pass(100 * time.Millisecond)
		stop() // in the middle of a fetch
		require.Equal(t, []int{1}, got(t, c, q))
		require.Equal(t, []any{nil, 1}, s.told())
	})
}

func TestNotModified_underAPatchLeavesThePatch(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s := &versioned{version: 1}
		require.Equal(t, []int{1}, got(t, c, s.query()))
		m := query.Mutation[int, int]{
			Do: func(context.Context, int) (int, error) { time.Sleep(time.Second); return 0, errRefused },
			Optimistic: func(tx *query.Tx, v int) {
				query.Patch(tx, s.query(), func(old []int, _ bool) ([]int, bool) { return append(slices.Clone(old), v), true })
			},
		}
		go query.Mutate(t.Context(), c, m, 7)
		pass(100 * time.Millisecond)
		require.Equal(t, []int{1}, got(t, c, s.query()), "a fetch gets what the server has")
		shown, _ := query.Get(c, s.query())
		require.Equal(t, []int{1, 7}, shown)
		require.Equal(t, []any{nil, 1}, s.told())
		pass(2 * time.Second)
		shown, _ = query.Get(c, s.query())
		require.Equal(t, []int{1}, shown)
	})
}

func TestNotModified_ofDataThatWereWrittenMeanwhileIsFetchedWithoutCondition(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s := &versioned{version: 1}
		require.Equal(t, []int{1}, got(t, c, s.query()))
		s.takes = time.Second
		go func() {
			time.Sleep(500 * time.Millisecond)
			_ = query.Set(c, s.query(), []int{7})
		}()
		require.Equal(t, []int{1}, got(t, c, s.query()))
		require.Equal(t, []any{nil, 1, nil}, s.told())
		now, _ := query.Get(c, s.query())
		require.Equal(t, []int{1}, now)
	})
}

func TestNotModified_isAFailureIfNothingIsRemembered(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s := &versioned{stays: true}
		_, err := query.Fetch(t.Context(), c, s.query())
		require.ErrorIs(t, err, query.ErrNotModified)
		require.ErrorContains(t, err, "nothing was remembered")
		require.Len(t, s.told(), 1)

		s = &versioned{version: 1}
		require.Equal(t, []int{1}, got(t, c, s.query()))
		s.takes, s.stays = time.Second, true
		go func() {
			time.Sleep(500 * time.Millisecond)
			_ = query.Set(c, s.query(), []int{7})
		}()
		_, err = query.Fetch(t.Context(), c, s.query())
		require.ErrorContains(t, err, "nothing is remembered any more")
		now, _ := query.Get(c, s.query())
		require.Equal(t, []int{7}, now)
	})
}

func TestNotModified_isAFailureIfNobodyAskedWhatIsRemembered(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s := &versioned{version: 1}
		require.Equal(t, []int{1}, got(t, c, s.query()))
		for _, ask := range []func(query.FetchInfo){
			func(query.FetchInfo) {},
			func(info query.FetchInfo) { info.Remember(1) },
		} {
			q := s.query()
			q.Fetch = func(ctx context.Context) ([]int, error) {
				info, _ := query.FetchInfoFrom(ctx)
				ask(info)
				return nil, query.ErrNotModified
			}
			_, err := query.Fetch(t.Context(), c, q)
			require.ErrorIs(t, err, query.ErrNotModified)
		}
	})
}

func TestRemember_nilForgetsAndTheLastCounts(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var told []any
		steps := [][]any{{1, 2}, {3, nil}, {4}}
		q := query.Query[int]{Key: key("memory"), Fetch: func(ctx context.Context) (int, error) {
			info, _ := query.FetchInfoFrom(ctx)
			told = append(told, info.Remembered())
			for _, v := range steps[len(told)-1] {
				info.Remember(v)
			}
			return len(told), nil
		}}
		for range steps {
			got(t, c, q)
		}
		require.Equal(t, []any{nil, 2, nil}, told)
	})
}

func TestRemember_ofWhatIsNotModifiedReplacesIt(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var told []any
		q := query.Query[int]{Key: key("memory"), Fetch: func(ctx context.Context) (int, error) {
			info, _ := query.FetchInfoFrom(ctx)
			told = append(told, info.Remembered())
			info.Remember(len(told))
			if len(told) > 1 {
				return 0, query.ErrNotModified
			}
			return 7, nil
		}}
		for range 3 {
			require.Equal(t, 7, got(t, c, q))
		}
		require.Equal(t, []any{nil, 1, 2}, told)
	})
}

func TestRemember_outsideOfFetchesPagesAndStreamsIsNothing(t *testing.T) {
	t.Parallel()
	none, ok := query.FetchInfoFrom(t.Context())
	require.False(t, ok)
	none.Remember(1)
	require.Nil(t, none.Remembered())
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var told []any
		page := func(ctx context.Context, _ query.PageRequest[int]) (int, error) {
			info, _ := query.FetchInfoFrom(ctx)
			told = append(told, info.Remembered())
			info.Remember(1)
			if len(told) > 1 {
				return 0, query.ErrNotModified
			}
			return 1, nil
		}
		pages := query.InfiniteQuery[int, int]{
			Key: key("pages"), Fetch: page,
			NextPageParam: func(int, query.Pages[int, int]) (int, bool) { return 0, false },
		}.Query()
		got(t, c, pages)
		_, err := query.Fetch(t.Context(), c, pages)
		require.ErrorIs(t, err, query.ErrNotModified)
		require.Equal(t, []any{nil, nil}, told)
	})
}

func TestNotModified_afterAFailedAttempt(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s, failures := &versioned{version: 1}, 0
		q := s.query()
		q.Policy.Retry, q.Policy.RetryDelay = query.Retries(1), query.ConstantDelay(time.Second)
		q.Fetch = func(ctx context.Context) ([]int, error) {
			if failures > 0 {
				failures--
				return nil, errRefused
			}
			return s.fetch(ctx)
		}
		require.Equal(t, []int{1}, got(t, c, q))
		failures = 1
		require.Equal(t, []int{1}, got(t, c, q))
		require.Equal(t, []any{nil, 1}, s.told())
		require.Zero(t, c.Entries(query.Filter{})[0].State.FailureCount())
	})
}

// The answer is older than the event, whatever it says.
func TestNotModified_thatAnEventHasOutdatedIsAskedForAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s, w := &versioned{takes: time.Second, version: 1}, newWire()
		q := s.query()
		q.Policy.StaleTime = query.StaleAfter(time.Hour)
		o := query.Observe(c, q)
		defer o.Subscribe(func(query.Result[[]int]) {})()
		p := w.push()
		p.Covers = []query.Filter{{Key: key("versioned")}}
		p.On = func(ctx context.Context, c *query.Client, _ int) error {
			return c.Invalidate(ctx, query.Filter{
				Key:     key("versioned"),
				Refetch: query.RefetchOptions{Cancel: query.Off, NoWait: true},
			})
		}
		attach(t, c, p)
		w.say(connected)
		pass(5 * time.Second)
		asked := len(s.told())

		require.NoError(t, c.Refetch(t.Context(), query.Filter{Refetch: query.RefetchOptions{NoWait: true}}))
		pass(time.Second / 2)
		s.become(2) // after the server has looked
		w.say(data("a", 0))
		pass(time.Second / 2)
		require.Equal(t, []int{1}, o.Current().Data())
		require.True(t, o.Current().IsStale(), "what was not modified was so before the event")
		pass(time.Second)
		require.Equal(t, []int{2}, o.Current().Data())
		require.False(t, o.Current().IsStale())
		require.Len(t, s.told(), asked+2)
	})
}
