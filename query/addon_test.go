package query_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/querytest"
)

func TestAfterFunc_livesByTheClockOfTheClient(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		calls := 0
		stop := h.Client().AfterFunc(time.Minute, func() { calls++ })
		h.Advance(time.Minute - 1)
		require.Zero(h, calls)
		h.Advance(1)
		require.Equal(h, 1, calls)
		require.False(h, stop())

		stop = h.Client().AfterFunc(time.Minute, func() { calls++ })
		require.True(h, stop())
		require.False(h, stop())
		h.Advance(time.Hour)
		require.Equal(h, 1, calls)

		require.False(h, h.Client().AfterFunc(time.Minute, nil)())
	})
}

func TestAfterFunc_closedClientCallsNothing(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		c := h.Client()
		calls := 0
		c.AfterFunc(time.Minute, func() { calls++ })
		require.False(h, c.Closed())
		require.NoError(h, c.Close(h.Context()))
		require.True(h, c.Closed())
		c.AfterFunc(0, func() { calls++ })
		h.Advance(time.Hour)
		require.Zero(h, calls)
	})
}
