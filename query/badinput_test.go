package query_test

import (
	"context"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// journal is a log to look into.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) logger() *slog.Logger { return slog.New(slog.NewTextHandler(j, nil)) }

func TestBadInput_noFetchFunction(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		for name, q := range map[string]query.Query[int]{
			"nil":  {Key: key("nil")},
			"skip": {Key: key("skip"), Skip: true, Fetch: new(source).fetch},
		} {
			_, err := query.Fetch(t.Context(), c, q)
			require.ErrorIs(t, err, query.ErrNoFetch, name)
			require.ErrorContains(t, err, q.Key.String(), name)
		}
		o := query.Observe(c, query.Query[int]{Key: key("observed"), Policy: query.Policy{Retry: query.NoRetry()}})
		defer o.Subscribe(ignore)()
		synctest.Wait()
		require.ErrorIs(t, o.Current().Err(), query.ErrNoFetch)
		q := query.Query[int]{Key: key("cached"), Policy: query.Policy{StaleTime: query.StaleNever()}}
		require.NoError(t, query.Set(c, q, 1))
		v, err := query.Fetch(t.Context(), c, q)
		require.NoError(t, err, "what is cached needs no function")
		require.Equal(t, 1, v)
	})
}

func TestBadInput_oneKeyTwoTypes(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		number := query.Query[int]{Key: key("a"), Fetch: new(source).fetch}
		text := query.Query[string]{Key: key("a"), Fetch: func(context.Context) (string, error) { return "", nil }}
		require.NoError(t, query.Set(c, number, 1))
		o := query.Observe(c, query.Query[string]{Key: key("b")})
		wrong := query.Observe(c, text)
		wrong.Subscribe(ignore)()
		_, refetched := wrong.Refetch(t.Context(), query.RefetchOptions{})
		_, fetched := query.Fetch(t.Context(), c, text)
		_, ensured := query.Ensure(t.Context(), c, text)
		for name, err := range map[string]error{
			"Fetch":   fetched,
			"Ensure":  ensured,
			"Set":     query.Set(c, text, "x"),
			"Update":  query.Update(c, text, func(string, bool) (string, bool) { return "x", true }),
			"Observe": wrong.Current().Err(),
			"Refetch": refetched,
			"switch":  query.SetQuery(o, text),
			"select": query.SetQuerySelect(query.ObserveSelect(c, query.Query[string]{Key: key("b")}, func(string) (int, error) { return 0, nil }),
				query.Query[bool]{Key: key("c")}, func(bool) (int, error) { return 0, nil }),
			"other source": query.SetQuery(o, query.Query[int]{Key: key("c")}),
		} {
			require.ErrorIs(t, err, query.ErrTypeMismatch, name)
			var typed *query.TypeError
			require.ErrorAs(t, err, &typed, name)
		}
		require.EqualError(t, query.Set(c, text, "x"), `query: key ["a"] holds int, not string`)
		require.Equal(t, 1, value(t, c, number), "what is there is untouched")
		var shown []error
		for r := range wrong.Results(t.Context()) {
			shown = append(shown, r.Err())
		}
		require.Len(t, shown, 1, "the loop shows the error and ends")
	})
}

func TestBadInput_keyWithoutJSON(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a", make(chan int)), Fetch: new(source).fetch}
		_, fetched := query.Fetch(t.Context(), c, q)
		_, ensured := query.Ensure(t.Context(), c, q)
		_, revalidated := query.Revalidate(t.Context(), c, q)
		_, mutated := query.Mutate(t.Context(), c, query.Mutation[int, int]{Key: q.Key, Do: double}, 1)
		for name, err := range map[string]error{
			"Fetch":      fetched,
			"Ensure":     ensured,
			"Revalidate": revalidated,
			"Prefetch":   query.Prefetch(t.Context(), c, q),
			"Set":        query.Set(c, q, 1),
			"Observe":    query.Observe(c, q).Current().Err(),
			"SetQuery":   query.SetQuery(query.Observe(c, query.Query[int]{Key: key("b")}), q),
			"Mutate":     mutated,
		} {
			var part *querykey.PartError
			require.ErrorAs(t, err, &part, name)
			require.Equal(t, "chan int", part.Type, name)
		}
		_, ok := query.Get(c, q)
		require.False(t, ok)
		_, ok = c.State(q.Key)
		require.False(t, ok)
		require.Equal(t, 1, held(c), "only the good key was used")
		c.Remove(query.Filter{Key: q.Key})
		require.Equal(t, 1, held(c), "a bad pattern matches nothing")
		var part *querykey.PartError
		require.ErrorAs(t, c.Invalidate(t.Context(), query.Filter{Key: q.Key}), &part)
		require.ErrorAs(t, c.SetQueryDefaults(q.Key, query.Defaults{Policy: query.Policy{Enabled: query.Off}}), &part)
		require.ErrorAs(t, c.SetMutationDefaults(q.Key, query.MutationDefaults{}), &part)
		require.True(t, query.Observe(c, query.Query[int]{Key: key("a")}).Current().IsEnabled())
		require.True(t, c.Explain(q.Key).Has(query.ReasonUnknownKey))
	})
}

func TestBadInput_observerOfABadQueryCanBeGivenAGoodOne(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		o := query.Observe(c, query.Query[int]{Key: key(make(chan int))})
		require.True(t, o.Current().IsError())
		src := new(source)
		require.NoError(t, query.SetQuery(o, src.query(query.Policy{})))
		defer o.Subscribe(ignore)()
		synctest.Wait()
		require.Equal(t, 1, o.Current().Data())
	})
}

func TestBadInput_durationsOutOfRange(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{math.MinInt64, -time.Hour, -1, 0} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			src := &source{fail: func(n int) error {
				if n == 1 {
					return errRefused
				}
				return nil
			}}
			q := src.query(query.Policy{
				StaleTime: query.StaleAfter(d), GCTime: query.GCAfter(d), RefetchInterval: query.Every(d),
				Retry: query.Retries(1), RetryDelay: query.Exponential(d, d),
			})
			o := query.Observe(c, q)
			stop := o.Subscribe(ignore)
			pass(time.Minute)
			require.Equal(t, 2, src.count(0), "stale at once, retried at once, not polled")
			require.True(t, o.Current().IsStale())
			require.Zero(t, o.Current().NextPollAt())
			stop()
			pass(0)
			require.Equal(t, 0, held(c))
		})
	}
	for _, d := range []time.Duration{math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64 / 2} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			src := new(source)
			q := src.query(query.Policy{StaleTime: query.StaleAfter(d), GCTime: query.GCAfter(d), RefetchInterval: query.Every(d)})
			o := query.Observe(c, q)
			stop := o.Subscribe(ignore)
			pass(1000 * time.Hour)
			require.Equal(t, 1, src.count(0))
			require.False(t, o.Current().IsStale())
			require.True(t, o.Current().NextPollAt().After(time.Now()))
			stop()
			pass(1000 * time.Hour)
			require.Equal(t, 1, held(c))
		})
	}
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		o := query.Observe(c, src.query(query.Policy{Retry: query.Retries(200), RetryDelay: query.Exponential(math.MaxInt64/3, math.MaxInt64)}))
		defer o.Subscribe(ignore)()
		pass(1000 * time.Hour)
		require.True(t, o.Current().RetryAt().After(time.Now()))
	})
}

func TestBadInput_timesFarAway(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		q := src.query(query.Policy{StaleTime: query.StaleAfter(time.Minute), RefetchOnMount: query.Never})
		o := query.Observe(c, q)
		require.NoError(t, query.SetAt(c, q, 1, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)))
		defer o.Subscribe(ignore)()
		pass(time.Hour)
		require.False(t, o.Current().IsStale())
		require.Zero(t, o.Current().Age())
		require.NoError(t, query.SetAt(c, q, 1, time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)))
		require.True(t, o.Current().IsStale())
		require.Positive(t, o.Current().Age())
	})
}

func TestBadInput_nilPolicyFunctionsInherit(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		q := src.query(query.Policy{
			StaleTime: query.StaleFunc[int](nil), RefetchInterval: query.EveryFunc[int](nil),
			RefetchOnMount: query.RefetchFunc[int](nil), RefetchOnFocus: query.RefetchFunc[int](nil),
			Enabled: query.EnabledFunc[int](nil), Retry: query.RetryFunc(nil), RetryDelay: query.DelayFunc(nil),
		})
		require.Equal(t, query.Policy{}, q.Policy)
		q.PlaceholderData = query.PlaceholderFunc[int](nil)
		o := query.Observe(c, q)
		require.False(t, o.Current().HasData())
		defer o.Subscribe(ignore)()
		pass(time.Minute)
		require.Equal(t, 1, src.count(0))
	})
}

func TestBadInput_nilCallbacks(t *testing.T) {
	t.Parallel()
	j := new(journal)
	inBubble(t, query.Config{Logger: j.logger()}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		require.NoError(t, query.Set(c, q, 1))
		require.ErrorIs(t, query.Update[int](c, q, nil), query.ErrNilCallback)
		require.ErrorIs(t, query.UpdateAll[int](c, query.Filter{}, nil), query.ErrNilCallback)
		require.Equal(t, 1, value(t, c, q))

		o := query.Observe(c, q)
		stop := o.Subscribe(nil)
		stop()
		stop()
		require.Contains(t, j.String(), query.ErrNilCallback.Error())
		require.Equal(t, 0, c.Entries(query.Filter{})[0].Observers)
		query.ObserveMutation(c, query.Mutation[int, int]{}).Subscribe(nil)()

		sel := query.ObserveSelect[int, string](c, q, nil)
		require.ErrorIs(t, sel.Current().Err(), query.ErrNilCallback)
		require.ErrorIs(t, query.SetQuerySelect[int, string](sel, q, nil), query.ErrNilCallback)

		_, err := query.Mutate(t.Context(), c, query.Mutation[int, int]{}, 1)
		require.ErrorIs(t, err, query.ErrNoMutationFunc)
		require.Len(t, c.Entries(query.Filter{Predicate: nil}), 1)
	})
}

func TestBadInput_doneContext(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		src := &source{takes: time.Second}
		q := src.query(query.Policy{})
		_, fetched := query.Fetch(ctx, c, q)
		_, refetched := query.Observe(c, q).Refetch(ctx, query.RefetchOptions{})
		_, mutated := query.Mutate(ctx, c, query.Mutation[int, int]{Do: func(_ context.Context, v int) (int, error) {
			time.Sleep(time.Second)
			return v, nil
		}}, 1)
		require.NoError(t, query.Set(c, q, 1))
		for name, err := range map[string]error{
			"Fetch": fetched, "Refetch": refetched, "Mutate": mutated,
			"Prefetch":   query.Prefetch(ctx, c, q),
			"Invalidate": c.Invalidate(ctx, query.Filter{Refetch: query.RefetchOptions{Type: query.RefetchAll}}),
			"Reset":      resetSlow(ctx, c),
		} {
			require.ErrorIs(t, err, context.Canceled, name)
		}
		rounds := 0
		for range query.Watch(ctx, c, q) {
			rounds++
		}
		require.LessOrEqual(t, rounds, 2, "the loop ends, at the latest after the fetch it began")
		pass(time.Minute)
		require.Equal(t, 0, c.IsFetching(query.Filter{}), "what was begun came to its end")
		require.Equal(t, query.StatusSuccess, c.Mutations(query.MutationFilter{})[0].Status)
	})
}

// resetSlow resets an active query that takes a while, bounded by ctx.
func resetSlow(ctx context.Context, c *query.Client) error {
	src := &source{takes: time.Second}
	q := src.query(query.Policy{})
	q.Key = key("reset")
	defer query.Observe(c, q).Subscribe(ignore)()
	return c.Reset(ctx, query.Filter{Key: q.Key})
}

func TestBadInput_defaultFetchOfAnotherType(t *testing.T) {
	t.Parallel()
	cfg := query.Config{Defaults: query.Defaults{Fetch: func(context.Context, query.FetchInfo) (any, error) { return "text", nil }}}
	inBubble(t, cfg, func(t *testing.T, c *query.Client) {
		_, err := query.Fetch(t.Context(), c, query.Query[int]{Key: key("a")})
		require.ErrorIs(t, err, query.ErrTypeMismatch)
		require.EqualError(t, err, `query: key ["a"] holds string, not int`)
	})
}

func TestBadInput_observerOfAnotherSourceNamesIt(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		o := query.ObserveSelect(c, query.Query[int]{Key: key("a")}, func(int) (string, error) { return "", nil })
		require.EqualError(t, query.SetQuery(o, query.Query[bool]{Key: key("b")}), `query: key ["b"] holds int, not bool`)
	})
}
