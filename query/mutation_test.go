package query_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestMutate_returnsTheAnswerAndIsNeverShared(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var seen notes[int]
		m := query.Mutation[int, int]{Key: key("m"), Do: func(_ context.Context, v int) (int, error) {
			seen.add(v)
			return v * 2, nil
		}}
		for range 2 {
			r, err := query.Mutate(t.Context(), c, m, 21)
			require.NoError(t, err)
			require.Equal(t, 42, r)
		}
		require.Equal(t, []int{21, 21}, seen.all())
		all := c.Mutations(query.MutationFilter{})
		require.Len(t, all, 2)
		require.EqualValues(t, 1, all[0].ID)
		require.Equal(t, query.StatusSuccess, all[1].Status)
		require.Equal(t, 42, all[1].Data)
	})
}

// callbacks are callbacks that note their calls, and fail where told.
func callbacks(calls *notes[string], fail map[string]error) query.Mutation[int, int] {
	note := func(s string) error {
		calls.add(s)
		return fail[s]
	}
	return query.Mutation[int, int]{
		Do:        func(context.Context, int) (int, error) { return 7, note("do") },
		OnMutate:  func(context.Context, int) (any, error) { return "ctx", note("mutate") },
		OnSuccess: func(_ context.Context, _, _ int, mctx any) error { return note("success " + mctx.(string)) },
		OnError:   func(context.Context, error, int, any) error { return note("error") },
		OnSettled: func(context.Context, int, error, int, any) error { return note("settled") },
	}
}

func TestMutate_callbacksInTheirOrder(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		fail string // whose call fails
		want []string
		ok   bool
	}{
		{"success", "", []string{"mutate", "do", "success ctx", "settled"}, true},
		{"refused", "do", []string{"mutate", "do", "error", "settled"}, false},
		{"OnMutate fails", "mutate", []string{"mutate", "error", "settled"}, false},
		{"OnSuccess fails", "success ctx", []string{"mutate", "do", "success ctx", "error", "settled"}, false},
		{"OnSettled fails", "settled", []string{"mutate", "do", "success ctx", "settled", "error", "settled"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				var calls notes[string]
				r, err := query.Mutate(t.Context(), c, callbacks(&calls, map[string]error{tc.fail: errRefused}), 1)
				require.Equal(t, tc.want, calls.all())
				if tc.ok {
					require.NoError(t, err)
					require.Equal(t, 7, r)
					return
				}
				require.ErrorIs(t, err, errRefused)
				info := c.Mutations(query.MutationFilter{Status: query.StatusError})
				require.Len(t, info, 1)
				require.Equal(t, 1, info[0].FailureCount)
			})
		})
	}
}

func TestMutate_errorOfOnErrorIsOnlyLogged(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls notes[string]
		m := callbacks(&calls, map[string]error{"do": errRefused, "error": context.Canceled, "settled": context.Canceled})
		_, err := query.Mutate(t.Context(), c, m, 1)
		require.Equal(t, errRefused, err)
		require.Equal(t, []string{"mutate", "do", "error", "settled"}, calls.all())
	})
}

func TestOnMutation_ofTheClientComesFirst(t *testing.T) {
	t.Parallel()
	var calls notes[string]
	cfg := query.Config{OnMutation: query.MutationCallbacks{
		OnMutate: func(context.Context, query.MutationInfo) (any, error) {
			calls.add("client mutate")
			return "ignored", nil
		},
		OnSuccess: func(context.Context, query.MutationInfo, any) error { calls.add("client success"); return nil },
		OnError:   func(context.Context, query.MutationInfo, error) error { calls.add("client error"); return nil },
		OnSettled: func(context.Context, query.MutationInfo, any, error) error { calls.add("client settled"); return nil },
	}}
	inBubble(t, cfg, func(t *testing.T, c *query.Client) {
		_, err := query.Mutate(t.Context(), c, callbacks(&calls, nil), 1)
		require.NoError(t, err)
		_, err = query.Mutate(t.Context(), c, callbacks(&calls, map[string]error{"do": errRefused}), 1)
		require.Error(t, err)
		require.Equal(t, []string{
			"client mutate", "mutate", "do", "client success", "success ctx", "client settled", "settled",
			"client mutate", "mutate", "do", "client error", "error", "client settled", "settled",
		}, calls.all())
	})
}

func TestMutate_statusStaysPendingDuringCallbacks(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		m := query.Mutation[int, int]{Do: double, OnSettled: func(context.Context, int, error, int, any) error {
			time.Sleep(time.Minute)
			return nil
		}}
		go func() { _, _ = query.Mutate(t.Context(), c, m, 1) }()
		pass(30 * time.Second)
		require.Equal(t, 1, c.IsMutating(query.MutationFilter{}))
		pass(30 * time.Second)
		require.Equal(t, 0, c.IsMutating(query.MutationFilter{}))
	})
}

func TestMutate_callerMayGiveUpAndItGoesOn(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		type name struct{}
		var done notes[any]
		m := query.Mutation[int, int]{Do: func(ctx context.Context, v int) (int, error) {
			time.Sleep(time.Minute)
			done.add(ctx.Value(name{}))
			return v, ctx.Err()
		}}
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), name{}, "caller"), time.Second)
		defer cancel()
		_, err := query.Mutate(ctx, c, m, 1)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		pass(time.Minute)
		require.Equal(t, []any{"caller"}, done.all(), "the caller's values stay")
		require.Equal(t, query.StatusSuccess, c.Mutations(query.MutationFilter{})[0].Status)
	})
}

func TestMutate_retriesByPolicy(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s := new(starts)
		m := query.Mutation[int, int]{
			Do:     func(ctx context.Context, _ int) (int, error) { return s.failing(ctx) },
			Policy: query.MutationPolicy{Retry: query.Retries(2)},
		}
		_, err := query.Mutate(t.Context(), c, m, 1)
		require.ErrorIs(t, err, errRefused)
		require.Equal(t, []int64{0, 1000, 3000}, s.at.all())
		require.Equal(t, 3, c.Mutations(query.MutationFilter{})[0].FailureCount)
	})
}

func TestMutate_offlineWaitsAndRunsWithTheNetwork(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Online: query.NewSignal(false)}, func(t *testing.T, c *query.Client) {
		var done notes[int]
		m := query.Mutation[int, int]{Do: func(_ context.Context, v int) (int, error) { done.add(v); return v, nil }}
		for v := range 3 {
			go func() { _, _ = query.Mutate(t.Context(), c, m, v) }()
			synctest.Wait()
		}
		pass(time.Minute)
		require.Empty(t, done.all())
		for _, i := range c.Mutations(query.MutationFilter{}) {
			require.True(t, i.IsPaused)
			require.Equal(t, query.StatusPending, i.Status)
		}
		require.NoError(t, c.ResumePausedMutations(t.Context()), "without network it does nothing")
		c.Online().Set(true)
		synctest.Wait()
		require.ElementsMatch(t, []int{0, 1, 2}, done.all())
	})
}

func TestReconnect_queriesWaitForResumedMutations(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		defer query.Observe(c, src.query(query.Policy{})).Subscribe(ignore)()
		synctest.Wait()
		c.Online().Set(false)
		go func() {
			_, _ = query.Mutate(t.Context(), c, query.Mutation[int, int]{Do: func(context.Context, int) (int, error) {
				time.Sleep(time.Second)
				return 0, nil
			}}, 1)
		}()
		synctest.Wait()
		c.Online().Set(true)
		pass(500 * time.Millisecond)
		require.Equal(t, 1, src.count(0))
		pass(500 * time.Millisecond)
		require.Equal(t, 2, src.count(0))
	})
}

func TestScope_runsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var events notes[string]
		m := query.Mutation[string, int]{
			ScopeOf: func(v string) string { return v[:1] },
			Do: func(_ context.Context, v string) (int, error) {
				events.add("begin " + v)
				time.Sleep(time.Second)
				events.add("end " + v)
				if v == "a1" {
					return 0, errRefused
				}
				return 0, nil
			},
		}
		for _, v := range []string{"a1", "a2", "a3", "b1"} {
			go func() { _, _ = query.Mutate(t.Context(), c, m, v) }()
			synctest.Wait()
		}
		infos := c.Mutations(query.MutationFilter{Predicate: func(i query.MutationInfo) bool { return i.IsPaused }})
		require.Len(t, infos, 2)
		require.Equal(t, "a", infos[0].Scope)
		pass(500 * time.Millisecond)
		require.Equal(t, []string{"begin a1", "begin b1"}, events.all())
		pass(time.Minute)
		var a []string
		for _, e := range events.all() {
			if e != "begin b1" && e != "end b1" {
				a = append(a, e)
			}
		}
		require.Equal(t, []string{"begin a1", "end a1", "begin a2", "end a2", "begin a3", "end a3"}, a)
	})
}

func TestInvalidates_refetchesAfterSuccessAndAfterFailure(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errRefused} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			src := new(source)
			q := src.query(query.Policy{StaleTime: query.StaleNever()})
			defer query.Observe(c, q).Subscribe(ignore)()
			synctest.Wait()
			_, got := query.Mutate(t.Context(), c, query.Mutation[int, int]{
				Do:          func(context.Context, int) (int, error) { return 0, err },
				Invalidates: func(int) []query.Filter { return []query.Filter{{Key: q.Key}} },
			}, 1)
			require.Equal(t, err, got)
			synctest.Wait()
			require.Equal(t, 2, src.count(0))
		})
	}
}

func TestMutation_isForgottenAfterItsTime(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		policy query.GCTime
		after  time.Duration
	}{
		{"five minutes", query.GCTime{}, 5 * time.Minute},
		{"as said", query.GCAfter(time.Second), time.Second},
		{"at once", query.GCAfter(0), 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				m := query.Mutation[int, int]{Do: double, Policy: query.MutationPolicy{GCTime: tc.policy}}
				_, err := query.Mutate(t.Context(), c, m, 1)
				require.NoError(t, err)
				if tc.after > 0 {
					pass(tc.after - time.Millisecond)
					require.Len(t, c.Mutations(query.MutationFilter{}), 1)
				}
				pass(time.Millisecond)
				require.Empty(t, c.Mutations(query.MutationFilter{}))
			})
		})
	}
}

func TestMutation_pendingOneIsNotForgotten(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, time.Second} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			m := query.Mutation[int, int]{
				Do:     func(context.Context, int) (int, error) { time.Sleep(time.Hour); return 0, nil },
				Policy: query.MutationPolicy{GCTime: query.GCAfter(d)},
			}
			go func() { _, _ = query.Mutate(t.Context(), c, m, 1) }()
			pass(time.Minute)
			require.Len(t, c.Mutations(query.MutationFilter{}), 1)
			pass(time.Hour)
			require.Empty(t, c.Mutations(query.MutationFilter{}))
		})
	}
}

func TestMutationFilter_choosesByKeyStatusAndPredicate(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		run := func(m query.Mutation[int, int]) { _, _ = query.Mutate(t.Context(), c, m, 1) }
		refuse := func(context.Context, int) (int, error) { return 0, errRefused }
		run(query.Mutation[int, int]{Key: key("o"), Do: double})
		run(query.Mutation[int, int]{Key: key("o", 1), Do: refuse})
		run(query.Mutation[int, int]{Do: double})
		ids := func(f query.MutationFilter) (list []uint64) {
			for _, i := range c.Mutations(f) {
				list = append(list, i.ID)
			}
			return list
		}
		require.Equal(t, []uint64{1, 2, 3}, ids(query.MutationFilter{}))
		require.Equal(t, []uint64{1, 2}, ids(query.MutationFilter{Key: key("o")}))
		require.Equal(t, []uint64{1}, ids(query.MutationFilter{Key: key("o"), Exact: true}))
		require.Equal(t, []uint64{2}, ids(query.MutationFilter{Status: query.StatusError}))
		require.Equal(t, []uint64{3}, ids(query.MutationFilter{Predicate: func(i query.MutationInfo) bool { return i.ID == 3 }}))
	})
}

func TestMutationObserver_showsTheLatestRun(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		o := query.ObserveMutation(c, query.Mutation[int, int]{Do: func(_ context.Context, v int) (int, error) {
			time.Sleep(time.Duration(v) * time.Second)
			if v == 3 {
				return 0, errRefused
			}
			return v * 2, nil
		}})
		var statuses notes[query.Status]
		defer o.Subscribe(func(r query.MutationResult[int, int]) { statuses.add(r.Status()) })()
		require.True(t, o.Current().IsIdle())
		require.False(t, o.Current().HasVariables())
		start := time.Now()
		require.NoError(t, o.Start(t.Context(), 5, query.MutateCallbacks[int, int]{}))
		pass(time.Second)
		r := o.Current()
		require.True(t, r.IsPending())
		require.False(t, r.IsPaused())
		require.Equal(t, 5, r.Variables())
		require.Equal(t, start, r.SubmittedAt())
		v, err := o.Mutate(t.Context(), 2, query.MutateCallbacks[int, int]{})
		require.NoError(t, err)
		require.Equal(t, 4, v)
		pass(time.Hour)
		r = o.Current()
		require.True(t, r.IsSuccess())
		require.True(t, r.HasData())
		require.Equal(t, 4, r.Data(), "the first run ended later, unseen")

		_, err = o.Mutate(t.Context(), 3, query.MutateCallbacks[int, int]{})
		require.ErrorIs(t, err, errRefused)
		r = o.Current()
		require.True(t, r.IsError())
		require.ErrorIs(t, r.Err(), errRefused)
		require.ErrorIs(t, r.FailureReason(), errRefused)
		require.Equal(t, 1, r.FailureCount())
		require.True(t, r.RetryAt().IsZero())
		require.Equal(t, 3, r.Variables(), "for another try")
		o.Reset()
		require.True(t, o.Current().IsIdle())
		synctest.Wait()
		all := statuses.all()
		require.Equal(t, query.StatusIdle, all[len(all)-1])
	})
}

func TestMutateCallbacks_areForWhatIsOnScreen(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls notes[string]
		on := func(name string) query.MutateCallbacks[int, int] {
			return query.MutateCallbacks[int, int]{
				OnSuccess: func(int, int, any) { calls.add(name + " success") },
				OnError:   func(error, int, any) { calls.add(name + " error") },
				OnSettled: func(int, error, int, any) { calls.add(name + " settled") },
			}
		}
		o := query.ObserveMutation(c, query.Mutation[int, int]{Do: func(_ context.Context, v int) (int, error) {
			time.Sleep(time.Second)
			if v < 0 {
				return 0, errRefused
			}
			return v, nil
		}})
		require.NoError(t, o.Start(t.Context(), 1, on("unseen")))
		pass(time.Second)
		stop := o.Subscribe(func(query.MutationResult[int, int]) {})
		require.NoError(t, o.Start(t.Context(), 1, on("replaced")))
		require.NoError(t, o.Start(t.Context(), 2, on("seen")))
		pass(time.Second)
		require.NoError(t, o.Start(t.Context(), -1, on("refused")))
		pass(time.Second)
		require.NoError(t, o.Start(t.Context(), 3, on("left")))
		stop()
		pass(time.Second)
		require.Equal(t, []string{"seen success", "seen settled", "refused error", "refused settled"}, calls.all())
	})
}

func TestSetMutation_reachesARunThatIsPending(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls notes[string]
		with := func(k, name string) query.Mutation[int, int] {
			return query.Mutation[int, int]{
				Key:       key(k),
				Do:        func(_ context.Context, v int) (int, error) { time.Sleep(time.Second); return v, nil },
				OnSuccess: func(context.Context, int, int, any) error { calls.add(name); return nil },
			}
		}
		o := query.ObserveMutation(c, with("m", "old"))
		defer o.Subscribe(func(query.MutationResult[int, int]) {})()
		require.NoError(t, o.Start(t.Context(), 1, query.MutateCallbacks[int, int]{}))
		o.SetMutation(with("m", "new"))
		pass(time.Second)
		require.Equal(t, []string{"new"}, calls.all())
		require.True(t, o.Current().IsSuccess())
		o.SetMutation(with("other", "x"))
		require.True(t, o.Current().IsIdle(), "another key is another mutation")
	})
}

func TestMutationObserver_comesBackToARunThatEndedMeanwhile(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		o := query.ObserveMutation(c, query.Mutation[int, int]{Do: func(_ context.Context, v int) (int, error) { time.Sleep(time.Second); return v, nil }})
		stop := o.Subscribe(func(query.MutationResult[int, int]) {})
		require.NoError(t, o.Start(t.Context(), 1, query.MutateCallbacks[int, int]{}))
		stop()
		stop()
		pass(time.Second)
		defer o.Subscribe(func(query.MutationResult[int, int]) {})()
		require.True(t, o.Current().IsSuccess())
		pass(time.Hour)
		require.Len(t, c.Mutations(query.MutationFilter{}), 1, "what is observed is kept")
	})
}
