package query_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// offline starts a mutation that has to wait for the network, and returns how to
// bring that back and see the mutation through.
func offline(t *testing.T, c *query.Client, m query.Mutation[int, int]) (online func() error) {
	t.Helper()
	c.Online().Set(false)
	done := make(chan error, 1)
	go func() {
		_, err := query.Mutate(context.Background(), c, m, 1)
		done <- err
	}()
	pass(time.Second)
	require.Empty(t, done)
	return func() error {
		c.Online().Set(true)
		return <-done
	}
}

func TestReconnect_fetchesOnceWhatASuccessInvalidates(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		q := src.query(query.Policy{})
		defer query.Observe(c, q).Subscribe(ignore)()
		pass(2 * time.Second)
		online := offline(t, c, query.Mutation[int, int]{
			Do: double,
			OnSuccess: func(ctx context.Context, _, _ int, _ any) error {
				return c.Invalidate(ctx, query.Filter{Key: q.Key, Refetch: query.RefetchOptions{NoWait: true}})
			},
		})
		require.NoError(t, online())
		pass(2 * time.Second)
		require.Equal(t, 2, src.count(0), "the refetch for the network joins that of the callback")
	})
}

func TestReconnect_refetchesBesideACallbackThatTakesTime(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		defer query.Observe(c, src.query(query.Policy{})).Subscribe(ignore)()
		pass(time.Second)
		online := offline(t, c, query.Mutation[int, int]{
			Do: double,
			OnSuccess: func(context.Context, int, int, any) error {
				time.Sleep(time.Minute)
				return nil
			},
		})
		over := make(chan error, 1)
		go func() { over <- online() }()
		pass(time.Second)
		require.Empty(t, over)
		require.Equal(t, 2, src.count(0))
		require.NoError(t, <-over)
		pass(time.Second)
		require.Equal(t, 2, src.count(0), "the end of the callback is no occasion")
	})
}

func TestReconnect_startsNoPausedFetchThatASettledMutationReplaces(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: func(n int) error {
			if n == 2 {
				return errRefused
			}
			return nil
		}}
		q := src.query(query.Policy{RetryDelay: query.ConstantDelay(time.Second), RefetchOnReconnect: query.Never})
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		pass(time.Second)
		require.NoError(t, c.Invalidate(t.Context(), query.Filter{Refetch: query.RefetchOptions{NoWait: true}}))
		online := offline(t, c, query.Mutation[int, int]{
			Do: double,
			OnSettled: func(ctx context.Context, _ int, _ error, _ int, _ any) error {
				return c.Invalidate(ctx, query.Filter{Refetch: query.RefetchOptions{NoWait: true}})
			},
		})
		require.True(t, o.Current().IsPaused())
		require.NoError(t, online())
		pass(time.Minute)
		require.Equal(t, 3, src.count(0), "the paused retry gives way before it calls its function")
		require.Equal(t, 3, o.Current().Data())
	})
}

func TestFetch_withoutFunctionTakesInitialDataWithTheFunctionItBorrows(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Minute}
		q := src.query(query.Policy{})
		go query.Fetch(t.Context(), c, q)
		pass(time.Second)

		q.InitialData = query.Initial(7) // too late for the entry, which is there already
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
		pass(time.Second)
		require.NoError(t, c.Cancel(t.Context(), query.Filter{}))

		go query.Fetch(t.Context(), c, query.Query[int]{Key: q.Key})
		pass(time.Second)
		require.Equal(t, 7, value(t, c, q))
		require.True(t, o.Current().HasData())
		require.Equal(t, 7, o.Current().Data())
	})
}

func TestReconnect_pausedMutationsGoOnInTheOrderOfTheirMaking(t *testing.T) {
	t.Parallel()
	online := query.NewSignal(false)
	inBubble(t, query.Config{Online: online}, func(t *testing.T, c *query.Client) {
		save := query.Mutation[int, int]{Do: func(_ context.Context, v int) (int, error) { return v, nil }}
		for v := range 5 {
			require.NoError(t, query.ObserveMutation(c, save).Start(t.Context(), v, query.MutateCallbacks[int, int]{}))
			synctest.Wait()
		}
		var order notes[uint64]
		defer c.SubscribeEvents(query.EventOptions{}, func(ev query.Event) {
			if ev.Mutation != nil && ev.Action == query.ActionContinue {
				order.add(ev.Mutation.ID)
			}
		})()
		online.Set(true)
		synctest.Wait()
		require.Equal(t, []uint64{1, 2, 3, 4, 5}, order.all())
	})
}
