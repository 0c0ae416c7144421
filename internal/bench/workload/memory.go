package workload

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
)

// memory is W4. Keys and values are there before, so that what grows is what the
// cache itself adds.
func memory(o Options, r *measure.Results) error {
	n := pick(o, 200_000, 500_000, 1_000_000)
	keys := contest.StringKeys("seller/orders", n)
	values := make([]contest.Payload, n)
	cfg := contest.Config{
		Keys: keys, Stale: time.Minute, GC: time.Hour,
		Load:      func(context.Context, string) (contest.Val, error) { return new(contest.Payload), nil },
		LoadParts: func(context.Context, contest.Parts) (contest.Val, error) { return new(contest.Payload), nil },
	}
	for _, s := range o.Contestants {
		if s.Name == floor {
			continue
		}
		if s.NewCache != nil {
			if err := stringMemory(r.Case("W4", "string"), s, cfg, values); err != nil {
				return err
			}
		}
		if s.NewParts != nil {
			if err := partsMemory(r.Case("W4", "parts"), s, cfg, values); err != nil {
				return err
			}
		}
	}
	runtime.KeepAlive(keys)
	return nil
}

func stringMemory(rec measure.Recorder, s contest.Spec, cfg contest.Config, values []contest.Payload) error {
	n := len(values)
	before := measure.Memory()
	c, err := s.NewCache(cfg)
	if err != nil {
		return err
	}
	for i := range values {
		err = errors.Join(err, c.Set(i, &values[i]))
	}
	if kept := c.Len(); kept >= 0 && kept != n {
		return wrong(s.Name, "keeps %d of %d entries", kept, n)
	}
	rec.Count(s.Name, "B/entry", float64(measure.Memory().Sub(before).Heap)/float64(n))
	return errors.Join(err, c.Close())
}

func partsMemory(rec measure.Recorder, s contest.Spec, cfg contest.Config, values []contest.Payload) error {
	n := len(values)
	if s.Name == "ristretto" {
		cfg.Hint = n // it drops what is beyond its size, and has no keys to tell it by
	}
	before := measure.Memory()
	c, err := s.NewParts(cfg)
	if err != nil {
		return err
	}
	for i := range values {
		err = errors.Join(err, c.SetParts("seller", "orders", i, &values[i]))
	}
	// The first one, as the last ones may still be on their way.
	v, fault := c.FetchParts(context.Background(), "seller", "orders", 0)
	if v != &values[0] || fault != nil {
		return wrong(s.Name, "lost an entry: %v", fault)
	}
	rec.Count(s.Name, "B/entry", float64(measure.Memory().Sub(before).Heap)/float64(n))
	return errors.Join(err, c.Close())
}
