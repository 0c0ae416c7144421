package query

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestLatch_letsEverybodyThroughOnceItIsOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l latch
		shown := 0
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var saw [2]int
		for i, ctx := range []context.Context{context.Background(), ctx} {
			go func() {
				if l.wait(ctx) == nil {
					saw[i] = shown
				}
			}()
		}
		synctest.Wait()
		shown = 1
		l.open()
		synctest.Wait()
		require.Equal(t, [2]int{1, 1}, saw)
		require.NoError(t, l.wait(ctx), "who comes late")
	})
}

func TestLatch_endOfContextEndsTheWaitOfOne(t *testing.T) {
	t.Parallel()
	var l latch
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	require.Equal(t, cause, l.wait(ctx))
	l.open()
	require.NoError(t, l.wait(ctx), "what is there is there")
}

func TestLatch_noWaiterMissesIt(t *testing.T) {
	t.Parallel()
	for range 2000 {
		var l latch
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { _ = l.wait(context.Background()) })
		}
		l.open()
		all.Wait()
		require.True(t, l.opened.Load())
	}
}
