package query_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func held(c *query.Client) int { return len(c.Entries(query.Filter{})) }

func TestGC_countsFromTheLastObserver(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		stop := query.Observe(c, src.query(query.Policy{GCTime: query.GCAfter(time.Minute)})).Subscribe(ignore)
		pass(time.Hour)
		require.Equal(t, 1, held(c), "what is observed stays")
		stop()
		pass(time.Minute - time.Millisecond)
		require.Equal(t, 1, held(c))
		pass(time.Millisecond)
		require.Equal(t, 0, held(c))
	})
}

func TestGC_fiveMinutesByDefault(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, query.Query[int]{Key: key("a")}, 1))
		pass(5*time.Minute - time.Millisecond)
		require.Equal(t, 1, held(c))
		pass(time.Millisecond)
		require.Equal(t, 0, held(c))
	})
}

func TestGC_longestTimeCounts(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		for _, d := range []time.Duration{time.Second, time.Hour, time.Second} {
			require.NoError(t, query.Prefetch(t.Context(), c, src.query(query.Policy{GCTime: query.GCAfter(d)})))
		}
		pass(time.Hour - time.Millisecond)
		require.Equal(t, 1, held(c))
		pass(time.Millisecond)
		require.Equal(t, 0, held(c))
	})
}

func TestGC_neverKeepsUntilRemoved(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		require.NoError(t, query.Prefetch(t.Context(), c, src.query(query.Policy{GCTime: query.GCNever()})))
		require.NoError(t, query.Prefetch(t.Context(), c, src.query(query.Policy{GCTime: query.GCAfter(0)})))
		pass(10_000 * time.Hour)
		require.Equal(t, 1, held(c))
		c.Remove(query.Filter{})
		require.Equal(t, 0, held(c))
	})
}

func TestGC_zeroAndLessMeanAsSoonAsPossible(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, -time.Hour} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			q := query.Query[int]{Key: key("a"), Policy: query.Policy{GCTime: query.GCAfter(d)}}
			require.NoError(t, query.Set(c, q, 1))
			pass(0)
			require.Equal(t, 0, held(c))
		})
	}
}

func TestGC_waitsForARunningFetch(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Hour}
		q := src.query(query.Policy{GCTime: query.GCAfter(time.Minute)})
		outcome := fetching(t, c, q)
		_, err := outcome()
		require.NoError(t, err)
		require.Equal(t, 1, value(t, c, q))
		pass(time.Minute)
		require.Equal(t, 0, held(c))
	})
}

func TestGC_pausedFetchKeepsItsEntry(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Online: query.NewSignal(false)}, func(t *testing.T, c *query.Client) {
		src := new(source)
		outcome := fetching(t, c, src.query(query.Policy{GCTime: query.GCAfter(time.Minute)}))
		pass(time.Hour)
		require.Equal(t, 1, held(c))
		c.Online().Set(true)
		_, err := outcome()
		require.NoError(t, err)
	})
}

func TestGC_aCrowdIsCollectedInOrderAndInTime(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		const n = 2000
		var gone notes[any]
		defer c.SubscribeEvents(query.EventOptions{Buffer: 3 * n}, func(ev query.Event) {
			if ev.Kind == query.EventRemoved {
				gone.add(ev.Query.State.Data())
			}
		})()
		var want []any
		for i := range int64(n) {
			q := query.Query[int64]{Key: key(i), Policy: query.Policy{GCTime: query.GCAfter(time.Minute)}}
			require.NoError(t, query.Set(c, q, i))
			want = append(want, i)
		}
		pass(time.Minute - 1)
		require.Equal(t, n, held(c))
		pass(50 * time.Millisecond)
		require.Zero(t, held(c))
		require.Equal(t, want, gone.all())
	})
}
