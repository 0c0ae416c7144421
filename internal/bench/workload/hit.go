package workload

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
)

const (
	draws    = 1 << 20
	drawMask = draws - 1
	warmups  = 20_000
	sampled  = 50_000 // hits whose allocations are counted
)

// indexes are draws over n keys with a fixed seed: uniform, or by a Zipf law with s
// = 1.1 and v = 1 over ranks in random order.
func indexes(n int, zipf bool) []uint32 {
	rng := rand.New(rand.NewPCG(42, 42)) //nolint:gosec // runs must repeat
	ranks := rng.Perm(n)
	law := rand.NewZipf(rng, 1.1, 1, uint64(n-1))
	out := make([]uint32, draws)
	for i := range out {
		if zipf {
			out[i] = uint32(ranks[law.Uint64()])
		} else {
			out[i] = uint32(rng.IntN(n))
		}
	}
	return out
}

// hitter is a cache filled for W1.
type hitter struct {
	hit   func(idx []uint32, from, n int) (right int)
	close func() error
	loads *atomic.Int64
}

// hits is W1.
func hits(o Options, r *measure.Results) error {
	sizes := pick(o, []int{1000}, []int{1000, 1_000_000}, []int{1000, 100_000, 1_000_000})
	biggest := sizes[len(sizes)-1]
	keys := contest.StringKeys("seller/orders", biggest)
	values := make([]contest.Payload, biggest)
	for _, n := range sizes {
		for _, kind := range []string{"string", "parts"} {
			if err := hitCase(o, r, kind, keys, values[:n]); err != nil {
				return err
			}
			o.Log("W1 %s %d", kind, n)
		}
	}
	return nil
}

func hitCase(o Options, r *measure.Results, kind string, keys contest.Keys, values []contest.Payload) error {
	n := len(values)
	hitters, err := enter(o, func(s contest.Spec) (*hitter, error) {
		if kind == "string" {
			return newStringHitter(s, keys, values)
		}
		return newPartsHitter(s, values)
	})
	if err != nil {
		return err
	}
	measure.Settle()
	defer measure.WithoutCollector()()
	patterns := map[string][]uint32{"zipf": indexes(n, true), "uniform": indexes(n, false)}
	for round := range o.Rounds {
		for _, pattern := range []string{"zipf", "uniform"} {
			for _, p := range []struct {
				name       string
				goroutines int
			}{{"1g", 1}, {"all", runtime.GOMAXPROCS(0)}} {
				rec := r.Case("W1", fmt.Sprintf("%s/%s/%s/%s", kind, thousands(n), pattern, p.name))
				for _, h := range turns(hitters, round) {
					spent, err := h.it.measure(o, patterns[pattern], p.goroutines)
					if err != nil {
						return wrong(h.name, "%v", err)
					}
					rec.Timing(h.name, "cpu ns/op", spent.cpu)
					rec.Timing(h.name, "wall ns/op", spent.wall)
				}
			}
		}
	}
	rec := r.Case("W1", fmt.Sprintf("%s/%s", kind, thousands(n)))
	for _, h := range hitters {
		before := measure.Allocations()
		h.it.hit(patterns["uniform"], 0, sampled)
		objects, bytes := measure.Allocations().Since(before, sampled)
		rec.Count(h.name, "allocs/op", objects)
		rec.Count(h.name, "B/op", bytes)
		if loads := h.it.loads.Load(); h.name != floor && loads != 0 {
			return wrong(h.name, "%d loads where all hits", loads)
		}
		if err := h.it.close(); err != nil {
			return err
		}
	}
	return nil
}

func thousands(n int) string {
	if n >= 1_000_000 {
		return fmt.Sprintf("%dM", n/1_000_000)
	}
	return fmt.Sprintf("%dk", n/1000)
}

func hitConfig(keys contest.Keys, values []contest.Payload, loads *atomic.Int64) contest.Config {
	return contest.Config{
		Keys: keys, Hint: len(values), Stale: time.Hour, GC: 2 * time.Hour,
		Load: func(context.Context, string) (contest.Val, error) {
			loads.Add(1)
			return &values[0], nil
		},
		LoadParts: func(context.Context, contest.Parts) (contest.Val, error) {
			loads.Add(1)
			return &values[0], nil
		},
	}
}

func newStringHitter(s contest.Spec, keys contest.Keys, values []contest.Payload) (*hitter, error) {
	if s.NewCache == nil {
		return nil, contest.ErrNotOffered
	}
	loads := new(atomic.Int64)
	c, err := s.NewCache(hitConfig(keys, values, loads))
	if err != nil {
		return nil, err
	}
	for i := range values {
		if err := c.Set(i, &values[i]); err != nil {
			return nil, err
		}
	}
	c.Len() // lets those settle that write behind
	ctx := context.Background()
	return &hitter{close: c.Close, loads: loads, hit: func(idx []uint32, from, n int) (right int) {
		for i := from; i < from+n; i++ {
			k := int(idx[i&drawMask])
			if v, _ := c.Fetch(ctx, k); v == &values[k] {
				right++
			}
		}
		return right
	}}, nil
}

func newPartsHitter(s contest.Spec, values []contest.Payload) (*hitter, error) {
	if s.NewParts == nil {
		return nil, contest.ErrNotOffered
	}
	loads := new(atomic.Int64)
	c, err := s.NewParts(hitConfig(contest.Keys{}, values, loads))
	if err != nil {
		return nil, err
	}
	for i := range values {
		if err := c.SetParts("seller", "orders", i, &values[i]); err != nil {
			return nil, err
		}
	}
	ctx := context.Background()
	return &hitter{close: c.Close, loads: loads, hit: func(idx []uint32, from, n int) (right int) {
		for i := from; i < from+n; i++ {
			k := int(idx[i&drawMask])
			if v, _ := c.FetchParts(ctx, "seller", "orders", k); v == &values[k] {
				right++
			}
		}
		return right
	}}, nil
}

type perHit struct{ wall, cpu float64 }

// measure hits for some milliseconds from g goroutines that start apart.
func (h *hitter) measure(o Options, idx []uint32, g int) (perHit, error) {
	hit := 0
	warm := measure.Timed(func() { hit = h.hit(idx, 7919, warmups) })
	if hit != warmups {
		return perHit{}, fmt.Errorf("%d of %d hits", hit, warmups)
	}
	budget := pick(o, 12, 12, 60) * int(time.Millisecond)
	// A processor clock that is being profiled moves in ticks, and may not have moved.
	took := max(warm.CPU, warm.Wall/4, 20*time.Microsecond)
	n := max(warmups, budget*warmups/int(took))
	var right atomic.Int64
	var running sync.WaitGroup
	start := make(chan struct{})
	for k := range g {
		running.Go(func() {
			<-start
			right.Add(int64(h.hit(idx, k*131071, n)))
		})
	}
	spent := measure.Timed(func() {
		close(start)
		running.Wait()
	})
	if want := int64(g * n); right.Load() != want {
		return perHit{}, fmt.Errorf("%d of %d hits", right.Load(), want)
	}
	all := float64(g * n)
	return perHit{wall: float64(spent.Wall) / all, cpu: float64(spent.CPU) / all}, nil
}
