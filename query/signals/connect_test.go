package signals_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/signals"
)

func TestConnect_signalFollowsTheSource(t *testing.T) {
	t.Parallel()
	var s query.Signal
	var e ear
	defer s.Subscribe(e.set)()
	source := loose{first: []bool{false}}
	defer signals.Connect(&s, source.source)()
	require.Equal(t, []bool{false}, e.list)
	source.say(true)
	source.say(true)
	source.say(false)
	require.Equal(t, []bool{false, true, false}, e.list)
	require.False(t, s.Get())
}

func TestConnect_leavesASignalAloneOfWhichNothingIsSaid(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]signals.Source{
		"nil source":     nil,
		"silent source":  new(signals.Manual).Source,
		"without a stop": func(func(bool)) func() { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := query.NewSignal(false)
			var e ear
			defer s.Subscribe(e.set)()
			stop := signals.Connect(s, source)
			stop()
			stop()
			require.False(t, s.Get())
			require.Empty(t, e.list)
		})
	}
}

func TestConnect_lateCallsAreDropped(t *testing.T) {
	t.Parallel()
	s := query.NewSignal(true)
	var source loose
	stop := signals.Connect(s, source.source)
	source.say(false)
	stop()
	source.say(true)
	require.False(t, s.Get(), "the signal keeps its value")
	stop()
	require.Equal(t, 1, source.stops)
}

func TestConnect_stopWaitsForSubscribersThatAreBeingTold(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := query.NewSignal(true)
		gate := make(chan struct{})
		var e ear
		defer s.Subscribe(func(v bool) {
			<-gate
			e.set(v)
		})()
		var source loose
		stop := signals.Connect(s, source.source)
		go source.say(false)
		synctest.Wait()
		var stopped ear
		for range 2 {
			go func() {
				stop()
				stopped.set(true)
			}()
		}
		require.Empty(t, stopped.heard())
		close(gate)
		require.Equal(t, []bool{true, true}, stopped.heard())
		require.Equal(t, []bool{false}, e.heard())
		source.say(true)
		require.Empty(t, e.heard())
	})
}

// A source that says something while a subscriber is told of what it said before
// does not wait for it, and the last word counts.
func TestConnect_simultaneousCallsAreToldOneAtATimeTheLastOneLast(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := query.NewSignal(true)
		gate := make(chan struct{})
		var e ear
		defer s.Subscribe(func(v bool) {
			<-gate
			e.set(v)
		})()
		var source loose
		defer signals.Connect(s, source.source)()
		go source.say(false)
		synctest.Wait()
		source.say(true)
		source.say(false)
		source.say(true)
		close(gate)
		require.Equal(t, []bool{false, true}, e.heard())
		require.True(t, s.Get())
	})
}

func TestConnect_aSubscriberMaySpeakForTheSource(t *testing.T) {
	t.Parallel()
	var s query.Signal
	var m signals.Manual
	var e ear
	defer s.Subscribe(func(v bool) {
		e.set(v)
		if !v {
			m.Set(true)
		}
	})()
	defer signals.Connect(&s, m.Source)()
	m.Set(false)
	require.Equal(t, []bool{false, true}, e.list)
}

func TestConnect_isSafeForSourcesThatSpeakFromManyGoroutines(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := query.NewSignal(true)
		var source loose
		stop := signals.Connect(s, source.source)
		var work sync.WaitGroup
		for i := range 8 {
			work.Go(func() {
				for j := range 100 {
					source.say((i+j)%2 == 0)
				}
			})
		}
		work.Go(func() {
			stop()
			s.Set(false)
		})
		work.Wait()
		require.False(t, s.Get(), "whoever sets the signal after stop is not overruled")
	})
}

func TestConnect_survivesASignalThatPanics(t *testing.T) {
	t.Parallel()
	var fail bool
	s := &query.Signal{OnPanic: func(err error) {
		if fail {
			panic(err)
		}
	}}
	defer s.Subscribe(func(bool) { panic("subscriber") })()
	var source loose
	stop := signals.Connect(s, source.source)
	fail = true
	require.Panics(t, func() { source.say(false) })
	fail = false
	source.say(true)
	require.True(t, s.Get())
	stop()
}
