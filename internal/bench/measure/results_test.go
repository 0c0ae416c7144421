package measure_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/bench/measure"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	odd := []float64{3, 1, 2}
	require.InDelta(t, 2, measure.Median(odd), 0)
	require.Equal(t, []float64{3, 1, 2}, odd, "the rounds keep their order")
	require.InDelta(t, 2.5, measure.Median([]float64{4, 1, 2, 3}), 0)
	require.True(t, math.IsNaN(measure.Median(nil)))
}

func TestRecorder_keepsRoundsOfEachFigureApart(t *testing.T) {
	t.Parallel()
	r := measure.NewResults("quick")
	c := r.Case("W1", "a")
	c.Timing("otter", "ns", 3)
	c.Timing("otter", "ns", 1)
	c.Count("otter", "allocs", 0.00049)
	r.Case("W2", "a").Timing("otter", "ns", 7)

	row := r.Find("W1", "a", "ns", "otter")
	require.Equal(t, []float64{3, 1}, row.Rounds)
	require.InDelta(t, 2, row.Median, 0)
	require.InDelta(t, 1, row.Min, 0)
	require.InDelta(t, 3, row.Max, 0)
	require.False(t, row.Exact)
	require.Zero(t, r.Find("W1", "a", "allocs", "otter").Median, "what the runtime allocates now and then is no count")
	require.Nil(t, r.Find("W1", "b", "ns", "otter"))
	require.Len(t, r.Rows, 3)
}

func TestResults_mergeWhatWasSavedElsewhere(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rows.json")
	require.NoError(t, os.WriteFile(path, []byte(`[{"Workload":"W1","Case":"a","Metric":"ns","Contestant":"tanstack","Rounds":[5,9]}]`), 0o600))
	r := measure.NewResults("quick")
	require.NoError(t, r.Merge(path))
	require.InDelta(t, 7, r.Find("W1", "a", "ns", "tanstack").Median, 0)

	require.NoError(t, r.Save(path))
	require.ErrorContains(t, r.Merge(path), "bench: merge", "a whole run is not a list of rows")
	require.ErrorIs(t, r.Merge(path+"x"), os.ErrNotExist)
}

func TestHistogram_quantiles(t *testing.T) {
	t.Parallel()
	var low, all measure.Histogram
	require.Zero(t, all.Quantile(0.5))
	for i := range int64(900) {
		low.Add(i + 1)
	}
	for i := range int64(100) {
		all.Add(1_000_000 + i)
	}
	all.Add(-5) // clocks of two processors may differ
	all.Merge(&low)
	require.InEpsilon(t, 500, all.Quantile(0.5), 0.04)
	require.InEpsilon(t, 900, all.Quantile(0.899), 0.04)
	require.InEpsilon(t, 1_000_000, all.Quantile(0.99), 0.04)
	require.InDelta(t, 1_000_099, all.Max(), 0)
}
