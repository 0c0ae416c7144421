package query_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestSignal_tellsOnlyOfChanges(t *testing.T) {
	t.Parallel()
	s := query.NewSignal(true)
	var told []bool
	stop := s.Subscribe(func(v bool) { told = append(told, v) })
	for _, v := range []bool{true, false, false, true} {
		s.Set(v)
		require.Equal(t, v, s.Get())
	}
	require.Equal(t, []bool{false, true}, told)
	stop()
	stop()
	s.Set(false)
	require.Len(t, told, 2)
}

func TestSignal_unsetCountsAsTrueAndSettingItIsNews(t *testing.T) {
	t.Parallel()
	var s query.Signal
	var told []bool
	s.Subscribe(func(v bool) { told = append(told, v) })
	require.True(t, s.Get())
	s.Set(true)
	s.Unset()
	s.Unset()
	require.True(t, s.Get())
	s.Set(false)
	s.Unset()
	require.Equal(t, []bool{true, true, false, true}, told)
}

func TestSignal_subscriberMayUseTheSignal(t *testing.T) {
	t.Parallel()
	s := query.NewSignal(true)
	var told []bool
	var stop func()
	stop = s.Subscribe(func(v bool) {
		told = append(told, v, s.Get())
		stop()
		s.Subscribe(func(bool) {})
	})
	s.Set(false)
	s.Set(true)
	require.Equal(t, []bool{false, false}, told)
}

func TestSignal_concurrentUse(t *testing.T) {
	t.Parallel()
	var s query.Signal
	var told atomic.Int64
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for range 100 {
				stop := s.Subscribe(func(bool) { told.Add(1) })
				s.Set(n%2 == 0)
				s.Get()
				s.Unset()
				stop()
			}
		})
	}
	wg.Wait()
	before := told.Load()
	require.Positive(t, before)
	s.Set(false)
	require.Equal(t, before, told.Load(), "nobody is left")
}

func TestSignal_nilSubscriberIsNeverCalled(t *testing.T) {
	t.Parallel()
	s := query.NewSignal(true)
	stop := s.Subscribe(nil)
	s.Set(false)
	stop()
	require.False(t, s.Get())
}
