package query_test

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

type pushEvent = query.PushEvent[int]

var (
	connected    = pushEvent{Kind: query.PushConnected}
	resumed      = pushEvent{Kind: query.PushResumed}
	disconnected = pushEvent{Kind: query.PushDisconnected, Err: errRefused}
	beat         = pushEvent{Kind: query.PushBeat}
	gap          = pushEvent{Kind: query.PushResync}
)

func data(id string, v int) pushEvent { return pushEvent{ID: id, Data: v} }

// wire is a source that says what the test tells it.
type wire struct {
	signals chan pushEvent
	cut     chan error // ends a run, by a panic if there is an error
	runs    notes[string]
	applied notes[int]
}

func newWire() *wire { return &wire{signals: make(chan pushEvent), cut: make(chan error)} }

func (w *wire) source(ctx context.Context, after string) iter.Seq[pushEvent] {
	return func(yield func(pushEvent) bool) {
		w.runs.add(after)
		for {
			select {
			case e := <-w.signals:
				if !yield(e) {
					return
				}
			case err := <-w.cut:
				if err != nil {
					panic(err)
				}
				return
			case <-ctx.Done():
				return
			}
		}
	}
}

// say sends signals and waits until they have had their effect.
func (w *wire) say(list ...pushEvent) {
	for _, e := range list {
		w.signals <- e
	}
	pass(0)
}

// push covers the keys that begin with "source", and writes events there.
func (w *wire) push() query.Push[int] {
	return query.Push[int]{
		Name:   "wire",
		Source: w.source,
		On: func(_ context.Context, c *query.Client, v int) error {
			w.applied.add(v)
			return query.Set(c, query.Query[int]{Key: key("source")}, v)
		},
		Covers: []query.Filter{{Key: key("source")}},
		Random: func() float64 { return 0 },
	}
}

func attach(t *testing.T, c *query.Client, p query.Push[int]) (stop func()) {
	t.Helper()
	stop, err := query.Attach(c, p)
	require.NoError(t, err)
	pass(0)
	return stop
}

var everyFive = query.Policy{RefetchInterval: query.Every(5 * time.Second), Retry: query.NoRetry()}

func TestAttach_slowsPollingWhilePushIsLive(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		o := query.Observe(c, src.query(everyFive))
		defer o.Subscribe(ignore)()
		attach(t, c, w.push())
		require.Equal(t, query.PushLost, o.Current().Push().Status)
		pass(11 * time.Second)
		require.Equal(t, 3, src.count(0), "polled at 5 and 10 s")

		w.say(connected)
		require.Equal(t, 4, src.count(0), "something may have been missed")
		require.Equal(t, query.PushLive, o.Current().Push().Status)
		require.Equal(t, c.Now().Add(time.Minute), o.Current().NextPollAt())
		pass(59 * time.Second)
		require.Equal(t, 4, src.count(0))
		pass(2 * time.Second)
		require.Equal(t, 5, src.count(0))

		lostAt := c.Now()
		w.say(disconnected)
		require.Equal(t, 6, src.count(0), "at once")
		require.Equal(t, query.PushState{
			Name: "wire", Status: query.PushLost, Since: lostAt, Err: errRefused, Safety: time.Minute,
		}, o.Current().Push())
		pass(11 * time.Second)
		require.Equal(t, 8, src.count(0))

		w.say(resumed)
		require.Equal(t, 8, src.count(0), "there is no gap")
		pass(50 * time.Second)
		require.Equal(t, 8, src.count(0))
	})
}

func TestAttach_missesNoPollWhenALossCannotFetchAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		p := everyFive
		p.RefetchOnFocus = query.Never
		o := query.Observe(c, src.query(p))
		defer o.Subscribe(ignore)()
		attach(t, c, w.push())
		w.say(connected)
		pass(30 * time.Second)
		require.Equal(t, 2, src.count(0))
		c.Focus().Set(false)
		w.say(disconnected)
		pass(6 * time.Second)
		require.Equal(t, 2, src.count(0), "polls are skipped while nobody looks")
		c.Focus().Set(true)
		pass(5 * time.Second)
		require.Equal(t, 3, src.count(0))
	})
}

func TestAttach_polledInTheBackgroundMeansRescuedInTheBackground(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		p := everyFive
		p.RefetchIntervalInBackground = query.On
		defer query.Observe(c, src.query(p)).Subscribe(ignore)()
		attach(t, c, w.push())
		w.say(connected)
		c.Focus().Set(false)
		w.say(disconnected)
		require.Equal(t, 3, src.count(0))
	})
}

func TestAttach_disabledQueriesAreLeftAlone(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		p := everyFive
		p.Enabled = query.Off
		defer query.Observe(c, src.query(p)).Subscribe(ignore)()
		attach(t, c, w.push())
		w.say(connected, disconnected, gap)
		pass(time.Minute)
		require.Zero(t, src.count(0))
	})
}

func TestAttach_withoutNetworkALossWaitsForIt(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		o := query.Observe(c, src.query(everyFive))
		defer o.Subscribe(ignore)()
		attach(t, c, w.push())
		w.say(connected)
		c.Online().Set(false)
		w.say(disconnected)
		require.Equal(t, 2, src.count(0))
		require.True(t, o.Current().IsPaused())
		c.Online().Set(true)
		pass(0)
		require.Equal(t, 3, src.count(0))
	})
}

func TestAttach_queriesWithoutIntervalAreFetchedAtALossAndNotPolled(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src, static := newWire(), new(source), new(source)
		defer query.Observe(c, src.query(query.Policy{})).Subscribe(ignore)()
		still := static.query(query.Policy{StaleTime: query.StaleStatic()})
		still.Key = key("source", "static")
		defer query.Observe(c, still).Subscribe(ignore)()
		attach(t, c, w.push())
		w.say(connected)
		pass(10 * time.Minute)
		require.Equal(t, 2, src.count(0))
		w.say(disconnected)
		pass(10 * time.Minute)
		require.Equal(t, 3, src.count(0))
		require.Equal(t, 1, static.count(0))
	})
}

func TestAttach_pushThatComesAndGoesMakesNoMoreFetchesThanPolling(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		defer query.Observe(c, src.query(everyFive)).Subscribe(ignore)()
		attach(t, c, w.push())
		w.say(connected)
		before := src.count(0)
		for range 60 {
			w.say(disconnected, resumed)
			pass(time.Second)
		}
		require.Equal(t, 12, src.count(0)-before)
		w.say(disconnected)
		pass(5 * time.Second)
		require.Equal(t, 14, src.count(0)-before)
	})
}

func TestAttach_eventsDoNotPutOffTheSafetyPoll(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		defer query.Observe(c, src.query(everyFive)).Subscribe(ignore)()
		p := w.push()
		p.Safety = 20 * time.Second
		attach(t, c, p)
		w.say(connected)
		for range 9 { // until 18 s
			pass(2 * time.Second)
			w.say(data("", 7))
		}
		require.Equal(t, 2, src.count(0))
		pass(6 * time.Second)
		require.Equal(t, 3, src.count(0), "not later than one interval after it was due")
	})
}

func TestAttach_queriesThatFailedOrAreStaleArePolledAsTheySay(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w := newWire()
		src := &source{fail: func(n int) error {
			if n == 2 || n == 3 {
				return errRefused
			}
			return nil
		}}
		defer query.Observe(c, src.query(everyFive)).Subscribe(ignore)()
		attach(t, c, w.push())
		w.say(connected)
		pass(11 * time.Second)
		require.Equal(t, 4, src.count(0), "until it succeeds")
		pass(40 * time.Second)
		require.Equal(t, 4, src.count(0))
		require.NoError(t, c.Invalidate(t.Context(), query.Filter{Refetch: query.RefetchOptions{Type: query.RefetchNone}}))
		pass(6 * time.Second)
		require.Equal(t, 5, src.count(0))
	})
}

func TestAttach_safetyMakesNobodyPollMoreOften(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		p := everyFive
		p.RefetchInterval = query.Every(3 * time.Minute)
		defer query.Observe(c, src.query(p)).Subscribe(ignore)()
		attach(t, c, w.push())
		w.say(connected)
		pass(179 * time.Second)
		require.Equal(t, 2, src.count(0))
		pass(2 * time.Second)
		require.Equal(t, 3, src.count(0))
	})
}

func TestAttach_coversQueriesThatComeLater(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w := newWire()
		p := w.push()
		p.Covers = []query.Filter{{Key: key("orders", "list"), Exact: true}, {Key: key("orders", "detail")}}
		stop := attach(t, c, p)
		w.say(connected)
		status := func(k querykey.Key) query.PushStatus {
			q := query.Query[int]{Key: k, Fetch: new(source).fetch}
			require.NoError(t, query.Set(c, q, 1))
			s, ok := c.State(k)
			require.True(t, ok)
			return s.Push().Status
		}
		require.Equal(t, query.PushLive, status(key("orders", "list")))
		require.Equal(t, query.PushLive, status(key("orders", "detail", 7)))
		require.Equal(t, query.PushNone, status(key("orders", "list", "open")))
		require.Equal(t, query.PushNone, status(key("orders")))
		stop()
		require.Equal(t, query.PushNone, status(key("orders", "list")))
		require.Equal(t, query.PushNone, status(key("orders", "detail", 7)))
		require.Empty(t, c.Pushes())
	})
}

func TestAttach_ofTwoPushesOneIsEnough(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		a, b, src := newWire(), newWire(), new(source)
		o := query.Observe(c, src.query(everyFive))
		defer o.Subscribe(ignore)()
		p, q := a.push(), b.push()
		q.Name, q.Safety = "other", 30*time.Second
		attach(t, c, p)
		stop := attach(t, c, q)
		a.say(connected)
		require.Equal(t, "wire", o.Current().Push().Name)
		b.say(connected)
		require.Equal(t, "other", o.Current().Push().Name, "it asks for more polling")
		n := src.count(0)
		b.say(disconnected)
		require.Equal(t, n, src.count(0), "the first one is still there")
		require.Equal(t, query.PushLive, o.Current().Push().Status)
		pass(40 * time.Second)
		require.Equal(t, n, src.count(0))
		a.say(disconnected)
		require.Equal(t, n+1, src.count(0))
		require.Equal(t, "wire", o.Current().Push().Name, "the one that was lost last")
		b.say(resumed)
		pass(20 * time.Second)
		require.Equal(t, n+1, src.count(0))
		stop()
		pass(0)
		require.Equal(t, n+2, src.count(0))
		pass(5 * time.Second)
		require.Equal(t, n+3, src.count(0))
	})
}

func TestAttach_removedQueriesArePolledAsTheySay(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		o := query.Observe(c, src.query(everyFive))
		defer o.Subscribe(ignore)()
		attach(t, c, w.push())
		w.say(connected)
		c.Remove(query.Filter{})
		require.Equal(t, query.PushNone, o.Current().Push().Status)
		pass(5 * time.Second)
		require.Equal(t, 3, src.count(0))
		require.Equal(t, query.PushLive, o.Current().Push().Status)
		pass(50 * time.Second)
		require.Equal(t, 3, src.count(0))
	})
}

func TestAttach_notifiesOfPushOnlyWhoWantsToHear(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w := newWire()
		q := query.Query[int]{Key: key("source"), Policy: query.Policy{NotifyOn: []query.Field{query.FieldPush}}}
		require.NoError(t, query.Set(c, q, 1))
		hears, stop := record(query.Observe(c, q))
		defer stop()
		q.Policy.NotifyOn = []query.Field{query.FieldData}
		deaf, stop := record(query.Observe(c, q))
		defer stop()
		attach(t, c, w.push())
		w.say(connected)
		w.say(disconnected)
		var seen []query.PushStatus
		for _, r := range hears.all() {
			seen = append(seen, r.Push().Status)
		}
		require.Equal(t, []query.PushStatus{query.PushLost, query.PushLive, query.PushLost}, seen)
		require.Empty(t, deaf.all())
	})
}

func TestExplain_tellsOfPush(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		defer query.Observe(c, src.query(everyFive)).Subscribe(ignore)()
		says := func(r query.Reason, text string) {
			t.Helper()
			x := c.Explain(key("source"))
			require.True(t, x.Has(r), x.String())
			require.Contains(t, x.String(), text)
		}
		require.NotContains(t, c.Explain(key("source")).String(), "push")
		attach(t, c, w.push())
		says(query.ReasonPushLost, `It polls every 5s, because push "wire" has not been live for 0s.`)
		w.say(connected)
		pass(3 * time.Second)
		says(query.ReasonPushLive, `It polls every 1m0s instead of every 5s, because push "wire" has been live for 3s.`)
		require.NoError(t, c.Invalidate(t.Context(), query.Filter{Refetch: query.RefetchOptions{Type: query.RefetchNone}}))
		says(query.ReasonPushLive, `It polls every 5s until an answer is there, though push "wire" has been live for 3s.`)
		w.say(disconnected)
		says(query.ReasonPushLost, `It polls every 5s, because push "wire" has been lost for 0s: refused`)
		w.say(connected)
		require.NoError(t, query.Set(c, query.Query[int]{Key: key("source", "x")}, 1))
		require.Contains(t, c.Explain(key("source", "x")).String(), `It is not polled, and push "wire" has been live for 0s`)
	})
}

func TestAttach_refusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		for name, spoil := range map[string]func(*query.Push[int]){
			"callback is nil":         func(p *query.Push[int]) { p.On = nil },
			"callback is nil ":        func(p *query.Push[int]) { p.Source = nil },
			"covers nothing":          func(p *query.Push[int]) { p.Covers = nil },
			"by Key and Exact alone":  func(p *query.Push[int]) { p.Covers[0].Type = query.ActiveEntries },
			"by Key and Exact alone ": func(p *query.Push[int]) { p.Covers[0].Refetch.NoWait = true },
			"querykey":                func(p *query.Push[int]) { p.Covers[0].Key = key(func() {}) },
		} {
			p := newWire().push()
			spoil(&p)
			stop, err := query.Attach(c, p)
			require.ErrorContains(t, err, strings.TrimSpace(name))
			require.ErrorContains(t, err, `push "wire"`)
			require.Nil(t, stop)
		}
		require.NoError(t, c.Close(t.Context()))
		_, err := query.Attach(c, newWire().push())
		require.ErrorIs(t, err, query.ErrClosed)
	})
}

func TestAttach_stopAndCloseWaitForTheHandler(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(c *query.Client, stop func()){
		"stop":  func(_ *query.Client, stop func()) { stop() },
		"close": func(c *query.Client, _ func()) { _ = c.Close(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				w, over := newWire(), false
				p := w.push()
				p.On = func(ctx context.Context, _ *query.Client, _ int) error {
					<-ctx.Done()
					time.Sleep(time.Second)
					over = true
					return ctx.Err()
				}
				stop := attach(t, c, p)
				w.say(data("1", 1))
				end(c, stop)
				require.True(t, over)
				stop() // again, does no harm
			})
		})
	}
}

func TestAttach_stopFetchesWhatIsNotKeptFreshAnyMore(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		defer query.Observe(c, src.query(everyFive)).Subscribe(ignore)()
		stop := attach(t, c, w.push())
		w.say(connected)
		pass(30 * time.Second)
		stop()
		pass(0)
		require.Equal(t, 3, src.count(0))
		pass(5 * time.Second)
		require.Equal(t, 4, src.count(0))
	})
}

// goexit ends the goroutine, as FailNow does.
func goexit(context.Context, *query.Client, int) error {
	runtime.Goexit()
	return nil
}

func TestAttach_handlerThatEndsItsGoroutineLosesThePush(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w, src := newWire(), new(source)
		o := query.Observe(c, src.query(everyFive))
		defer o.Subscribe(ignore)()
		p := w.push()
		p.On = goexit
		stop := attach(t, c, p)
		w.say(connected, data("1", 1))
		require.Equal(t, query.PushLost, o.Current().Push().Status)
		var panicked *query.PanicError
		require.ErrorAs(t, o.Current().Push().Err, &panicked)
		n := src.count(0)
		pass(10 * time.Second)
		require.Equal(t, n+2, src.count(0))
		stop()
	})
}

func TestPushes_counts(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w := newWire()
		p := w.push()
		p.On = func(_ context.Context, _ *query.Client, v int) error {
			if v < 0 {
				return errors.New("negative")
			}
			return nil
		}
		attach(t, c, p)
		w.say(connected, data("a", 1), data("", 2), disconnected, resumed, data("a", 1), data("b", -1), beat)
		s := c.Pushes()
		require.Len(t, s, 1)
		require.Equal(t, query.PushLive, s[0].State.Status)
		require.Equal(t, c.Now(), s[0].LastAt)
		s[0].State, s[0].LastAt = query.PushState{}, time.Time{}
		require.Equal(t, query.PushStats{Runs: 1, Events: 3, Failed: 1, Repeated: 1, Resyncs: 2, Losses: 1, LastID: "b"}, s[0],
			"resyncs: the first connection and the failure")
	})
}
