package query_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// inLimited is inBubble with a client of the given limit.
func inLimited(t *testing.T, l query.Limit, f func(t *testing.T, c *query.Client)) {
	t.Helper()
	inBubble(t, query.Config{Limit: l}, f)
}

func digit(i int) query.Query[int] {
	return query.Query[int]{
		Key:   querykey.Of("n", i),
		Fetch: func(context.Context) (int, error) { return i, nil },
		Policy: query.Policy{
			StaleTime: query.StaleNever(),
			GCTime:    query.GCNever(),
		},
	}
}

func fetchNumbers(t require.TestingT, c *query.Client, from, to int) {
	for i := from; i < to; i++ {
		fetchNumber(t, c, i)
	}
}

func fetchNumber(t require.TestingT, c *query.Client, i int) {
	v, err := query.Fetch(context.Background(), c, digit(i))
	require.NoError(t, err)
	require.Equal(t, i, v)
}

func TestLimit_saysWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	_, err := query.New(query.Config{Limit: query.Limit{Max: -1}})
	require.ErrorContains(t, err, "Config.Limit.Max is negative")
	_, err = query.New(query.Config{Limit: query.Limit{Cost: func(querykey.Key, any) int64 { return 1 }}})
	require.ErrorContains(t, err, "Config.Limit.Cost is set but Max is zero")
}

func TestLimit_keepsWhatIsObserved(t *testing.T) {
	t.Parallel()
	inLimited(t, query.Limit{Max: 3}, func(t *testing.T, c *query.Client) {
		var stops []func()
		for i := range 5 {
			o := query.Observe(c, digit(i))
			stops = append(stops, o.Subscribe(ignore))
			fetchNumber(t, c, i)
		}
		require.Len(t, c.Entries(query.Filter{}), 5, "all are in use")
		fetchNumber(t, c, 5)
		require.Len(t, c.Entries(query.Filter{}), 5, "what nobody uses goes at once")
		_, ok := query.Get(c, digit(5))
		require.False(t, ok)

		for _, stop := range stops {
			stop()
		}
		require.Len(t, c.Entries(query.Filter{}), 3)
	})
}

func TestLimit_keepsWhatIsBeingFetched(t *testing.T) {
	t.Parallel()
	inLimited(t, query.Limit{Max: 1}, func(t *testing.T, c *query.Client) {
		q := digit(0)
		q.Fetch = func(context.Context) (int, error) {
			for i := 1; i < 10; i++ {
				require.NoError(t, query.Set(c, digit(i), i))
			}
			return 0, nil
		}
		v, err := query.Fetch(context.Background(), c, q)
		require.NoError(t, err)
		require.Zero(t, v)
		require.Len(t, c.Entries(query.Filter{}), 1)
		_, ok := query.Get(c, q)
		require.True(t, ok, "the latest stays")
	})
}

func TestLimit_whatWasReadOutlastsAScan(t *testing.T) {
	t.Parallel()
	inLimited(t, query.Limit{Max: 100}, func(t *testing.T, c *query.Client) {
		for i := range 50 {
			fetchNumber(t, c, i)
			fetchNumber(t, c, i) // read again
		}
		fetchNumbers(t, c, 1000, 3000)
		for i := range 50 {
			_, ok := query.Get(c, digit(i))
			require.True(t, ok, "%d", i)
		}
		require.Len(t, c.Entries(query.Filter{}), 100)
	})
}

func TestLimit_whatComesBackOutlastsAScan(t *testing.T) {
	t.Parallel()
	inLimited(t, query.Limit{Max: 100}, func(t *testing.T, c *query.Client) {
		fetchNumbers(t, c, 0, 200)
		for i := 90; i < 100; i++ {
			_, ok := query.Get(c, digit(i))
			require.False(t, ok, "%d was dropped", i)
			fetchNumber(t, c, i)
		}
		fetchNumbers(t, c, 1000, 1500)
		kept := 0
		for i := 90; i < 100; i++ {
			if _, ok := query.Get(c, digit(i)); ok {
				kept++
			}
		}
		require.NotZero(t, kept, "nearly all: some can have been forgotten, as hashes share places")
	})
}

func TestLimit_byCost(t *testing.T) {
	t.Parallel()
	inLimited(t, query.Limit{Max: 100, Cost: func(_ querykey.Key, data any) int64 {
		text, _ := data.(string)
		return int64(len(text))
	}}, func(t *testing.T, c *query.Client) {
		text := func(i int) query.Query[string] { return query.Query[string]{Key: querykey.Of("text", i)} }
		for i := range 20 {
			require.NoError(t, query.Set(c, text(i), strings.Repeat("x", 10)))
		}
		require.Len(t, c.Entries(query.Filter{}), 10)
		require.NoError(t, query.Set(c, text(19), strings.Repeat("x", 55)), "it grew")
		require.Len(t, c.Entries(query.Filter{}), 5, "55 and four times 10")
		require.NoError(t, query.Set(c, text(19), ""))
		for i := 20; i < 40; i++ {
			require.NoError(t, query.Set(c, text(i), strings.Repeat("x", 9)))
		}
		require.GreaterOrEqual(t, len(c.Entries(query.Filter{})), 11, "less than 1 counts as 1, and room was given back")
		require.NoError(t, query.Set(c, text(40), strings.Repeat("x", 101)))
		require.Empty(t, c.Entries(query.Filter{}), "what costs more than Max alone is not kept")
	})
}

func TestLimit_panicOfCostIsReported(t *testing.T) {
	t.Parallel()
	j := new(journal)
	l := query.Limit{Max: 2, Cost: func(querykey.Key, any) int64 { panic("no idea") }}
	inBubble(t, query.Config{Logger: j.logger(), Limit: l}, func(t *testing.T, c *query.Client) {
		for i := range 5 {
			require.NoError(t, query.Set(c, digit(i), i))
		}
		require.Len(t, c.Entries(query.Filter{}), 2, "what cannot be weighed costs 1")
		require.Equal(t, 5, strings.Count(j.String(), "no idea"))
	})
}

func TestLimit_keepsWhatIsPatched(t *testing.T) {
	t.Parallel()
	inLimited(t, query.Limit{Max: 2}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, digit(0), 0))
		var shown int
		patch := query.Mutation[int, int]{
			Do: func(context.Context, int) (int, error) {
				fetchNumbers(t, c, 1, 50)
				shown, _ = query.Get(c, digit(0))
				return 0, errRefused
			},
			Optimistic: func(tx *query.Tx, v int) {
				query.Patch(tx, digit(0), func(int, bool) (int, bool) { return v, true })
			},
		}
		_, err := query.Mutate(t.Context(), c, patch, 7)
		require.ErrorIs(t, err, errRefused)
		require.Equal(t, 7, shown, "as long as it is not known better")
		for i := 50; i < 60; i++ {
			fetchNumber(t, c, i)
			fetchNumber(t, c, i) // read again: these are worth more now
		}
		_, ok := query.Get(c, digit(0))
		require.False(t, ok, "nobody needs it any more")
	})
}

func TestLimit_weighsHydratedDataAgainWhenTheyAreUsed(t *testing.T) {
	t.Parallel()
	var snapshot *query.Snapshot
	text := query.Query[string]{Key: key("text")}
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, text, strings.Repeat("x", 10)))
		var err error
		snapshot, err = c.Dehydrate(query.DehydrateOptions{})
		require.NoError(t, err)
		snapshot = travel(t, snapshot)
	})
	l := query.Limit{Max: 100, Cost: func(_ querykey.Key, data any) int64 {
		if _, ok := data.(string); ok {
			return 95
		}
		return 5
	}}
	inLimited(t, l, func(t *testing.T, c *query.Client) {
		require.NoError(t, c.Hydrate(snapshot, query.HydrateOptions{}))
		require.NoError(t, query.Set(c, digit(1), 1))
		require.NoError(t, query.Set(c, digit(2), 2))
		require.Len(t, c.Entries(query.Filter{}), 3, "12 bytes, 5 and 5")
		require.Equal(t, strings.Repeat("x", 10), value(t, c, text))
		require.Len(t, c.Entries(query.Filter{}), 2, "95 and 5")
		require.Equal(t, strings.Repeat("x", 10), value(t, c, text), "just used")
	})
}

func TestLimit_costBeyondMeasure(t *testing.T) {
	t.Parallel()
	l := query.Limit{Max: 10, Cost: func(_ querykey.Key, data any) int64 {
		if data == 3 {
			return math.MaxInt64
		}
		return 1
	}}
	inLimited(t, l, func(t *testing.T, c *query.Client) {
		fetchNumbers(t, c, 0, 30)
		require.Len(t, c.Entries(query.Filter{}), 10)
		_, ok := query.Get(c, digit(3))
		require.False(t, ok)
	})
}

func TestLimit_isCounted(t *testing.T) {
	t.Parallel()
	inLimited(t, query.Limit{Max: 10}, func(t *testing.T, c *query.Client) {
		removed := 0
		defer c.SubscribeEvents(query.EventOptions{}, func(e query.Event) {
			if e.Kind == query.EventRemoved {
				removed++
			}
		})()
		fetchNumbers(t, c, 0, 25)
		evicted := int64(0)
		for _, s := range c.Stats() {
			evicted += s.Evicted
		}
		require.EqualValues(t, 15, evicted)
		synctest.Wait()
		require.Equal(t, 15, removed)
		c.Clear()
		synctest.Wait()
		require.Equal(t, 25, removed)
		fetchNumbers(t, c, 0, 10)
		require.Len(t, c.Entries(query.Filter{}), 10, "what was cleared does not count")
	})
}
