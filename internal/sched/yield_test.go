package sched_test

import (
	"testing"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/sched"
)

// orderly is a clock on which what is due at one moment has an order.
type orderly struct {
	clock.Clock

	yields int
}

func (c *orderly) Yield() { c.yields++ }

func TestYield_isLeftToAClockThatKnowsAnOrder(t *testing.T) {
	t.Parallel()
	c := &orderly{Clock: clock.New()}
	s := sched.New(c)
	defer s.Close()
	s.Yield()
	require.Equal(t, 1, c.yields)
}

func TestYield_waitsForNothingOnOtherClocks(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		before := w.Now()
		w.Yield()
		require.Equal(t, before, w.Now())
	})
}
