package bus_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/bus"
	"github.com/freshet-go/freshet/query/bus/bustest"
)

func TestLocal_isABus(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(*testing.T) (a, b bus.Bus) {
		l := new(bus.Local)
		return l, l
	})
}

func TestLocal_whoIsStoppedByAnotherHearsNothing(t *testing.T) {
	t.Parallel()
	var l bus.Local
	var stop func()
	first, second := 0, 0
	_, err := l.Subscribe(func([]byte) {
		first++
		stop()
	})
	require.NoError(t, err)
	stop, err = l.Subscribe(func([]byte) { second++ })
	require.NoError(t, err)
	require.NoError(t, l.Publish(t.Context(), []byte("m")))
	require.Equal(t, 1, first)
	require.Zero(t, second)
}
