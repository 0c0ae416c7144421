// Package target holds what Freshet is to reach beside its peers, and says from
// the results of a run whether it does. The targets are data: see All.
package target

import (
	"slices"

	"github.com/freshet-go/freshet/internal/bench/bound"
	"github.com/freshet-go/freshet/internal/bench/measure"
	"github.com/freshet-go/freshet/internal/bench/ours"
)

// Rule says how a figure of Freshet is held against a limit.
type Rule int

const (
	// AtMost holds the median itself against the limit.
	AtMost Rule = iota
	// AtLeast holds the median itself against a limit that is a floor.
	AtLeast
	// Exactly wants the limit in every round.
	Exactly
	// Share is the figure in parts of that of Than: at most the limit.
	Share
	// ShareAboveFloor is Share after the floor was taken from both.
	ShareAboveFloor
	// Times is how often the figure goes into that of Than: at least the limit.
	Times
	// Growth is the figure in parts of what it is in the case Than: at most the
	// limit.
	Growth
	// Increase is by how much it exceeds what it is in the case Than.
	Increase
)

// BestPeer is a Than that means whichever Go peer has the lowest median.
const BestPeer = "best peer"

// floor is what ShareAboveFloor takes off.
const floor = "floor"

// Target is one thing to reach.
type Target struct {
	Workload string
	What     string
	// Who is the contestant. Default: Freshet in its ordinary use.
	Who string
	// Cases are where it is to be reached; the worst of them counts.
	Cases  []string
	Metric string
	Rule   Rule
	// Than is the contestant or, for Growth and Increase, the case to compare with.
	Than string
	// Must is the limit, and Stretch the one to be proud of. They are equal where
	// there is nothing beyond.
	Must, Stretch float64
}

// State is how well a target was reached.
type State string

// The states, best first. A target that is not offered or was not measured is
// missed.
const (
	Stretched   State = "stretch"
	Reached     State = "must"
	Missed      State = "MISSED"
	NotOffered  State = "NOT OFFERED YET"
	NotMeasured State = "NOT MEASURED"
)

// Verdict is what came of a target.
type Verdict struct {
	Target

	State State
	// Figure is what was held against the limits, in the case where it is worst.
	Figure float64
	Case   string
}

// Fails reports whether the verdict is that of a target that must be reached and
// is not.
func (v Verdict) Fails() bool { return v.State != Stretched && v.State != Reached }

// Judge holds results against targets. A partial run need not have measured
// everything: of it, cases and targets that it left out are passed over.
func Judge(r *measure.Results, targets []Target, partial bool) []Verdict {
	var verdicts []Verdict
	for _, t := range targets {
		if v := t.judge(r, partial); !partial || v.State != NotMeasured {
			verdicts = append(verdicts, v)
		}
	}
	return verdicts
}

func (t Target) judge(r *measure.Results, partial bool) Verdict {
	worst := Verdict{Target: t, State: NotMeasured}
	for i, name := range t.Cases {
		if !t.measured(r, name) {
			if partial {
				continue
			}
			return Verdict{Target: t, State: NotMeasured, Case: name}
		}
		row := r.Find(t.Workload, name, t.Metric, t.who())
		if row == nil {
			return Verdict{Target: t, State: NotOffered, Case: name}
		}
		figure, ok := t.figure(r, row)
		if !ok {
			if partial {
				continue
			}
			return Verdict{Target: t, State: NotMeasured, Case: name}
		}
		v := Verdict{Target: t, Figure: figure, Case: name, State: t.state(figure)}
		if i == 0 || worst.State == NotMeasured || t.worse(figure, worst.Figure) {
			worst = v
		}
	}
	return worst
}

func (t Target) who() string {
	if t.Who == "" {
		return ours.Name
	}
	return t.Who
}

// measured reports whether anybody took part in the case.
func (t Target) measured(r *measure.Results, name string) bool {
	return slices.ContainsFunc(r.Rows, func(row *measure.Row) bool {
		return row.Workload == t.Workload && row.Case == name && row.Metric == t.Metric
	})
}

// figure is what is held against the limits; false if the other side is missing.
func (t Target) figure(r *measure.Results, row *measure.Row) (float64, bool) {
	switch t.Rule {
	case AtMost, AtLeast:
		return row.Median, true
	case Exactly:
		if row.Min < t.Must {
			return row.Min, true
		}
		return row.Max, true
	default:
		than := t.than(r, row.Case)
		if than == nil {
			return 0, false
		}
		return t.compare(r, row, than)
	}
}

// compare is the figure of a rule that compares.
func (t Target) compare(r *measure.Results, row, than *measure.Row) (float64, bool) {
	switch t.Rule {
	case ShareAboveFloor:
		ground := r.Find(t.Workload, row.Case, t.Metric, floor)
		if ground == nil {
			return 0, false
		}
		return (row.Median - ground.Median) / (than.Median - ground.Median), true
	case Times:
		return ratio(than, row), true
	case Increase:
		return row.Median - than.Median, true
	case Growth:
		return row.Median / than.Median, true
	default:
		return ratio(row, than), true
	}
}

// than is the row to compare with, nil if there is none.
func (t Target) than(r *measure.Results, name string) *measure.Row {
	switch {
	case t.Rule == Growth || t.Rule == Increase:
		return r.Find(t.Workload, t.Than, t.Metric, t.who())
	case t.Than != BestPeer:
		return r.Find(t.Workload, name, t.Metric, t.Than)
	}
	var best *measure.Row
	for _, row := range r.Rows {
		if row.Workload != t.Workload || row.Case != name || row.Metric != t.Metric || !isPeer(row.Contestant) {
			continue
		}
		if best == nil || row.Median < best.Median {
			best = row
		}
	}
	return best
}

func isPeer(contestant string) bool {
	return !slices.Contains([]string{floor, bound.Name, bound.FamilyName, ours.Name, ours.CallName, ours.FamilyName}, contestant)
}

// ratio is the median of the ratios within the rounds, so that what slows the
// machine down for a while cancels out.
func ratio(a, b *measure.Row) float64 {
	if len(a.Rounds) != len(b.Rounds) {
		return a.Median / b.Median
	}
	ratios := make([]float64, len(a.Rounds))
	for i := range ratios {
		ratios[i] = a.Rounds[i] / b.Rounds[i]
	}
	return measure.Median(ratios)
}

// state holds a figure against the limits.
func (t Target) state(figure float64) State {
	switch {
	case t.within(figure, t.Stretch):
		return Stretched
	case t.within(figure, t.Must):
		return Reached
	default:
		return Missed
	}
}

// within is false for a figure that is no number.
func (t Target) within(figure, limit float64) bool {
	switch t.Rule {
	case AtLeast, Times:
		return figure >= limit
	case Exactly:
		return figure == limit
	default:
		return figure <= limit
	}
}

func (t Target) worse(a, b float64) bool {
	if t.Rule == AtLeast || t.Rule == Times {
		return a < b
	}
	return a > b
}
