package query_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func markOnly() query.RefetchOptions { return query.RefetchOptions{Type: query.RefetchNone} }

// Readers make the states that marks stand for, and must neither lose a mark nor
// carry it over to what was written after it.
func TestInvalidate_racingReadersNeitherLoseNorAddMarks(t *testing.T) {
	t.Parallel()
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	ctx := context.WithoutCancel(t.Context())
	defer func() { require.NoError(t, c.Close(ctx)) }()
	q := query.Query[int]{Key: key("orders", 1)}
	require.NoError(t, query.Set(c, q, 0))

	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					s, _ := c.State(q.Key)
					_ = s.IsInvalidated()
				}
			}
		})
	}
	lost, added := 0, 0
	for n := range 3000 {
		if err := c.Invalidate(ctx, query.Filter{Key: key("orders"), Refetch: markOnly()}); err != nil {
			t.Error(err)
		}
		if s, _ := c.State(q.Key); !s.IsInvalidated() {
			lost++
		}
		if err := query.Set(c, q, n); err != nil {
			t.Error(err)
		}
		if s, _ := c.State(q.Key); s.IsInvalidated() {
			added++
		}
	}
	close(stop)
	readers.Wait()
	require.Zero(t, lost)
	require.Zero(t, added)
}

func TestInvalidate_lookTakenBeforeStaysAsItWas(t *testing.T) {
	t.Parallel()
	c, q := prepared(t)
	before, _ := c.State(q.Key)
	require.NoError(t, c.Invalidate(t.Context(), query.Filter{Refetch: markOnly()}))
	after, _ := c.State(q.Key)
	require.False(t, before.IsInvalidated())
	require.True(t, after.IsInvalidated())
	require.Equal(t, before.DataUpdateCount(), after.DataUpdateCount())
}

func TestInvalidate_marksWhatIsListedAndStored(t *testing.T) {
	t.Parallel()
	c, q := prepared(t)
	require.NoError(t, c.Invalidate(t.Context(), query.Filter{Key: key("orders"), Refetch: markOnly()}))
	require.True(t, c.Entries(query.Filter{})[0].State.IsInvalidated())
	snapshot, err := c.Dehydrate(query.DehydrateOptions{})
	require.NoError(t, err)
	require.True(t, snapshot.Queries[0].IsInvalidated)
	require.Len(t, c.Entries(query.Filter{Stale: query.On}), 1)
	require.Contains(t, c.Explain(q.Key).String(), "It was marked stale.")
}

func TestInvalidate_marksThePrefixAndWhatIsBelow(t *testing.T) {
	t.Parallel()
	c, _ := prepared(t)
	for _, k := range []query.Query[int]{
		{Key: key("orders")},
		{Key: key("orders", "list")},
		{Key: key("orders", "list", 1)},
		{Key: key("orders", "list", 1, "lines")},
		{Key: key("orders", "listing", 1)},
		{Key: key()},
	} {
		require.NoError(t, query.Set(c, k, 1))
	}
	require.NoError(t, c.Invalidate(t.Context(), query.Filter{Key: key("orders", "list"), Refetch: markOnly()}))
	marked := map[string]bool{}
	for _, e := range c.Entries(query.Filter{}) {
		marked[e.State.Key().String()] = e.State.IsInvalidated()
	}
	require.Equal(t, map[string]bool{
		`[]`: false, `["orders"]`: false, `["orders","detail",17]`: false, `["orders","listing",1]`: false,
		`["orders","list"]`: true, `["orders","list",1]`: true, `["orders","list",1,"lines"]`: true,
	}, marked)
}

func TestInvalidate_newEntryBelowAMarkedPrefixIsFresh(t *testing.T) {
	t.Parallel()
	c, _ := prepared(t)
	require.NoError(t, c.Invalidate(t.Context(), query.Filter{Key: key("orders"), Refetch: markOnly()}))
	later := query.Query[int]{Key: key("orders", "detail", 18)}
	require.NoError(t, query.Set(c, later, 1))
	s, ok := c.State(later.Key)
	require.True(t, ok)
	require.False(t, s.IsInvalidated())
	require.NoError(t, c.Reset(t.Context(), query.Filter{}))
	for _, e := range c.Entries(query.Filter{}) {
		require.False(t, e.State.IsInvalidated(), "a reset takes the mark off")
	}
}

// An observer that stays with what was removed is the only one to see it.
func TestInvalidate_doesNotMarkWhatWasRemoved(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Quirks: query.Quirks{OrphanedObservers: true}}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("orders", 1), Policy: query.Policy{StaleTime: query.StaleAfter(time.Hour)}}
		require.NoError(t, query.Set(c, q, 1))
		require.NoError(t, query.Set(c, query.Query[int]{Key: key("orders", 2)}, 2))
		o := query.Observe(c, q)
		c.Remove(query.Filter{Key: q.Key})
		require.NoError(t, c.Invalidate(t.Context(), query.Filter{Key: key("orders"), Refetch: markOnly()}))
		stop := o.Subscribe(func(query.Result[int]) {})
		defer stop()
		require.False(t, o.Current().IsStale())
	})
}
