package sched

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAgenda_isInOrderOfTimeThenOfAdding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type waiting struct {
			a  *Alarm
			at time.Duration
		}
		var (
			g    agenda
			want []waiting
		)
		remove := func(i int) {
			require.True(t, g.remove(want[i].a))
			require.False(t, g.remove(want[i].a))
			want = slices.Delete(want, i, i+1)
		}
		for range rapid.IntRange(0, 400).Draw(t, "steps") {
			if len(want) > 0 && rapid.IntRange(0, 2).Draw(t, "remove") == 0 {
				remove(rapid.IntRange(0, len(want)-1).Draw(t, "which"))
				continue
			}
			w := waiting{new(Alarm), time.Duration(rapid.IntRange(0, 100).Draw(t, "at"))}
			g.add(w.a, w.at)
			want = append(want, w)
		}
		require.Equal(t, len(want), g.waiting)
		slices.SortStableFunc(want, func(a, b waiting) int { return cmp.Compare(a.at, b.at) })
		for len(want) > 0 {
			require.Nil(t, g.due(want[0].at-1))
			require.Same(t, want[0].a, g.due(want[0].at))
			remove(0)
		}
		require.Nil(t, g.next())
		require.Empty(t, g.moments)
	})
}

func TestAgenda_givesBackWhatARushNeeded(t *testing.T) {
	t.Parallel()
	var g agenda
	alarms := make([]Alarm, 10_000)
	for i := range alarms {
		g.add(&alarms[i], time.Duration(i))
	}
	for i := range alarms[10:] {
		g.remove(&alarms[i])
	}
	require.LessOrEqual(t, cap(g.heap), minHeap)
	require.Equal(t, 10, g.waiting)
}
