package query_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// fetchForever is Fetch by a caller whose context never ends.
func fetchForever(c *query.Client, q query.Query[int]) (int, error) {
	return query.Fetch(context.Background(), c, q)
}

// calledByFetchForever reports whether it runs on the goroutine of such a caller.
func calledByFetchForever() bool {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers[:])])
	for more := true; more; {
		var f runtime.Frame
		if f, more = frames.Next(); strings.HasSuffix(f.Function, ".fetchForever") {
			return true
		}
	}
	return false
}

func TestFetch_byACallerThatCannotGiveUpNeedsNoGoroutine(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var own []bool
		q := query.Query[int]{Key: key("a"), Fetch: func(context.Context) (int, error) {
			own = append(own, calledByFetchForever())
			return 1, nil
		}}
		v, err := fetchForever(c, q)
		require.NoError(t, err)
		require.Equal(t, 1, v)
		require.Equal(t, []bool{true}, own, "called on the caller's goroutine")

		watched := q
		watched.Policy.Enabled = query.Off
		defer query.Observe(c, watched).Subscribe(func(query.Result[int]) {})()
		_, err = fetchForever(c, q)
		require.NoError(t, err)
		require.Equal(t, []bool{true, false}, own, "not of what is observed, too")
	})
}

func TestFetch_byACallerThatCannotGiveUpIsSharedWithOthersThatCan(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		release, calls := make(chan struct{}), 0
		q := query.Query[int]{Key: key("a"), Fetch: func(context.Context) (int, error) {
			calls++
			<-release
			return 1, nil
		}}
		var v int
		var err error
		go func() { v, err = fetchForever(c, q) }()
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, gaveUp := query.Fetch(ctx, c, q)
		require.ErrorIs(t, gaveUp, context.DeadlineExceeded)

		joined := fetching(t, c, q)
		close(release)
		got, joinErr := joined()
		require.NoError(t, joinErr)
		require.Equal(t, 1, got)
		synctest.Wait()
		require.NoError(t, err)
		require.Equal(t, 1, v)
		require.Equal(t, 1, calls)
	})
}

func TestFetch_byACallerThatCannotGiveUpEndsWithTheFunctionWhenCancelled(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Fetch: hang}
		var err error
		go func() { _, err = fetchForever(c, q) }()
		synctest.Wait()
		require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
		synctest.Wait()
		require.ErrorIs(t, err, query.ErrCancelled)
	})
}

func TestFetch_byACallerThatCannotGiveUpEndsItsGoroutineWithTheFunctions(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Fetch: func(context.Context) (int, error) {
			runtime.Goexit()
			return 1, nil
		}}
		returned := false
		go func() {
			_, _ = fetchForever(c, q)
			returned = true
		}()
		synctest.Wait()
		require.False(t, returned)
		st := c.Entries(query.Filter{})[0].State
		require.Equal(t, query.StatusError, st.Status())
		require.Equal(t, query.FetchIdle, st.FetchStatus())
	})
}
