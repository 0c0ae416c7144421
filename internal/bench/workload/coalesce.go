package workload

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/internal/bench/bound"
	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
)

const (
	loadTime = 5 * time.Millisecond
	patience = 50 * time.Millisecond // loader of the waiter that gives up
	settling = 2 * time.Millisecond
)

// crowd is a cache for W2 whose loader counts its calls.
type crowd struct {
	c     contest.Cache
	loads atomic.Int64
	slow  atomic.Bool // the loader takes its time, and says when it is done
	done  atomic.Bool
	next  int // key that nobody has fetched yet
}

func newCrowd(s contest.Spec, keys contest.Keys) (*crowd, error) {
	if s.NewCache == nil || s.Name == floor || s.Name == bound.Name {
		return nil, contest.ErrNotOffered
	}
	w, v := &crowd{}, new(contest.Payload)
	c, err := s.NewCache(contest.Config{
		Keys: keys, Hint: 10_000, Stale: time.Hour, GC: 2 * time.Hour,
		Load: func(context.Context, string) (contest.Val, error) {
			w.loads.Add(1)
			if w.slow.Load() {
				time.Sleep(patience)
				w.done.Store(true)
			} else {
				time.Sleep(loadTime)
			}
			return v, nil
		},
	})
	w.c = c
	return w, err
}

// coalescing is W2.
func coalescing(o Options, r *measure.Results) error {
	keys := contest.StringKeys("w2/", 1000)
	crowds, err := enter(o, func(s contest.Spec) (*crowd, error) { return newCrowd(s, keys) })
	if err != nil {
		return err
	}
	defer measure.WithoutCollector()()
	for _, n := range []int{1, 100, 10_000} {
		rec := r.Case("W2", fmt.Sprintf("%d callers", n))
		for round := range o.Rounds + 1 {
			warming := round == 0 // of goroutines and pools of the runtime
			for _, w := range turns(crowds, round) {
				if err := w.it.fetchTogether(rec, w.name, n, warming); err != nil {
					return err
				}
			}
			waitTogether(rec, n, warming)
			runtime.GC()
		}
	}
	rec := r.Case("W2", "a caller whose context ends")
	for _, w := range crowds {
		rec.Count(w.name, "gives up", w.it.givesUp())
		if err := w.it.c.Close(); err != nil {
			return err
		}
	}
	return nil
}

// fetchTogether lets n goroutines, parked beforehand, fetch one missing key.
func (w *crowd) fetchTogether(rec measure.Recorder, name string, n int, warming bool) error {
	w.loads.Store(0)
	key := w.next
	w.next++
	var served atomic.Int64
	m := together(n, func(<-chan struct{}) {
		if v, err := w.c.Fetch(context.Background(), key); v != nil && err == nil {
			served.Add(1)
		}
	}, nil)
	if served.Load() != int64(n) || w.loads.Load() == 0 {
		return wrong(name, "%d of %d callers got a value, %d loads", served.Load(), n, w.loads.Load())
	}
	if !warming {
		m.record(rec, name, n)
		rec.Count(name, "loader calls", float64(w.loads.Load()))
	}
	return nil
}

// waitTogether is the floor: the same goroutines wait for a channel.
func waitTogether(rec measure.Recorder, n int, warming bool) {
	m := together(n, func(loaded <-chan struct{}) { <-loaded }, func(loaded chan struct{}) {
		time.Sleep(loadTime)
		close(loaded)
	})
	if !warming {
		m.record(rec, floor, n)
	}
}

type meeting struct {
	spent          measure.Spent
	objects, bytes float64 // per caller
}

// together has n goroutines wait for a start, and times them from there to the
// last return. meanwhile may be nil.
func together(n int, call func(loaded <-chan struct{}), meanwhile func(loaded chan struct{})) meeting {
	start, loaded := make(chan struct{}), make(chan struct{})
	var ready, running sync.WaitGroup
	ready.Add(n)
	for range n {
		running.Go(func() {
			ready.Done()
			<-start
			call(loaded)
		})
	}
	ready.Wait()
	time.Sleep(settling)
	before := measure.Allocations()
	spent := measure.Timed(func() {
		close(start)
		if meanwhile != nil {
			meanwhile(loaded)
		}
		running.Wait()
	})
	objects, bytes := measure.Allocations().Since(before, n)
	return meeting{spent, objects, bytes}
}

func (m meeting) record(rec measure.Recorder, name string, n int) {
	rec.Timing(name, "wall us", float64(m.spent.Wall)/1e3)
	rec.Timing(name, "cpu ns/caller", float64(m.spent.CPU)/float64(n))
	rec.Count(name, "allocs/caller", m.objects)
	rec.Count(name, "B/caller", m.bytes)
}

// givesUp is 1 if a caller returns when its context ends, although the load goes
// on for somebody else.
func (w *crowd) givesUp() float64 {
	w.slow.Store(true)
	key := w.next
	var first sync.WaitGroup
	before := w.loads.Load()
	first.Go(func() { _, _ = w.c.Fetch(context.Background(), key) }) // only there to start the load
	for w.loads.Load() == before {
		time.Sleep(settling)
	}
	ctx, cancel := context.WithTimeout(context.Background(), settling)
	defer cancel()
	_, err := w.c.Fetch(ctx, key)
	early := err != nil && !w.done.Load()
	first.Wait()
	if early {
		return 1
	}
	return 0
}
