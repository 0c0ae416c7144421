package query

import (
	"context"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/querykey"
)

func TestEntry_unobservedOneHasNothingExtra(t *testing.T) {
	t.Parallel()
	c, err := New(Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(t.Context())) }()
	fetch := func(context.Context) (int, error) { return 1, nil }
	q := Query[int]{Key: querykey.Of("n"), Fetch: fetch, Policy: Policy{StaleTime: StaleAfter(time.Hour)}}
	_, err = Fetch(t.Context(), c, q)
	require.NoError(t, err)
	e := c.index.find(q.Key)
	require.Nil(t, e.extra.Load())
	require.Same(t, &nothingRare, e.state.Load().rare)

	o := Observe(c, q)
	stop := o.Subscribe(func(Result[int]) {})
	require.NotNil(t, e.extra.Load())
	stop()
	require.Nil(t, e.extra.Load(), "given back")
}

func TestEntry_isSmall(t *testing.T) {
	t.Parallel()
	if strconv.IntSize != 64 {
		t.Skip("sizes are those of 64 bits")
	}
	require.LessOrEqual(t, reflect.TypeFor[state]().Size(), uintptr(80))
	require.LessOrEqual(t, reflect.TypeFor[entry]().Size(), uintptr(144))
	require.LessOrEqual(t, reflect.TypeFor[flight]().Size(), uintptr(320))
}
