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
