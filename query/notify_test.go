package query_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// audience is a lot of observers who are told of one number after the other.
type audience struct {
	tell  func(n int) error
	left  atomic.Int64 // who has still to hear of it
	heard chan struct{}
	size  int
}

func newAudience(tb testing.TB, keys, perKey int) *audience {
	tb.Helper()
	c, q := prepared(tb)
	q.Policy.StaleTime = query.StaleNever() // no timers
	a := &audience{heard: make(chan struct{}, 1), size: keys * perKey}
	queries := make([]query.Query[int], keys)
	for k := range queries {
		queries[k] = q
		queries[k].Key = key("number", k)
		require.NoError(tb, query.Set(c, queries[k], -1))
		for range perKey {
			tb.Cleanup(query.Observe(c, queries[k]).Subscribe(a.hear))
		}
	}
	a.tell = func(n int) error {
		a.left.Store(int64(a.size))
		for _, q := range queries {
			if err := query.Set(c, q, n); err != nil {
				return err
			}
		}
		<-a.heard
		return nil
	}
	require.NoError(tb, a.tell(-2))
	return a
}

func (a *audience) hear(query.Result[int]) {
	if a.left.Add(-1) == 0 {
		a.heard <- struct{}{}
	}
}

func BenchmarkNotify(b *testing.B) {
	for name, shape := range map[string][2]int{
		"observer": {1, 1}, "10k observers": {1, 10_000}, "10k keys": {10_000, 1},
	} {
		b.Run(name, func(b *testing.B) {
			a := newAudience(b, shape[0], shape[1])
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n++
				require.NoError(b, a.tell(n))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*a.size), "ns/observer")
		})
	}
}
