package query_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// waiting is a snapshot of one run that waits for the network, of the mutation
// with key ["price","set"] unless told otherwise.
func waiting(variables string, change ...func(*query.MutationSnapshot)) *query.Snapshot {
	m := query.MutationSnapshot{Key: key("price", "set"), Status: query.StatusPending, IsPaused: true, SubmittedAt: time.Unix(1000, 0)}
	if variables != "" {
		m.Variables = json.RawMessage(variables)
	}
	for _, f := range change {
		f(&m)
	}
	return &query.Snapshot{Version: query.SnapshotVersion, Mutations: []query.MutationSnapshot{m}}
}

type price struct {
	Item  string
	Cents int
}

// diary is what was called, with what.
type diary struct{ notes[any] }

func (d *diary) say(words ...any) {
	for _, w := range words {
		d.add(w)
	}
}

// setPrice notes what it is called with.
func setPrice(calls *diary) query.Mutation[price, string] {
	return query.Mutation[price, string]{
		Key: key("price"),
		Do: func(_ context.Context, v price) (string, error) {
			calls.say(v)
			return "done", nil
		},
	}
}

func only(t *testing.T, c *query.Client) query.MutationInfo {
	t.Helper()
	all := c.Mutations(query.MutationFilter{})
	require.Len(t, all, 1)
	return all[0]
}

func hydrated(t *testing.T, c *query.Client, s *query.Snapshot) {
	t.Helper()
	require.NoError(t, c.Hydrate(s, query.HydrateOptions{}))
}

func TestRegister_runOfASnapshotGoesOnWithTypedFunctions(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Online: query.NewSignal(false)}, func(t *testing.T, here *query.Client) {
		var calls diary
		m := setPrice(&calls)
		m.Scope, m.Meta = "prices", map[string]any{"m": "x"}
		m.Prepare = func(v price) price { v.Item += "!"; return v }
		m.OnMutate = func(context.Context, price) (any, error) { return price{"before", 1}, nil }
		m.Invalidates = func(v price) []query.Filter { return []query.Filter{{Key: key("item", v.Item)}} }
		m.OnSuccess = func(_ context.Context, r string, v price, mctx any) error {
			calls.say("success", r, v, mctx)
			return nil
		}
		m.OnSettled = func(_ context.Context, r string, err error, v price, _ any) error {
			calls.say("settled", r, v, err)
			return nil
		}
		go func() { _, _ = query.Mutate(t.Context(), here, m, price{"lamp", 999}) }()
		synctest.Wait()
		s, err := here.Dehydrate(query.DehydrateOptions{})
		require.NoError(t, err)

		there := opened(t)
		require.NoError(t, query.Set(there, query.Query[int]{Key: key("item", "lamp!")}, 1))
		require.NoError(t, query.Register(there, m))
		hydrated(t, there, travel(t, s))
		require.Equal(t, price{"lamp!", 999}, only(t, there).Variables)
		require.Equal(t, "prices", only(t, there).Scope)
		require.Equal(t, m.Meta, only(t, there).Meta)
		require.True(t, only(t, there).IsPaused)
		require.Empty(t, calls.all())

		require.NoError(t, there.ResumePausedMutations(t.Context()))
		require.Equal(t, []any{
			price{"lamp!", 999},
			"success", "done",
			price{"lamp!", 999},
			map[string]any{"Item": "before", "Cents": 1.0},
			"settled", "done",
			price{"lamp!", 999},
			nil,
		}, calls.all())
		require.Equal(t, query.StatusSuccess, only(t, there).Status)
		st, _ := there.State(key("item", "lamp!"))
		require.True(t, st.IsInvalidated())
	})
}

func TestRegister_afterHydrateIsAsGood(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls diary
		hydrated(t, c, waiting(`{"Item":"lamp","Cents":5}`))
		require.Equal(t, map[string]any{"Item": "lamp", "Cents": 5.0}, only(t, c).Variables, "nobody knows the type yet")
		require.NoError(t, query.Register(c, setPrice(&calls)))
		require.Equal(t, price{"lamp", 5}, only(t, c).Variables)
		require.NoError(t, c.ResumePausedMutations(t.Context()))
		require.Equal(t, []any{price{"lamp", 5}}, calls.all())
	})
}

func TestRegister_networkThatReturnsIsEnough(t *testing.T) {
	t.Parallel()
	online := query.NewSignal(false)
	inBubble(t, query.Config{Online: online}, func(t *testing.T, c *query.Client) {
		var calls diary
		require.NoError(t, query.Register(c, setPrice(&calls)))
		hydrated(t, c, waiting(`{"Item":"lamp"}`))
		pass(time.Hour)
		require.Empty(t, calls.all())
		online.Set(true)
		synctest.Wait()
		require.Equal(t, []any{price{"lamp", 0}}, calls.all())
	})
}

func TestRegister_withoutItARunFailsAndSaysWhy(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls diary
		other := setPrice(&calls)
		other.Key = key("stock")
		require.NoError(t, query.Register(c, other))
		hydrated(t, c, waiting(`{"Item":"lamp"}`))
		require.NoError(t, c.ResumePausedMutations(t.Context()))
		require.ErrorIs(t, only(t, c).Err, query.ErrNoMutationFunc)
		require.Equal(t, query.StatusError, only(t, c).Status)
		require.Equal(t, map[string]any{"Item": "lamp"}, only(t, c).Variables, "it can still be dehydrated, or shown")
		require.Empty(t, calls.all())
	})
}

func TestRegister_variablesOfAnotherTypeFailTheRunOnly(t *testing.T) {
	t.Parallel()
	for name, variables := range map[string]string{"type": `{"Item":"secret","Cents":"five"}`, "shape": `["secret"]`, "null": `null`, "absent": ``} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := new(journal)
			cfg := query.Config{Logger: j.logger()}
			cfg.MutationDefaults.Policy.Retry = query.RetryForever()
			inBubble(t, cfg, func(t *testing.T, c *query.Client) {
				var calls diary
				m := setPrice(&calls)
				m.OnError = func(_ context.Context, _ error, v price, _ any) error { calls.say("error", v); return nil }
				m.Optimistic = func(_ *query.Tx, v price) { calls.say("optimistic", v) }
				require.NoError(t, query.Register(c, m))
				hydrated(t, c, waiting(variables))
				require.Equal(t, query.StatusPending, only(t, c).Status)
				require.NoError(t, c.ResumePausedMutations(t.Context()))
				got := only(t, c)
				require.ErrorContains(t, got.Err, `query: hydrated variables do not fit mutation ["price","set"]: `)
				require.NotContains(t, got.Err.Error(), "secret")
				require.Contains(t, j.String(), "do not fit mutation")
				require.NotContains(t, j.String(), "secret")
				require.Empty(t, calls.all(), "nothing is called with variables that never were")
				if variables != "" {
					require.JSONEq(t, variables, text(t, got.Variables))
				}
			})
		})
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func TestRegister_anotherTypeMayFitLater(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls diary
		require.NoError(t, query.Register(c, setPrice(&calls)))
		hydrated(t, c, waiting(`["lamp"]`))
		require.NoError(t, query.Register(c, query.Mutation[[]string, int]{Key: key("price"), Do: func(_ context.Context, v []string) (int, error) {
			calls.say(v)
			return 0, nil
		}}))
		require.NoError(t, c.ResumePausedMutations(t.Context()))
		require.Equal(t, []any{[]string{"lamp"}}, calls.all())
		require.NoError(t, only(t, c).Err)
	})
}

func TestRegister_nullAndAbsentVariablesOfTypesThatHaveThem(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls diary
		require.NoError(t, query.Register(c, query.Mutation[*price, int]{Key: key("pointer"), Do: func(_ context.Context, v *price) (int, error) {
			calls.say(v)
			return 0, nil
		}}))
		require.NoError(t, query.Register(c, query.Mutation[struct{}, int]{Key: key("nothing"), Do: func(_ context.Context, v struct{}) (int, error) {
			calls.say(v)
			return 0, nil
		}}))
		require.NoError(t, query.Register(c, query.Mutation[any, int]{Key: key("any"), Do: func(_ context.Context, v any) (int, error) {
			calls.say(v)
			return 0, nil
		}}))
		of := func(name string) func(*query.MutationSnapshot) {
			return func(m *query.MutationSnapshot) { m.Key = key(name) }
		}
		hydrated(t, c, waiting(`null`, of("pointer")))
		hydrated(t, c, waiting(``, of("nothing")))
		hydrated(t, c, waiting(`{"a":1}`, of("any")))
		hydrated(t, c, waiting(`null`, of("any")))
		for _, m := range c.Mutations(query.MutationFilter{}) {
			require.NoError(t, c.ResumePausedMutations(t.Context()))
			require.NoError(t, m.Err)
		}
		require.ElementsMatch(t, []any{(*price)(nil), struct{}{}, map[string]any{"a": 1.0}, nil}, calls.all())
	})
}

func TestRegister_longestKeyWinsAndTheSameKeyIsReplaced(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls diary
		named := func(name string, parts ...any) query.Mutation[price, int] {
			return query.Mutation[price, int]{Key: key(parts...), Do: func(context.Context, price) (int, error) {
				calls.say(name)
				return 0, nil
			}}
		}
		require.NoError(t, query.Register(c, named("old", "price", "set")))
		require.NoError(t, query.Register(c, named("long", "price", "set")))
		require.NoError(t, query.Register(c, named("short", "price")))
		require.NoError(t, query.Register(c, named("too long", "price", "set", 1)))
		hydrated(t, c, waiting(`{}`))
		require.NoError(t, c.ResumePausedMutations(t.Context()))
		require.Equal(t, []any{"long"}, calls.all())
	})
}

func TestRegister_winsOverDefaultsWhichFillItsGaps(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls diary
		m := setPrice(&calls)
		m.Do = func(context.Context, price) (string, error) {
			calls.say("attempt")
			return "", errRefused
		}
		require.NoError(t, c.SetMutationDefaults(key("price"), query.MutationDefaults{
			Do:        func(context.Context, query.MutationInfo) (any, error) { calls.say("default"); return nil, nil },
			Callbacks: query.MutationCallbacks{OnError: func(context.Context, query.MutationInfo, error) error { calls.say("failed"); return nil }},
		}))
		require.NoError(t, query.Register(c, m))
		require.NoError(t, c.Hydrate(waiting(`{}`), query.HydrateOptions{MutationDefaults: query.MutationDefaults{
			Policy: query.MutationPolicy{Retry: query.Retries(1), RetryDelay: query.ConstantDelay(time.Second)},
			Meta:   map[string]any{"from": "defaults"},
		}}))
		require.NoError(t, c.ResumePausedMutations(t.Context()))
		require.Equal(t, []any{"attempt", "attempt", "failed"}, calls.all())
		require.ErrorIs(t, only(t, c).Err, errRefused)
		require.Equal(t, "defaults", only(t, c).Meta["from"])
	})
}

func TestRegister_runsOfOneScopeGoOneAfterTheOther(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls diary
		m := setPrice(&calls)
		m.ScopeOf = func(price) string { panic("its scope is known") }
		m.Do = func(_ context.Context, v price) (string, error) {
			calls.say("begin", v.Cents)
			time.Sleep(time.Second)
			calls.say("end", v.Cents)
			return "", nil
		}
		scoped := func(m *query.MutationSnapshot) { m.Scope = "s" }
		hydrated(t, c, waiting(`{"Cents":1}`, scoped))
		require.NoError(t, query.Register(c, m))
		hydrated(t, c, waiting(`{"Cents":2}`, scoped))
		require.NoError(t, c.ResumePausedMutations(t.Context()))
		require.Equal(t, []any{"begin", 1, "end", 1, "begin", 2, "end", 2}, calls.all())
	})
}

// prices is a snapshot of one price and a run that waits to change it.
func prices() *query.Snapshot {
	s := waiting(`{"Item":"lamp","Cents":5}`)
	s.Queries = []query.QuerySnapshot{{
		Key: key("prices", "lamp"), Status: query.StatusSuccess, DataUpdatedAt: time.Unix(1000, 0), DataUpdateCount: 1,
		Data: json.RawMessage(`{"Item":"lamp","Cents":3}`),
	}}
	return s
}

func TestRegister_whatWaitsIsShownAgain(t *testing.T) {
	t.Parallel()
	lamp := query.Query[price]{Key: key("prices", "lamp")}
	for name, outcome := range map[string]error{"success": nil, "failure": errRefused} {
		for _, when := range []string{"before Hydrate", "after Hydrate", "after the first use"} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
					m := query.Mutation[price, int]{
						Key: key("price"),
						Do:  func(context.Context, price) (int, error) { return 0, outcome },
						Optimistic: func(tx *query.Tx, v price) {
							query.Patch(tx, lamp, func(old price, ok bool) (price, bool) {
								old.Cents = v.Cents
								return old, ok
							})
						},
					}
					if when == "before Hydrate" {
						require.NoError(t, query.Register(c, m))
					}
					hydrated(t, c, prices())
					if when == "after the first use" {
						require.Equal(t, price{"lamp", 3}, value(t, c, lamp))
					}
					if when != "before Hydrate" {
						require.NoError(t, query.Register(c, m))
					}
					require.Equal(t, price{"lamp", 5}, value(t, c, lamp))
					s, err := c.Dehydrate(query.DehydrateOptions{})
					require.NoError(t, err)
					require.JSONEq(t, `{"Item":"lamp","Cents":3}`, string(s.Queries[0].Data), "it belongs to the run, which travels, too")
					require.Len(t, s.Mutations, 1)

					require.NoError(t, c.ResumePausedMutations(t.Context()))
					synctest.Wait()
					want := price{"lamp", 5}
					if outcome != nil {
						want.Cents = 3
					}
					require.Equal(t, want, value(t, c, lamp))
				})
			})
		}
	}
}

func TestRegister_whatWaitsIsShownOnceAndInOrder(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		words := query.Query[string]{Key: key("words")}
		require.NoError(t, query.Set(c, words, ""))
		m := query.Mutation[any, int]{
			Key: key("price"),
			Do:  func(context.Context, any) (int, error) { return 0, nil },
			Optimistic: func(tx *query.Tx, v any) {
				query.Patch(tx, words, func(old string, _ bool) (string, bool) {
					return old + fmt.Sprint(v), true
				})
			},
		}
		hydrated(t, c, waiting(`"a"`))
		hydrated(t, c, waiting(`null`))
		require.NoError(t, query.Register(c, m))
		require.NoError(t, query.Register(c, m))
		hydrated(t, c, waiting(`"b"`))
		require.Equal(t, "a<nil>b", value(t, c, words))
	})
}

func TestRegister_panicInOptimisticShowsNothing(t *testing.T) {
	t.Parallel()
	j := new(journal)
	inBubble(t, query.Config{Logger: j.logger()}, func(t *testing.T, c *query.Client) {
		lamp := query.Query[price]{Key: key("prices", "lamp")}
		var calls diary
		m := setPrice(&calls)
		m.Optimistic = func(tx *query.Tx, _ price) {
			query.Patch(tx, lamp, func(price, bool) (price, bool) { return price{}, true })
			panic("half way")
		}
		hydrated(t, c, prices())
		require.NoError(t, query.Register(c, m))
		require.Contains(t, j.String(), "half way")
		require.Equal(t, price{"lamp", 3}, value(t, c, lamp))
		require.NoError(t, c.ResumePausedMutations(t.Context()))
		require.Equal(t, []any{price{"lamp", 5}}, calls.all(), "the run itself goes on")
	})
}

func TestRegister_leavesAloneWhatDoesNotWait(t *testing.T) {
	t.Parallel()
	j := new(journal)
	inBubble(t, query.Config{Online: query.NewSignal(false), Logger: j.logger()}, func(t *testing.T, c *query.Client) {
		var own, registered diary
		do := func(calls *diary) query.Mutation[any, int] {
			return query.Mutation[any, int]{Key: key("price"), Do: func(_ context.Context, v any) (int, error) {
				calls.say(v)
				return 0, nil
			}}
		}
		go func() { _, _ = query.Mutate(t.Context(), c, do(&own), nil) }()
		synctest.Wait()
		hydrated(t, c, waiting(`"x"`, func(m *query.MutationSnapshot) {
			m.Status, m.Data, m.IsPaused = query.StatusSuccess, json.RawMessage(`1`), false
		}))
		require.NoError(t, query.Register(c, query.Mutation[int, int]{Key: key("price"), Do: func(context.Context, int) (int, error) { return 0, nil }}))
		require.NoError(t, query.Register(c, do(&registered)))
		c.Online().Set(true)
		synctest.Wait()
		require.Equal(t, []any{nil}, own.all(), "it is a run of this process")
		require.Empty(t, registered.all(), "it was over before it came")
		require.Empty(t, j.String())
	})
}

func TestRegister_showsNothingOfARunThatWentOnMeanwhile(t *testing.T) {
	t.Parallel()
	meanwhile := map[string]func(*testing.T, *query.Client){
		"resumed": func(t *testing.T, c *query.Client) { assertNoError(t, c.ResumePausedMutations(t.Context())) },
		"cleared": func(_ *testing.T, c *query.Client) { c.Clear() },
	}
	for name, happens := range meanwhile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				hydrated(t, c, prices())
				lamp := query.Query[price]{Key: key("prices", "lamp"), Policy: query.Policy{Enabled: query.Off}}
				o := query.Observe(c, lamp)
				defer o.Subscribe(ignore)()
				var calls diary
				m := setPrice(&calls)
				m.Optimistic = func(tx *query.Tx, v price) {
					query.Patch(tx, lamp, func(price, bool) (price, bool) { return v, true })
					happens(t, c)
				}
				require.NoError(t, query.Register(c, m))
				synctest.Wait()
				require.Equal(t, price{"lamp", 3}, o.Current().Data())
			})
		})
	}
}

func TestRegister_refusesWhatCouldNeverGoOn(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		do := func(context.Context, int) (int, error) { return 0, nil }
		require.ErrorIs(t, query.Register(c, query.Mutation[int, int]{Do: do}), query.ErrNoKey)
		require.ErrorIs(t, query.Register(c, query.Mutation[int, int]{Key: key("a")}), query.ErrNoMutationFunc)
		bad := key(make(chan int))
		require.Equal(t, bad.Err(), query.Register(c, query.Mutation[int, int]{Key: bad, Do: do}))
	})
}

func TestHydrate_aRunThatWasUnderWayIsPausedAndGoesOnBeforeItsScope(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls diary
		m := setPrice(&calls)
		require.NoError(t, query.Register(c, m))
		hydrated(t, c, waiting(`{"Item":"lamp","Cents":5}`, func(m *query.MutationSnapshot) {
			m.IsPaused, m.Scope = false, "prices"
		}))
		require.True(t, only(t, c).IsPaused, "nobody is at it any more")
		s, err := c.Dehydrate(query.DehydrateOptions{})
		require.NoError(t, err)
		require.Len(t, s.Mutations, 1, "it travels on")
		m.Scope = "prices"
		later := query.ObserveMutation(c, m)
		require.NoError(t, later.Start(t.Context(), price{"desk", 7}, query.MutateCallbacks[price, string]{}))
		synctest.Wait()
		require.Empty(t, calls.all(), "one after the other")
		require.NoError(t, c.ResumePausedMutations(t.Context()))
		synctest.Wait()
		require.Equal(t, []any{price{"lamp", 5}, price{"desk", 7}}, calls.all())
	})
}

func TestRegister_whileRunsAreResumedAndCleared(t *testing.T) {
	t.Parallel()
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			c, err := query.New(query.Config{})
			require.NoError(t, err)
			var calls diary
			m := setPrice(&calls)
			lamp := query.Query[price]{Key: key("prices", "lamp")}
			m.Optimistic = func(tx *query.Tx, v price) {
				query.Patch(tx, lamp, func(price, bool) (price, bool) { return v, true })
			}
			m.Do = func(_ context.Context, v price) (string, error) {
				calls.say(v)
				return "", errRefused
			}
			hydrated(t, c, prices())
			var wg sync.WaitGroup
			wg.Go(func() { assertNoError(t, query.Register(c, m)) })
			wg.Go(func() { assertNoError(t, query.Register(c, m)) })
			wg.Go(func() { assertNoError(t, c.ResumePausedMutations(t.Context())) })
			wg.Wait()
			synctest.Wait()
			require.NotEqual(t, query.StatusPending, only(t, c).Status)
			require.Equal(t, price{"lamp", 3}, value(t, c, lamp), "whoever won, no patch is left")
			for _, v := range calls.all() {
				require.Equal(t, price{"lamp", 5}, v)
			}
			require.NoError(t, c.Close(t.Context()))
		})
	}
}
