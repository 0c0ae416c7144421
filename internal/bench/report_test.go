package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
	"github.com/freshet-go/freshet/internal/bench/ours"
	"github.com/freshet-go/freshet/internal/bench/target"
)

func TestReport_saysWhatIsMissed(t *testing.T) {
	t.Parallel()
	r := measure.NewResults("compare")
	for _, v := range []float64{40, 50, 60} {
		r.Case("W10", "b").Timing("otter", "cpu us", 2*v)
		r.Case("W2", "a").Timing("otter", "ns", 10)
		r.Case("W2", "a").Timing(ours.Name, "cpu us", v)
	}
	verdicts := target.Judge(r, []target.Target{
		{Workload: "W2", What: "fast", Cases: []string{"a"}, Metric: "cpu us", Rule: target.AtMost, Must: 50, Stretch: 10},
		{Workload: "W2", What: "small", Cases: []string{"a"}, Metric: "cpu us", Rule: target.AtMost, Must: target.NoMust, Stretch: 10},
		{Workload: "W10", What: "there", Cases: []string{"b"}, Metric: "cpu us", Rule: target.Share, Than: "otter", Must: 1, Stretch: 1},
		{Workload: "W3", What: "run", Cases: []string{"c"}, Metric: "ns", Rule: target.Times, Than: "otter", Must: 2, Stretch: 3},
	}, false)
	var b strings.Builder
	require.NoError(t, writeReport(&b, r, verdicts, []contest.Spec{{Name: "otter", Note: "as is"}}))
	text := b.String()
	for _, line := range []string{
		"| W2 | fast | cpu us | ≤ 50 | ≤ 10 | 50 | a | must |",
		"| W10 | there | × otter | ≤ 1 | ≤ 1 | – | b | NOT OFFERED YET |",
		"| W2 | small | cpu us | – | ≤ 10 | 50 | a | not yet |",
		"| W3 | run | times faster than otter | ≥ 2 | ≥ 3 | – | c | NOT MEASURED |",
		"4 targets, 0 stretch, 1 must, 1 not yet, 0 MISSED, 1 NOT OFFERED YET, 1 NOT MEASURED.",
		"- **otter**: as is",
		"### W2 a\n\n| | cpu us | range | ns |\n|---|--:|--:|--:|\n| freshet | 50 | 40…60 | – |\n| otter | – | – | 10 |\n",
		"### W10 b\n\n| | cpu us | range |\n|---|--:|--:|\n| otter | 100 | 80…120 |\n",
	} {
		require.Contains(t, text, line)
	}
	require.Less(t, strings.Index(text, "## W2\n"), strings.Index(text, "## W10\n"), "in the order of numbers")
}

func TestNumber_showsThreeDigits(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "0", 12: "12", 1234: "1234", 1234.5: "1234", 0.12345: "0.123", 99.95: "100", 3.14159: "3.14"} {
		require.Equal(t, want, number(v))
	}
}
