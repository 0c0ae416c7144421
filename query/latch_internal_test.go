package query

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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
	synctest.Test(t, func(t *testing.T) {
		for range 5000 {
			var l latch
			var there atomic.Int32
			meet := func() { // so that both go on at the same time
				for there.Add(1); there.Load() < 2; {
					runtime.Gosched()
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			missed := make(chan error)
			go func() {
				meet()
				missed <- l.wait(ctx)
			}()
			meet()
			l.open()
			require.NoError(t, <-missed)
			cancel()
		}
	})
}
