package conformance_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/conformance"
)

func TestSideBySide_pairsRecordsOfTheSameMoment(t *testing.T) {
	t.Parallel()
	text := conformance.SideBySide(
		trace(t, `[{"t": 0, "step": 0, "isFetching": 1}, {"t": 5, "step": 1, "isFetching": 0}, {"end": 9, "pending": []}]`),
		trace(t, `[{"t": 0, "step": 0, "isFetching": 1}, {"t": 4, "step": 1, "isFetching": 0}, {"end": 9, "pending": ["p"]}]`),
	)
	var got []string
	for line := range strings.Lines(text) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	require.Equal(t, []string{
		"step 0, t=0", "expected got", "isFetching 1 1",
		"step 1, t=4 <-- differs", "expected got", "* isFetching - 0",
		"step 1, t=5 <-- differs", "expected got", "* isFetching 0 -",
		"end <-- differs", "expected got", "end 9 9", "* pending [] -", `* pending 0 - "p"`,
	}, got)
}

func TestSideBySide_saysNothingOfEmptyTraces(t *testing.T) {
	t.Parallel()
	require.Empty(t, conformance.SideBySide(nil, nil))
}

func TestDifferenceFields_nameWhatDiffersWithoutWhose(t *testing.T) {
	t.Parallel()
	d := conformance.Compare(
		trace(t, `[{"t": 0, "step": 0, "observers": {"o": {"isStale": true, "data": 1}, "p": {"isStale": true}}}]`),
		trace(t, `[{"t": 0, "step": 0, "observers": {"o": {"isStale": false, "data": 1}, "p": {"isStale": false}}, "isFetching": 1}]`),
	)
	require.NotNil(t, d)
	require.Equal(t, []string{"isFetching", "observers isStale"}, d.Fields())
}
