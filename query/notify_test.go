package query_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// listener is a subscriber that keeps account of what it is told.
type listener struct {
	unlike  func() // what it does with its first call
	calls   atomic.Int64
	running atomic.Bool
	last    atomic.Int64
	wrong   atomic.Int64 // calls at the same time as others, or out of order
}

func (l *listener) hear(r query.Result[int]) {
	if l.running.Swap(true) || int64(r.Data()) <= l.last.Load() {
		l.wrong.Add(1)
	}
	l.last.Store(int64(r.Data()))
	first := l.calls.Add(1) == 1
	l.running.Store(false)
	if first && l.unlike != nil {
		l.unlike()
	}
}

func TestNotify_thousandsOfSubscribersDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
		require.NoError(t, query.Set(c, q, 0))
		gate := make(chan struct{})
		release := sync.OnceFunc(func() { close(gate) })
		defer release()
		rnd := rand.New(rand.NewPCG(7, 7))
		var blocked, others []*listener
		for range 10_000 {
			l, group := new(listener), &others
			switch rnd.IntN(100) {
			case 0:
				l.unlike, group = func() { <-gate }, &blocked
			case 1:
				l.unlike = func() { panic("subscriber") }
			case 2:
				l.unlike = runtime.Goexit
			case 3:
				l.unlike = func() { time.Sleep(time.Second) }
			case 4, 5, 6, 7:
				l.unlike = runtime.Gosched
			}
			*group = append(*group, l)
			defer query.Observe(c, q).Subscribe(l.hear)()
		}
		var writers sync.WaitGroup
		for range 4 {
			writers.Go(func() {
				for range 5 {
					_ = query.Update(c, q, func(old int, _ bool) (int, bool) { return old + 1, true })
				}
			})
		}
		writers.Wait()
		pass(time.Minute)
		require.Len(t, others, told(t, others, 20))
		for _, l := range blocked {
			require.EqualValues(t, 1, l.calls.Load())
		}
		release()
		synctest.Wait()
		require.Len(t, blocked, told(t, blocked, 20))
	})
}

// told returns how many listeners heard n last, and checks that each heard
// everything in order and one call at a time.
func told(t *testing.T, listeners []*listener, n int64) (count int) {
	t.Helper()
	for _, l := range listeners {
		require.Zero(t, l.wrong.Load())
		if l.last.Load() == n {
			count++
		}
	}
	return count
}

func TestNotify_blockedSubscribersOfEveryPlaceDelayNobody(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 2, 3, 64, 65, 200} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			q := query.Query[int]{Key: key("a"), Policy: query.Policy{Enabled: query.Off}}
			gate := make(chan struct{})
			release := sync.OnceFunc(func() { close(gate) })
			defer release()
			var listeners []*listener
			for range size { // each of them blocks
				l := &listener{unlike: func() { <-gate }}
				listeners = append(listeners, l)
				defer query.Observe(c, q).Subscribe(l.hear)()
			}
			require.NoError(t, query.Set(c, q, 1))
			synctest.Wait()
			require.Equal(t, size, told(t, listeners, 1))
			require.NoError(t, query.Set(c, q, 2))
			require.NoError(t, query.Set(c, q, 3))
			synctest.Wait()
			require.Equal(t, size, told(t, listeners, 1))
			release()
			synctest.Wait()
			require.Equal(t, size, told(t, listeners, 3))
			for _, l := range listeners {
				require.EqualValues(t, 2, l.calls.Load(), "2 was conflated")
			}
		})
	}
}

func TestNotify_observersOfOneKeyDifferAsTheirOptionsDo(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		with := func(p query.Policy) query.Query[int] {
			return query.Query[int]{Key: key("a"), Fetch: hang, Policy: p}
		}
		require.NoError(t, query.Set(c, with(query.Policy{}), 1))
		never, soon := query.Policy{StaleTime: query.StaleNever()}, query.Policy{StaleTime: query.StaleAfter(time.Minute)}
		deaf, off := never, never
		deaf.NotifyOn, off.Enabled = []query.Field{query.FieldErr}, query.Off
		var observers []*query.Observer[int]
		var recorders []*recorder[int]
		observe := func(policies ...query.Policy) {
			for _, p := range policies {
				o := query.Observe(c, with(p))
				r, stop := record(o)
				t.Cleanup(stop)
				observers, recorders = append(observers, o), append(recorders, r)
			}
		}
		observe(never, deaf, soon, off, never, soon)
		for n := range 3 {
			require.NoError(t, query.Set(c, with(never), 10+n))
			pass(time.Second)
		}
		observe(never, soon)
		pass(2 * time.Minute)
		for i, o := range observers {
			require.Equal(t, 12, o.Current().Data())
			require.Equal(t, i == 2 || i == 5 || i == 7, o.Current().IsStale(), i)
			require.Equal(t, i != 3, o.Current().IsEnabled(), i)
			require.Equal(t, i < 6, o.Current().IsFetchedAfterMount(), i)
		}
		for i, want := range [][]int{{10, 11, 12}, nil, {10, 11, 12, 12}, {10, 11, 12}, {10, 11, 12}, {10, 11, 12, 12}, nil, {12}} {
			require.Equal(t, want, recorders[i].data(), i)
		}
	})
}

func TestNotify_observersThatShowTheSamePollAtTheirOwnTimes(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Policy: query.Policy{RefetchInterval: query.Every(time.Hour)}}
		require.NoError(t, query.Set(c, q, 1))
		q.Fetch = func(context.Context) (int, error) { return 1, nil }
		q.Policy.StaleTime = query.StaleNever()
		first, second := query.Observe(c, q), query.Observe(c, q)
		defer first.Subscribe(ignore)()
		pass(time.Minute)
		defer second.Subscribe(ignore)()
		require.Equal(t, time.Minute, second.Current().NextPollAt().Sub(first.Current().NextPollAt()))
		require.Equal(t, time.Minute, first.Current().Age())
	})
}

// TestAllocs_notificationAllocatesForTheChangeAndNotForEachObserver does not run
// in parallel with others: what is counted are the allocations of the process.
func TestAllocs_notificationAllocatesForTheChangeAndNotForEachObserver(t *testing.T) { //nolint:paralleltest // see above
	for name, shape := range map[string]struct {
		keys, perKey int
		most         float64
	}{
		"a thousand observers of a key":             {1, 1000, 20},
		"a thousand keys with one observer of each": {1000, 1, 5500},
	} {
		a := newAudience(t, shape.keys, shape.perKey)
		n := 0
		require.LessOrEqual(t, testing.AllocsPerRun(50, func() {
			n++
			if err := a.tell(n); err != nil {
				t.Error(err)
			}
		}), shape.most, name)
	}
}

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
