package query_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// prepared is a client with one fresh query.
func prepared(tb testing.TB) (*query.Client, query.Query[int]) {
	tb.Helper()
	c, err := query.New(query.Config{})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, c.Close(context.WithoutCancel(tb.Context()))) })
	q := query.Query[int]{
		Key: key("orders", "detail", 17), Fetch: hang,
		Policy: query.Policy{StaleTime: query.StaleAfter(time.Hour)},
	}
	require.NoError(tb, query.Set(c, q, 1<<40))
	return c, q
}

// AllocsPerRun counts the allocations of the whole process, so these tests do
// not run in parallel with others.
func TestAllocs_readsAllocateNothing(t *testing.T) { //nolint:paralleltest // see above
	c, q := prepared(t)
	o := query.Observe(c, q)
	ctx := t.Context()
	sum := 0
	for name, read := range map[string]func(){
		"Get": func() {
			v, _ := query.Get(c, q)
			sum += v
		},
		"Fetch": func() {
			v, _ := query.Fetch(ctx, c, q)
			sum += v
		},
		"Ensure": func() {
			v, _ := query.Ensure(ctx, c, q)
			sum += v
		},
		"Current": func() { sum += o.Current().Data() },
		"State": func() {
			s, _ := c.State(q.Key)
			sum += s.DataUpdateCount()
		},
	} {
		require.Zero(t, testing.AllocsPerRun(1000, read), name)
	}
	require.NotZero(t, sum)
}

func TestAllocs_invalidateAllocatesTheSameHoweverManyThereAre(t *testing.T) { //nolint:paralleltest // see above
	c, _ := prepared(t)
	fill := func(from, to int) {
		for n := from; n < to; n++ {
			require.NoError(t, query.Set(c, query.Query[int]{Key: key("list", n/1000, n)}, n))
		}
	}
	ctx := t.Context()
	f := query.Filter{Key: key("list", 3), Refetch: query.RefetchOptions{NoWait: true}}
	run := func() float64 {
		return testing.AllocsPerRun(100, func() { _ = c.Invalidate(ctx, f) })
	}
	fill(0, 10_000)
	require.Len(t, c.Entries(f), 1000)
	among10k := run()
	fill(10_000, 50_000)
	require.InDelta(t, among10k, run(), 0)
	require.Less(t, among10k, 20.0, "nothing for each of a thousand matches")
}

func BenchmarkGet(b *testing.B) {
	c, q := prepared(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, ok := query.Get(c, q); !ok {
				b.Error("nothing found")
			}
		}
	})
}

func BenchmarkFetch_fresh(b *testing.B) {
	c, q := prepared(b)
	ctx := b.Context()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := query.Fetch(ctx, c, q); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkSet(b *testing.B) {
	c, q := prepared(b)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		if err := query.Set(c, q, n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInvalidate_thousandOfTenThousand(b *testing.B) {
	c, _ := prepared(b)
	for n := range 10_000 {
		require.NoError(b, query.Set(c, query.Query[int]{Key: key("list", n%10, n)}, n))
	}
	f := query.Filter{Key: key("list", 3)}
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Invalidate(ctx, f); err != nil {
			b.Fatal(err)
		}
		b.StopTimer() // writing takes the mark off again
		if err := query.UpdateAll(c, f, func(n int, ok bool) (int, bool) { return n, ok }); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func BenchmarkNotify_thousandObservers(b *testing.B) {
	c, q := prepared(b)
	for range 1000 {
		b.Cleanup(query.Observe(c, q).Subscribe(ignore))
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		if err := query.Set(c, q, n); err != nil {
			b.Fatal(err)
		}
	}
}
