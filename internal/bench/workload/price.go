package workload

import (
	"hash/maphash"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
)

// price is one part that designs are made of, done n times.
type price struct {
	name string
	pay  func(n int)
}

// prices is W0: what the parts cost on this machine, from which the limits of
// designs can be added up.
func prices(o Options, r *measure.Results) error {
	if o.Size != Full {
		return nil
	}
	rec := r.Case("W0", "cost of the parts")
	parts := append(timePrices(), workPrices()...)
	for range o.Rounds {
		for _, p := range parts {
			for n := 1000; ; n *= 4 {
				if spent := measure.Timed(func() { p.pay(n) }); spent.CPU > 4*time.Millisecond {
					rec.Timing(p.name, "cpu ns", float64(spent.CPU)/float64(n))
					break
				}
			}
		}
		for _, every := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond} {
			n := int(time.Second / every)
			spent := measure.Timed(func() {
				tick := time.NewTicker(every)
				defer tick.Stop()
				for range n {
					<-tick.C
				}
			})
			rec.Timing("wake-up of an idle process every "+every.String(), "cpu ns", float64(spent.CPU)/float64(n))
		}
	}
	return nil
}

func timePrices() []price {
	start := time.Now()
	var coarse, sum atomic.Int64
	return []price{
		{"time.Now", func(n int) {
			for range n {
				start = time.Now()
			}
		}},
		{"time.Since", func(n int) {
			total := time.Duration(0)
			for range n {
				total += time.Since(start)
			}
			sum.Store(int64(total))
		}},
		{"atomic load", func(n int) {
			total := int64(0)
			for range n {
				total += coarse.Load()
			}
			sum.Store(total)
		}},
		{"atomic add", func(n int) {
			for range n {
				sum.Add(1)
			}
		}},
		{"time.AfterFunc and Stop", func(n int) {
			for range n {
				time.AfterFunc(time.Hour, func() {}).Stop()
			}
		}},
	}
}

func workPrices() []price {
	seed, text := maphash.MakeSeed(), "seller/orders0000000000000012345"
	key := contest.Parts{A: "seller", B: "orders", ID: 77_777}
	var (
		mu     sync.Mutex
		sink   uint64
		joined string
		back   = make(chan struct{}, 1)
	)
	return []price{
		{"Mutex", func(n int) {
			for range n {
				mu.Lock()
				sink++
				mu.Unlock()
			}
		}},
		{"hash a string of 32 bytes", func(n int) {
			for range n {
				sink += maphash.String(seed, text)
			}
		}},
		{"hash {string, string, int}", func(n int) {
			for range n {
				sink += maphash.Comparable(seed, key)
			}
		}},
		{"join 3 parts to a string", func(n int) {
			for i := range n {
				joined = key.A + "/" + key.B + "/" + strconv.Itoa(key.ID+i)
			}
			runtime.KeepAlive(joined)
		}},
		{"goroutine, there and back", func(n int) {
			for range n {
				go func() { back <- struct{}{} }()
				<-back
			}
		}},
	}
}
