package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/freshet-go/freshet/internal/conformance"
	"github.com/freshet-go/freshet/internal/conformance/shrink"
)

// investigation looks for the smallest programs that differ.
type investigation struct {
	oracle  oracle
	player  player
	scratch string
	out     string
	limit   int
}

// all investigates the scenarios of a folder that failed.
func (i investigation) all(ctx context.Context, dir string, failed []conformance.Failure) error {
	files, err := scenarioFiles(dir)
	if err != nil {
		return err
	}
	for n, f := range failed {
		if n == i.limit {
			fmt.Printf("%d more are not shrunk: %s\n", len(failed)-n, names(failed[n:]))
			return nil
		}
		at := slices.IndexFunc(files, func(file string) bool {
			name, err := scenarioName(file)
			return err == nil && name == f.Name
		})
		if at < 0 {
			fmt.Printf("\n== %s\n%s\n", f.Name, f.Problem) // a file that cannot be read
			continue
		}
		if err := i.one(ctx, files[at], f); err != nil {
			return err
		}
	}
	return nil
}

func names(failed []conformance.Failure) string {
	var out []string
	for _, f := range failed {
		out = append(out, f.Name)
	}
	return strings.Join(out, ", ")
}

// one shrinks a scenario and shows what is left of it.
func (i investigation) one(ctx context.Context, file string, f conformance.Failure) error {
	program, err := readProgram(file)
	if err != nil {
		return err
	}
	expected, _ := program["expect"].([]any)
	want := kinds(expected, f)
	delete(program, "expect")
	delete(program, "pins")
	program["about"] = "Shrunk from " + f.Name + "."
	smallest, err := shrink.Smallest(ctx, program, func(ctx context.Context, programs []shrink.Program) ([]bool, error) {
		return i.judge(ctx, programs, want)
	})
	if err != nil {
		return err
	}
	found, err := i.examine(ctx, []shrink.Program{smallest})
	if err != nil {
		return err
	}
	last := found[0]
	if last.failure == nil {
		fmt.Printf("\n== %s differs only sometimes\n%s\n", f.Name, f.Problem)
		return nil
	}
	kept := filepath.Join(i.out, strings.ReplaceAll(strings.TrimPrefix(f.Name, "random/"), "/", "-"))
	text := fmt.Sprintf("== %s, shrunk to %s.json\n%s\n%s",
		f.Name, kept, last.text, difference(last.expected, *last.failure))
	fmt.Printf("\n%s", text)
	return errors.Join(
		os.WriteFile(kept+".json", []byte(last.text), 0o600),
		os.WriteFile(kept+".txt", []byte(text), 0o600),
	)
}

// difference shows the whole traces instead of the one record that the problem
// is about, if there is one.
func difference(expected []any, f conformance.Failure) string {
	if f.Trace == nil || conformance.Compare(expected, f.Trace) == nil {
		return f.Problem
	}
	what, _, _ := strings.Cut(f.Problem, "\n")
	return what + "\n\n" + conformance.SideBySide(expected, f.Trace)
}

// judge accepts the programs that fail in one of the ways wanted, so that the
// search does not slip from one fault to another.
func (i investigation) judge(ctx context.Context, programs []shrink.Program, want []string) ([]bool, error) {
	found, err := i.examine(ctx, programs)
	verdicts := make([]bool, len(found))
	for n, x := range found {
		verdicts[n] = x.failure != nil &&
			slices.ContainsFunc(kinds(x.expected, *x.failure), func(kind string) bool { return slices.Contains(want, kind) })
	}
	return verdicts, err
}

// kinds says in which ways a scenario failed.
func kinds(expected []any, f conformance.Failure) []string {
	if f.Trace == nil {
		return []string{"no trace"} // it did not end
	}
	if d := conformance.Compare(expected, f.Trace); d != nil {
		return d.Fields()
	}
	return []string{"same trace"} // a promise of the library was broken
}

// examined is a program that was recorded and played.
type examined struct {
	text     string // with its trace, as the oracle wrote it
	expected []any
	failure  *conformance.Failure // nil if it passed or is unfit
}

// examine records and plays programs, all at once.
func (i investigation) examine(ctx context.Context, programs []shrink.Program) (found []examined, err error) {
	found = make([]examined, len(programs))
	dir, err := os.MkdirTemp(i.scratch, "candidates")
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.Mkdir(in, 0o750); err != nil {
		return found, err
	}
	byName := map[string]int{}
	for n, p := range programs {
		p = maps.Clone(p)
		name := fmt.Sprintf("shrunk/%d", n)
		p["name"], byName[name] = name, n
		text, err := encode(p)
		if err != nil {
			return found, err
		}
		if _, err := conformance.Parse(text); err != nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(in, fmt.Sprintf("%d.json", n)), text, 0o600); err != nil {
			return found, err
		}
	}
	if err := i.oracle.record(ctx, in, out); err != nil {
		return found, err
	}
	played, err := i.player.play(ctx, out)
	if err != nil {
		return found, err
	}
	for _, f := range played.failed {
		n := byName[f.Name]
		if found[n], err = read(filepath.Join(out, fmt.Sprintf("%d.json", n)), f); err != nil {
			return found, err
		}
	}
	return found, nil
}

// misuse is what JavaScript says when query-core was given too little, such as
// an infinite query without the function for its next page.
var misuse = regexp.MustCompile(`is not (a function|iterable)|Cannot read propert`)

func read(file string, f conformance.Failure) (examined, error) {
	text, err := os.ReadFile(file)
	if err != nil || misuse.Match(text) {
		return examined{}, err
	}
	s, err := conformance.Parse(text)
	if err != nil {
		return examined{}, err
	}
	return examined{string(text), s.Expect, &f}, nil
}
