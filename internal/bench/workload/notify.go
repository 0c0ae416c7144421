package workload

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
)

// fanOut is a notifier with observers that only count.
type fanOut struct {
	n      contest.Notifier
	keys   int
	want   int64
	seen   atomic.Int64
	all    chan struct{}
	values [2]contest.Payload
	flip   int
}

// newFanOut puts perKey observers on each key.
func newFanOut(s contest.Spec, keys, perKey int) (*fanOut, error) {
	if s.NewNotifier == nil {
		return nil, contest.ErrNotOffered
	}
	n, err := s.NewNotifier(keys)
	if err != nil {
		return nil, err
	}
	f := &fanOut{n: n, keys: keys, want: int64(keys * perKey), all: make(chan struct{}, 1)}
	f.values[0][0], f.values[1][0] = 1, 2 // equal values would be no news
	for k := range keys {
		for range perKey {
			if err := n.Observe(k, f.hear); err != nil {
				return nil, err
			}
		}
	}
	return f, f.once()
}

func (f *fanOut) hear(contest.Val) {
	if f.seen.Add(1) == f.want {
		f.all <- struct{}{}
	}
}

// once sets every key and waits until every observer was called.
func (f *fanOut) once() error {
	f.seen.Store(0)
	f.flip ^= 1
	for k := range f.keys {
		if err := f.n.SetData(k, &f.values[f.flip]); err != nil {
			return err
		}
	}
	<-f.all
	return nil
}

// notifications is W7.
func notifications(o Options, r *measure.Results) error {
	for _, shape := range []struct {
		name         string
		keys, perKey int
		reps         int
	}{
		{"1 key x 1", 1, 1, 2000},
		{"1 key x 100", 1, 100, 300},
		{"1 key x 10k", 1, 10_000, 10},
		{"10k keys x 1", 10_000, 1, 10},
	} {
		rec := r.Case("W7", shape.name)
		fans, err := enter(o, func(s contest.Spec) (*fanOut, error) {
			before := measure.Memory()
			f, err := newFanOut(s, shape.keys, shape.perKey)
			if err == nil && f.want >= 10_000 {
				rec.Count(s.Name, "B/observer", measure.Memory().Sub(before).All()/float64(f.want))
			}
			return f, err
		})
		if err != nil {
			return err
		}
		for round := range o.Rounds {
			for _, f := range turns(fans, round) {
				if err := f.it.repeat(rec, f.name, shape.reps); err != nil {
					return err
				}
			}
		}
		for _, f := range fans {
			if err := f.it.n.Close(); err != nil {
				return err
			}
			runtime.KeepAlive(f.it)
		}
	}
	return nil
}

func (f *fanOut) repeat(rec measure.Recorder, name string, reps int) error {
	err := f.once()
	before := measure.Allocations()
	spent := measure.Timed(func() {
		for range reps {
			if err == nil {
				err = f.once()
			}
		}
	})
	if err != nil {
		return err
	}
	objects, _ := measure.Allocations().Since(before, reps*int(f.want))
	rec.Timing(name, "wall us", float64(spent.Wall)/1e3/float64(reps))
	rec.Timing(name, "cpu ns/observer", float64(spent.CPU)/float64(reps)/float64(f.want))
	rec.Count(name, "allocs/observer", objects)
	time.Sleep(settling) // for whoever tells twice
	if seen := f.seen.Load(); seen != f.want {
		return wrong(name, "%d calls for %d observers", seen, f.want)
	}
	return nil
}
