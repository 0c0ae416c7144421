package signals_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/query/signals"
)

func TestHoldLoss_gainIsToldAtOnceAndLossWhenItHasLasted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var m signals.Manual
		var e ear
		defer signals.HoldLoss(nil, time.Second, m.Source)(e.set)()
		m.Set(true)
		require.Equal(t, []bool{true}, e.heard())
		m.Set(false)
		time.Sleep(time.Second - time.Nanosecond)
		require.Empty(t, e.heard())
		time.Sleep(time.Nanosecond)
		require.Equal(t, []bool{false}, e.heard())
		m.Set(true)
		require.Equal(t, []bool{true}, e.heard())
		time.Sleep(time.Hour)
		require.Empty(t, e.heard())
	})
}

func TestHoldLoss_lossThatDoesNotLastIsNotTold(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var m signals.Manual
		var s query.Signal
		var e ear
		defer s.Subscribe(e.set)()
		defer signals.Connect(&s, signals.HoldLoss(nil, time.Second, m.Source))()
		m.Set(true)
		require.Equal(t, []bool{true}, e.heard())
		for range 10 {
			m.Set(false)
			time.Sleep(time.Second - time.Nanosecond)
			m.Set(true)
		}
		time.Sleep(time.Hour)
		require.Empty(t, e.heard())
	})
}

// What is said again neither prolongs a loss nor repeats it.
func TestHoldLoss_lossIsHeldFromItsBeginning(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		source := loose{first: []bool{false}}
		var e ear
		defer signals.HoldLoss(nil, time.Second, source.source)(e.set)()
		time.Sleep(time.Second / 2)
		source.say(false)
		time.Sleep(time.Second / 2)
		require.Equal(t, []bool{false}, e.heard())
		source.say(false)
		time.Sleep(time.Hour)
		require.Empty(t, e.heard())
	})
}

func TestHoldLoss_nothingIsToldAfterStop(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var source loose
		var e ear
		stop := signals.HoldLoss(nil, time.Second, source.source)(e.set)
		source.say(false)
		stop()
		stop()
		require.Equal(t, 1, source.stops)
		source.say(true)
		source.say(false)
		time.Sleep(time.Hour)
		require.Empty(t, e.heard())
	})
}

func TestHoldLoss_stopWaitsForALossThatIsBeingTold(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		source := loose{first: []bool{false}}
		gate := make(chan struct{})
		var told, stopped ear
		stop := signals.HoldLoss(nil, time.Second, source.source)(func(v bool) {
			<-gate
			told.set(v)
		})
		time.Sleep(time.Second)
		require.Empty(t, told.heard())
		go func() {
			stop()
			stopped.set(true)
		}()
		require.Empty(t, stopped.heard())
		close(gate)
		require.Equal(t, []bool{true}, stopped.heard())
		require.Equal(t, []bool{false}, told.heard())
	})
}

func TestHoldLoss_ofNoTimeTellsALossSoon(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var m signals.Manual
		var e ear
		defer signals.HoldLoss(nil, -time.Second, m.Source)(e.set)()
		m.Set(false)
		require.Equal(t, []bool{false}, e.heard())
	})
}

// The client is the clock, and the loss holds up none of its timers.
func TestHoldLoss_livesByTheClockOfAClient(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		var m signals.Manual
		client := h.Client()
		gate := make(chan struct{})
		defer client.Focus().Subscribe(func(bool) { <-gate })()
		stop := signals.Connect(client.Focus(), signals.HoldLoss(client, time.Second, m.Source))
		defer stop()
		m.Set(false)
		h.Advance(time.Second - 1)
		require.True(h, client.Focus().Get())
		h.Advance(1)
		require.False(h, client.Focus().Get())
		var e ear
		client.AfterFunc(time.Second, func() { e.set(true) })
		h.Advance(time.Second)
		require.Equal(h, []bool{true}, e.heard())
		close(gate)
	})
}

func TestHoldLoss_endsWithItsClient(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		client, err := query.New(query.Config{})
		require.NoError(t, err)
		var m signals.Manual
		var e ear
		defer signals.HoldLoss(client, time.Second, m.Source)(e.set)()
		m.Set(false)
		require.NoError(t, client.Close(context.WithoutCancel(t.Context())))
		time.Sleep(time.Hour)
		require.Empty(t, e.heard())
		m.Set(true)
		require.Equal(t, []bool{true}, e.heard())
	})
}

// A timer may fire although it was stopped: it was on its way.
func TestHoldLoss_timersThatCannotBeStoppedAreIgnored(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var c stubborn
		var m signals.Manual
		var e ear
		stop := signals.HoldLoss(&c, time.Second, m.Source)(e.set)
		m.Set(false)
		m.Set(true)
		m.Set(false)
		require.Len(t, c.timers, 2)
		c.timers[0]()
		require.Equal(t, []bool{true}, e.heard())
		c.timers[1]()
		require.Equal(t, []bool{false}, e.heard())
		c.timers[1]()
		m.Set(true)
		m.Set(false)
		stop()
		c.timers[2]()
		require.Equal(t, []bool{true}, e.heard())
	})
}

// stubborn is a clock whose timers fire when the test says so, and never stop.
type stubborn struct{ timers []func() }

func (c *stubborn) Now() time.Time { return time.Unix(0, 0) }

func (c *stubborn) AfterFunc(_ time.Duration, f func()) (stop func() bool) {
	c.timers = append(c.timers, f)
	return func() bool { return false }
}
