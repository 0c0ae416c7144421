package signals_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/signals"
)

func TestAll_isTrueWhileNoneSaysFalse(t *testing.T) {
	t.Parallel()
	var a, b signals.Manual
	var e ear
	stop := signals.All(a.Source, nil, b.Source)(e.set)
	require.Empty(t, e.list)
	a.Set(true)
	b.Set(false)
	a.Set(false)
	b.Set(true)
	a.Set(true)
	require.Equal(t, []bool{true, false, false, false, true}, e.list)
	stop()
	stop()
	b.Set(false)
	require.Len(t, e.list, 5)
}

func TestAll_whatIsSaidAtTheBeginningIsToldTogether(t *testing.T) {
	t.Parallel()
	on, off := loose{first: []bool{true}}, loose{first: []bool{true, false}}
	var e ear
	stop := signals.All(on.source, off.source)(e.set)
	require.Equal(t, []bool{false}, e.list)
	stop()
	stop()
	require.Equal(t, 1, on.stops)
	require.Equal(t, 1, off.stops)
	on.say(true)
	off.say(true)
	require.Equal(t, []bool{false}, e.list)
}

func TestAll_ofNoneSaysNothing(t *testing.T) {
	t.Parallel()
	var e ear
	signals.All()(e.set)()
	require.Empty(t, e.list)
}

func TestAll_endsUpWithTheLastValues(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var s query.Signal
		source := [8]signals.Manual{}
		var all []signals.Source
		for i := range source {
			all = append(all, source[i].Source)
		}
		defer signals.Connect(&s, signals.All(all...))()
		for _, last := range []bool{true, false, true} {
			var work sync.WaitGroup
			for i := range source {
				work.Go(func() {
					for j := range 100 {
						source[i].Set(j%2 == 0)
					}
					source[i].Set(last || i != 5)
				})
			}
			work.Wait()
			require.Equal(t, last, s.Get())
		}
	})
}
