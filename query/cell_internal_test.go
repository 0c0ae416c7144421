package query

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStateCell_markLeavesOlderLooksAlone(t *testing.T) {
	t.Parallel()
	first := &state{data: 1, hasData: true}
	b := &branch{}
	c := stateCell{branch: b}
	c.Store(first)
	require.Same(t, first, c.Load(), "no copy without need")

	b.mark()
	next := c.Load()
	require.True(t, next.invalidated)
	require.Equal(t, 1, next.data)
	require.False(t, first.invalidated, "who holds it goes on seeing what it was")
	require.Same(t, next, c.Load(), "made once")

	b.mark()
	require.Same(t, next, c.Load(), "a mark on what is stale changes nothing")
}

func TestStateCell_storedAfterAMarkIsUnmarked(t *testing.T) {
	t.Parallel()
	b := &branch{}
	b.mark()
	shared := &state{status: isPending}
	for range 2 {
		c := stateCell{branch: b}
		c.Store(shared)
		require.False(t, c.Load().invalidated)
	}
	require.Zero(t, shared.marks, "it belongs to others, too")
}

func TestStateCell_readerWhoIsLateChangesNothing(t *testing.T) {
	t.Parallel()
	b := &branch{}
	c := stateCell{branch: b}
	c.Store(&state{})
	b.mark()
	c.Store(&state{dataUpdatedAt: time.Unix(1, 0)})
	require.False(t, c.redeem(1).invalidated, "newer than the mark that the reader came for")
}
