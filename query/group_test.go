package query_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// numbered is a query that answers its number after as many seconds.
func numbered(n int, calls *atomic.Int64) query.Query[int] {
	return query.Query[int]{
		Key: key("n", n), Policy: query.Policy{StaleTime: query.StaleNever()},
		Fetch: func(context.Context) (int, error) {
			calls.Add(1)
			time.Sleep(time.Duration(n) * time.Second)
			return n, nil
		},
	}
}

func shown(results []query.Result[int]) []int {
	data := []int{}
	for _, r := range results {
		data = append(data, r.Data())
	}
	return data
}

func TestGroup_showsAllInTheirOrder(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls atomic.Int64
		g := query.ObserveGroup[int](c, numbered(3, &calls), numbered(1, &calls))
		pass(time.Minute)
		require.Zero(t, calls.Load(), "nothing is fetched before somebody subscribes")
		var told notes[[]int]
		stop := g.Subscribe(func(all []query.Result[int]) { told.add(shown(all)) })
		pass(time.Second)
		require.Equal(t, []int{0, 1}, shown(g.Current()))
		pass(2 * time.Second)
		require.Equal(t, []int{3, 1}, shown(g.Current()))
		all := told.all()
		require.Equal(t, []int{3, 1}, all[len(all)-1])
		stop()
		stop()
		for _, e := range c.Entries(query.Filter{}) {
			require.Zero(t, e.Observers)
		}
	})
}

func TestGroup_changedListKeepsWhatStays(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls atomic.Int64
		one, two, three := numbered(1, &calls), numbered(2, &calls), numbered(3, &calls)
		g := query.ObserveGroup[int](c, one, two)
		defer g.Subscribe(func([]query.Result[int]) {})()
		pass(time.Minute)
		g.SetQueries(three, one)
		require.Equal(t, []int{0, 1}, shown(g.Current()))
		pass(time.Minute)
		require.Equal(t, []int{3, 1}, shown(g.Current()))
		require.EqualValues(t, 3, calls.Load(), "what was there is not fetched again")
		require.Zero(t, c.Entries(query.Filter{Key: two.Key})[0].Observers)
		g.SetQueries()
		require.Empty(t, g.Current())
		for _, e := range c.Entries(query.Filter{}) {
			require.Zero(t, e.Observers)
		}
	})
}

func TestGroup_selectionsOfOtherTypes(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls atomic.Int64
		text := query.Query[string]{Key: key("text")}
		require.NoError(t, query.Set(c, text, "as is"))
		g := query.ObserveGroup[string](c,
			query.Selection[int, string]{Query: numbered(1, &calls), Select: func(v int) (string, error) { return strconv.Itoa(v), nil }},
			text,
			query.Selection[string, string]{Query: text},
		)
		defer g.Subscribe(func([]query.Result[string]) {})()
		pass(time.Second)
		all := g.Current()
		require.Equal(t, "1", all[0].Data())
		require.Equal(t, "as is", all[1].Data())
		require.ErrorIs(t, all[2].Err(), query.ErrNilCallback)
	})
}

func TestGroup_resultsAreALoop(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls atomic.Int64
		g := query.ObserveGroup[int](c, numbered(1, &calls), numbered(2, &calls))
		var seen [][]int
		for all := range g.Results(t.Context()) {
			seen = append(seen, shown(all))
			if all[1].IsSuccess() {
				break
			}
		}
		require.Equal(t, []int{0, 0}, seen[0])
		require.Equal(t, []int{1, 2}, seen[len(seen)-1])
		require.Zero(t, c.Entries(query.Filter{})[0].Observers)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		rounds := 0
		for range g.Results(ctx) {
			rounds++
		}
		require.LessOrEqual(t, rounds, 2)
	})
}

func TestGroup_badMembersShowTheirErrors(t *testing.T) {
	t.Parallel()
	j := new(journal)
	inBubble(t, query.Config{Logger: j.logger()}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, query.Query[string]{Key: key("taken")}, "x"))
		g := query.ObserveGroup[int](c,
			query.Query[int]{Key: key("taken")},
			query.Query[int]{Key: key(make(chan int))},
			query.Query[int]{Key: key("good"), InitialData: query.Initial(1)},
		)
		defer g.Subscribe(func([]query.Result[int]) {})()
		synctest.Wait()
		all := g.Current()
		require.ErrorIs(t, all[0].Err(), query.ErrTypeMismatch)
		require.Error(t, all[1].Err())
		require.Equal(t, 1, all[2].Data())
		g.Subscribe(nil)()
		require.Contains(t, j.String(), query.ErrNilCallback.Error())
	})
}

func TestGroup_ofAClosedClient(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, c.Close(t.Context()))
		g := query.ObserveGroup[int](c, query.Query[int]{Key: key("a")})
		g.Subscribe(func([]query.Result[int]) {})()
		require.ErrorIs(t, g.Current()[0].Err(), query.ErrClosed)
		rounds := 0
		for range g.Results(t.Context()) {
			rounds++
		}
		require.Equal(t, 1, rounds)
	})
}
