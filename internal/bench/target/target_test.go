package target_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/bench/measure"
	"github.com/freshet-go/freshet/internal/bench/ours"
	"github.com/freshet-go/freshet/internal/bench/target"
)

// figures are what some contestants had in the rounds of one case.
type figures map[string][]float64

func results(cases map[string]figures) *measure.Results {
	r := measure.NewResults("compare")
	for name, contestants := range cases {
		for contestant, rounds := range contestants {
			for _, v := range rounds {
				r.Case("W1", name).Timing(contestant, "ns", v)
			}
		}
	}
	return r
}

func judge(t *testing.T, r *measure.Results, goal target.Target) target.Verdict {
	t.Helper()
	goal.Workload, goal.Metric = "W1", "ns"
	if goal.Cases == nil {
		goal.Cases = []string{"a"}
	}
	verdicts := target.Judge(r, []target.Target{goal}, false)
	require.Len(t, verdicts, 1)
	return verdicts[0]
}

func TestJudge_rules(t *testing.T) {
	t.Parallel()
	r := results(map[string]figures{
		"a": {ours.Name: {10, 20, 12}, "otter": {40, 40, 40}, "theine": {30, 90, 90}, "floor": {2, 2, 2}, "constant": {12, 12, 12}},
		"b": {ours.Name: {30, 36, 40}},
	})
	cases := []struct {
		name   string
		goal   target.Target
		figure float64
		state  target.State
	}{
		{"at most the stretch", target.Target{Rule: target.AtMost, Must: 20, Stretch: 12}, 12, target.Stretched},
		{"at most the must", target.Target{Rule: target.AtMost, Must: 12, Stretch: 11}, 12, target.Reached},
		{"more than the must", target.Target{Rule: target.AtMost, Must: 11, Stretch: 10}, 12, target.Missed},
		{"at least", target.Target{Rule: target.AtLeast, Must: 11, Stretch: 13}, 12, target.Reached},
		{"less than at least", target.Target{Rule: target.AtLeast, Must: 13, Stretch: 13}, 12, target.Missed},
		{"exactly, but for one round", target.Target{Rule: target.Exactly, Must: 12, Stretch: 12}, 10, target.Missed},
		{"exactly, in every round", target.Target{Who: "constant", Rule: target.Exactly, Must: 12, Stretch: 12}, 12, target.Stretched},
		{"a share within each round", target.Target{Rule: target.Share, Than: "otter", Must: 0.3, Stretch: 0.2}, 0.3, target.Reached},
		{"a share of the best peer", target.Target{Rule: target.Share, Than: target.BestPeer, Must: 1, Stretch: 1}, 1, target.Stretched},
		{"a share above the floor", target.Target{Rule: target.ShareAboveFloor, Than: "otter", Must: 0.5, Stretch: 0.1}, 10.0 / 38, target.Reached},
		{"times faster", target.Target{Rule: target.Times, Than: "otter", Must: 3, Stretch: 4}, 40.0 / 12, target.Reached},
		{"not as many times faster", target.Target{Rule: target.Times, Than: "otter", Must: 4, Stretch: 4}, 40.0 / 12, target.Missed},
		{"growth", target.Target{Cases: []string{"b"}, Rule: target.Growth, Than: "a", Must: 3, Stretch: 2}, 3, target.Reached},
		{"increase", target.Target{Cases: []string{"b"}, Rule: target.Increase, Than: "a", Must: 23, Stretch: 20}, 24, target.Missed},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v := judge(t, r, tc.goal)
			require.InDelta(t, tc.figure, v.Figure, 1e-9)
			require.Equal(t, tc.state, v.State)
			require.Equal(t, tc.state == target.Missed, v.Fails())
		})
	}
}

func TestJudge_worstCaseCounts(t *testing.T) {
	t.Parallel()
	r := results(map[string]figures{"a": {ours.Name: {5}}, "b": {ours.Name: {9}}, "c": {ours.Name: {1}}})
	all := []string{"a", "b", "c"}

	v := judge(t, r, target.Target{Cases: all, Rule: target.AtMost, Must: 8, Stretch: 8})
	require.Equal(t, "b", v.Case)
	require.Equal(t, target.Missed, v.State)

	v = judge(t, r, target.Target{Cases: all, Rule: target.AtLeast, Must: 1, Stretch: 2})
	require.Equal(t, "c", v.Case)
	require.Equal(t, target.Reached, v.State)
}

func TestJudge_whatIsNotThereIsMissed(t *testing.T) {
	t.Parallel()
	r := results(map[string]figures{"a": {"otter": {4}}, "b": {ours.Name: {4}}})

	v := judge(t, r, target.Target{Rule: target.Share, Than: "otter", Must: 9, Stretch: 9})
	require.Equal(t, target.NotOffered, v.State, "others took part and we did not")
	require.True(t, v.Fails())

	v = judge(t, r, target.Target{Cases: []string{"b"}, Rule: target.Share, Than: "otter", Must: 9, Stretch: 9})
	require.Equal(t, target.NotMeasured, v.State, "nobody to compare with")
	require.True(t, v.Fails())

	v = judge(t, r, target.Target{Cases: []string{"b", "c"}, Rule: target.AtMost, Must: 9, Stretch: 9})
	require.Equal(t, target.NotMeasured, v.State, "a case was not run")
	require.Equal(t, "c", v.Case)
	require.True(t, v.Fails())
}

func TestJudge_noNumberIsMissed(t *testing.T) {
	t.Parallel()
	r := results(map[string]figures{"a": {ours.Name: {math.NaN()}}})
	for _, rule := range []target.Rule{target.AtMost, target.AtLeast} {
		v := judge(t, r, target.Target{Rule: rule, Must: 1, Stretch: 1})
		require.Equal(t, target.Missed, v.State)
	}
}

func TestJudge_partialRunPassesOverWhatItLeftOut(t *testing.T) {
	t.Parallel()
	r := results(map[string]figures{"a": {ours.Name: {4}}})
	goals := []target.Target{
		{Workload: "W1", Metric: "ns", Cases: []string{"a", "b"}, Rule: target.AtMost, Must: 9, Stretch: 9},
		{Workload: "W1", Metric: "ns", Cases: []string{"b"}, Rule: target.AtMost, Must: 9, Stretch: 9},
		{Workload: "W1", Metric: "ns", Cases: []string{"a"}, Rule: target.Share, Than: "otter", Must: 9, Stretch: 9},
	}
	verdicts := target.Judge(r, goals, true)
	require.Len(t, verdicts, 1)
	require.Equal(t, target.Stretched, verdicts[0].State)
	require.Len(t, target.Judge(r, goals, false), 3)
}

func TestAll_stretchIsNoEasierThanMust(t *testing.T) {
	t.Parallel()
	for _, goal := range target.All() {
		require.NotEmpty(t, goal.Cases, goal.What)
		if goal.Rule == target.AtLeast || goal.Rule == target.Times {
			require.GreaterOrEqual(t, goal.Stretch, goal.Must, goal.What)
		} else {
			require.LessOrEqual(t, goal.Stretch, goal.Must, goal.What)
		}
	}
}
