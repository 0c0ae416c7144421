package sched_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// checkOnBothClocks checks a property that runs programs in worlds, each in a
// bubble of its own.
func checkOnBothClocks(t *testing.T, property func(t *rapid.T, inWorld func(func(w *world)))) {
	t.Helper()
	for name, newClock := range map[string]func() clock.Clock{
		"system": clock.New,
		"mock":   func() clock.Clock { return clock.NewMock() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble := func(f func(w *world)) {
				synctest.Test(t, func(t *testing.T) {
					inWorld(t, newClock(), func(_ *testing.T, w *world) { f(w) })
				})
			}
			rapid.Check(t, func(t *rapid.T) { property(t, bubble) })
		})
	}
}

func TestScheduler_actsAsTheModel(t *testing.T) {
	t.Parallel()
	checkOnBothClocks(t, func(t *rapid.T, inWorld func(func(w *world))) {
		list := settled(steps().Draw(t, "steps"))
		if rapid.IntRange(0, 3).Draw(t, "close") == 0 {
			list = append(list, op{Kind: opClose})
			list = append(list, settled(steps().Draw(t, "steps after close"))...)
		}
		list = append(list, op{Kind: opPass, D: time.Hour})

		model := &program{on: &plain{}}
		model.run(list)

		var got []string
		inWorld(func(w *world) {
			p := &program{on: w}
			p.run(list)
			got = p.traced()
		})
		require.Equal(t, model.traced(), got)
	})
}

// Each worker has timers of its own, so that its history is certain although
// all work at the same time. Steps are made at even milliseconds and timers due
// at odd ones, which leaves no tie between the two.
func TestScheduler_servesManyGoroutinesAsTheModelServesEach(t *testing.T) {
	t.Parallel()
	const workers, tick = 4, 2 * time.Millisecond
	step := rapid.Custom(func(t *rapid.T) op {
		slot := rapid.IntRange(0, slots-1)
		ticks := rapid.IntRange(0, 4)
		return op{
			Kind: rapid.SampledFrom([]string{opAfter, opAfter, opReset, opStop}).Draw(t, "kind"),
			Slot: slot.Draw(t, "slot"),
			D:    time.Duration(ticks.Draw(t, "d"))*tick + tick/2,
			Then: &op{Kind: opAfter, Slot: slot.Draw(t, "then slot"), D: time.Duration(ticks.Draw(t, "then d")) * tick},
		}
	})
	round := rapid.SliceOfN(rapid.SliceOfN(step, 0, 12), workers, workers)
	checkOnBothClocks(t, func(t *rapid.T, inWorld func(func(w *world))) {
		rounds := rapid.SliceOfN(round, 1, 6).Draw(t, "rounds")

		var want [workers][]string
		for i := range workers {
			model := &program{on: &plain{}}
			for _, steps := range rounds {
				model.run(steps[i])
				model.on.pass(tick)
			}
			model.on.pass(time.Hour)
			want[i] = model.traced()
		}

		var got [workers][]string
		inWorld(func(w *world) {
			var programs [workers]program
			for i := range programs {
				programs[i].on = w
			}
			for _, steps := range rounds {
				var working sync.WaitGroup
				for i := range programs {
					working.Go(func() { programs[i].run(steps[i]) })
				}
				working.Wait()
				w.pass(tick)
			}
			w.pass(time.Hour)
			for i := range programs {
				got[i] = programs[i].traced()
			}
		})
		require.Equal(t, want, got)
	})
}
