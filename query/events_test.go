package query_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// listen keeps the events from now on, in words.
func listen(c *query.Client, o query.EventOptions) (heard *notes[string], stop func()) {
	heard = new(notes[string])
	return heard, c.SubscribeEvents(o, func(ev query.Event) { heard.add(inWords(ev)) })
}

// inWords is short for the parts of an event that the golden orders name.
func inWords(ev query.Event) string {
	if ev.Kind == query.EventObserverResultsUpdated {
		return "oRU"
	}
	text := string(ev.Kind)
	if ev.Action != "" {
		text += ":" + string(ev.Action)
	}
	if ev.Lost > 0 {
		text += ":" + strconv.Itoa(ev.Lost)
	}
	if m := ev.Mutation; m != nil && m.IsPaused {
		text += "(paused)"
	}
	if q := ev.Query; q != nil && q.State.FetchStatus() == query.FetchPaused {
		text += "(paused)"
	}
	return text
}

func TestEvents_lifeOfAnObserver(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		heard, stop := listen(c, query.EventOptions{})
		defer stop()
		src := new(source)
		o := query.Observe(c, src.query(query.Policy{StaleTime: query.StaleAfter(10 * time.Millisecond)}))
		unsubscribe := o.Subscribe(ignore)
		pass(time.Second)
		require.Equal(t, []string{
			"added", "oRU", "observerAdded", "oRU", "updated:fetch", "oRU", "updated:success", "oRU",
		}, heard.all())
		unsubscribe()
		pass(time.Hour)
		require.Equal(t, []string{"observerRemoved", "removed"}, heard.all()[8:])
	})
}

func TestEvents_failuresBeforeSuccess(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: func(n int) error {
			if n < 3 {
				return errRefused
			}
			return nil
		}}
		o := query.Observe(c, src.query(query.Policy{RetryDelay: query.ConstantDelay(time.Second)}))
		heard, stop := listen(c, query.EventOptions{})
		defer stop()
		defer o.Subscribe(ignore)()
		pass(time.Minute)
		require.Equal(t, []string{
			"observerAdded", "oRU", "updated:fetch", "oRU", "updated:failed", "oRU", "updated:failed", "oRU", "updated:success",
		}, heard.all())
	})
}

func TestEvents_failureForGood(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		heard, stop := listen(c, query.EventOptions{Kinds: []query.EventKind{query.EventUpdated}})
		defer stop()
		_, err := query.Fetch(t.Context(), c, src.query(query.Policy{}))
		require.ErrorIs(t, err, errRefused)
		synctest.Wait()
		require.Equal(t, []string{"updated:fetch", "updated:error"}, heard.all())
	})
}

func TestEvents_pauseAndContinue(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		c.Online().Set(false)
		o := query.Observe(c, new(source).query(query.Policy{}))
		heard, stop := listen(c, query.EventOptions{})
		defer stop()
		defer o.Subscribe(ignore)()
		synctest.Wait()
		c.Online().Set(true)
		synctest.Wait()
		require.Equal(t, []string{
			"observerAdded", "oRU", "updated:fetch(paused)", "updated:pause(paused)",
			"oRU", "updated:continue", "oRU", "updated:success",
		}, heard.all())
	})
}

func TestEvents_leavingEndsAFetchThatWatches(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		stopObserving := query.Observe(c, query.Query[int]{Key: key("hang"), Fetch: hang}).Subscribe(ignore)
		synctest.Wait()
		heard, stop := listen(c, query.EventOptions{})
		defer stop()
		stopObserving()
		synctest.Wait()
		require.Equal(t, []string{"updated:setState", "observerRemoved"}, heard.all())
	})
}

func TestEvents_changesByHand(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var all notes[query.Event]
		heard, stop := listen(c, query.EventOptions{})
		defer stop()
		defer c.SubscribeEvents(query.EventOptions{}, all.add)()
		q := query.Query[int]{Key: key("a")}
		require.NoError(t, query.Set(c, q, 1))
		require.NoError(t, c.Invalidate(t.Context(), query.Filter{}))
		require.NoError(t, c.Invalidate(t.Context(), query.Filter{}))
		require.NoError(t, c.Reset(t.Context(), query.Filter{}))
		c.Remove(query.Filter{})
		c.Remove(query.Filter{})
		synctest.Wait()
		require.Equal(t, []string{"added", "updated:success", "updated:invalidate", "updated:setState", "removed"}, heard.all())
		require.Equal(t, heard.all(), inAllWords(all.all()), "everybody hears the same")
		for i, want := range []struct {
			manual, data, invalidated bool
		}{{false, true, false}, {true, true, false}, {false, true, true}, {}, {}} {
			ev := all.all()[i]
			require.Equal(t, q.Key, ev.Query.State.Key())
			require.Equal(t, want.manual, ev.Manual, ev.Kind)
			require.Equal(t, want.data, ev.Query.State.HasData(), ev.Kind)
			require.Equal(t, want.invalidated, ev.Query.State.IsInvalidated(), ev.Kind)
			require.Equal(t, c.Now(), ev.At)
			require.Nil(t, ev.Mutation)
		}
	})
}

func inAllWords(events []query.Event) []string {
	var words []string
	for _, ev := range events {
		words = append(words, inWords(ev))
	}
	return words
}

func TestEvents_updateComesAfterTheResultsOfItsObservers(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), InitialData: query.Initial(0), Policy: query.Policy{StaleTime: query.StaleNever()}}
		for range 2 {
			defer query.Observe(c, q).Subscribe(ignore)()
		}
		var results notes[query.Event]
		defer c.SubscribeEvents(query.EventOptions{Kinds: []query.EventKind{query.EventObserverResultsUpdated}}, results.add)()
		heard, stop := listen(c, query.EventOptions{})
		defer stop()
		require.NoError(t, query.Set(c, q, 1))
		synctest.Wait()
		require.Equal(t, []string{"oRU", "oRU", "updated:success"}, heard.all())
		require.Len(t, results.all(), 2)
		require.Equal(t, 1, results.all()[0].Result.Data())
		require.Equal(t, 2, results.all()[0].Query.Observers)
	})
}

func TestEvents_hydration(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a")}
		require.NoError(t, query.Set(c, q, 2))
		newer, err := c.Dehydrate(query.DehydrateOptions{})
		require.NoError(t, err)
		require.NoError(t, query.SetAt(c, q, 1, c.Now().Add(-time.Hour)))
		var all notes[query.Event]
		defer c.SubscribeEvents(query.EventOptions{}, all.add)()
		require.NoError(t, c.Hydrate(newer, query.HydrateOptions{}))
		c.Clear()
		require.NoError(t, c.Hydrate(newer, query.HydrateOptions{}))
		synctest.Wait()
		require.Equal(t, []string{"updated:setState", "removed", "added"}, inAllWords(all.all()))
		require.True(t, all.all()[2].Query.State.HasData(), "what is added is shown as it was hydrated")
	})
}

func TestEvents_otherQueryOfAnObserver(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		fresh := query.Policy{StaleTime: query.StaleNever()}
		a := query.Query[int]{Key: key("a"), InitialData: query.Initial(1), Policy: fresh}
		b := query.Query[int]{Key: key("b"), InitialData: query.Initial(2), Policy: fresh}
		o := query.Observe(c, a)
		defer o.Subscribe(ignore)()
		var all notes[query.Event]
		defer c.SubscribeEvents(query.EventOptions{}, all.add)()
		require.NoError(t, query.SetQuery(o, b))
		synctest.Wait()
		require.Equal(t, []string{"added", "observerRemoved", "observerAdded", "observerOptionsUpdated", "oRU"}, inAllWords(all.all()))
		require.Equal(t, a.Key, all.all()[1].Query.State.Key())
		require.Equal(t, b.Key, all.all()[3].Query.State.Key())
	})
}

func TestEvents_optimisticPatches(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a")}
		require.NoError(t, query.Set(c, q, 1))
		heard, stop := listen(c, query.EventOptions{Key: q.Key})
		defer stop()
		_, err := query.Mutate(t.Context(), c, query.Mutation[int, int]{
			Do:         func(context.Context, int) (int, error) { return 0, errRefused },
			Optimistic: func(tx *query.Tx, v int) { query.Patch(tx, q, func(int, bool) (int, bool) { return v, true }) },
		}, 2)
		require.ErrorIs(t, err, errRefused)
		synctest.Wait()
		require.Equal(t, []string{"updated:patch", "updated:patch"}, heard.all())
	})
}

func TestEvents_lifeOfAMutation(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		heard, stop := listen(c, query.EventOptions{})
		defer stop()
		var all notes[query.Event]
		defer c.SubscribeEvents(query.EventOptions{}, all.add)()
		o := query.ObserveMutation(c, query.Mutation[int, int]{
			Key:      key("m"),
			Do:       func(_ context.Context, v int) (int, error) { return v * 2, nil },
			OnMutate: func(context.Context, int) (any, error) { return "before", nil },
			Policy:   query.MutationPolicy{GCTime: query.GCAfter(time.Minute)},
		})
		unsubscribe := o.Subscribe(func(query.MutationResult[int, int]) {})
		_, err := o.Mutate(t.Context(), 21, query.MutateCallbacks[int, int]{})
		require.NoError(t, err)
		unsubscribe()
		pass(time.Hour)
		require.Equal(t, []string{
			"observerOptionsUpdated", "added", "observerAdded", "updated:pending", "updated:pending", "updated:success",
			"observerRemoved", "removed",
		}, heard.all())
		events := all.all()
		require.Zero(t, events[0].Mutation.ID, "it has not run yet")
		require.Equal(t, key("m"), events[0].Mutation.Key)
		require.Nil(t, events[3].Mutation.Context)
		require.Equal(t, "before", events[4].Mutation.Context)
		require.Equal(t, 42, events[5].Mutation.Data)
		require.Nil(t, events[5].Query)
	})
}

func TestEvents_nextRunOfAMutationObserver(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		m := query.Mutation[int, int]{Key: key("m"), Do: func(context.Context, int) (int, error) { return 0, errRefused }}
		o := query.ObserveMutation(c, m)
		_, err := o.Mutate(t.Context(), 1, query.MutateCallbacks[int, int]{})
		require.ErrorIs(t, err, errRefused)
		heard, stop := listen(c, query.EventOptions{})
		defer stop()
		_, err = o.Mutate(t.Context(), 1, query.MutateCallbacks[int, int]{})
		require.ErrorIs(t, err, errRefused)
		o.SetMutation(m)
		o.Reset()
		c.Clear()
		synctest.Wait()
		require.Equal(t, []string{
			"observerRemoved", "added", "observerAdded", "updated:pending", "updated:error",
			"observerOptionsUpdated", "observerRemoved", "removed", "removed",
		}, heard.all())
	})
}

func TestEvents_mutationsOfOneScope(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var all notes[string]
		defer c.SubscribeEvents(query.EventOptions{Kinds: []query.EventKind{query.EventUpdated}}, func(ev query.Event) {
			all.add(fmt.Sprint(ev.Mutation.ID, " ", inWords(ev)))
		})()
		m := query.Mutation[int, int]{Scope: "s", Do: func(context.Context, int) (int, error) { time.Sleep(time.Second); return 0, nil }}
		for range 3 {
			require.NoError(t, query.ObserveMutation(c, m).Start(t.Context(), 0, query.MutateCallbacks[int, int]{}))
			synctest.Wait()
		}
		pass(time.Minute)
		require.Equal(t, []string{
			"1 updated:pending", "2 updated:pending(paused)", "2 updated:pause(paused)",
			"3 updated:pending(paused)", "3 updated:pause(paused)",
			"1 updated:success", "2 updated:continue", "2 updated:success", "3 updated:continue", "3 updated:success",
		}, all.all())
	})
}

func TestEvents_mutationWithoutNetwork(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		c.Online().Set(false)
		heard, stop := listen(c, query.EventOptions{Kinds: []query.EventKind{query.EventUpdated}})
		defer stop()
		failed := false
		m := query.Mutation[int, int]{
			Do: func(context.Context, int) (int, error) {
				if !failed {
					failed = true
					return 0, errRefused
				}
				return 0, nil
			},
			OnMutate: func(context.Context, int) (any, error) { return 1, nil },
			Policy:   query.MutationPolicy{Retry: query.Retries(1)},
		}
		require.NoError(t, query.ObserveMutation(c, m).Start(t.Context(), 0, query.MutateCallbacks[int, int]{}))
		synctest.Wait()
		c.Online().Set(true)
		pass(time.Minute)
		require.Equal(t, []string{
			"updated:pending(paused)", "updated:pending(paused)", "updated:pause(paused)", "updated:continue",
			"updated:failed", "updated:success",
		}, heard.all())
	})
}

func TestEvents_optionsChoose(t *testing.T) {
	t.Parallel()
	j := new(journal)
	inBubble(t, query.Config{Logger: j.logger()}, func(t *testing.T, c *query.Client) {
		byKey, stop := listen(c, query.EventOptions{Key: key("a")})
		defer stop()
		byKind, stop := listen(c, query.EventOptions{Kinds: []query.EventKind{query.EventRemoved}})
		defer stop()
		none, stop := listen(c, query.EventOptions{Kinds: []query.EventKind{}})
		defer stop()
		badKey, stop := listen(c, query.EventOptions{Key: key(make(chan int))})
		defer stop()
		for _, k := range []query.Query[int]{{Key: key("a", 1)}, {Key: key("b")}} {
			require.NoError(t, query.Set(c, k, 1))
		}
		_, err := query.Mutate(t.Context(), c, query.Mutation[int, int]{Do: func(context.Context, int) (int, error) { return 0, nil }}, 1)
		require.NoError(t, err)
		c.Clear()
		synctest.Wait()
		require.Equal(t, []string{"added", "updated:success", "removed"}, byKey.all())
		require.Equal(t, []string{"removed", "removed", "removed"}, byKind.all())
		require.Empty(t, none.all())
		require.Empty(t, badKey.all())
		require.Contains(t, j.String(), "events of a key")
	})
}

func TestEvents_slowSubscriberLosesTheOldestAndIsToldHowMany(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a")}
		require.NoError(t, query.Set(c, q, 0))
		var slow notes[string]
		defer c.SubscribeEvents(query.EventOptions{Buffer: 3}, func(ev query.Event) {
			if ev.Query == nil {
				slow.add(inWords(ev))
			} else {
				slow.add(fmt.Sprint(ev.Query.State.Data()))
			}
			time.Sleep(time.Second)
		})()
		quick, stop := listen(c, query.EventOptions{Buffer: 3})
		defer stop()
		for i := range 10 {
			require.NoError(t, query.Set(c, q, i+1))
			synctest.Wait()
		}
		pass(time.Minute)
		require.Equal(t, []string{"1", "lost:6", "8", "9", "10"}, slow.all())
		require.Len(t, quick.all(), 10, "one does not slow the other down")
	})
}

func TestEvents_loop(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var heard notes[string]
		loop := func(ctx context.Context, most int) {
			for ev := range c.Events(ctx, query.EventOptions{}) {
				heard.add(inWords(ev))
				if most--; most == 0 {
					break
				}
			}
			heard.add("over")
		}
		q := query.Query[int]{Key: key("a")}
		go loop(t.Context(), 2)
		synctest.Wait()
		require.NoError(t, query.Set(c, q, 1))
		require.NoError(t, query.Set(c, q, 2))
		synctest.Wait()
		require.Equal(t, []string{"added", "updated:success", "over"}, heard.all(), "left by the loop itself")

		ctx, cancel := context.WithCancel(t.Context())
		go loop(ctx, 0)
		synctest.Wait()
		require.NoError(t, query.Set(c, q, 3))
		synctest.Wait()
		cancel()
		synctest.Wait()
		require.Equal(t, []string{"updated:success", "over"}, heard.all()[3:], "ended by its context")

		go loop(t.Context(), 0)
		synctest.Wait()
		require.NoError(t, c.Close(t.Context()))
		synctest.Wait()
		require.Equal(t, []string{"over"}, heard.all()[5:], "ended by Close")
		loop(t.Context(), 0)
		require.Equal(t, []string{"over"}, heard.all()[6:], "of a closed client")
	})
}

func TestEvents_callbackMayUseTheClientAndStop(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var heard notes[string]
		var stop func()
		begun := make(chan struct{})
		stop = c.SubscribeEvents(query.EventOptions{}, func(ev query.Event) {
			<-begun
			heard.add(inWords(ev))
			if ev.Kind == query.EventAdded { // a cache of limited size, T-EVT-3
				c.Remove(query.Filter{Predicate: func(s query.State[any]) bool { return s.Key() != ev.Query.State.Key() }})
			}
			if ev.Kind == query.EventRemoved {
				stop()
				stop()
				c.Clear()
			}
		})
		close(begun)
		require.NoError(t, query.Set(c, query.Query[int]{Key: key("a")}, 1))
		synctest.Wait()
		require.NoError(t, query.Set(c, query.Query[int]{Key: key("b")}, 1))
		synctest.Wait()
		require.Equal(t, []string{"added", "updated:success", "added", "updated:success", "removed"}, heard.all())
		require.Empty(t, c.Entries(query.Filter{}))
	})
}

func TestEvents_callbackThatPanicsHearsTheRest(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(){
		"panic": func() { panic("no") }, "goexit": runtime.Goexit,
	} {
		j := new(journal)
		inBubble(t, query.Config{Logger: j.logger()}, func(t *testing.T, c *query.Client) {
			var heard notes[string]
			defer c.SubscribeEvents(query.EventOptions{}, func(ev query.Event) { heard.add(inWords(ev)); fail() })()
			require.NoError(t, query.Set(c, query.Query[int]{Key: key("a")}, 1))
			c.Clear()
			synctest.Wait()
			require.Equal(t, []string{"added", "updated:success", "removed"}, heard.all(), name)
			if name == "panic" {
				require.Contains(t, j.String(), "panic: no")
			}
		})
	}
}

func TestEvents_nilCallback(t *testing.T) {
	t.Parallel()
	j := new(journal)
	inBubble(t, query.Config{Logger: j.logger()}, func(t *testing.T, c *query.Client) {
		c.SubscribeEvents(query.EventOptions{}, nil)()
		require.Contains(t, j.String(), query.ErrNilCallback.Error())
	})
}

func TestEvents_closeDropsWhatWaits(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var heard atomic.Int64
		c.SubscribeEvents(query.EventOptions{}, func(query.Event) { heard.Add(1); time.Sleep(time.Hour) })
		for i := range 5 {
			require.NoError(t, query.Set(c, query.Query[int]{Key: key(i)}, 1))
		}
		synctest.Wait()
		require.NoError(t, c.Close(t.Context()))
		require.EqualValues(t, 1, heard.Load())
	})
}

// A select function that does not return holds up the events of what came after
// it, but not for ever.
func TestEvents_selectThatHangsHoldsOthersUpForAWhileOnly(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), InitialData: query.Initial(0), Policy: query.Policy{StaleTime: query.StaleNever()}}
		hold := make(chan struct{})
		o := query.ObserveSelect(c, q, func(v int) (int, error) {
			if v == 1 {
				<-hold
			}
			return v, nil
		})
		defer o.Subscribe(ignore)()
		heard, stop := listen(c, query.EventOptions{Kinds: []query.EventKind{query.EventUpdated}})
		defer stop()
		go func() { assertNoError(t, query.Set(c, q, 1)) }()
		synctest.Wait()
		other := query.Query[int]{Key: key("b")}
		require.NoError(t, query.Set(c, other, 1))
		synctest.Wait()
		require.Empty(t, heard.all(), "the order of changes is kept")
		for i := range 1000 {
			require.NoError(t, query.Set(c, other, i))
		}
		synctest.Wait()
		require.NotEmpty(t, heard.all())
		close(hold)
		synctest.Wait()
		require.Len(t, heard.all(), 1002)
	})
}

func assertNoError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func TestEvents_selectThatEndsItsGoroutineLosesNone(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), InitialData: query.Initial(0), Policy: query.Policy{StaleTime: query.StaleNever()}}
		o := query.ObserveSelect(c, q, func(v int) (int, error) {
			if v == 1 {
				runtime.Goexit()
			}
			return v, nil
		})
		defer o.Subscribe(ignore)()
		heard, stop := listen(c, query.EventOptions{})
		defer stop()
		go func() { assertNoError(t, query.Set(c, q, 1)) }()
		synctest.Wait()
		require.Equal(t, []string{"updated:success"}, heard.all())
		require.NoError(t, query.Set(c, q, 2))
		synctest.Wait()
		require.Equal(t, []string{"updated:success", "oRU", "updated:success"}, heard.all())
	})
}

// Whoever applies events one after the other ends with the states that the cache
// has, whatever happened at once.
func TestEvents_concurrentWritesComeInTheOrderOfTheStates(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), InitialData: query.Initial(-1), Policy: query.Policy{StaleTime: query.StaleNever()}}
		defer query.Observe(c, q).Subscribe(ignore)()
		var counts notes[int]
		defer c.SubscribeEvents(query.EventOptions{Kinds: []query.EventKind{query.EventUpdated}, Buffer: 1 << 12}, func(ev query.Event) {
			counts.add(ev.Query.State.DataUpdateCount())
		})()
		const writers, writes = 4, 200
		for w := range writers {
			go func() {
				for i := range writes {
					assertNoError(t, query.Set(c, q, w*writes+i))
				}
			}()
		}
		synctest.Wait()
		all := counts.all()
		require.Len(t, all, writers*writes)
		for i, n := range all {
			require.Equal(t, i+1, n)
		}
	})
}
