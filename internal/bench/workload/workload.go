// Package workload holds what the contestants have to do. Each file is one
// workload; WORKLOADS.md describes them for readers who want to do the same
// elsewhere. A contestant that did not do its work is an error, never a fast one.
package workload

import (
	"errors"
	"fmt"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
)

// Size is how large the workloads are.
type Size int

// Quick is for work on the engine, Compare is what the targets are read from, and
// Full adds sizes that no target needs.
const (
	Quick Size = iota
	Compare
	Full
)

// Options steer a run.
type Options struct {
	Size   Size
	Rounds int
	// Contestants take part wherever they can.
	Contestants []contest.Spec
	// Log hears of progress.
	Log func(format string, args ...any)
}

// Workload is one of W0 to W10.
type Workload struct {
	Name string
	Run  func(o Options, r *measure.Results) error
	// InQuick is whether a quick run has it.
	InQuick bool
}

// All returns the workloads in the order in which they run: those that leave much
// garbage behind come last.
func All() []Workload {
	return []Workload{
		{Name: "W0", Run: prices},
		{Name: "W10", Run: cold},
		{Name: "W9", Run: changes},
		{Name: "W7", Run: notifications, InQuick: true},
		{Name: "W2", Run: coalescing},
		{Name: "W3", Run: misses},
		{Name: "W5", Run: invalidation, InQuick: true},
		{Name: "W6", Run: polling},
		{Name: "W8", Run: expiry},
		{Name: "W4", Run: memory},
		{Name: "W1", Run: hits, InQuick: true},
	}
}

// pick chooses by the size of the run.
func pick[T any](o Options, quick, compare, full T) T {
	return []T{quick, compare, full}[o.Size]
}

// entrant is a contestant that was made ready for a case.
type entrant[T any] struct {
	name string
	it   T
}

// turns returns the entrants in the order of a round. It rotates, so that nobody
// always runs after the same neighbour.
func turns[T any](entrants []entrant[T], round int) []entrant[T] {
	if len(entrants) == 0 {
		return nil
	}
	at := round % len(entrants)
	return append(append([]entrant[T]{}, entrants[at:]...), entrants[:at]...)
}

// enter makes those contestants ready that prepare returns something for.
func enter[T any](o Options, prepare func(contest.Spec) (T, error)) ([]entrant[T], error) {
	var entrants []entrant[T]
	for _, s := range o.Contestants {
		it, err := prepare(s)
		switch {
		case errors.Is(err, contest.ErrNotOffered):
		case err != nil:
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		default:
			entrants = append(entrants, entrant[T]{s.Name, it})
		}
	}
	return entrants, nil
}

// wrong is the error of a contestant that did not do its work.
func wrong(name, format string, args ...any) error {
	return fmt.Errorf("%s did not do its work: %s", name, fmt.Sprintf(format, args...))
}

// floor is the name of what the harness itself costs.
const floor = "floor"
