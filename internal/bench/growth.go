package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/freshet-go/freshet/internal/bench/measure"
	"github.com/freshet-go/freshet/internal/bench/ours"
	"github.com/freshet-go/freshet/internal/bench/target"
	"github.com/freshet-go/freshet/internal/bench/workload"
)

// growthMode is the mode that has no peers: Freshet at different sizes.
const growthMode = "growth"

const thousand = 1000

// growthSizes are powers of ten up to most.
func growthSizes(most int) []int {
	sizes := []int{thousand}
	for n := 10 * thousand; n <= most; n *= 10 {
		sizes = append(sizes, n)
	}
	return sizes
}

// growthTargets say what may not grow. What is done is the same at every size, but the
// lines of memory that it is done to are less likely to be in the processor's cache:
// 1.5 is for that.
func growthTargets(most int) []target.Target {
	var all []target.Target
	for _, operation := range []string{workload.InvalidateAmong, workload.PollAmong} {
		all = append(all, target.Target{
			Workload: workload.Growth, What: operation + " does not grow with n", Cases: []string{workload.GrowthCase(operation, most)},
			Metric: workload.PerOperation, Rule: target.Growth, Than: workload.GrowthCase(operation, 10*thousand), Must: 1.5, Stretch: 1.25,
		})
	}
	return all
}

// grow measures growth curves and reports whether nothing grows that must not.
func grow(_ context.Context, s settings, o workload.Options, r *measure.Results) (flat bool, err error) {
	sizes := growthSizes(s.most)
	if len(sizes) < 2 {
		return false, fmt.Errorf("no growth up to %d entries", s.most)
	}
	if err := workload.Grow(o, r, ours.All()[0], sizes); err != nil {
		return false, err
	}
	r.Seconds = time.Since(r.Started).Seconds()
	verdicts := target.Judge(r, growthTargets(sizes[len(sizes)-1]), false)
	var b strings.Builder
	writeGrowth(&b, r, sizes, verdicts)
	fmt.Print(b.String())
	if s.json != "" {
		err = r.Save(s.json)
	}
	if s.md != "" && err == nil {
		err = os.WriteFile(s.md, []byte(b.String()), 0o644)
	}
	return !slices.ContainsFunc(verdicts, target.Verdict.Fails), err
}

// writeGrowth writes a row for each operation and a column for each size.
func writeGrowth(b *strings.Builder, r *measure.Results, sizes []int, verdicts []target.Verdict) {
	fmt.Fprintf(b, "# What operations cost in larger caches\n\n%s. `make bench-growth` writes this file; WORKLOADS.md says what was done.\n\n", ran(r))
	b.WriteString("CPU nanoseconds per operation against the number of entries, medians over interleaved rounds; in brackets\n" +
		"allocations. Polls have one round.\n\n| |")
	for _, n := range sizes {
		fmt.Fprintf(b, " %d |", n)
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(sizes)) + "\n")
	for _, operation := range []string{workload.HitAmong, workload.SetAmong, workload.InvalidateAmong, workload.NotifyAmong, workload.PollAmong} {
		fmt.Fprintf(b, "| %s |", operation)
		for _, n := range sizes {
			name := workload.GrowthCase(operation, n)
			cpu := r.Find(workload.Growth, name, workload.PerOperation, ours.Name)
			allocs := r.Find(workload.Growth, name, "allocs/op", ours.Name)
			fmt.Fprintf(b, " %s (%s) |", number(cpu.Median), number(allocs.Median))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	writeVerdicts(b, verdicts)
}
