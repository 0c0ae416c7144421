package query_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

func chosen(c *query.Client, f query.Filter) []string {
	var keys []string
	for _, e := range c.Entries(f) {
		keys = append(keys, e.State.Key().String())
	}
	return keys
}

func TestFilter_choosesByAllItsConditions(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		off := query.Policy{Enabled: query.Off}
		set := func(k querykey.Key) query.Query[int] {
			q := query.Query[int]{Key: k, Policy: query.Policy{StaleTime: query.StaleNever()}}
			require.NoError(t, query.Set(c, q, 1))
			return q
		}
		set(key("o"))
		active := set(key("o", 1))
		disabled := set(key("o", 2))
		disabled.Policy = off
		set(key("o", map[string]any{"page": 1, "sort": "up"}))
		set(key("p"))
		query.Observe(c, query.Query[int]{Key: key("empty")})
		defer query.Observe(c, active).Subscribe(ignore)()
		defer query.Observe(c, disabled).Subscribe(ignore)()
		running := query.Query[int]{Key: key("p", "running"), Fetch: hang}
		go func() { _ = query.Prefetch(t.Context(), c, running) }()
		synctest.Wait()
		require.NoError(t, c.Invalidate(t.Context(), query.Filter{Key: key("p"), Exact: true}))

		for _, tc := range []struct {
			name string
			f    query.Filter
			want []string
		}{
			{"all, oldest first", query.Filter{}, []string{`["o"]`, `["o",1]`, `["o",2]`, `["o",{"page":1,"sort":"up"}]`, `["p"]`, `["empty"]`, `["p","running"]`}},
			{"prefix", query.Filter{Key: key("o")}, []string{`["o"]`, `["o",1]`, `["o",2]`, `["o",{"page":1,"sort":"up"}]`}},
			{"part of an object", query.Filter{Key: key("o", map[string]any{"page": 1})}, []string{`["o",{"page":1,"sort":"up"}]`}},
			{"exact", query.Filter{Key: key("o"), Exact: true}, []string{`["o"]`}},
			{"exact, unknown", query.Filter{Key: key("none"), Exact: true}, nil},
			{"exact without key", query.Filter{Exact: true, Type: query.ActiveEntries}, []string{`["o",1]`}},
			{"active", query.Filter{Type: query.ActiveEntries}, []string{`["o",1]`}},
			{"inactive", query.Filter{Key: key("o"), Type: query.InactiveEntries}, []string{`["o"]`, `["o",2]`, `["o",{"page":1,"sort":"up"}]`}},
			{"stale", query.Filter{Stale: query.On}, []string{`["p"]`, `["empty"]`, `["p","running"]`}},
			{"not stale", query.Filter{Key: key("o"), Stale: query.Off}, []string{`["o"]`, `["o",1]`, `["o",2]`, `["o",{"page":1,"sort":"up"}]`}},
			{"fetching", query.Filter{FetchStatus: query.FetchFetching}, []string{`["p","running"]`}},
			{"predicate", query.Filter{Predicate: func(s query.State[any]) bool { return !s.HasData() }}, []string{`["empty"]`, `["p","running"]`}},
			{"invalid key", query.Filter{Key: key(make(chan int))}, nil},
			{"invalid exact key", query.Filter{Key: key(make(chan int)), Exact: true}, nil},
		} {
			require.Equal(t, tc.want, chosen(c, tc.f), tc.name)
		}
		require.Equal(t, 1, c.IsFetching(query.Filter{}))
		require.Equal(t, 0, c.IsFetching(query.Filter{Key: key("o")}))
	})
}

func TestInvalidate_fetchesWhatIsObservedAndMarksTheRest(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name             string
		how              query.RefetchType
		entries          query.EntryType
		observed, unseen int
	}{
		{"default", 0, query.AnyEntry, 1, 0},
		{"active", query.RefetchActive, query.AnyEntry, 1, 0},
		{"inactive", query.RefetchInactive, query.AnyEntry, 0, 1},
		{"all", query.RefetchAll, query.AnyEntry, 1, 1},
		{"none", query.RefetchNone, query.AnyEntry, 0, 0},
		{"by the filter's type", 0, query.InactiveEntries, 0, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				seen, unseen := new(source), new(source)
				p := query.Policy{StaleTime: query.StaleNever()}
				a, b := seen.query(p), unseen.query(p)
				b.Key = key("unseen")
				defer query.Observe(c, a).Subscribe(ignore)()
				require.NoError(t, query.Prefetch(t.Context(), c, b))
				synctest.Wait()
				require.NoError(t, c.Invalidate(t.Context(), query.Filter{Type: tc.entries, Refetch: query.RefetchOptions{Type: tc.how}}))
				require.Equal(t, 1+tc.observed, seen.count(0))
				require.Equal(t, 1+tc.unseen, unseen.count(0))
				if tc.how == query.RefetchNone {
					require.Equal(t, []string{`["source"]`, `["unseen"]`}, chosen(c, query.Filter{Stale: query.On}))
				}
			})
		})
	}
}

func TestInvalidate_unobservedQueryIsFetchedByItsNextObserver(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		q := src.query(query.Policy{StaleTime: query.StaleNever()})
		require.NoError(t, query.Prefetch(t.Context(), c, q))
		require.NoError(t, c.Invalidate(t.Context(), query.Filter{}))
		require.Equal(t, 1, src.count(0))
		defer query.Observe(c, q).Subscribe(ignore)()
		synctest.Wait()
		require.Equal(t, 2, src.count(0))
	})
}

func TestRefetch_skipsWhatIsDisabledStaticOrNeverFetched(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var sources [3]source
		add := func(i int, p query.Policy) query.Query[int] {
			q := sources[i].query(p)
			q.Key = key("k", i)
			return q
		}
		defer query.Observe(c, add(0, query.Policy{Enabled: query.Off})).Subscribe(ignore)()
		defer query.Observe(c, add(1, query.Policy{StaleTime: query.StaleStatic()})).Subscribe(ignore)()
		query.Observe(c, add(2, query.Policy{}))
		skipped := query.Query[int]{Key: key("k", 3), Skip: true}
		require.NoError(t, query.Set(c, skipped, 1))
		synctest.Wait()
		require.NoError(t, c.Refetch(t.Context(), query.Filter{}))
		require.Equal(t, []int{0, 1, 0}, []int{sources[0].count(0), sources[1].count(0), sources[2].count(0)})
	})
}

func TestRefetch_joinsErrorsOrFailsFast(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		slow := errors.New("slow")
		fail := func(i int, d time.Duration, err error) {
			q := query.Query[int]{Key: key("k", i), Policy: query.Policy{Retry: query.NoRetry()}, Fetch: func(context.Context) (int, error) {
				time.Sleep(d)
				return 0, err
			}}
			require.NoError(t, query.Set(c, q, 0))
			query.Observe(c, q)
		}
		fail(1, time.Second, errRefused)
		fail(2, time.Minute, slow)
		fail(3, 0, nil)
		start := time.Now()
		err := c.Refetch(t.Context(), query.Filter{Refetch: query.RefetchOptions{FailFast: true}})
		require.ErrorIs(t, err, errRefused)
		require.NotErrorIs(t, err, slow)
		require.Equal(t, time.Second, time.Since(start))
		err = c.Refetch(t.Context(), query.Filter{Refetch: query.RefetchOptions{Cancel: query.Off}})
		require.ErrorIs(t, err, errRefused)
		require.ErrorIs(t, err, slow)
		require.NoError(t, c.Refetch(t.Context(), query.Filter{Refetch: query.RefetchOptions{NoWait: true}}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.ErrorIs(t, c.Refetch(ctx, query.Filter{Refetch: query.RefetchOptions{Cancel: query.Off}}), context.DeadlineExceeded)
		pass(time.Hour)
	})
}

func TestRefetch_pausedFetchIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Online: query.NewSignal(false)}, func(t *testing.T, c *query.Client) {
		src := new(source)
		q := src.query(query.Policy{})
		require.NoError(t, query.Set(c, q, 1))
		require.NoError(t, c.Refetch(t.Context(), query.Filter{}))
		require.NoError(t, c.Reset(t.Context(), query.Filter{}))
	})
}

func TestReset_emptiesAndFetchesWhatIsActive(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		active, idle := &source{takes: time.Second}, new(source)
		a, b := active.query(query.Policy{}), idle.query(query.Policy{})
		b.Key = key("idle")
		require.NoError(t, query.Set(c, b, 5))
		o := query.Observe(c, a)
		r, stop := record(o)
		defer stop()
		pass(time.Second)
		require.NoError(t, c.Reset(t.Context(), query.Filter{}))
		_, ok := query.Get(c, b)
		require.False(t, ok)
		require.Zero(t, idle.count(0))
		require.Equal(t, 2, o.Current().Data())
		require.Contains(t, r.data(), 0, "it was empty in between")
	})
}

func TestReset_waitersOfAFetchThatIsReplacedFollowTheNewOne(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		q := src.query(query.Policy{})
		defer query.Observe(c, q).Subscribe(ignore)()
		outcome := fetching(t, c, q)
		pass(500 * time.Millisecond)
		require.NoError(t, c.Reset(t.Context(), query.Filter{Refetch: query.RefetchOptions{NoWait: true}}))
		v, err := outcome()
		require.NoError(t, err)
		require.Equal(t, 2, v)
	})
}

func TestReset_unobservedFetchIsCancelled(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		outcome := fetching(t, c, src.query(query.Policy{}))
		require.NoError(t, c.Reset(t.Context(), query.Filter{}))
		_, err := outcome()
		require.ErrorIs(t, err, query.ErrCancelled)
		pass(time.Minute)
		_, ok := query.Get(c, src.query(query.Policy{}))
		require.False(t, ok)
	})
}

func TestRemove_endsFetchesAndForgets(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Fetch: hang}
		outcome := fetching(t, c, q)
		c.Remove(query.Filter{Key: key("a")})
		_, err := outcome()
		require.ErrorIs(t, err, query.ErrCancelled)
		require.Equal(t, 0, held(c))
		require.NoError(t, query.Set(c, q, 1))
		require.EqualValues(t, 2, c.Entries(query.Filter{})[0].ID, "it is another entry")
	})
}

func TestClear_dropsQueriesAndMutations(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		for i := range 100 {
			require.NoError(t, query.Set(c, query.Query[int]{Key: key("k", i)}, i))
		}
		outcome := fetching(t, c, query.Query[int]{Key: key("a"), Fetch: hang})
		_, err := query.Mutate(t.Context(), c, query.Mutation[int, int]{Do: double}, 1)
		require.NoError(t, err)
		c.Clear()
		_, err = outcome()
		require.ErrorIs(t, err, query.ErrCancelled)
		require.Equal(t, 0, held(c))
		require.Empty(t, c.Mutations(query.MutationFilter{}))
	})
}

func double(_ context.Context, v int) (int, error) { return 2 * v, nil }
