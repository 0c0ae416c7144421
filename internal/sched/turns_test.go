package sched_test

import (
	"testing"
	"testing/synctest"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/sched"
)

// orderly is a clock that tells one thing from the next within one moment.
type orderly struct {
	watched

	yields, trails int
}

func (c *orderly) Yield(turns int) { c.yields += turns }
func (c *orderly) Trail(turns int) { c.trails += turns }

func TestYield_isLeftToAClockThatKnowsAnOrder(t *testing.T) {
	t.Parallel()
	c := &orderly{watched: watched{under: clock.New()}}
	s := sched.New(c)
	defer s.Close()
	s.Yield(2)
	s.Trail(3)
	require.Equal(t, 2, c.yields)
	require.Equal(t, 3, c.trails)
}

func TestYield_waitsForNothingOnOtherClocks(t *testing.T) {
	t.Parallel()
	onBothClocks(t, func(t *testing.T, w *world) {
		before := w.Now()
		w.Yield(2)
		w.Trail(2)
		require.Equal(t, before, w.Now())
	})
}

func TestAfterFunc_ofNoLengthHasItsPlaceOnAClockThatKnowsAnOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &orderly{watched: watched{under: clock.New()}}
		s := sched.New(c)
		defer s.Close()
		fired := false
		s.AfterFunc(0, func() { fired = true })
		armed, _ := c.counts()
		require.Equal(t, 1, armed, "the clock is asked, not passed over")
		synctest.Wait()
		require.True(t, fired)
	})
}
