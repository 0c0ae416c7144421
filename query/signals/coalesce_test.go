package signals_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/signals"
)

// worker is a function that runs until it is let go.
type worker struct {
	gate chan struct{}
	runs atomic.Int64
}

func (w *worker) run() {
	w.runs.Add(1)
	<-w.gate
}

// count is how often it was begun, once all is quiet.
func (w *worker) count() int {
	synctest.Wait()
	return int(w.runs.Load())
}

func TestCoalesce_pokesDuringARunCauseOneMore(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := &worker{gate: make(chan struct{})}
		poke, stop := signals.Coalesce(w.run)
		defer stop()
		require.Zero(t, w.count())
		poke() // returns though the run does not
		require.Equal(t, 1, w.count())
		for range 100 {
			poke()
		}
		require.Equal(t, 1, w.count())
		w.gate <- struct{}{}
		require.Equal(t, 2, w.count())
		w.gate <- struct{}{}
		require.Equal(t, 2, w.count())
		poke()
		require.Equal(t, 3, w.count())
		close(w.gate)
	})
}

func TestCoalesce_stopWaitsAndDropsWhatIsWanted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := &worker{gate: make(chan struct{})}
		poke, stop := signals.Coalesce(w.run)
		poke()
		synctest.Wait()
		poke()
		var stopped ear
		go func() {
			stop()
			stopped.set(true)
		}()
		require.Empty(t, stopped.heard())
		close(w.gate)
		require.Equal(t, []bool{true}, stopped.heard())
		stop()
		poke()
		require.Equal(t, 1, w.count())
	})
}

func TestCoalesce_everyPokeIsFollowedByARun(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var state, shown, running, overlaps atomic.Int64
		poke, stop := signals.Coalesce(func() {
			overlaps.Add(running.Add(1) - 1)
			shown.Store(state.Load())
			running.Add(-1)
		})
		var work sync.WaitGroup
		for range 8 {
			work.Go(func() {
				for range 100 {
					state.Add(1)
					poke()
				}
			})
		}
		work.Wait()
		synctest.Wait()
		require.EqualValues(t, 800, shown.Load())
		require.Zero(t, overlaps.Load())
		stop()
	})
}

func TestCoalesce_fMayPoke(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var poke, stop func()
		var runs atomic.Int64
		poke, stop = signals.Coalesce(func() {
			if runs.Add(1) < 3 {
				poke()
			}
		})
		defer stop()
		poke()
		synctest.Wait()
		require.EqualValues(t, 3, runs.Load())
	})
}
