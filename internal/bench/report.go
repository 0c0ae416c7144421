package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
	"github.com/freshet-go/freshet/internal/bench/target"
)

// leading returns the metrics that come first in a table and order its rows.
func leading() []string {
	return []string{
		"cpu ns/op", "cpu us", "cpu ns/caller", "cpu ns/observer", "cpu % of a core", "cpu ms", "cpu ns", "KiB", "B/entry", "wall us",
	}
}

// writeReport writes the results as Markdown: targets first, then every figure.
func writeReport(w io.Writer, r *measure.Results, verdicts []target.Verdict, contestants []contest.Spec) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Freshet beside its peers\n\n%s.\n\n", ran(r))
	b.WriteString("WORKLOADS.md says what was done. Figures are medians over interleaved rounds, ratios medians of the ratios " +
		"within the rounds. `make bench-compare` writes this file.\n\n## Targets\n\n")
	writeVerdicts(&b, verdicts)
	b.WriteString("\n## Contestants\n\n")
	for _, s := range contestants {
		fmt.Fprintf(&b, "- **%s**: %s\n", s.Name, s.Note)
	}
	b.WriteString("- **tanstack**, **swr**: @tanstack/query-core and swr in Node, in a process of their own right after the Go " +
		"contestants of a workload\n")
	writeFigures(&b, r)
	_, err := io.WriteString(w, b.String())
	return err
}

// ran says when, where and for how long.
func ran(r *measure.Results) string {
	return fmt.Sprintf("%s, %s, %s, GOMAXPROCS %d, %s run of %.0f s",
		r.Started.UTC().Format("2006-01-02 15:04 UTC"), r.Machine, r.Go, r.Procs, r.Mode, r.Seconds)
}

// writeVerdicts writes the table of targets and how many were reached.
func writeVerdicts(b *strings.Builder, verdicts []target.Verdict) {
	count := map[string]int{}
	b.WriteString("| | target | of | must | stretch | measured | worst case | |\n|---|---|---|--:|--:|--:|---|---|\n")
	for _, v := range verdicts {
		count[word(v)]++
		figure := "–"
		if v.State != target.NotOffered && v.State != target.NotMeasured {
			figure = number(v.Figure)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n",
			v.Workload, v.What, than(v.Target), limit(v.Target, v.Must), limit(v.Target, v.Stretch), figure, v.Case, word(v))
	}
	fmt.Fprintf(b, "\n%d targets", len(verdicts))
	for _, state := range []target.State{target.Stretched, target.Reached, notYet, target.Missed, target.NotOffered, target.NotMeasured} {
		fmt.Fprintf(b, ", %d %s", count[string(state)], state)
	}
	b.WriteString(".\n")
}

// notYet is said of a stretch without a must.
const notYet target.State = "not yet"

// word is the state of a verdict, unless the stretch is all there is.
func word(v target.Verdict) string {
	if v.State == target.Reached && v.Must == target.NoMust {
		return string(notYet)
	}
	return string(v.State)
}

func than(t target.Target) string {
	switch t.Rule {
	case target.Share:
		return "× " + t.Than
	case target.ShareAboveFloor:
		return "× " + t.Than + ", above the floor"
	case target.Times:
		return "times faster than " + t.Than
	case target.Growth:
		return "× " + t.Than
	case target.Increase:
		return "more than at " + t.Than
	default:
		return t.Metric
	}
}

func limit(t target.Target, v float64) string {
	switch {
	case v == target.NoMust:
		return "–"
	case t.Rule == target.AtLeast || t.Rule == target.Times:
		return "≥ " + number(v)
	case t.Rule == target.Exactly:
		return number(v)
	default:
		return "≤ " + number(v)
	}
}

// number writes three digits that count.
func number(v float64) string {
	switch {
	case v == math.Trunc(v) && math.Abs(v) < 1e7:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case math.Abs(v) >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	default:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
}

// table is the rows of one case.
type table struct {
	workload, name string
	metrics        []string
	contestants    []string
	cells          map[[2]string]*measure.Row // by metric and contestant
}

func tables(r *measure.Results) []*table {
	var all []*table
	for _, row := range r.Rows {
		i := slices.IndexFunc(all, func(t *table) bool { return t.workload == row.Workload && t.name == row.Case })
		if i < 0 {
			i = len(all)
			all = append(all, &table{workload: row.Workload, name: row.Case, cells: map[[2]string]*measure.Row{}})
		}
		t := all[i]
		if !slices.Contains(t.metrics, row.Metric) {
			t.metrics = append(t.metrics, row.Metric)
		}
		if !slices.Contains(t.contestants, row.Contestant) {
			t.contestants = append(t.contestants, row.Contestant)
		}
		t.cells[[2]string{row.Metric, row.Contestant}] = row
	}
	slices.SortStableFunc(all, func(a, b *table) int {
		return cmp.Compare(workloadNumber(a.workload), workloadNumber(b.workload))
	})
	return all
}

func workloadNumber(name string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(name, "W")) // a name without number comes first
	return n
}

func (t *table) sort() {
	rank := func(metric string) int {
		if i := slices.Index(leading(), metric); i >= 0 {
			return i
		}
		return len(leading())
	}
	slices.SortStableFunc(t.metrics, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	median := func(contestant string) float64 {
		if row := t.cells[[2]string{t.metrics[0], contestant}]; row != nil {
			return row.Median
		}
		return math.Inf(1)
	}
	slices.SortStableFunc(t.contestants, func(a, b string) int { return cmp.Compare(median(a), median(b)) })
}

// writeFigures writes one table per case, the best contestant first.
func writeFigures(b *strings.Builder, r *measure.Results) {
	workload := ""
	for _, t := range tables(r) {
		t.sort()
		if t.workload != workload {
			workload = t.workload
			fmt.Fprintf(b, "\n## %s\n", workload)
		}
		fmt.Fprintf(b, "\n### %s %s\n\n| | %s | range |", t.workload, t.name, t.metrics[0])
		for _, m := range t.metrics[1:] {
			fmt.Fprintf(b, " %s |", m)
		}
		b.WriteString("\n|---" + strings.Repeat("|--:", len(t.metrics)+1) + "|\n")
		for _, c := range t.contestants {
			lead, spread := "–", "–"
			if row := t.cells[[2]string{t.metrics[0], c}]; row != nil {
				lead, spread = number(row.Median), number(row.Min)+"…"+number(row.Max)
			}
			fmt.Fprintf(b, "| %s | %s | %s |", c, lead, spread)
			for _, m := range t.metrics[1:] {
				cell := "–"
				if row := t.cells[[2]string{m, c}]; row != nil {
					cell = number(row.Median)
				}
				fmt.Fprintf(b, " %s |", cell)
			}
			b.WriteString("\n")
		}
	}
}
