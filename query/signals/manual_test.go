package signals_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/signals"
)

func TestManual_tellsAllWhoListen(t *testing.T) {
	t.Parallel()
	var m signals.Manual
	var a, b, c ear
	defer m.Source(a.set)()
	stop := m.Source(b.set)
	require.Empty(t, a.list)
	m.Set(false)
	m.Set(false)
	defer m.Source(c.set)()
	stop()
	stop()
	m.Set(true)
	require.Equal(t, []bool{false, false, true}, a.list)
	require.Equal(t, []bool{false, false}, b.list)
	require.Equal(t, []bool{false, true}, c.list, "who comes later is told what was said last")
}

func TestManual_allEndUpWithTheLastValue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var m signals.Manual
		signal := [3]query.Signal{}
		for i := range signal {
			defer signals.Connect(&signal[i], m.Source)()
		}
		var work sync.WaitGroup
		for i := range 8 {
			work.Go(func() {
				for j := range 100 {
					m.Set((i+j)%2 == 0)
				}
			})
		}
		work.Wait()
		var late query.Signal
		defer signals.Connect(&late, m.Source)()
		for i := range signal {
			require.Equal(t, late.Get(), signal[i].Get())
		}
	})
}
