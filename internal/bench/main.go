// Command bench measures Freshet beside the caches that people use today, and
// holds what it finds against the targets of package target.
//
//	go run ./internal/bench              what the targets are read from, up to 10 minutes
//	go run ./internal/bench -mode quick  W1, W5 and W7 in small, under a minute
//	go run ./internal/bench -mode full   larger and longer, up to an hour
//	go run ./internal/bench -mode growth what operations cost in larger caches, two minutes
//
// It exits with status 1 if a target that must be reached is missed, and with
// status 2 if something went wrong: a contestant that did not do its work, say.
// What WORKLOADS.md says about figures holds for all of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/freshet-go/freshet/internal/bench/bound"
	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
	"github.com/freshet-go/freshet/internal/bench/ours"
	"github.com/freshet-go/freshet/internal/bench/peer"
	"github.com/freshet-go/freshet/internal/bench/target"
	"github.com/freshet-go/freshet/internal/bench/workload"
)

// settings are what the command line says.
type settings struct {
	mode      string
	rounds    int
	workloads []string // empty: all that the mode has
	only      []string // contestants, empty: all
	withNode  bool
	json, md  string // files to write, if any
	most      int    // entries, of growth
	profile   string // file for a profile of the processor, if any
}

func main() {
	var s settings
	flag.StringVar(&s.mode, "mode", "compare", "quick, compare, full or growth")
	flag.IntVar(&s.most, "most", 1_000_000, "entries in the largest cache of growth")
	flag.IntVar(&s.rounds, "rounds", 0, "interleaved rounds; 0 is what the mode has")
	flag.Func("w", "workloads, such as W1,W5", list(&s.workloads))
	flag.Func("only", "contestants, such as freshet,otter", list(&s.only))
	flag.BoolVar(&s.withNode, "node", true, "TanStack Query and SWR, too")
	flag.StringVar(&s.json, "json", "", "file for all figures")
	flag.StringVar(&s.md, "md", "", "file for the tables; the targets are always printed")
	flag.StringVar(&s.profile, "cpuprofile", "", "file for a profile of the Go side; figures are coarser with it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	reached, err := profiled(s.profile, func() (bool, error) { return run(ctx, s) })
	stop()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	case !reached:
		os.Exit(1)
	}
}

// profiled runs f and writes a profile of it, if that is wanted.
func profiled(path string, f func() (bool, error)) (reached bool, err error) {
	if path == "" {
		return f()
	}
	file, err := os.Create(path)
	if err != nil {
		return false, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return false, errors.Join(err, file.Close())
	}
	reached, err = f()
	pprof.StopCPUProfile()
	return reached, errors.Join(err, file.Close())
}

func list(to *[]string) func(string) error {
	return func(text string) error {
		*to = strings.Split(text, ",")
		return nil
	}
}

// run measures and reports whether every target was reached that must be.
func run(ctx context.Context, s settings) (reached bool, err error) {
	sizes := map[string]workload.Size{"quick": workload.Quick, "compare": workload.Compare, "full": workload.Full, growthMode: workload.Compare}
	size, ok := sizes[s.mode]
	if !ok {
		return false, fmt.Errorf("no mode %q", s.mode)
	}
	if s.rounds == 0 {
		s.rounds = []int{3, 5, 7}[size]
	}
	contestants := chosen(s.only)
	r := measure.NewResults(s.mode)
	o := workload.Options{Size: size, Rounds: s.rounds, Contestants: contestants, Log: func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(r.Started).Seconds(), fmt.Sprintf(format, args...))
	}}
	if s.mode == growthMode {
		return grow(ctx, s, o, r)
	}
	failed := runWorkloads(ctx, s, o, r) // what was measured all the same is worth a look
	r.Seconds = time.Since(r.Started).Seconds()
	partial := size == workload.Quick || len(s.workloads)+len(s.only) > 0 || !s.withNode
	verdicts := target.Judge(r, target.All(), partial)
	err = errors.Join(failed, write(s, r, verdicts, contestants))
	return !slices.ContainsFunc(verdicts, target.Verdict.Fails), err
}

// chosen returns the contestants of the given names and their variants, all if there
// are no names.
func chosen(only []string) []contest.Spec {
	all := slices.Concat(ours.All(), peer.All(), bound.All(), []contest.Spec{workload.Floor()})
	if len(only) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(c contest.Spec) bool {
		name, _, _ := strings.Cut(c.Name, ",") // its variants, too
		return !slices.Contains(only, name)
	})
}

func runWorkloads(ctx context.Context, s settings, o workload.Options, r *measure.Results) error {
	n := node{mode: s.mode, rounds: s.rounds}
	if s.withNode {
		dir, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", "github.com/freshet-go/freshet/internal/bench").Output()
		if err != nil {
			return fmt.Errorf("find the scripts: %w", err)
		}
		n.dir = filepath.Join(strings.TrimSpace(string(dir)), "node")
		if err := n.ready(); err != nil {
			return err
		}
	}
	var failed error
	for _, w := range workload.All() {
		wanted := slices.Contains(s.workloads, w.Name)
		if len(s.workloads) == 0 {
			wanted = w.InQuick || o.Size != workload.Quick
		}
		if !wanted || ctx.Err() != nil {
			continue
		}
		o.Log("%s", w.Name)
		err := w.Run(o, r)
		if s.withNode {
			err = errors.Join(err, n.run(ctx, w.Name, r))
		}
		if err != nil { // the others may still be worth the time
			failed = errors.Join(failed, fmt.Errorf("%s: %w", w.Name, err))
			o.Log("%s failed: %v", w.Name, err)
		}
	}
	return errors.Join(failed, context.Cause(ctx))
}

// write prints the verdicts and writes the files that were asked for.
func write(s settings, r *measure.Results, verdicts []target.Verdict, contestants []contest.Spec) error {
	var b strings.Builder
	writeVerdicts(&b, verdicts)
	fmt.Print(b.String())
	var err error
	if s.json != "" {
		err = r.Save(s.json)
	}
	if s.md == "" {
		return err
	}
	file, fault := os.Create(s.md)
	if fault != nil {
		return errors.Join(err, fault)
	}
	return errors.Join(err, writeReport(file, r, verdicts, contestants), file.Close())
}
