package workload

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
)

// boundShare is which part of the keys a bounded cache may keep.
const boundShare = 10

// misses is W3.
func misses(o Options, r *measure.Results) error {
	n := pick(o, 60_000, 60_000, 300_000)
	keys := contest.StringKeys("seller/orders", n)
	for _, kind := range []struct {
		name       string
		bound      int
		goroutines int
	}{
		{"unbounded/1g", 0, 1},
		{"unbounded/all", 0, runtime.GOMAXPROCS(0)},
		{"bounded/1g", n / boundShare, 1},
		{"bounded/all", n / boundShare, runtime.GOMAXPROCS(0)},
	} {
		rec := r.Case("W3", kind.name)
		entrants, err := enter(o, func(s contest.Spec) (contest.Spec, error) {
			if s.NewCache == nil || s.Name == floor {
				return s, contest.ErrNotOffered
			}
			return s, nil
		})
		if err != nil {
			return err
		}
		for round := range min(o.Rounds, 5) {
			for _, s := range turns(entrants, round) {
				if err := missCase(rec, s.it, keys, kind.bound, kind.goroutines); err != nil {
					return err
				}
			}
		}
		o.Log("W3 %s", kind.name)
	}
	return nil
}

func missCase(rec measure.Recorder, s contest.Spec, keys contest.Keys, bound, goroutines int) error {
	n := len(keys.Text)
	var loads atomic.Int64
	values := make([]contest.Payload, 1024)
	c, err := s.NewCache(contest.Config{
		Keys: keys, Bound: bound, Stale: time.Minute, GC: time.Hour,
		Load: func(context.Context, string) (contest.Val, error) { return &values[loads.Add(1)&1023], nil },
	})
	if errors.Is(err, contest.ErrNotOffered) {
		return nil
	}
	if err != nil {
		return err
	}
	measure.Settle()
	before := measure.Allocations()
	var served atomic.Int64
	spent := measure.Timed(func() { served.Add(fetchEach(c, n, goroutines)) })
	objects, bytes := measure.Allocations().Since(before, n)
	if served.Load() != int64(n) || loads.Load() != int64(n) {
		return wrong(s.Name, "%d of %d keys fetched by %d loads", served.Load(), n, loads.Load())
	}
	rec.Timing(s.Name, "cpu ns/op", float64(spent.CPU)/float64(n))
	rec.Timing(s.Name, "wall ns/op", float64(spent.Wall)/float64(n))
	rec.Count(s.Name, "allocs/op", objects)
	rec.Count(s.Name, "B/op", bytes)
	switch kept := c.Len(); {
	case kept < 0:
	case bound > 0:
		rec.Count(s.Name, "entries kept/bound", float64(kept)/float64(bound))
	case kept != n:
		return wrong(s.Name, "kept %d of %d entries", kept, n)
	}
	return c.Close()
}

// fetchEach fetches every key once, and returns how many gave a value.
func fetchEach(c contest.Cache, n, goroutines int) int64 {
	var running sync.WaitGroup
	var served atomic.Int64
	for g := range goroutines {
		running.Go(func() {
			got := int64(0)
			for i := g; i < n; i += goroutines {
				if v, err := c.Fetch(context.Background(), i); v != nil && err == nil {
					got++
				}
			}
			served.Add(got)
		})
	}
	running.Wait()
	return served.Load()
}
