package workload

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
)

const (
	pollInterval = 5 * time.Second
	startStep    = 10 * time.Millisecond // keys are started in steps of this
	stripes      = 8
)

// pollRecord is what the polls of one contestant are counted with.
type pollRecord struct {
	interval  time.Duration
	watch     measure.Stopwatch
	last      []atomic.Int64
	measuring atomic.Bool
	polls     atomic.Int64
	pick      atomic.Uint32
	stripes   [stripes]struct {
		mu     sync.Mutex // guards jitter
		jitter measure.Histogram
	}
}

func (p *pollRecord) poll(i int) {
	now := p.watch.Nanos()
	last := p.last[i].Swap(now)
	if last == 0 || !p.measuring.Load() {
		return
	}
	p.polls.Add(1)
	s := &p.stripes[p.pick.Add(1)%stripes]
	s.mu.Lock()
	defer s.mu.Unlock()
	gap := now - last - int64(p.interval)
	s.jitter.Add(max(gap, -gap))
}

// polling is W6.
func polling(o Options, r *measure.Results) error {
	interval := pick(o, time.Second, pollInterval, pollInterval)
	for _, n := range pick(o, []int{1000, 20_000}, []int{1000, 100_000}, []int{1000, 10_000, 100_000}) {
		rec := r.Case("W6", thousands(n))
		for _, s := range o.Contestants {
			// No target asks for an idle process, nor for those that only refresh when
			// read and cost what their driver does. Each takes a quarter of a minute.
			extra := s.Name == floor || s.Name == "otter" || s.Name == "sturdyc"
			if s.NewPoller == nil || extra && o.Size != Full {
				continue
			}
			if err := pollCase(o, rec, s, n, interval); err != nil {
				return err
			}
			o.Log("W6 %d %s", n, s.Name)
		}
	}
	return nil
}

// pollCase starts n keys spread over one interval, lets them settle for another,
// and measures for one more.
func pollCase(o Options, rec measure.Recorder, s contest.Spec, n int, interval time.Duration) error {
	goroutines := runtime.NumGoroutine()
	p := &pollRecord{interval: interval, watch: measure.NewStopwatch(), last: make([]atomic.Int64, n)}
	before := measure.Memory()
	poller, err := s.NewPoller(interval, n, p.poll)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := startSpread(poller, n, interval, start); err != nil {
		return errors.Join(err, poller.Stop())
	}
	sleepUntil(start.Add(interval * 16 / 10)) // past the first poll of most keys
	if s.Name != floor {
		grown := measure.Memory().Sub(before)
		rec.Count(s.Name, "B/key", grown.All()/float64(n))
		rec.Count(s.Name, "goroutines", float64(max(0, runtime.NumGoroutine()-goroutines)))
	}
	sleepUntil(start.Add(interval * 41 / 20))
	p.measuring.Store(true)
	allocated := measure.Allocations()
	window := pick(o, interval, interval, 2*interval)
	spent := measure.Timed(func() { time.Sleep(window) })
	p.measuring.Store(false)
	objects, _ := measure.Allocations().Since(allocated, max(1, int(p.polls.Load())))
	rec.Timing(s.Name, "cpu % of a core", 100*float64(spent.CPU)/float64(spent.Wall))
	if err := poller.Stop(); err != nil {
		return err
	}
	if s.Name == floor {
		return nil
	}
	return p.report(rec, s.Name, spent, objects)
}

func (p *pollRecord) report(rec measure.Recorder, name string, spent measure.Spent, objects float64) error {
	polls := float64(p.polls.Load())
	if polls == 0 {
		return wrong(name, "no poll")
	}
	var jitter measure.Histogram
	for i := range p.stripes {
		jitter.Merge(&p.stripes[i].jitter)
	}
	due := float64(len(p.last)) * float64(spent.Wall) / float64(p.interval)
	rec.Timing(name, "cpu us/poll", float64(spent.CPU)/1e3/polls)
	rec.Count(name, "allocs/poll", objects)
	rec.Timing(name, "polls done %", 100*polls/due)
	rec.Timing(name, "jitter p50 us", jitter.Quantile(0.5)/1e3)
	rec.Timing(name, "jitter p99 us", jitter.Quantile(0.99)/1e3)
	rec.Timing(name, "jitter max us", jitter.Max()/1e3)
	return nil
}

func startSpread(p contest.Poller, n int, interval time.Duration, start time.Time) error {
	for i := 0; i < n; {
		due := min(n, int(float64(n)*float64(time.Since(start)+startStep)/float64(interval)))
		for ; i < due; i++ {
			if err := p.Start(i); err != nil {
				return fmt.Errorf("start %d: %w", i, err)
			}
		}
		time.Sleep(startStep)
	}
	return nil
}

func sleepUntil(t time.Time) { time.Sleep(time.Until(t)) }
