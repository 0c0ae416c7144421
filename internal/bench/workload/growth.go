package workload

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
)

// Growth is what the workload of growth curves is called in results: one case for
// each operation and number of entries.
const Growth = "growth"

// Operations whose growth is measured.
const (
	HitAmong        = "fetch hit"
	SetAmong        = "set"
	InvalidateAmong = "invalidate 1 000"
	NotifyAmong     = "notify"
	PollAmong       = "poll"
)

// PerOperation is the metric that grows, or does not.
const PerOperation = "cpu ns/op"

// GrowthCase names the case of an operation among n entries.
func GrowthCase(operation string, n int) string { return operation + "/" + thousands(n) }

// among is an operation in a cache of n entries.
type among struct {
	n     int
	once  func() error // does it a number of times
	times int
	again func() error // makes ready for the next time, nil if nothing has to be done
	close func() error
}

// growthReps is how often a round has an operation that has to be made ready for.
const growthReps = 10

// measure returns what one operation takes.
func (a among) measure() (cpu, objects float64, err error) {
	reps := 1
	if a.again != nil {
		reps = growthReps
	}
	for range reps {
		before := measure.Allocations()
		spent := measure.Timed(func() { err = a.once() })
		o, _ := measure.Allocations().Since(before, a.times*reps)
		cpu += float64(spent.CPU) / float64(a.times*reps)
		objects += o
		if a.again != nil && err == nil {
			err = a.again()
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return cpu, objects, nil
}

// Grow measures what operations cost in caches of growing size. The caches of all sizes
// are there at the same time and take turns, so that their ratios hold on a busy
// machine.
func Grow(o Options, r *measure.Results, s contest.Spec, sizes []int) error {
	for _, op := range []struct {
		name string
		make func(contest.Spec, int) (among, error)
	}{
		{HitAmong, hitAmong}, {SetAmong, setAmong}, {InvalidateAmong, invalidateAmong}, {NotifyAmong, notifyAmong},
	} {
		var all []entrant[among]
		for _, n := range sizes {
			a, err := op.make(s, n)
			if err != nil {
				return fmt.Errorf("%s among %d: %w", op.name, n, err)
			}
			a.n = n
			all = append(all, entrant[among]{s.Name, a})
		}
		if err := growRounds(o, r, op.name, all); err != nil {
			return fmt.Errorf("%s: %w", op.name, err)
		}
		o.Log("growth of %s", op.name)
	}
	for _, n := range sizes {
		if err := pollAmong(r.Case(Growth, GrowthCase(PollAmong, n)), s, n); err != nil {
			return err
		}
		o.Log("growth of %s, %d", PollAmong, n)
	}
	return nil
}

func growRounds(o Options, r *measure.Results, name string, all []entrant[among]) error {
	measure.Settle()
	defer measure.WithoutCollector()()
	for round := range o.Rounds + 1 {
		for _, a := range turns(all, round) {
			cpu, objects, err := a.it.measure()
			if err != nil {
				return err
			}
			if round == 0 { // of warming up
				continue
			}
			rec := r.Case(Growth, GrowthCase(name, a.it.n))
			rec.Timing(a.name, PerOperation, cpu)
			rec.Count(a.name, "allocs/op", objects)
		}
	}
	var err error
	for _, a := range all {
		err = errors.Join(err, a.it.close())
	}
	return err
}

func hitAmong(s contest.Spec, n int) (among, error) {
	const times = 200_000
	values := make([]contest.Payload, n)
	h, err := newStringHitter(s, contest.StringKeys("seller/orders", n), values)
	if err != nil {
		return among{}, err
	}
	idx, from := indexes(n, false), 0
	return among{times: times, close: h.close, once: func() error {
		from += times
		if right := h.hit(idx, from, times); right != times {
			return wrong(s.Name, "%d of %d hits", right, times)
		}
		return nil
	}}, nil
}

// setAmong writes values that differ from those before.
func setAmong(s contest.Spec, n int) (among, error) {
	const times = 50_000
	values := [2]contest.Payload{{1}, {2}}
	c, err := s.NewCache(hitConfig(contest.StringKeys("seller/orders", n), values[:], new(atomic.Int64)))
	if err != nil {
		return among{}, err
	}
	for i := range n {
		err = errors.Join(err, c.Set(i, &values[0]))
	}
	idx, turn := indexes(n, false), 0
	return among{times: times, close: c.Close, once: func() (err error) {
		for i := range times {
			turn++
			err = errors.Join(err, c.Set(int(idx[turn&drawMask]), &values[i&1]))
		}
		return err
	}}, err
}

// invalidateAmong makes the orders of one tenant after the other stale.
func invalidateAmong(s contest.Spec, n int) (among, error) {
	values := make([]contest.Payload, ordersPerTenant)
	tenants, tenant := n/ordersPerTenant, 0
	t, err := newFullTree(s, tenants, values)
	if err != nil {
		return among{}, err
	}
	return among{
		times: 1, close: t.Close,
		once: func() error { return t.InvalidateTenant(tenant) },
		again: func() error {
			if fresh := freshOf(t, tenant); fresh != 0 {
				return wrong(s.Name, "%d entries fresh after", fresh)
			}
			err := putTenant(t, tenant, values)
			tenant = (tenant + 37) % tenants
			return err
		},
	}, nil
}

// notifyAmong tells the one observer of one of n keys.
func notifyAmong(s contest.Spec, n int) (among, error) {
	const times = 2000
	f, err := newFanOut(s, n, 1)
	if err != nil {
		return among{}, err
	}
	f.want = 1
	rng := rand.New(rand.NewPCG(42, 42)) //nolint:gosec // runs must repeat
	var values [2]contest.Payload
	values[0][0], values[1][0] = 3, 4
	return among{times: times, close: f.n.Close, once: func() error {
		for i := range times {
			f.seen.Store(0)
			if err := f.n.SetData(rng.IntN(n), &values[i&1]); err != nil {
				return err
			}
			<-f.all
		}
		return nil
	}}, nil
}

const (
	growthRate   = 20_000 // polls a second, however many keys there are
	growthWindow = 2 * time.Second
)

// pollAmong polls n keys at the same rate in all, so at an interval that grows with n.
func pollAmong(rec measure.Recorder, s contest.Spec, n int) error {
	interval := time.Duration(n) * time.Second / growthRate
	p := &pollRecord{interval: interval, watch: measure.NewStopwatch(), last: make([]atomic.Int64, n)}
	poller, err := s.NewPoller(interval, n, p.poll)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := startSpread(poller, n, interval, start); err != nil {
		return errors.Join(err, poller.Stop())
	}
	time.Sleep(growthWindow / 4) // the first polls are settling
	measure.Settle()
	p.measuring.Store(true)
	allocated := measure.Allocations()
	spent := measure.Timed(func() { time.Sleep(growthWindow) })
	p.measuring.Store(false)
	polls := p.polls.Load()
	objects, _ := measure.Allocations().Since(allocated, max(1, int(polls)))
	if err := poller.Stop(); err != nil {
		return err
	}
	// An interval counts from the answer, so that short ones give fewer polls.
	if due := growthRate * growthWindow.Seconds(); float64(polls) < due*0.8 {
		return wrong(s.Name, "%d of %.0f polls", polls, due)
	}
	rec.Timing(s.Name, PerOperation, float64(spent.CPU)/float64(polls))
	rec.Count(s.Name, "allocs/op", objects)
	return nil
}
