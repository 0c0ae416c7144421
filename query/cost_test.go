package query_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// unused is a fresh query that nobody has asked for yet.
func unused(k querykey.Key, v *int) query.Query[*int] {
	return query.Query[*int]{
		Key:    k,
		Fetch:  func(context.Context) (*int, error) { return v, nil },
		Policy: query.Policy{StaleTime: query.StaleAfter(time.Hour)},
	}
}

func TestAllocs_callersWhoShareAFetchAddNone(t *testing.T) { //nolint:paralleltest // counts allocations
	c, _ := prepared(t)
	const callers = 1000
	begun, release := make(chan struct{}), make(chan struct{})
	q := unused(key("shared"), nil)
	q.Fetch = func(context.Context) (*int, error) { begun <- struct{}{}; <-release; return new(int), nil }
	start, done := make(chan struct{}), make(chan error)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range start {
				_, err := query.Fetch(t.Context(), c, q)
				done <- err
			}
		})
	}
	got := testing.AllocsPerRun(5, func() {
		c.Remove(query.Filter{Key: q.Key})
		start <- struct{}{}
		<-begun
		for range callers - 1 {
			start <- struct{}{}
		}
		release <- struct{}{}
		for range callers {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	close(start)
	all.Wait()
	require.Less(t, got, callers*0.1)
}

// Entries of queries that differ in their key alone keep no copy of their policy.
func TestEntry_sizeInMemory(t *testing.T) { //nolint:paralleltest // counts bytes
	c, _ := prepared(t)
	const n = 1 << 14
	all, v := make([]querykey.Key, n), new(int)
	for i := range all {
		all[i] = key("size", i)
	}
	before := heap()
	for i := range all {
		q := unused(all[i], v)
		q.Fetch = nil
		require.NoError(t, query.Set(c, q, v))
	}
	require.Less(t, (heap()-before)/n, int64(650))
	runtime.KeepAlive(all)
	runtime.KeepAlive(c)
}

// BenchmarkFetch_miss fetches one key after the other for the first time.
func BenchmarkFetch_miss(b *testing.B) {
	c, _ := prepared(b)
	all := make([]query.Query[*int], b.N)
	v := new(int)
	for i := range all {
		all[i] = unused(key("miss", i), v)
	}
	ctx := b.Context()
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if _, err := query.Fetch(ctx, c, all[i]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEntry_memory reports what an entry costs that nobody observes, beyond
// its key and data.
func BenchmarkEntry_memory(b *testing.B) {
	const n = 1 << 17
	all := make([]querykey.Key, n)
	for i := range all {
		all[i] = key("memory", i)
	}
	v := new(int)
	for b.Loop() {
		c, _ := prepared(b)
		before := heap()
		for i := range all {
			q := unused(all[i], v)
			q.Fetch = nil
			if err := query.Set(c, q, v); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(heap()-before)/n, "B/entry")
		runtime.KeepAlive(c)
	}
	runtime.KeepAlive(all)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
