package query

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAdaptive_givesTheLawSoundNumbersWhateverItsOwn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := Adaptive{
			Min: max(1, time.Duration(rapid.Int64().Draw(t, "min"))), Max: time.Duration(rapid.Int64().Draw(t, "max")),
			Calm: rapid.IntRange(-1, 10).Draw(t, "calm"), Rest: rapid.IntRange(-1, 100).Draw(t, "rest"),
		}.Interval().law
		require.Positive(t, l.Min)
		require.GreaterOrEqual(t, l.Max, l.Min)
		require.Positive(t, l.Calm)
		require.Positive(t, l.Rest)
	})
}
