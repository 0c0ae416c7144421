package query_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func requirePanic(t *testing.T, err error, want any) {
	t.Helper()
	var p *query.PanicError
	require.ErrorAs(t, err, &p)
	require.Equal(t, want, p.Value)
	require.Contains(t, string(p.Stack), "panic")
}

func TestPanic_inFetchIsItsError(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		_, err := query.Fetch(t.Context(), c, query.Query[int]{Key: key("a"), Fetch: func(context.Context) (int, error) { panic("mine") }})
		requirePanic(t, err, "mine")
		_, err = query.Fetch(t.Context(), c, query.Query[int]{Key: key("b"), Fetch: func(context.Context) (int, error) { panic(errRefused) }})
		require.ErrorIs(t, err, errRefused, "a panic with an error is reached by errors.Is")
		b := new(book).query()
		b.Fetch = func(context.Context, query.PageRequest[int]) (int, error) { panic("page") }
		_, err = query.Fetch(t.Context(), c, b.Query())
		requirePanic(t, err, "page")
	})
}

func TestPanic_inUpdaterAndShareAreReturned(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Fetch: new(source).fetch}
		boom := func(int, bool) (int, bool) { panic("updater") }
		requirePanic(t, query.Update(c, q, boom), "updater")
		require.Equal(t, 0, held(c))
		require.NoError(t, query.Set(c, q, 1))
		requirePanic(t, query.Update(c, q, boom), "updater")
		requirePanic(t, query.UpdateAll(c, query.Filter{}, boom), "updater")
		q.Key, q.Share = key("shared"), func(int, int) int { panic("share") }
		require.NoError(t, query.Set(c, q, 1))
		requirePanic(t, query.Set(c, q, 2), "share")
		_, err := query.Fetch(t.Context(), c, q)
		requirePanic(t, err, "share")
		require.Equal(t, 1, value(t, c, q))
	})
}

func TestPanic_inSelectIsTheResultsError(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		o := query.ObserveSelect(c, q, func(v int) (int, error) {
			if v == 1 {
				panic("select")
			}
			return v, nil
		})
		defer o.Subscribe(ignore)()
		require.NoError(t, query.Set(c, q, 1))
		requirePanic(t, o.Current().Err(), "select")
		require.NoError(t, query.Set(c, q, 2))
		require.Equal(t, 2, o.Current().Data())
	})
}

func TestPanic_inPoliciesIsLoggedAndCountsAsTheDefault(t *testing.T) {
	t.Parallel()
	for what, p := range map[string]query.Policy{
		"StaleTime":       {StaleTime: query.StaleFunc(func(query.State[int]) query.StaleTime { panic("policy") })},
		"RefetchInterval": {RefetchInterval: query.EveryFunc(func(query.State[int]) time.Duration { panic("policy") })},
		"Enabled":         {Enabled: query.EnabledFunc(func(query.State[int]) bool { panic("policy") })},
		"RefetchFunc":     {RefetchOnFocus: query.RefetchFunc(func(query.State[int]) query.RefetchMode { panic("policy") })},
		"Retry":           {Retry: query.RetryFunc(func(int, error) bool { panic("policy") })},
		"RetryDelay":      {RetryDelay: query.DelayFunc(func(int, error) time.Duration { panic("policy") }), Retry: query.Retries(1)},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			j := new(journal)
			inBubble(t, query.Config{Logger: j.logger()}, func(t *testing.T, c *query.Client) {
				src := &source{fail: func(n int) error {
					if n == 2 {
						return errRefused
					}
					return nil
				}}
				o := query.Observe(c, src.query(p))
				defer o.Subscribe(ignore)()
				synctest.Wait()
				require.Equal(t, 1, o.Current().Data())
				require.True(t, o.Current().IsStale())
				c.Focus().Set(true)
				synctest.Wait()
				require.GreaterOrEqual(t, src.count(0), 2)
				require.Contains(t, j.String(), "query: "+what)
				require.Contains(t, j.String(), "panic: policy")
			})
		})
	}
}

func TestPanic_inDataFunctionsIsLoggedAndCountsAsNothing(t *testing.T) {
	t.Parallel()
	j := new(journal)
	inBubble(t, query.Config{Logger: j.logger()}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{
			Key: key("a"), Policy: query.Policy{Enabled: query.Off},
			InitialData:     query.InitialFunc(func() (int, bool) { panic("initial") }),
			PlaceholderData: query.PlaceholderFunc(func(int, bool) (int, bool) { panic("placeholder") }),
		}
		o := query.Observe(c, q)
		require.False(t, o.Current().HasData())
		require.Contains(t, j.String(), "panic: initial")
		require.Contains(t, j.String(), "panic: placeholder")
		q.InitialData = query.Initial(1).AtFunc(func() (time.Time, bool) { panic("at") })
		require.NoError(t, query.SetQuery(o, q))
		require.False(t, o.Current().HasData())
		require.Contains(t, j.String(), "panic: at")
		require.Empty(t, c.Entries(query.Filter{Predicate: func(query.State[any]) bool { panic("predicate") }}))
		require.Contains(t, j.String(), "panic: predicate")
		b := new(book).query()
		b.NextPageParam = func(int, query.Pages[int, int]) (int, bool) { panic("next") }
		pages := query.Observe(c, b.Query())
		defer pages.Subscribe(ignore)()
		synctest.Wait()
		require.True(t, pages.Current().IsSuccess())
		require.False(t, pages.Current().HasNextPage())
	})
}

func TestPanic_inSubscriberIsLoggedAndTheNextResultStillComes(t *testing.T) {
	t.Parallel()
	j := new(journal)
	inBubble(t, query.Config{Logger: j.logger()}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		r := new(recorder[int])
		defer query.Observe(c, q).Subscribe(func(x query.Result[int]) {
			r.add(x)
			panic("subscriber")
		})()
		for i := range 3 {
			require.NoError(t, query.Set(c, q, i))
			synctest.Wait()
		}
		require.Equal(t, []int{0, 1, 2}, r.data())
		require.Contains(t, j.String(), "panic: subscriber")
	})
}

func TestPanic_inFetchCallbacksDoesNotChangeTheOutcome(t *testing.T) {
	t.Parallel()
	j := new(journal)
	cfg := query.Config{Logger: j.logger(), OnFetch: query.FetchCallbacks{
		OnSuccess: func(query.State[any]) { panic("success") },
		OnError:   func(query.State[any], error) { panic("error") },
		OnSettled: func(query.State[any], error) { panic("settled") },
	}}
	inBubble(t, cfg, func(t *testing.T, c *query.Client) {
		v, err := query.Fetch(t.Context(), c, new(source).query(query.Policy{}))
		require.NoError(t, err)
		require.Equal(t, 1, v)
		_, err = query.Fetch(t.Context(), c, query.Query[int]{Key: key("b"), Fetch: (&source{fail: always}).fetch})
		require.ErrorIs(t, err, errRefused)
		for _, what := range []string{"success", "error", "settled"} {
			require.Contains(t, j.String(), "panic: "+what)
		}
	})
}

func TestPanic_inMutationIsItsError(t *testing.T) {
	t.Parallel()
	boom := func(who string) query.Mutation[int, int] {
		m := query.Mutation[int, int]{Do: double}
		switch who {
		case "Do":
			m.Do = func(context.Context, int) (int, error) { panic(who) }
		case "OnMutate":
			m.OnMutate = func(context.Context, int) (any, error) { panic(who) }
		case "OnSuccess":
			m.OnSuccess = func(context.Context, int, int, any) error { panic(who) }
		case "OnSettled":
			m.OnSettled = func(context.Context, int, error, int, any) error { panic(who) }
		}
		return m
	}
	for _, who := range []string{"Do", "OnMutate", "OnSuccess", "OnSettled"} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			_, err := query.Mutate(t.Context(), c, boom(who), 1)
			requirePanic(t, err, who)
			require.Equal(t, query.StatusError, c.Mutations(query.MutationFilter{})[0].Status)
		})
	}
}

func TestPanic_besideAMutationIsLogged(t *testing.T) {
	t.Parallel()
	j := new(journal)
	inBubble(t, query.Config{Logger: j.logger()}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, stock, 100))
		m := query.Mutation[int, int]{
			Do:      func(context.Context, int) (int, error) { return 0, errRefused },
			ScopeOf: func(int) string { panic("scope") },
			Optimistic: func(tx *query.Tx, _ int) {
				query.Patch(tx, stock, func(int, bool) (int, bool) { return 1, true })
				panic("optimistic") // takes the patch with it
			},
			Invalidates: func(int) []query.Filter { panic("invalidates") },
			OnError:     func(context.Context, error, int, any) error { panic("on error") },
		}
		o := query.ObserveMutation(c, m)
		defer o.Subscribe(func(query.MutationResult[int, int]) { panic("mutation subscriber") })()
		_, err := o.Mutate(t.Context(), 1, query.MutateCallbacks[int, int]{OnError: func(error, int, any) { panic("per call") }})
		require.Equal(t, errRefused, err)
		synctest.Wait()
		require.Empty(t, c.Mutations(query.MutationFilter{Predicate: func(query.MutationInfo) bool { panic("filter") }}))
		for _, what := range []string{"scope", "optimistic", "invalidates", "on error", "mutation subscriber", "per call", "filter"} {
			require.Contains(t, j.String(), "panic: "+what)
		}
		require.Equal(t, 100, value(t, c, stock))
	})
}

func TestPanicError_withoutErrorValueUnwrapsToNothing(t *testing.T) {
	t.Parallel()
	err := &query.PanicError{Value: 7}
	require.EqualError(t, err, "query: panic: 7")
	require.NoError(t, errors.Unwrap(err))
}
