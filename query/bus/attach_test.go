package bus_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/bus"
	"github.com/freshet-go/freshet/querykey"
)

func TestAttach_writtenDataReachTheOthers(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(bus.Local)
		a, b, c := attach(t, hub, bus.Options{}), attach(t, hub, bus.Options{}), attach(t, hub, bus.Options{})
		w := tap(t, hub)
		a.set(t, "1", 10)
		require.Equal(t, 10, b.total("1"))
		require.Equal(t, 10, c.total("1"))
		aSecondLater()
		b.set(t, "1", 20)
		require.Equal(t, 20, a.total("1"))
		require.Equal(t, 20, c.total("1"))
		require.Equal(t, []string{"updated", "updated"}, w.kinds(), "nobody sends on what it received")
		st, _ := c.State(orderQuery("1").Key)
		was, _ := b.State(orderQuery("1").Key)
		require.True(t, st.DataUpdatedAt().Equal(was.DataUpdatedAt()))
		require.Equal(t, 2, st.DataUpdateCount())
		require.Empty(t, a.errs.all())
		require.Empty(t, b.errs.all())
	})
}

func TestAttach_fetchedDataSaveTheOthersAFetch(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(bus.Local)
		a, b := attach(t, hub, bus.Options{}), attach(t, hub, bus.Options{})
		fetches := 0
		q := query.Query[int]{
			Key:    querykey.Of("n"),
			Fetch:  func(context.Context) (int, error) { fetches++; return fetches, nil },
			Policy: query.Policy{StaleTime: query.StaleAfter(time.Minute)},
		}
		_, err := query.Fetch(t.Context(), a.Client, q)
		require.NoError(t, err)
		synctest.Wait()
		v, err := query.Fetch(t.Context(), b.Client, q)
		require.NoError(t, err)
		require.Equal(t, 1, v)
		require.Equal(t, 1, fetches)
	})
}

func TestAttach_observersSeeWhatArrives(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(bus.Local)
		a, b := attach(t, hub, bus.Options{}), attach(t, hub, bus.Options{})
		var seen []order
		o := query.Observe(b.Client, orderQuery("1"))
		defer o.Subscribe(func(r query.Result[order]) {
			if r.HasData() {
				seen = append(seen, r.Data())
			}
		})()
		a.set(t, "1", 10)
		synctest.Wait()
		a.set(t, "1", 20)
		synctest.Wait()
		require.Equal(t, []order{{"1", 10}, {"1", 20}}, seen, "the time was the same, the order was not")
	})
}

func TestAttach_newsOfABusyMomentAreMerged(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(slow)
		hub.gate = make(chan struct{})
		a, b := attach(t, hub, bus.Options{}), attach(t, hub, bus.Options{})
		w := tap(t, hub)
		a.set(t, "first", 0)
		synctest.Wait() // its message is on the way
		for i := range 100 {
			a.set(t, "1", i)
			synctest.Wait()
		}
		close(hub.gate)
		require.Equal(t, 99, b.total("1"))
		require.Equal(t, []string{"updated", "updated"}, w.kinds())
	})
}

// slow is a bus that takes a message only when its gate is opened.
type slow struct {
	bus.Local

	gate chan struct{}
}

func (s *slow) Publish(ctx context.Context, message []byte) error {
	select {
	case <-s.gate:
		return s.Local.Publish(ctx, message)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func TestAttach_whatIsTooMuchForTheBusIsReported(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(slow)
		hub.gate = make(chan struct{})
		a, b := attach(t, hub, bus.Options{Buffer: 2}), attach(t, hub, bus.Options{})
		for _, id := range []string{"on the way", "1", "2", "3"} {
			a.set(t, id, 1)
			synctest.Wait()
		}
		lost := a.errs.all()
		require.Len(t, lost, 1)
		require.ErrorIs(t, lost[0], bus.ErrOverflow)
		require.Equal(t, orderQuery("1").Key, lost[0].Key)
		require.Equal(t, bus.OpPublish, lost[0].Op)
		close(hub.gate)
		require.Equal(t, 1, b.total("2"))
		require.Equal(t, 1, b.total("3"))
		require.Equal(t, -1, b.total("1"))
	})
}

func TestAttach_initialDataFillOnlyWhatIsEmpty(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(bus.Local)
		a, b, c := attach(t, hub, bus.Options{}), attach(t, hub, bus.Options{}), attach(t, hub, bus.Options{})
		w := tap(t, hub)
		at, err := bus.Attach(t.Context(), b.Client, new(bus.Local), bus.Options{}) // a second bus does no harm
		require.NoError(t, err)
		require.NoError(t, at.Close(t.Context()))
		require.NoError(t, b.at.Close(t.Context()))
		b.set(t, "1", 1) // nobody hears of it
		b.at, err = bus.Attach(t.Context(), b.Client, hub, bus.Options{})
		require.NoError(t, err)
		aSecondLater()
		q := orderQuery("1")
		q.InitialData = query.Initial(order{"1", -5})
		defer query.Observe(a.Client, q).Subscribe(func(query.Result[order]) {})()
		require.Equal(t, 1, b.total("1"))
		require.Equal(t, -5, c.total("1"))
		require.Equal(t, []string{"added"}, w.kinds())
	})
}

func TestAttach_onlyDataAndRemovalsTravel(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(bus.Local)
		a := attach(t, hub, bus.Options{})
		w := tap(t, hub)
		q := query.Query[int]{
			Key:    querykey.Of("n"),
			Fetch:  func(context.Context) (int, error) { return 0, errDown },
			Policy: query.Policy{Retry: query.NoRetry()},
		}
		_, err := query.Fetch(t.Context(), a.Client, q)
		require.ErrorIs(t, err, errDown)
		require.NoError(t, a.Invalidate(t.Context(), query.Filter{}))
		a.Remove(query.Filter{})
		require.Empty(t, w.kinds(), "errors, invalidations, unobserved removals")
	})
}

func TestAttach_optimisticDataStayAtHome(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(bus.Local)
		a, b := attach(t, hub, bus.Options{}), attach(t, hub, bus.Options{})
		a.set(t, "1", 10)
		answer := make(chan struct{})
		done := make(chan error, 1)
		go func() {
			_, err := query.Mutate(t.Context(), a.Client, query.Mutation[int, int]{
				Do:         func(context.Context, int) (int, error) { <-answer; return 0, errDown },
				Optimistic: func(tx *query.Tx, v int) { query.Patch(tx, orderQuery("1"), raise(v)) },
				Policy:     query.MutationPolicy{Retry: query.NoRetry()},
			}, 5)
			done <- err
		}()
		require.Equal(t, 15, a.total("1"))
		require.Equal(t, 10, b.total("1"))
		aSecondLater()
		b.set(t, "1", 100)
		require.Equal(t, 105, a.total("1"), "the patch lies over what was received")
		a.set(t, "1", 200)
		require.Equal(t, 200, b.total("1"))
		close(answer)
		require.ErrorIs(t, <-done, errDown)
		require.Equal(t, 200, a.total("1"))
	})
}

func raise(by int) func(order, bool) (order, bool) {
	return func(o order, ok bool) (order, bool) {
		o.Total += by
		return o, ok
	}
}

func TestAttach_removalOfWhatIsObservedReachesTheOthersOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(bus.Local)
		a, b := attach(t, hub, bus.Options{}), attach(t, hub, bus.Options{})
		a.set(t, "1", 1)
		a.set(t, "2", 2)
		synctest.Wait()
		w := tap(t, hub)
		defer query.Observe(a.Client, orderQuery("1")).Subscribe(func(query.Result[order]) {})()
		defer query.Observe(b.Client, orderQuery("1")).Subscribe(func(query.Result[order]) {})()
		a.Remove(query.Filter{})
		require.Equal(t, -1, b.total("1"))
		require.Equal(t, 2, b.total("2"))
		require.Equal(t, []string{"removed"}, w.kinds())
	})
}

func TestAttach_shareKeepsKeysApart(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(bus.Local)
		open := func(k querykey.Key) bool { return !k.Matches(querykey.Of("order", "secret")) }
		a, b := attach(t, hub, bus.Options{Share: open}), attach(t, hub, bus.Options{})
		a.set(t, "secret", 1)
		a.set(t, "1", 1)
		require.Equal(t, -1, b.total("secret"))
		require.Equal(t, 1, b.total("1"))
		b.set(t, "secret", 2)
		require.Equal(t, 1, a.total("secret"))
	})
}

func TestAttach_failuresAreReported(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := &broken{err: errDown}
		a := attach(t, hub, bus.Options{MaxMessage: 200})
		a.set(t, "1", 1)
		require.Len(t, a.errs.all(), 1)
		require.ErrorIs(t, a.errs.all()[0], errDown)
		require.EqualError(t, a.errs.all()[0], `bus: publish updated ["order","1"]: down`)

		require.NoError(t, query.Set(a.Client, query.Query[chan int]{Key: querykey.Of("channel")}, nil))
		require.Len(t, a.errs.all(), 2)
		require.ErrorContains(t, a.errs.all()[1], "unsupported type")

		require.NoError(t, query.Set(a.Client, query.Query[string]{Key: querykey.Of("s")}, strings.Repeat("secret", 50)))
		require.Len(t, a.errs.all(), 3)
		require.ErrorIs(t, a.errs.all()[2], bus.ErrTooLarge)
		require.NotContains(t, a.errs.all()[2].Error(), "secret")
	})
}

// broken is a bus that fails.
type broken struct {
	bus.Local

	err, noPlace error
}

func (b *broken) Publish(context.Context, []byte) error { return b.err }

func (b *broken) Subscribe(f func([]byte)) (func(), error) {
	stop, _ := b.Local.Subscribe(f)
	return stop, b.noPlace
}

func TestAttach_failsWithTheBus(t *testing.T) {
	t.Parallel()
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	_, err = bus.Attach(t.Context(), c, &broken{noPlace: errDown}, bus.Options{})
	require.ErrorIs(t, err, errDown)
	require.NoError(t, c.Close(t.Context()))
}

func TestAttach_panicsInCallbacksAreLogged(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		var log strings.Builder
		a := attach(t, &broken{err: errDown}, bus.Options{
			OnError: func(*bus.Error) { panic("on error") },
			Share:   func(k querykey.Key) bool { return k.Part(1) != "2" || panics() },
			Logger:  slog.New(slog.NewTextHandler(&log, nil)),
		})
		a.set(t, "1", 1)
		synctest.Wait()
		require.Contains(t, log.String(), "panic in OnError")
		a.set(t, "2", 2)
		synctest.Wait()
		require.Contains(t, log.String(), "panic in Share")
	})
}

func panics() bool { panic("share") }

func TestAttach_loggerHearsOfErrorsIfNobodyElseDoes(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		c, err := query.New(query.Config{})
		require.NoError(t, err)
		var log strings.Builder
		at, err := bus.Attach(t.Context(), c, &broken{err: errDown}, bus.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		require.NoError(t, query.Set(c, orderQuery("1"), order{}))
		synctest.Wait()
		require.Contains(t, log.String(), "down")
		require.NoError(t, at.Close(t.Context()))
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestClose_endsTheSharing(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, m *member, cancel func()){
		"by Close":              func(t *testing.T, m *member, _ func()) { require.NoError(t, m.at.Close(t.Context())) },
		"by its context":        func(_ *testing.T, _ *member, cancel func()) { cancel() },
		"by the client's Close": func(t *testing.T, m *member, _ func()) { require.NoError(t, m.Client.Close(t.Context())) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T) {
				hub := new(bus.Local)
				w := tap(t, hub)
				c, err := query.New(query.Config{})
				require.NoError(t, err)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				m := &member{Client: c}
				m.at, err = bus.Attach(ctx, c, hub, bus.Options{OnError: m.errs.add})
				require.NoError(t, err)
				end(t, m, cancel)
				synctest.Wait()
				_ = query.Set(c, orderQuery("1"), order{"1", 1}) // fails on a closed client
				w.say(t, `{"v":1,"from":"wire","kind":"updated","key":["order","2"],"at":"2000-01-01T00:00:00Z","data":{"Total":2}}`)
				require.Equal(t, -1, m.total("2"))
				require.Empty(t, w.kinds())
				require.Empty(t, m.errs.all())
				require.NoError(t, m.at.Close(t.Context()))
				require.NoError(t, c.Close(t.Context()))
			})
		})
	}
}

func TestClose_giveUpWithItsContext(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := &deaf{leave: make(chan struct{})}
		m := attach(t, hub, bus.Options{})
		m.set(t, "1", 1)
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, m.at.Close(ctx), context.Canceled)
		close(hub.leave)
		require.NoError(t, m.at.Close(t.Context()))
	})
}

// deaf is a bus that does not heed contexts.
type deaf struct {
	bus.Local

	leave chan struct{}
}

func (d *deaf) Publish(context.Context, []byte) error {
	<-d.leave
	return nil
}
