package query_test

import (
	"context"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// squares is a family whose data are fresh for good, and a count of its fetches.
func squares() (f *query.Family[int, int], fetches *int) {
	fetches = new(int)
	return &query.Family[int, int]{
		Prefix: key("squares"),
		Fetch: func(_ context.Context, n int) (int, error) {
			*fetches++
			return n * n, nil
		},
		Policy: query.Policy{StaleTime: query.StaleNever()},
	}, fetches
}

func fetchOf[A comparable, T any](t *testing.T, c *query.Client, f *query.Family[A, T], arg A) T {
	t.Helper()
	v, err := query.FetchOf(t.Context(), c, f, arg)
	require.NoError(t, err)
	return v
}

func TestFamily_fetchesEachArgumentOnce(t *testing.T) {
	t.Parallel()
	c, _ := prepared(t)
	f, fetches := squares()
	for range 3 {
		for n := range 100 {
			require.Equal(t, n*n, fetchOf(t, c, f, n))
		}
	}
	require.Equal(t, 100, *fetches)
}

func TestFamily_sharesEntriesWithItsQueries(t *testing.T) {
	t.Parallel()
	c, _ := prepared(t)
	f, fetches := squares()
	require.Equal(t, key("squares", 3), f.Of(3).Key)
	require.Equal(t, 9, fetchOf(t, c, f, 3))
	v, ok := query.Get(c, f.Of(3))
	require.True(t, ok)
	require.Equal(t, 9, v)
	require.NoError(t, query.Set(c, f.Of(3), 10))
	require.Equal(t, 10, fetchOf(t, c, f, 3))
	require.NoError(t, query.SetOf(c, f, 4, 17))
	v, ok = query.GetOf(c, f, 4)
	require.True(t, ok)
	require.Equal(t, 17, v)
	require.Equal(t, 1, *fetches)
}

func TestFamily_whatIsRemovedIsFetchedAgain(t *testing.T) {
	t.Parallel()
	c, _ := prepared(t)
	f, fetches := squares()
	for n := range 50 {
		fetchOf(t, c, f, n)
	}
	c.Remove(query.Filter{Key: key("squares", 7)})
	_, ok := query.GetOf(c, f, 7)
	require.False(t, ok)
	require.Equal(t, 49, fetchOf(t, c, f, 7))
	require.Equal(t, 51, *fetches)
	c.Remove(f.All())
	for n := range 50 {
		fetchOf(t, c, f, n)
	}
	require.Equal(t, 101, *fetches)
}

func TestFamily_whatIsInvalidatedIsFetchedAgain(t *testing.T) {
	t.Parallel()
	c, _ := prepared(t)
	f, fetches := squares()
	f.Policy.StaleTime = query.StaleAfter(time.Hour)
	fetchOf(t, c, f, 1)
	require.NoError(t, c.Invalidate(t.Context(), f.All()))
	fetchOf(t, c, f, 1)
	fetchOf(t, c, f, 1)
	require.Equal(t, 2, *fetches)
}

func TestFamily_eachClientHasItsOwnData(t *testing.T) {
	t.Parallel()
	a, _ := prepared(t)
	b, _ := prepared(t)
	f, fetches := squares()
	for range 2 {
		fetchOf(t, a, f, 2)
		fetchOf(t, b, f, 2)
	}
	require.Equal(t, 2, *fetches)
	require.NoError(t, query.SetOf(a, f, 2, 5))
	require.Equal(t, 5, fetchOf(t, a, f, 2))
	require.Equal(t, 4, fetchOf(t, b, f, 2))
}

func TestFamily_closedClientAnswersNothing(t *testing.T) {
	t.Parallel()
	c, _ := prepared(t)
	f, _ := squares()
	fetchOf(t, c, f, 2)
	require.NoError(t, c.Close(t.Context()))
	_, err := query.FetchOf(t.Context(), c, f, 2)
	require.ErrorIs(t, err, query.ErrClosed)
}

// The same pointer is not the same argument once what it points to has changed.
func TestFamily_argumentBehindPointerIsReadEachTime(t *testing.T) {
	t.Parallel()
	c, _ := prepared(t)
	f := &query.Family[*int, string]{
		Prefix: key("pointers"),
		Fetch:  func(_ context.Context, n *int) (string, error) { return strconv.Itoa(*n), nil },
		Policy: query.Policy{StaleTime: query.StaleNever()},
	}
	n := 1
	require.Equal(t, "1", fetchOf(t, c, f, &n))
	n = 2
	require.Equal(t, "2", fetchOf(t, c, f, &n))
}

func TestFamily_argumentWithoutJSONIsAnError(t *testing.T) {
	t.Parallel()
	c, _ := prepared(t)
	f := &query.Family[float64, int]{Prefix: key("floats"), Policy: query.Policy{StaleTime: query.StaleNever()}}
	for range 2 {
		_, err := query.FetchOf(t.Context(), c, f, math.NaN())
		require.Error(t, err)
		require.NotErrorIs(t, err, query.ErrNoFetch)
	}
}

func TestAllocs_familyHitsAllocateNothing(t *testing.T) { //nolint:paralleltest // counts allocations
	c, _ := prepared(t)
	f, _ := squares()
	names := &query.Family[struct{ Shop, Name string }, string]{
		Prefix: key("names"),
		Fetch:  func(context.Context, struct{ Shop, Name string }) (string, error) { return "x", nil },
		Policy: query.Policy{StaleTime: query.StaleAfter(time.Hour)},
	}
	for n := range 2000 {
		fetchOf(t, c, f, n)
	}
	ctx := t.Context()
	arg := struct{ Shop, Name string }{"a", "b"}
	fetchOf(t, c, names, arg)
	n := 0
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		n++
		_, err := query.FetchOf(ctx, c, f, n)
		_, other := query.FetchOf(ctx, c, names, arg)
		if _, ok := query.GetOf(c, f, n); err != nil || other != nil || !ok {
			t.Error(n, err, other, ok)
		}
	}))
}

func BenchmarkFetchOf_fresh(b *testing.B) {
	c, _ := prepared(b)
	f, _ := squares()
	f.Policy.StaleTime = query.StaleAfter(time.Hour)
	require.NoError(b, query.SetOf(c, f, 17, 1))
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := query.FetchOf(ctx, c, f, 17); err != nil {
			b.Fatal(err)
		}
	}
}
