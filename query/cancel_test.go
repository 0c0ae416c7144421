package query_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// fetching starts a fetch and returns what it comes to.
func fetching(t *testing.T, c *query.Client, q query.Query[int]) (outcome func() (int, error)) {
	t.Helper()
	var v int
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		v, err = query.Fetch(t.Context(), c, q)
	}()
	synctest.Wait()
	return func() (int, error) {
		<-done
		return v, err
	}
}

func TestCancel_table(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name      string
		how       query.CancelOptions
		data      bool // there were data before
		status    query.Status
		fetch     query.FetchStatus
		cancelled bool // the waiter gets ErrCancelled
		told      bool // OnFetch hears of it
	}{
		{"revert with data", query.CancelOptions{}, true, query.StatusSuccess, query.FetchIdle, false, false},
		{"revert without data", query.CancelOptions{}, false, query.StatusPending, query.FetchIdle, true, false},
		{"no revert", query.CancelOptions{Revert: query.Off}, true, query.StatusError, query.FetchIdle, true, true},
		{"silent with data", query.CancelOptions{Silent: true}, true, query.StatusSuccess, query.FetchIdle, true, false},
		{"silent without revert", query.CancelOptions{Silent: true, Revert: query.Off}, true, query.StatusSuccess, query.FetchIdle, true, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var told atomic.Int64
			cfg := query.Config{OnFetch: query.FetchCallbacks{OnError: func(query.State[any], error) { told.Add(1) }}}
			inBubble(t, cfg, func(t *testing.T, c *query.Client) {
				q := query.Query[int]{Key: key("a"), Fetch: hang}
				if tc.data {
					require.NoError(t, query.Set(c, q, 1))
				}
				outcome := fetching(t, c, q)
				require.NoError(t, c.Cancel(t.Context(), query.Filter{Cancel: tc.how}))
				v, err := outcome()
				if tc.cancelled {
					require.ErrorIs(t, err, query.ErrCancelled)
				} else {
					require.NoError(t, err)
					require.Equal(t, 1, v)
				}
				s, _ := c.State(q.Key)
				require.Equal(t, tc.status, s.Status())
				require.Equal(t, tc.fetch, s.FetchStatus())
				require.Equal(t, tc.told, told.Load() > 0)
			})
		})
	}
}

func TestCancel_stuckStateHealsWithTheNextFetch(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		q := src.query(query.Policy{})
		outcome := fetching(t, c, q)
		require.NoError(t, c.Cancel(t.Context(), query.Filter{Cancel: query.CancelOptions{Silent: true, Revert: query.Off}}))
		_, err := outcome()
		require.ErrorIs(t, err, query.ErrCancelled)
		v, err := query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, 2, v, "the result of the cancelled run is ignored")
		pass(time.Minute)
		require.Equal(t, 2, value(t, c, q))
	})
}

func TestCancel_revertsToAWriteMadeMeanwhile(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Fetch: hang}
		require.NoError(t, query.Set(c, q, 1))
		outcome := fetching(t, c, q)
		require.NoError(t, query.Set(c, q, 2))
		require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
		v, err := outcome()
		require.NoError(t, err)
		require.Equal(t, 2, v)
		require.Equal(t, 2, value(t, c, q))
	})
}

func TestCancel_leavesOthersAndIdleQueriesAlone(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		mine := src.query(query.Policy{})
		other := query.Query[int]{Key: key("other"), Fetch: hang}
		idle := query.Query[int]{Key: key("other", "idle")}
		require.NoError(t, query.Set(c, idle, 1))
		kept, ended := fetching(t, c, mine), fetching(t, c, other)
		require.NoError(t, c.Cancel(t.Context(), query.Filter{Key: key("other")}))
		_, err := ended()
		require.ErrorIs(t, err, query.ErrCancelled)
		v, err := kept()
		require.NoError(t, err)
		require.Equal(t, 1, v)
		require.Equal(t, 1, value(t, c, idle))
	})
}

func TestRefetch_replacesARunningFetchAndItsWaitersFollow(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		q := src.query(query.Policy{})
		require.NoError(t, query.Set(c, q, 100))
		outcome := fetching(t, c, q)
		pass(500 * time.Millisecond)
		require.NoError(t, c.Refetch(t.Context(), query.Filter{}))
		v, err := outcome()
		require.NoError(t, err)
		require.Equal(t, 2, v, "who waited for the first got the second")
		require.Equal(t, 2, src.count(0))
	})
}

func TestRefetch_joinsWhenToldOrWithoutData(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		cancel query.Toggle
		data   bool
	}{{"told", query.Off, true}, {"first load", query.On, false}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				src := &source{takes: time.Second}
				q := src.query(query.Policy{})
				if tc.data {
					require.NoError(t, query.Set(c, q, 100))
				}
				o := query.Observe(c, q)
				defer o.Subscribe(ignore)()
				pass(500 * time.Millisecond)
				r, err := o.Refetch(t.Context(), query.RefetchOptions{Cancel: tc.cancel})
				require.NoError(t, err)
				require.Equal(t, 1, r.Data())
				require.Equal(t, 1, src.count(0))
			})
		})
	}
}

func TestLastObserver_cancelsOnlyAFetchThatLooksAtItsContext(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		look func(context.Context)
		ends bool
	}{
		{"does not look", func(context.Context) {}, false},
		{"asks for Done", func(ctx context.Context) { ctx.Done() }, true},
		{"derives", func(ctx context.Context) { _, stop := context.WithCancel(ctx); stop() }, true},
		{"registers", func(ctx context.Context) { context.AfterFunc(ctx, func() {})() }, true},
		{"reads a value", func(ctx context.Context) { ctx.Value("x") }, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				q := query.Query[int]{Key: key("a"), Fetch: func(ctx context.Context) (int, error) {
					tc.look(ctx)
					time.Sleep(time.Second)
					return 1, nil
				}}
				stop := query.Observe(c, q).Subscribe(ignore)
				pass(500 * time.Millisecond)
				stop()
				require.Equal(t, !tc.ends, c.IsFetching(query.Filter{}) == 1)
				pass(time.Second)
				_, ok := query.Get(c, q)
				require.Equal(t, !tc.ends, ok)
			})
		})
	}
}

func TestLastObserver_leavesAPausedFirstLoadBehindAsItWas(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Online: query.NewSignal(false)}, func(t *testing.T, c *query.Client) {
		src := new(source)
		o := query.Observe(c, src.query(query.Policy{}))
		stop := o.Subscribe(ignore)
		synctest.Wait()
		require.True(t, o.Current().IsPaused())
		stop()
		s, _ := c.State(key("source"))
		require.Equal(t, query.FetchIdle, s.FetchStatus())
		require.Zero(t, src.count(0))
	})
}

func TestLastObserver_endsRetriesOfAFetchThatDoesNotLook(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		stop := query.Observe(c, src.query(query.Policy{})).Subscribe(ignore)
		synctest.Wait()
		stop()
		pass(time.Minute)
		require.Equal(t, 1, src.count(0))
		s, _ := c.State(key("source"))
		require.Equal(t, query.StatusError, s.Status())
		require.Equal(t, 2, s.FailureCount(), "the failure that was to be retried and the end")
	})
}

func TestLastObserver_aNewOneGivesRetriesBack(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: func(n int) error {
			if n < 3 {
				return errRefused
			}
			return nil
		}}
		o := query.Observe(c, src.query(query.Policy{}))
		stop := o.Subscribe(ignore)
		synctest.Wait()
		stop()
		defer o.Subscribe(ignore)()
		pass(time.Minute)
		require.Equal(t, 3, src.count(0))
		require.Equal(t, 3, o.Current().Data())
	})
}

func TestCancel_bringsBackTheErrorThatTheFetchHadHidden(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		_, err := query.Fetch(t.Context(), c, src.query(query.Policy{}))
		require.ErrorIs(t, err, errRefused)

		q := query.Query[int]{Key: src.query(query.Policy{}).Key, Fetch: hang}
		outcome := fetching(t, c, q)
		during, _ := c.State(q.Key)
		require.Equal(t, query.StatusPending, during.Status())
		require.NoError(t, during.Err())

		require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
		synctest.Wait()
		_, err = outcome()
		require.ErrorIs(t, err, query.ErrCancelled)
		after, _ := c.State(q.Key)
		require.Equal(t, query.StatusError, after.Status())
		require.ErrorIs(t, after.Err(), errRefused)
		require.Equal(t, 1, after.FailureCount())
		require.Equal(t, query.FetchIdle, after.FetchStatus())
	})
}
