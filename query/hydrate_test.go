package query_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// travel sends a snapshot through JSON.
func travel(t *testing.T, s *query.Snapshot) *query.Snapshot {
	t.Helper()
	text, err := json.Marshal(s)
	require.NoError(t, err)
	var there query.Snapshot
	require.NoError(t, json.Unmarshal(text, &there))
	return &there
}

type item struct{ Name string }

func TestHydrate_dataAreThereInTheirType(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, from *query.Client) {
		q := query.Query[item]{Key: key("item", 1), Policy: query.Policy{StaleTime: query.StaleAfter(time.Hour)}, Meta: map[string]any{"m": "x"}}
		_, err := query.Fetch(t.Context(), from, query.Query[item]{Key: q.Key, Meta: q.Meta, Fetch: func(context.Context) (item, error) { return item{"lamp"}, nil }})
		require.NoError(t, err)
		_, err = query.Fetch(t.Context(), from, query.Query[int]{Key: key("failed"), Fetch: (&source{fail: always}).fetch})
		require.Error(t, err)
		s, err := from.Dehydrate(query.DehydrateOptions{})
		require.NoError(t, err)
		require.Len(t, s.Queries, 1, "only what succeeded")
		s = travel(t, s)

		to, err := query.New(query.Config{})
		require.NoError(t, err)
		require.NoError(t, to.Hydrate(s, query.HydrateOptions{}))
		was, _ := from.State(q.Key)
		is, ok := to.State(q.Key)
		require.True(t, ok)
		require.True(t, was.DataUpdatedAt().Equal(is.DataUpdatedAt()))
		require.Equal(t, map[string]any{"m": "x"}, is.Meta())
		require.Equal(t, item{"lamp"}, value(t, to, q))
		v, err := query.Fetch(t.Context(), to, q)
		require.NoError(t, err, "fresh data need no fetch function")
		require.Equal(t, item{"lamp"}, v)
		require.Equal(t, item{"lamp"}, query.Observe(to, q).Current().Data())
		require.NoError(t, to.Close(t.Context()))
	})
}

func TestHydrate_errorsKeepTheirText(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("failed"), Fetch: (&source{fail: always}).fetch}
		_, err := query.Fetch(t.Context(), c, q)
		require.Error(t, err)
		s, err := c.Dehydrate(query.DehydrateOptions{Query: func(query.Entry) bool { return true }})
		require.NoError(t, err)
		c.Clear()
		require.NoError(t, c.Hydrate(travel(t, s), query.HydrateOptions{}))
		st, _ := c.State(q.Key)
		require.Equal(t, query.StatusError, st.Status())
		var restored *query.RestoredError
		require.ErrorAs(t, st.Err(), &restored)
		require.Equal(t, "refused", restored.Message)
		require.EqualError(t, st.FailureReason(), "refused")
	})
}

func TestHydrate_newerDataWin(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		require.NoError(t, query.Set(c, q, 1))
		old, err := c.Dehydrate(query.DehydrateOptions{})
		require.NoError(t, err)
		pass(time.Second)
		require.NoError(t, query.Set(c, q, 2))
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		require.NoError(t, c.Hydrate(travel(t, old), query.HydrateOptions{}))
		require.Equal(t, 2, value(t, c, q))
		pass(time.Second)
		require.NoError(t, query.Set(c, q, 3))
		newer, err := c.Dehydrate(query.DehydrateOptions{})
		require.NoError(t, err)
		require.NoError(t, query.SetAt(c, q, 4, time.Now().Add(-time.Hour)))
		require.NoError(t, c.Hydrate(travel(t, newer), query.HydrateOptions{}))
		require.Equal(t, 3, value(t, c, q))
	})
}

func TestHydrate_dataOfAnotherTypeAreDroppedAndFetchedAgain(t *testing.T) {
	t.Parallel()
	j := new(journal)
	inBubble(t, query.Config{Logger: j.logger()}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, query.Query[string]{Key: key("source")}, "secret"))
		s, err := c.Dehydrate(query.DehydrateOptions{})
		require.NoError(t, err)
		c.Clear()
		require.NoError(t, c.Hydrate(travel(t, s), query.HydrateOptions{}))
		src := new(source)
		v, err := query.Fetch(t.Context(), c, src.query(query.Policy{StaleTime: query.StaleNever()}))
		require.NoError(t, err)
		require.Equal(t, 1, v)
		require.Contains(t, j.String(), `do not fit [\"source\"]`)
		require.NotContains(t, j.String(), "secret")
	})
}

func TestHydrate_pausedMutationGoesOnWithDefaults(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Online: query.NewSignal(false)}, func(t *testing.T, c *query.Client) {
		m := query.Mutation[item, int]{
			Key: key("add"), Scope: "s", Do: func(context.Context, item) (int, error) { return 1, nil },
			OnMutate: func(context.Context, item) (any, error) { return "before", nil },
		}
		go func() { _, _ = query.Mutate(t.Context(), c, m, item{"lamp"}) }()
		synctest.Wait()
		s, err := c.Dehydrate(query.DehydrateOptions{})
		require.NoError(t, err)
		require.Len(t, s.Mutations, 1)

		to, err := query.New(query.Config{})
		require.NoError(t, err)
		var ran notes[any]
		require.NoError(t, to.Hydrate(travel(t, s), query.HydrateOptions{MutationDefaults: query.MutationDefaults{
			Do: func(_ context.Context, i query.MutationInfo) (any, error) {
				ran.add(i.Scope)
				return 2, nil
			},
		}}))
		info := to.Mutations(query.MutationFilter{})
		require.Len(t, info, 1)
		require.True(t, info[0].IsPaused)
		require.NoError(t, to.ResumePausedMutations(t.Context()))
		require.Equal(t, []any{"s"}, ran.all())
		require.Equal(t, query.StatusSuccess, to.Mutations(query.MutationFilter{})[0].Status)
		require.NoError(t, to.Close(t.Context()))
	})
}

func TestHydrate_infiniteQueryCanBeRefetched(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		b := &book{pages: 5}
		q := b.query()
		q.Pages = 2
		require.NoError(t, query.Prefetch(t.Context(), c, q.Query()))
		q.Pages = 0
		s, err := c.Dehydrate(query.DehydrateOptions{})
		require.NoError(t, err)
		require.True(t, s.Queries[0].Infinite)
		c.Clear()
		require.NoError(t, c.Hydrate(travel(t, s), query.HydrateOptions{}))
		o := query.Observe(c, q.Query())
		defer o.Subscribe(ignore)()
		synctest.Wait()
		require.Equal(t, []int{0, 10}, o.Current().Data().Pages)
		r, err := o.FetchNextPage(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.Equal(t, []int{0, 10, 20}, r.Data().Pages)
	})
}

func TestHydrate_badSnapshotChangesNothing(t *testing.T) {
	t.Parallel()
	good := query.QuerySnapshot{Key: key("good"), Status: query.StatusSuccess, Data: json.RawMessage(`1`)}
	with := func(change func(s *query.Snapshot)) *query.Snapshot {
		s := &query.Snapshot{Version: query.SnapshotVersion, Queries: []query.QuerySnapshot{good, good}, Mutations: []query.MutationSnapshot{{Status: query.StatusPending}}}
		change(s)
		return s
	}
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		for name, s := range map[string]*query.Snapshot{
			"version":            with(func(s *query.Snapshot) { s.Version = 99 }),
			"key":                with(func(s *query.Snapshot) { s.Queries[1].Key = key(make(chan int)) }),
			"status":             with(func(s *query.Snapshot) { s.Queries[1].Status = "odd" }),
			"no data":            with(func(s *query.Snapshot) { s.Queries[1].Data = nil }),
			"malformed":          with(func(s *query.Snapshot) { s.Queries[1].Data = json.RawMessage(`{`) }),
			"negative":           with(func(s *query.Snapshot) { s.Queries[1].FailureCount = -1 }),
			"mutation status":    with(func(s *query.Snapshot) { s.Mutations[0].Status = "odd" }),
			"mutation key":       with(func(s *query.Snapshot) { s.Mutations[0].Key = key(make(chan int)) }),
			"mutation malformed": with(func(s *query.Snapshot) { s.Mutations[0].Variables = json.RawMessage(`{`) }),
		} {
			require.ErrorContains(t, c.Hydrate(s, query.HydrateOptions{}), "query: hydrate: ", name)
		}
		require.Zero(t, held(c))
		require.Empty(t, c.Mutations(query.MutationFilter{}))
		require.NoError(t, c.Hydrate(nil, query.HydrateOptions{}))
		require.NoError(t, c.Hydrate(with(func(*query.Snapshot) {}), query.HydrateOptions{}))
		require.Equal(t, 1, held(c))
		require.NoError(t, c.Close(t.Context()))
		require.ErrorIs(t, c.Hydrate(with(func(*query.Snapshot) {}), query.HydrateOptions{}), query.ErrClosed)
	})
}

func TestDehydrate_whatCannotBeEncodedIsNamed(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, query.Query[chan int]{Key: key("channel")}, make(chan int)))
		_, err := c.Dehydrate(query.DehydrateOptions{})
		require.ErrorContains(t, err, `["channel"]`)
		s, err := c.Dehydrate(query.DehydrateOptions{Query: func(query.Entry) bool { panic("choice") }})
		require.NoError(t, err)
		require.Empty(t, s.Queries)
		c.Clear()
		_, err = query.Mutate(t.Context(), c, query.Mutation[chan int, int]{Key: key("send"), Do: func(context.Context, chan int) (int, error) { return 0, nil }}, make(chan int))
		require.NoError(t, err)
		_, err = c.Dehydrate(query.DehydrateOptions{Mutation: func(query.MutationInfo) bool { return true }})
		require.ErrorContains(t, err, `["send"]`)
	})
}

func TestDehydrate_leavesPatchesOut(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, stock, 100))
		ch := newChange(stock)
		ch.start(t, c, 5)
		s, err := c.Dehydrate(query.DehydrateOptions{})
		require.NoError(t, err)
		require.JSONEq(t, `100`, string(s.Queries[0].Data))
		ch.settle(nil)
	})
}

// patching is a mutation that adds its variables to every int while it runs, and
// then awaits its outcome from the channel.
func patching(outcome <-chan error) query.Mutation[int, int] {
	return query.Mutation[int, int]{
		Do: func(context.Context, int) (int, error) { return 0, <-outcome },
		Optimistic: func(tx *query.Tx, v int) {
			query.PatchAll(tx, query.Filter{}, func(old int) int { return old + v })
		},
	}
}

func TestPatchAll_reachesHydratedDataThatNobodyHasUsed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name        string
		outcome     error
		during, end int
	}{{"success is baked in", nil, 12, 12}, {"failure leaves the data", errRefused, 12, 7}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				outcome := make(chan error)
				require.NoError(t, c.Hydrate(saved(`7`, time.Now()), query.HydrateOptions{}))
				o := query.ObserveMutation(c, patching(outcome))
				o.Start(t.Context(), 5, query.MutateCallbacks[int, int]{})
				synctest.Wait()
				s, _ := c.State(key("a"))
				require.Equal(t, tc.during, s.Data())
				outcome <- tc.outcome
				synctest.Wait()
				require.Equal(t, tc.end, value(t, c, query.Query[int]{Key: key("a")}))
			})
		})
	}
}

func TestPatchAll_overHydratedDataIsUnderstoodByWhoComesMeanwhile(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		outcome := make(chan error)
		require.NoError(t, c.Hydrate(saved(`7`, time.Now()), query.HydrateOptions{}))
		o := query.ObserveMutation(c, patching(outcome))
		o.Start(t.Context(), 5, query.MutateCallbacks[int, int]{})
		synctest.Wait()
		q := query.Query[int]{Key: key("a")}
		seen := query.Observe(c, q)
		defer seen.Subscribe(ignore)()
		require.Equal(t, 12, seen.Current().Data())
		outcome <- errRefused
		synctest.Wait()
		require.Equal(t, 7, seen.Current().Data())
		require.Equal(t, 7, value(t, c, q))
	})
}

func TestPatchAll_leavesHydratedDataOfAnotherShapeToTheirType(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, c.Hydrate(saved(`"seven"`, time.Now()), query.HydrateOptions{}))
		outcome := make(chan error, 1)
		outcome <- nil
		_, err := query.Mutate(t.Context(), c, patching(outcome), 5)
		require.NoError(t, err)
		require.Equal(t, "seven", value(t, c, query.Query[string]{Key: key("a")}))
	})
}

func TestPatchAll_doesNotDecideOfWhichTypeHydratedDataAre(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, c.Hydrate(saved(`7`, time.Now()), query.HydrateOptions{}))
		outcome := make(chan error)
		o := query.ObserveMutation(c, patching(outcome))
		o.Start(t.Context(), 5, query.MutateCallbacks[int, int]{})
		synctest.Wait()
		require.InDelta(t, 7, value(t, c, query.Query[float64]{Key: key("a")}), 0)
		outcome <- nil
		synctest.Wait()
		require.InDelta(t, 7, value(t, c, query.Query[float64]{Key: key("a")}), 0)
	})
}

// saved is a snapshot of one entry with this JSON for data, changed at.
func saved(data string, at time.Time) *query.Snapshot {
	return &query.Snapshot{Version: query.SnapshotVersion, Queries: []query.QuerySnapshot{{
		Key: key("a"), Status: query.StatusSuccess, Data: json.RawMessage(data), DataUpdatedAt: at, DataUpdateCount: 1,
	}}}
}

// nullable is encoded as null when it is not set, as sql.Null and its likes are.
type nullable struct{ v *int }

func (n nullable) MarshalJSON() ([]byte, error)  { return json.Marshal(n.v) }
func (n *nullable) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &n.v) }

func TestHydrate_nullIsDataOfTypesThatHaveIt(t *testing.T) {
	t.Parallel()
	takes[*int](t, true)
	takes[[]int](t, true)
	takes[map[string]int](t, true)
	takes[any](t, true)
	takes[json.RawMessage](t, true)
	takes[nullable](t, true)
	takes[struct{}](t, true)
	takes[int](t, false)
	takes[string](t, false)
	takes[bool](t, false)
	takes[item](t, false)
	takes[[2]int](t, false)
	takes[time.Time](t, false)
	takes[query.Pages[int, int]](t, false)
}

// takes checks whether a null is taken for a T, or dropped and fetched.
func takes[T any](t *testing.T, null bool) {
	t.Helper()
	for _, data := range []string{"null", " null\n"} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			require.NoError(t, c.Hydrate(saved(data, time.Now()), query.HydrateOptions{}))
			fetched := false
			var none T
			v, err := query.Fetch(t.Context(), c, query.Query[T]{
				Key: key("a"), Policy: query.Policy{StaleTime: query.StaleNever()},
				Fetch: func(context.Context) (T, error) { fetched = true; return none, nil },
			})
			require.NoError(t, err)
			require.Equal(t, null, !fetched, "%T", none)
			if !fetched {
				require.JSONEq(t, text(t, v), text(t, none))
			}
		})
	}
}

func TestHydrate_firstTypedUseIsNoEvent(t *testing.T) {
	t.Parallel()
	uses := map[string]func(*testing.T, *query.Client, query.Query[item]){
		"Get": func(t *testing.T, c *query.Client, q query.Query[item]) {
			require.Equal(t, item{"lamp"}, value(t, c, q))
		},
		"Fetch": func(t *testing.T, c *query.Client, q query.Query[item]) {
			v, err := query.Fetch(t.Context(), c, q)
			require.NoError(t, err)
			require.Equal(t, item{"lamp"}, v)
		},
		"Observe": func(t *testing.T, c *query.Client, q query.Query[item]) {
			require.Equal(t, item{"lamp"}, query.Observe(c, q).Current().Data())
		},
	}
	for name, use := range uses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				require.NoError(t, c.Hydrate(saved(`{"Name":"lamp"}`, time.Now()), query.HydrateOptions{}))
				before, _ := c.State(key("a"))
				heard, stop := listen(c, query.EventOptions{Kinds: []query.EventKind{query.EventUpdated, query.EventAdded, query.EventRemoved}})
				defer stop()
				use(t, c, query.Query[item]{Key: key("a"), Policy: query.Policy{StaleTime: query.StaleNever()}})
				synctest.Wait()
				require.Empty(t, heard.all())
				after, _ := c.State(key("a"))
				require.Equal(t, item{"lamp"}, after.Data())
				require.Equal(t, before.DataUpdatedAt(), after.DataUpdatedAt())
				require.Equal(t, before.DataUpdateCount(), after.DataUpdateCount())
			})
		})
	}
}

func TestHydrate_untypedObserverSeesTheTypeOnceThereIsOne(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, c.Hydrate(saved(`{"Name":"lamp"}`, time.Now()), query.HydrateOptions{}))
		o := query.Observe(c, query.Query[any]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}})
		r, stop := record(o)
		defer stop()
		require.Equal(t, map[string]any{"Name": "lamp"}, o.Current().Data())
		require.Equal(t, item{"lamp"}, value(t, c, query.Query[item]{Key: key("a")}))
		synctest.Wait()
		require.Equal(t, item{"lamp"}, r.last().Data())
	})
}

func TestHydrate_cancellationBringsTypedDataBack(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, c.SetQueryDefaults(key("a"), query.Defaults{Fetch: func(ctx context.Context, _ query.FetchInfo) (any, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}}))
		require.NoError(t, c.Hydrate(saved(`{"Name":"lamp"}`, time.Now()), query.HydrateOptions{}))
		go func() { _, _ = query.Fetch(t.Context(), c, query.Query[any]{Key: key("a")}) }()
		synctest.Wait()
		q := query.Query[item]{Key: key("a"), Policy: query.Policy{StaleTime: query.StaleNever()}}
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		synctest.Wait()
		require.True(t, o.Current().IsFetching())
		require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
		synctest.Wait()
		require.False(t, o.Current().IsFetching())
		require.Equal(t, item{"lamp"}, o.Current().Data())
		require.Equal(t, item{"lamp"}, value(t, c, q))
	})
}

func TestHydrate_newerDataThatDoNotFitMakeStaleWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, data := range []string{`"secret"`, `null`} {
		j := new(journal)
		inBubble(t, query.Config{Logger: j.logger()}, func(t *testing.T, c *query.Client) {
			q := query.Query[int]{Key: key("a"), Policy: query.Policy{StaleTime: query.StaleNever(), Enabled: query.Off}}
			require.NoError(t, query.Set(c, q, 1))
			o := query.Observe(c, q)
			defer o.Subscribe(ignore)()
			require.NoError(t, c.Hydrate(saved(data, time.Now().Add(-time.Second)), query.HydrateOptions{}))
			synctest.Wait()
			require.False(t, o.Current().IsStale(), "what is older does not matter")
			require.NoError(t, c.Hydrate(saved(data, time.Now().Add(time.Second)), query.HydrateOptions{}))
			synctest.Wait()
			st, _ := c.State(q.Key)
			require.True(t, st.IsInvalidated())
			require.Equal(t, 1, o.Current().Data())
			require.Equal(t, 1, value(t, c, q))
			require.Contains(t, j.String(), "do not fit")
			require.NotContains(t, j.String(), "secret")
		})
	}
}
