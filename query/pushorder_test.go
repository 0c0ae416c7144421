package query_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestAttach_appliesEachIDOnceAcrossConnections(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		defer query.Observe(c, src.query(query.Policy{})).Subscribe(ignore)()
		attach(t, c, w.push())
		w.say(connected, data("a", 1), data("b", 2), disconnected, resumed)
		n := src.count(0)
		w.say(data("a", 1), data("b", 2), data("c", 3), data("", 4), data("", 4))
		require.Equal(t, []int{1, 2, 3, 4, 4}, w.applied.all())
		require.Equal(t, 2, c.Pushes()[0].Repeated)
		require.Equal(t, n, src.count(0))
	})
}

// A known ID that is not part of a repetition can be that of another event.
func TestAttach_idThatComesAgainForNoReasonMakesAResync(t *testing.T) {
	t.Parallel()
	for name, again := range map[string][]pushEvent{
		"on one connection":     {data("a", 9)},
		"after a new beginning": {disconnected, connected, data("a", 9)},
		"after what is new":     {disconnected, resumed, data("c", 3), data("a", 9)},
		"after one without ID":  {disconnected, resumed, data("", 3), data("a", 9)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				w, src := newWire(), new(source)
				defer query.Observe(c, src.query(query.Policy{})).Subscribe(ignore)()
				attach(t, c, w.push())
				w.say(connected, data("a", 1))
				last := len(again) - 1
				w.say(again[:last]...)
				n := src.count(0)
				w.say(again[last])
				require.NotContains(t, w.applied.all(), 9)
				require.Equal(t, n+1, src.count(0))
			})
		})
	}
}

// A server that begins anew gives the IDs of old events to others. A source that
// leaves repetitions out by itself tells them apart.
func TestAttach_distinctEventIsAppliedWhoeverHadItsID(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		defer query.Observe(c, src.query(query.Policy{})).Subscribe(ignore)()
		attach(t, c, w.push())
		distinct := func(id string, v int) pushEvent {
			e := data(id, v)
			e.Distinct = true
			return e
		}
		w.say(connected, distinct("a", 1), distinct("b", 2), disconnected, resumed)
		n := src.count(0)
		w.say(distinct("a", 11), distinct("b", 12))
		require.Equal(t, n, src.count(0), "nothing is missing")
		w.say(disconnected, resumed, data("b", 12), data("c", 13))
		require.Equal(t, []int{1, 2, 11, 12, 13}, w.applied.all())
		require.Equal(t, 1, c.Pushes()[0].Repeated)
	})
}

func TestAttach_remembersSoManyIDsAsCanBeRepeated(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w := newWire()
		attach(t, c, w.push())
		w.say(connected)
		for i := range 1500 {
			w.signals <- data(fmt.Sprint(i), i)
		}
		w.say(disconnected, resumed)
		for i := 476; i < 1500; i++ {
			w.signals <- data(fmt.Sprint(i), i)
		}
		pass(0)
		require.Len(t, w.applied.all(), 1500)
		w.say(disconnected, resumed, data("475", 475))
		require.Len(t, w.applied.all(), 1501, "forgotten")
	})
}

func TestAttach_runsTheSourceAgainBehindTheLastEvent(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		o := query.Observe(c, src.query(everyFive))
		defer o.Subscribe(ignore)()
		p := w.push()
		p.RetryDelay, p.Random = query.ConstantDelay(4*time.Second), func() float64 { return 0.5 }
		attach(t, c, p)
		w.say(connected, data("a", 1), data("", 2))
		w.cut <- nil
		pass(0)
		require.ErrorIs(t, o.Current().Push().Err, query.ErrPushEnded)
		pass(2999 * time.Millisecond)
		require.Equal(t, []string{""}, w.runs.all())
		pass(time.Millisecond)
		require.Equal(t, []string{"", "a"}, w.runs.all(), "after a delay cut by a quarter")
		n := src.count(0)
		w.say(resumed, data("a", 1), data("b", 3))
		require.Equal(t, n, src.count(0))
		require.Equal(t, []int{1, 2, 3}, w.applied.all())
		w.cut <- errRefused
		pass(0)
		require.ErrorIs(t, o.Current().Push().Err, errRefused, "a panic")
		pass(3 * time.Second)
		require.Equal(t, []string{"", "a", "b"}, w.runs.all())
		w.say(connected, gap)
		w.cut <- nil
		pass(3 * time.Second)
		require.Empty(t, w.runs.all()[3], "what was before the gap tells nothing")
	})
}

func TestAttach_waitsLongerForASourceThatKeepsFailing(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var at notes[time.Duration]
		start := c.Now()
		p := newWire().push()
		p.Source = func(context.Context, string) iter.Seq[pushEvent] {
			return func(yield func(pushEvent) bool) {
				at.add(c.Now().Sub(start))
				if n := len(at.all()); yield(connected) && n == 4 {
					time.Sleep(30 * time.Second)
				}
			}
		}
		attach(t, c, p)
		pass(time.Minute)
		require.Equal(t, []time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second, 38 * time.Second, 40 * time.Second, 44 * time.Second, 52 * time.Second}, at.all())
	})
}

func TestAttach_silenceIsALoss(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		o := query.Observe(c, src.query(everyFive))
		defer o.Subscribe(ignore)()
		p := w.push()
		p.Heartbeat = 10 * time.Second
		attach(t, c, p)
		pass(time.Minute)
		require.Len(t, w.runs.all(), 1, "it has not begun")
		w.say(connected, data("a", 1))
		for range 5 {
			pass(9 * time.Second)
			w.say(beat)
		}
		pass(9999 * time.Millisecond)
		require.Equal(t, query.PushLive, o.Current().Push().Status)
		n := src.count(0)
		pass(time.Millisecond)
		require.ErrorIs(t, o.Current().Push().Err, query.ErrPushSilent)
		require.Equal(t, n+1, src.count(0))
		pass(time.Second)
		require.Equal(t, []string{"", "a"}, w.runs.all())
		w.say(resumed)
		require.Equal(t, query.PushLive, o.Current().Push().Status)
	})
}

func TestAttach_aSlowHandlerIsNoSilence(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w := newWire()
		p := w.push()
		p.Heartbeat = 10 * time.Second
		p.On = func(context.Context, *query.Client, int) error {
			time.Sleep(time.Minute)
			return nil
		}
		attach(t, c, p)
		w.say(connected, data("a", 1))
		pass(69 * time.Second)
		require.Zero(t, c.Pushes()[0].Losses)
		pass(time.Second)
		require.Equal(t, 1, c.Pushes()[0].Losses)
	})
}

// A source that does not look at its context holds up the next run, but neither
// polling nor the news that push is lost.
func TestAttach_silenceOfADeafSource(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src, late := new(source), make(chan struct{})
		o := query.Observe(c, src.query(everyFive))
		defer o.Subscribe(ignore)()
		p := newWire().push()
		p.Heartbeat = 10 * time.Second
		p.Source = func(context.Context, string) iter.Seq[pushEvent] {
			return func(yield func(pushEvent) bool) {
				if yield(connected) {
					<-late
					yield(data("a", 77))
				}
			}
		}
		attach(t, c, p)
		pass(10 * time.Second)
		require.Equal(t, query.PushLost, o.Current().Push().Status)
		n := src.count(0)
		pass(10 * time.Second)
		require.Equal(t, n+2, src.count(0))
		close(late)
		pass(0)
		require.NotEqual(t, 77, o.Current().Data(), "too late")
	})
}

func TestAttach_eventOfASourceThatSaysNothingElse(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		o := query.Observe(c, src.query(everyFive))
		defer o.Subscribe(ignore)()
		attach(t, c, w.push())
		w.say(beat)
		require.Equal(t, query.PushLost, o.Current().Push().Status)
		w.say(data("", 1))
		require.Equal(t, query.PushLive, o.Current().Push().Status)
		require.Equal(t, 2, src.count(0), "what was before it is not known")
	})
}

func TestAttach_firstResumptionIsNone(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		defer query.Observe(c, src.query(everyFive)).Subscribe(ignore)()
		attach(t, c, w.push())
		w.say(resumed)
		require.Equal(t, 2, src.count(0))
	})
}

func TestAttach_resyncFetchesWhatIsInUseAndMarksTheRest(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]struct {
		on   func(context.Context, *query.Client, int) error
		says pushEvent
	}{
		"the source says so":   {nil, gap},
		"an error":             {func(context.Context, *query.Client, int) error { return errRefused }, data("x", 1)},
		"a panic":              {func(context.Context, *query.Client, int) error { panic(errRefused) }, data("x", 1)},
		"data cannot be read":  {nil, pushEvent{ID: "x", Err: errors.New("not JSON")}},
		"a second connection":  {nil, connected},
		"what was lost is not": {nil, gap},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				w, src, other, rest := newWire(), new(source), new(source), query.Query[int]{Key: key("source", "rest")}
				defer query.Observe(c, src.query(query.Policy{})).Subscribe(ignore)()
				away := other.query(query.Policy{})
				away.Key = key("elsewhere")
				defer query.Observe(c, away).Subscribe(ignore)()
				push := w.push()
				if p.on != nil {
					push.On = p.on
				}
				attach(t, c, push)
				w.say(connected)
				require.NoError(t, query.Set(c, rest, 5))
				n := src.count(0)
				w.say(p.says)
				require.Equal(t, n+1, src.count(0))
				s, _ := c.State(rest.Key)
				require.True(t, s.IsInvalidated())
				require.Equal(t, 1, other.count(0))
				require.Empty(t, w.applied.all())
			})
		})
	}
}

// answers is a server whose answer is what it knew when it was asked.
type answers struct{ value, takes, asked atomic.Int64 }

func newAnswers(takes time.Duration) *answers {
	a := new(answers)
	a.value.Store(1)
	a.takes.Store(int64(takes))
	return a
}

func (a *answers) query() query.Query[int] {
	return query.Query[int]{Key: key("source"), Fetch: func(context.Context) (int, error) {
		v := a.value.Load()
		a.asked.Add(1)
		time.Sleep(time.Duration(a.takes.Load()))
		return int(v), nil
	}}
}

func TestAttach_answerOnItsWayDoesNotUndoAnEvent(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, server := newWire(), newAnswers(0)
		o := query.Observe(c, server.query())
		seen, stop := record(o)
		defer stop()
		attach(t, c, w.push())
		w.say(connected)
		server.takes.Store(int64(time.Second))
		over := make(chan error, 1)
		go func() {
			r, err := o.Refetch(t.Context(), query.RefetchOptions{})
			if err == nil && r.Data() != 2 {
				err = fmt.Errorf("it got %d", r.Data())
			}
			over <- err
		}()
		pass(0)
		server.value.Store(2)
		w.say(data("a", 2))
		asked := server.asked.Load()
		pass(time.Second)
		require.Empty(t, over, "who waits gets the answer that counts")
		pass(time.Second)
		require.NoError(t, <-over)
		require.Equal(t, asked+1, server.asked.Load(), "once more")
		require.Equal(t, []int{1, 2}, slices.Compact(slices.DeleteFunc(seen.data(), func(v int) bool { return v == 0 })))
		pass(time.Hour)
		require.Equal(t, asked+1, server.asked.Load())
	})
}

func TestAttach_eventDuringTheFirstFetchIsNotForgotten(t *testing.T) {
	t.Parallel()
	for name, on := range map[string]func(context.Context, *query.Client, int) error{
		"an update without data": func(_ context.Context, c *query.Client, v int) error {
			return query.Update(c, query.Query[int]{Key: key("source")}, func(_ int, ok bool) (int, bool) { return v, ok })
		},
		"an update of all without data": func(_ context.Context, c *query.Client, v int) error {
			return query.UpdateAll(c, query.Filter{}, func(_ int, ok bool) (int, bool) { return v, ok })
		},
		"an invalidation": func(ctx context.Context, c *query.Client, _ int) error {
			return c.Invalidate(ctx, query.Filter{Refetch: query.RefetchOptions{NoWait: true}})
		},
		"a mark": func(ctx context.Context, c *query.Client, _ int) error {
			return c.Invalidate(ctx, query.Filter{Refetch: query.RefetchOptions{Type: query.RefetchNone}})
		},
		"a refetch": func(ctx context.Context, c *query.Client, _ int) error {
			return c.Refetch(ctx, query.Filter{Refetch: query.RefetchOptions{NoWait: true}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				w, server := newWire(), newAnswers(time.Second)
				p := w.push()
				p.On = on
				attach(t, c, p)
				w.say(connected)
				o := query.Observe(c, server.query())
				defer o.Subscribe(ignore)()
				pass(500 * time.Millisecond)
				server.value.Store(2)
				w.say(data("a", 2))
				pass(500 * time.Millisecond)
				require.Equal(t, 1, o.Current().Data(), "better than nothing")
				require.True(t, o.Current().IsFetching())
				pass(time.Second)
				require.Equal(t, 2, o.Current().Data())
				require.False(t, o.Current().IsStale() && o.Current().IsFetching())
				require.EqualValues(t, 2, server.asked.Load())
			})
		})
	}
}

func TestAttach_connectionDuringTheFirstFetchFetchesOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, server := newWire(), newAnswers(time.Second)
		o := query.Observe(c, server.query())
		defer o.Subscribe(ignore)()
		attach(t, c, w.push())
		pass(500 * time.Millisecond)
		server.value.Store(2) // before the server follows, so that no event tells of it
		w.say(connected)
		pass(time.Hour)
		require.Equal(t, 2, o.Current().Data())
		require.EqualValues(t, 2, server.asked.Load())
	})
}

func TestAttach_eventsThatNeverEndKeepNoAnswerAway(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, server := newWire(), newAnswers(100*time.Millisecond)
		o := query.Observe(c, server.query())
		defer o.Subscribe(ignore)()
		attach(t, c, w.push())
		w.say(connected)
		pass(time.Second)
		asked, landed := server.asked.Load(), make(chan error, 1)
		go func() {
			_, err := o.Refetch(t.Context(), query.RefetchOptions{})
			landed <- err
		}()
		for i := range 200 { // 10 s
			pass(50 * time.Millisecond)
			w.say(data("", i))
		}
		require.NoError(t, <-landed)
		require.InDelta(t, 17, server.asked.Load()-asked, 2, "two in each second and a fifth")
		server.value.Store(199)
		pass(3 * time.Second)
		require.Equal(t, 199, o.Current().Data())
		asked = server.asked.Load()
		pass(time.Hour)
		require.Equal(t, asked, server.asked.Load())
	})
}

func TestAttach_attemptAfterAnEventIsNotOlder(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w := newWire()
		src := &source{takes: time.Second, fail: func(n int) error {
			if n == 1 {
				return errRefused
			}
			return nil
		}}
		o := query.Observe(c, src.query(query.Policy{}))
		attach(t, c, w.push())
		w.say(connected)
		defer o.Subscribe(ignore)()
		pass(500 * time.Millisecond)
		w.say(data("a", 1))
		pass(time.Hour)
		require.Equal(t, 2, src.count(0))
	})
}

func TestAttach_unobservedAnswerThatIsOlderIsMarked(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, server := newWire(), newAnswers(time.Second)
		attach(t, c, w.push())
		w.say(connected)
		go func() { _, _ = query.Fetch(t.Context(), c, server.query()) }()
		pass(500 * time.Millisecond)
		w.say(gap)
		pass(time.Second)
		s, _ := c.State(key("source"))
		require.Equal(t, 1, s.Data())
		require.True(t, s.IsInvalidated())
		require.EqualValues(t, 1, server.asked.Load())
	})
}

func TestAttach_eventsDoNotTakeTheMarkOfAGapAway(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w := newWire()
		attach(t, c, w.push())
		q := query.Query[int]{Key: key("source")}
		require.NoError(t, query.Set(c, q, 1))
		w.say(connected, data("a", 2))
		require.Equal(t, 2, value(t, c, q))
		s, _ := c.State(q.Key)
		require.True(t, s.IsInvalidated())
		require.NoError(t, query.Set(c, q, 3))
		s, _ = c.State(q.Key)
		require.False(t, s.IsInvalidated(), "whoever else writes knows what he does")
	})
}
