// Package shrink turns a program that shows a fault into the smallest one that
// still shows it. Programs are JSON objects with a list of steps; what they mean
// is known to the judge alone, who refuses what makes no sense.
package shrink

import (
	"context"
	"fmt"
)

// A Program is a scenario as decoded from JSON: nothing but maps, lists,
// strings, numbers of type float64, booleans and nil. It is never changed in
// place, by the judge neither: parts of one are shared with others.
type Program = map[string]any

// A Judge reports for each program whether it still shows the fault. It is
// handed many at once, so that it can play them together. A program that is not
// valid does not show it. An error ends the search.
type Judge func(ctx context.Context, programs []Program) ([]bool, error)

// Smallest returns the lightest program it finds that the judge accepts, by
// deleting, shortening and simplifying parts of the given one, which is taken to
// show the fault. No program is judged twice and each step makes the program
// lighter, so the search ends. On an error it returns the best so far.
func Smallest(ctx context.Context, program Program, judge Judge) (Program, error) {
	s := &search{judge: judge, best: program, tried: map[string]bool{text(program): true}}
	cheap := []pass{chunks, actors, merged, members, shorterKeys, simpler}
	for {
		before := weigh(s.best)
		for _, changes := range cheap {
			if err := s.try(ctx, changes(s.best)); err != nil {
				return s.best, err
			}
		}
		if weigh(s.best) != before {
			continue
		}
		// Pairs are many, and worth it only when nothing else helps.
		if err := s.try(ctx, pairs(s.best)); err != nil || weigh(s.best) == before {
			return s.best, err
		}
	}
}

// search is the state of one call of Smallest.
type search struct {
	judge Judge
	best  Program
	tried map[string]bool // by text
}

// candidate is a lighter program and what made it so.
type candidate struct {
	program Program
	by      change
}

// try has every change judged by itself, then as many of the good ones together
// as still work, and keeps the lightest program.
func (s *search) try(ctx context.Context, changes []change) error {
	good, err := s.accepted(ctx, changes)
	if err != nil || len(good) == 0 {
		return err
	}
	var together []change
	for n := 2; n/2 < len(good); n *= 2 {
		var all change
		for _, c := range good[:min(n, len(good))] {
			all = append(all, c.by...)
		}
		together = append(together, all)
	}
	combined, err := s.accepted(ctx, together)
	for _, c := range append(good, combined...) {
		if weigh(c.program).less(weigh(s.best)) {
			s.best = c.program
		}
	}
	return err
}

// accepted returns the candidates that are lighter than the best program, have
// not been tried before and show the fault.
func (s *search) accepted(ctx context.Context, changes []change) ([]candidate, error) {
	var candidates []candidate
	var programs []Program
	for _, c := range changes {
		p := c.apply(s.best)
		at := text(p)
		if s.tried[at] || !weigh(p).less(weigh(s.best)) {
			continue
		}
		s.tried[at] = true
		candidates = append(candidates, candidate{p, c})
		programs = append(programs, p)
	}
	if len(programs) == 0 {
		return nil, nil
	}
	verdicts, err := s.judge(ctx, programs)
	if err != nil {
		return nil, err
	}
	if len(verdicts) != len(programs) {
		return nil, fmt.Errorf("shrink: %d verdicts on %d programs", len(verdicts), len(programs))
	}
	good := candidates[:0]
	for i, c := range candidates {
		if verdicts[i] {
			good = append(good, c)
		}
	}
	return good, nil
}
