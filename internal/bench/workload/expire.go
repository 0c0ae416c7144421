package workload

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
)

const (
	lasting    = 1000 // entries that the reader reads and that do not expire
	readPause  = 50 * time.Microsecond
	lookPause  = 20 * time.Millisecond
	longestLag = 6 * time.Second
)

// lifetimes says when the entries of W8 expire: evenly between first and last.
type lifetimes struct{ first, window time.Duration }

// expiry is W8.
func expiry(o Options, r *measure.Results) error {
	n := pick(o, 100_000, 1_000_000, 1_000_000)
	lives := lifetimes{first: 4 * time.Second, window: 3 * time.Second}
	if o.Size == Quick {
		lives = lifetimes{first: time.Second, window: time.Second}
	}
	keys := contest.StringKeys("seller/orders", n+lasting)
	rec := r.Case("W8", thousands(n))
	rounds := pick(o, 1, 1, 3)
	for round := range rounds {
		entrants, err := enter(o, func(s contest.Spec) (contest.Spec, error) {
			if s.NewExpiring == nil {
				return s, contest.ErrNotOffered
			}
			return s, nil
		})
		if err != nil {
			return err
		}
		for _, s := range turns(entrants, round) {
			if err := expireCase(rec, s.it, keys, lives); err != nil {
				return err
			}
			o.Log("W8 %s", s.name)
		}
	}
	runtime.KeepAlive(keys)
	return nil
}

// expireCase fills a cache and has a reader read lasting entries until the others
// are gone.
func expireCase(rec measure.Recorder, s contest.Spec, keys contest.Keys, lives lifetimes) error {
	n := len(keys.Text) - lasting
	values := make([]contest.Payload, 1024)
	before := measure.Memory()
	e, err := s.NewExpiring(keys, lives.first+lives.window)
	if err != nil {
		return err
	}
	for i := range lasting {
		err = errors.Join(err, e.Set(n+i, &values[i], time.Hour))
	}
	rng := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // runs must repeat
	start := time.Now()
	for i := range n {
		ttl := lives.first + time.Duration(rng.Int64N(int64(lives.window)))
		if fault := e.Set(i, &values[i&1023], ttl); fault != nil {
			return errors.Join(err, fault, e.Close())
		}
	}
	fill := time.Since(start)
	runtime.GC()
	end := start.Add(lives.first + lives.window + fill)

	reader := startReader(e, n)
	cpu := measure.CPU()
	lag := untilGone(e, end)
	busy := measure.CPU() - cpu
	seen := reader.stop()
	if s.Name != "sturdyc" && seen.missed > 0 { // there one lifetime holds for all
		return wrong(s.Name, "%d reads of lasting entries missed", seen.missed)
	}
	rec.Timing(s.Name, "fill ns/entry", float64(fill)/float64(n))
	rec.Timing(s.Name, "cpu ms", float64(busy)/1e6)
	rec.Timing(s.Name, "reader p99 us", seen.gets.Quantile(0.99)/1e3)
	rec.Timing(s.Name, "reader max ms", seen.gets.Max()/1e6)
	rec.Timing(s.Name, "worst gap ms", float64(seen.gap)/1e6)
	rec.Timing(s.Name, "lag ms", float64(lag)/1e6)
	left := float64(measure.Memory().Sub(before).Heap) / float64(n)
	rec.Count(s.Name, "left B/entry", max(0, left))
	runtime.KeepAlive(e)
	return errors.Join(err, e.Close())
}

// untilGone waits until only lasting entries are left, and returns how long that
// was after the last should have gone; at most longestLag.
func untilGone(e contest.Expiring, end time.Time) time.Duration {
	for time.Since(end) < longestLag {
		time.Sleep(lookPause)
		if time.Now().After(end) && e.Len() <= lasting {
			return max(0, time.Since(end))
		}
	}
	return longestLag
}

// reading is what a reader saw.
type reading struct {
	gets   measure.Histogram
	gap    int64 // longest between two turns: stalls of the runtime, too
	missed int
}

type reader struct {
	quit chan struct{}
	seen chan *reading
}

// startReader reads the lasting entries, which begin at index n, one after the
// other.
func startReader(e contest.Expiring, n int) reader {
	r := reader{make(chan struct{}), make(chan *reading)}
	go func() {
		seen := &reading{}
		watch := measure.NewStopwatch()
		last := watch.Nanos()
		for i := 0; ; i++ {
			select {
			case <-r.quit:
				r.seen <- seen
				return
			default:
			}
			began := watch.Nanos()
			seen.gap = max(seen.gap, began-last)
			if _, ok := e.Get(n + i%lasting); !ok {
				seen.missed++
			}
			last = watch.Nanos()
			seen.gets.Add(last - began)
			time.Sleep(readPause)
		}
	}()
	return r
}

func (r reader) stop() *reading {
	close(r.quit)
	return <-r.seen
}
