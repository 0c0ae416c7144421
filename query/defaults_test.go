package query_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestDefaults_ownPolicyThenPrefixThenClient(t *testing.T) {
	t.Parallel()
	cfg := query.Config{Defaults: query.Defaults{Policy: query.Policy{StaleTime: query.StaleNever(), Retry: query.Retries(9)}}}
	inBubble(t, cfg, func(t *testing.T, c *query.Client) {
		keys := 0
		ask := func(k string, p query.Policy) (fetches int) {
			keys++
			src := new(source)
			q := src.query(p)
			q.Key = key(k, keys)
			for range 2 {
				require.NoError(t, query.Prefetch(t.Context(), c, q))
			}
			return src.count(0)
		}
		require.NoError(t, c.SetQueryDefaults(key("live"), query.Defaults{Policy: query.Policy{StaleTime: query.StaleAfter(0)}}))
		require.Equal(t, 1, ask("calm", query.Policy{}), "of the client")
		require.Equal(t, 2, ask("live", query.Policy{}), "of the prefix")
		require.Equal(t, 1, ask("live", query.Policy{StaleTime: query.StaleNever()}), "its own")
		c.SetDefaultOptions(query.Defaults{}, query.MutationDefaults{})
		require.Equal(t, 2, ask("other", query.Policy{}), "replaced as a whole")
	})
}

func TestSetQueryDefaults_laterOnesWinAndASecondTimeKeepsThePlace(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		from := func(s string) query.Defaults {
			return query.Defaults{Fetch: func(context.Context, query.FetchInfo) (any, error) { return s, nil }}
		}
		get := func(parts ...any) string {
			v, err := query.Fetch(t.Context(), c, query.Query[string]{Key: key(parts...)})
			require.NoError(t, err)
			return v
		}
		require.NoError(t, c.SetQueryDefaults(key("a"), from("general")))
		require.NoError(t, c.SetQueryDefaults(key("a", "b"), from("special")))
		require.Equal(t, "general", get("a", "x"))
		require.Equal(t, "special", get("a", "b", 1))
		require.NoError(t, c.SetQueryDefaults(key("a"), from("general again")))
		require.Equal(t, "general again", get("a", "x"))
		require.Equal(t, "special", get("a", "b", 1))
		require.NoError(t, c.SetQueryDefaults(key("a", map[string]any{"live": true}), from("object")))
		require.Equal(t, "object", get("a", map[string]any{"live": true, "page": 2}))
	})
}

func TestDefaultFetch_isToldKeyAndMeta(t *testing.T) {
	t.Parallel()
	cfg := query.Config{Defaults: query.Defaults{
		Fetch: func(_ context.Context, i query.FetchInfo) (any, error) {
			return i.Key.String() + " " + i.Meta["who"].(string), nil
		},
		Meta: map[string]any{"who": "client"},
	}}
	inBubble(t, cfg, func(t *testing.T, c *query.Client) {
		q := query.Query[string]{Key: key("a", 1)}
		v, err := query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, `["a",1] client`, v)
		q.Meta = map[string]any{"who": "query"}
		v, err = query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, `["a",1] query`, v)
		s, _ := c.State(q.Key)
		require.Equal(t, q.Meta, s.Meta())
	})
}

func TestDefaults_initialDataFillEmptyEntries(t *testing.T) {
	t.Parallel()
	cfg := query.Config{Defaults: query.Defaults{InitialData: query.Initial[any](3)}}
	inBubble(t, cfg, func(t *testing.T, c *query.Client) {
		require.Equal(t, 3, query.Observe(c, query.Query[int]{Key: key("a")}).Current().Data())
	})
}

func TestDefaults_everyPolicyFieldIsInherited(t *testing.T) {
	t.Parallel()
	cfg := query.Config{Online: query.NewSignal(false), Defaults: query.Defaults{Policy: query.Policy{
		StaleTime: query.StaleAfter(time.Hour), GCTime: query.GCAfter(time.Minute),
		RefetchInterval: query.Every(time.Second), RefetchIntervalInBackground: query.On,
		RefetchOnMount: query.Always, RefetchOnFocus: query.Always, RefetchOnReconnect: query.Always,
		RetryOnMount: query.Off, Retry: query.Retries(1), RetryDelay: query.ConstantDelay(time.Millisecond),
		NetworkMode: query.NetworkAlways, Enabled: query.On, StructuralSharing: query.Off,
		NotifyOn: []query.Field{query.FieldErr},
	}}}
	inBubble(t, cfg, func(t *testing.T, c *query.Client) {
		src := &source{fail: func(n int) error {
			if n > 4 {
				return errRefused
			}
			return nil
		}}
		o := query.Observe(c, src.query(query.Policy{}))
		r, stop := record(o)
		synctest.Wait()
		require.Equal(t, 1, src.count(0), "no network is needed")
		require.False(t, o.Current().IsStale())
		c.Focus().Set(false)
		pass(time.Second)
		require.Equal(t, 2, src.count(0), "polls in the background")
		c.Focus().Set(true)
		synctest.Wait()
		require.Equal(t, 3, src.count(0), "refetches on focus, though fresh")
		c.Online().Set(true)
		synctest.Wait()
		require.Equal(t, 4, src.count(0), "refetches on reconnect, though fresh")
		require.Empty(t, r.all(), "only errors are told")
		pass(time.Second + time.Millisecond)
		require.Equal(t, 6, src.count(0), "one retry, one millisecond later")
		require.Len(t, r.all(), 1)
		stop()
		pass(time.Minute)
		require.Equal(t, 0, held(c))
	})
}

func TestDefaultsForMutations_fillByKey(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls notes[string]
		require.NoError(t, c.SetMutationDefaults(key("order"), query.MutationDefaults{
			Do:    func(_ context.Context, m query.MutationInfo) (any, error) { return m.Variables.(int) + 1, nil },
			Scope: "orders",
			Meta:  map[string]any{"m": 1},
			Callbacks: query.MutationCallbacks{
				OnMutate:  func(context.Context, query.MutationInfo) (any, error) { calls.add("mutate"); return nil, nil },
				OnSuccess: func(context.Context, query.MutationInfo, any) error { calls.add("success"); return nil },
				OnError:   func(context.Context, query.MutationInfo, error) error { calls.add("error"); return nil },
				OnSettled: func(context.Context, query.MutationInfo, any, error) error { calls.add("settled"); return nil },
			},
		}))
		c.SetDefaultOptions(query.Defaults{}, query.MutationDefaults{Policy: query.MutationPolicy{Retry: query.Retries(1), RetryDelay: query.ConstantDelay(0)}})
		r, err := query.Mutate(t.Context(), c, query.Mutation[int, int]{Key: key("order", "confirm")}, 1)
		require.NoError(t, err)
		require.Equal(t, 2, r)
		require.Equal(t, []string{"mutate", "success", "settled"}, calls.all())
		info := c.Mutations(query.MutationFilter{})[0]
		require.Equal(t, "orders", info.Scope)
		require.Equal(t, map[string]any{"m": 1}, info.Meta)

		var tries notes[int]
		_, err = query.Mutate(t.Context(), c, query.Mutation[int, int]{
			Key: key("order"), OnError: func(context.Context, error, int, any) error { calls.add("own"); return nil },
			Do: func(_ context.Context, v int) (int, error) { tries.add(v); return 0, errRefused },
		}, 1)
		require.ErrorIs(t, err, errRefused)
		require.Len(t, tries.all(), 2, "the client's retry")
		require.Contains(t, calls.all(), "own")
		require.NotContains(t, calls.all(), "error", "its own callback stands in")

		_, err = query.Mutate(t.Context(), c, query.Mutation[int, int]{}, 1)
		require.ErrorIs(t, err, query.ErrNoMutationFunc, "without key there are no defaults by key")
	})
}

func TestDefaults_shareStandsInForQueriesThatSayNothingOfIt(t *testing.T) {
	t.Parallel()
	older := func(old, _ any) any { return old }
	off := query.Policy{StructuralSharing: query.Off}
	for name, tc := range map[string]struct {
		q    query.Query[int]
		more query.Defaults // for the key
		want int
	}{
		"says nothing":         {q: query.Query[int]{}, want: 1},
		"shares by itself":     {q: query.Query[int]{Share: func(old, next int) int { return old + next }}, want: 3},
		"shares nothing":       {q: query.Query[int]{Policy: off}, want: 2},
		"nothing for its key":  {more: query.Defaults{Policy: off}, want: 2},
		"otherwise by its key": {more: query.Defaults{Share: func(_, next any) any { return next }}, want: 2},
		"of another type":      {more: query.Defaults{Share: func(any, any) any { return "x" }}, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{Defaults: query.Defaults{Share: older}}, func(t *testing.T, c *query.Client) {
				q := tc.q
				q.Key = key("shared")
				require.NoError(t, c.SetQueryDefaults(q.Key, tc.more))
				for n := range 2 {
					q.Fetch = func(context.Context) (int, error) { return n + 1, nil }
					_, err := query.Fetch(t.Context(), c, q)
					require.NoError(t, err)
				}
				require.Equal(t, tc.want, value(t, c, q))
			})
		})
	}
}

func TestSetQueryDefaults_countForAnEntryThatAnObserverMakesAnew(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		q := src.query(query.Policy{})
		o := query.Observe(c, q)
		stop := o.Subscribe(ignore)
		pass(time.Second)
		c.Clear()
		require.NoError(t, c.SetQueryDefaults(q.Key, query.Defaults{Policy: query.Policy{GCTime: query.GCAfter(time.Minute)}}))
		_, err := o.Refetch(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		stop()
		pass(time.Minute)
		_, there := c.State(q.Key)
		require.False(t, there, "the time of collection is that of the defaults, and not the longer one without")
	})
}
