package workload

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
)

const (
	listLength = 1000
	changedAt  = 500
)

// change is what was fetched again in a case of W9.
type change struct {
	name    string
	body    []byte
	changed bool
}

// changes is W9.
func changes(o Options, r *measure.Results) error {
	same, err := contest.Encode(contest.Orders(listLength, -1))
	if err != nil {
		return err
	}
	other, err := contest.Encode(contest.Orders(listLength, changedAt))
	if err != nil {
		return err
	}
	reps := pick(o, 5, 5, 20)
	for round := range o.Rounds {
		for _, c := range []change{{"identical", same, false}, {"one changed", other, true}} {
			decoded, raw := r.Case("W9", "decoded/"+c.name), r.Case("W9", "raw/"+c.name)
			for _, s := range rotated(o.Contestants, round) {
				if err := shareCase(decoded, s, same, c, reps); err != nil {
					return err
				}
				if err := rawCase(raw, s, same, c, reps); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func rotated(all []contest.Spec, round int) []contest.Spec {
	at := round % len(all)
	return append(append([]contest.Spec{}, all[at:]...), all[:at]...)
}

// repetitions adds up what one round of a case took.
type repetitions struct {
	cpu            measure.Spent
	objects, bytes float64
}

func (t *repetitions) run(f func()) {
	before := measure.Allocations()
	t.cpu.CPU += measure.Timed(f).CPU
	objects, bytes := measure.Allocations().Since(before, 1)
	t.objects += objects
	t.bytes += bytes
}

func (t *repetitions) record(rec measure.Recorder, name string, reps int) {
	n := float64(reps)
	rec.Timing(name, "cpu us", float64(t.cpu.CPU)/1e3/n)
	rec.Count(name, "allocs", t.objects/n)
	rec.Count(name, "B", t.bytes/n)
}

func shareCase(rec measure.Recorder, s contest.Spec, same []byte, c change, reps int) error {
	if s.NewSharer == nil {
		return nil
	}
	sharer, err := s.NewSharer()
	if err != nil {
		return err
	}
	var took repetitions
	for range reps {
		prev, errPrev := contest.Decode(same)
		next, errNext := contest.Decode(c.body)
		before := append([]*contest.Order{}, prev...)
		if err := errors.Join(errPrev, errNext, sharer.Prime(prev)); err != nil {
			return err
		}
		var kept []*contest.Order
		took.run(func() { kept, err = sharer.Replace(next) })
		if err = errors.Join(err, c.check(before, kept)); err != nil {
			return wrong(s.Name, "%v", err)
		}
	}
	took.record(rec, s.Name, reps)
	return sharer.Close()
}

func rawCase(rec measure.Recorder, s contest.Spec, same []byte, c change, reps int) error {
	if s.NewRaw == nil {
		return nil
	}
	sharer, err := s.NewRaw()
	if err != nil {
		return err
	}
	var took repetitions
	for range reps {
		prev, err := sharer.Prime(bytes.Clone(same))
		if err != nil {
			return err
		}
		before := append([]*contest.Order{}, prev...)
		body := bytes.Clone(c.body) // as if just read from the network
		var kept []*contest.Order
		took.run(func() { kept, err = sharer.Refetch(body) })
		if err = errors.Join(err, c.check(before, kept)); err != nil {
			return wrong(s.Name, "%v", err)
		}
	}
	took.record(rec, s.Name, reps)
	return sharer.Close()
}

// check holds kept against the elements that were there before.
func (c change) check(before, kept []*contest.Order) error {
	if len(before) != listLength || len(kept) != listLength {
		return fmt.Errorf("%d elements became %d", len(before), len(kept))
	}
	for i := range kept {
		if isNew := kept[i] != before[i]; isNew != (c.changed && i == changedAt) {
			return fmt.Errorf("identity of element %d", i)
		}
	}
	if c.changed && kept[changedAt].Status != "cancelled" {
		return errors.New("the change is lost")
	}
	return nil
}
