package query_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// provoke makes each event that there is about queries and mutations, by the
// shortest way.
var provoke = map[string]func(t *testing.T, c *query.Client){
	"query added": func(t *testing.T, c *query.Client) { require.NoError(t, query.Set(c, plain, 1)) },
	"query removed": func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, plain, 1))
		c.Remove(query.Filter{})
	},
	"query observerAdded": func(_ *testing.T, c *query.Client) { query.Observe(c, plain).Subscribe(ignore)() },
	"query observerRemoved": func(_ *testing.T, c *query.Client) {
		query.Observe(c, plain).Subscribe(ignore)()
	},
	"query observerResultsUpdated": func(t *testing.T, c *query.Client) {
		defer query.Observe(c, plain).Subscribe(ignore)()
		require.NoError(t, query.Set(c, plain, 1))
	},
	"query observerOptionsUpdated": func(t *testing.T, c *query.Client) {
		require.NoError(t, query.SetQuery(query.Observe(c, plain), plain))
	},
	"query updated fetch":    fetchOnce(nil),
	"query updated success":  fetchOnce(nil),
	"query updated error":    fetchOnce(always),
	"query updated failed":   fetchOnce(func(n int) error { return always(n) }),
	"query updated pause":    offlineFetch,
	"query updated continue": offlineFetch,
	"query updated invalidate": func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, plain, 1))
		require.NoError(t, c.Invalidate(t.Context(), query.Filter{}))
	},
	"query updated setState": func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, plain, 1))
		require.NoError(t, c.Reset(t.Context(), query.Filter{}))
	},
	"query updated patch": func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, stock, 1))
		ch := newChange(stock)
		ch.start(t, c, 1)
		ch.settle(nil)
	},
	"mutation added":            mutateOnce(nil),
	"mutation removed":          mutateOnce(nil),
	"mutation updated pending":  mutateOnce(nil),
	"mutation updated success":  mutateOnce(nil),
	"mutation updated error":    mutateOnce(errRefused),
	"mutation updated failed":   mutateOnce(errRefused),
	"mutation updated pause":    offlineMutation,
	"mutation updated continue": offlineMutation,
	"mutation observerAdded":    observedMutation,
	"mutation observerRemoved":  observedMutation,
	"mutation observerOptionsUpdated": func(_ *testing.T, c *query.Client) {
		query.ObserveMutation(c, query.Mutation[int, int]{})
	},
}

var plain = query.Query[int]{Key: key("plain")}

func fetchOnce(fail func(int) error) func(*testing.T, *query.Client) {
	return func(t *testing.T, c *query.Client) {
		src := &source{fail: fail}
		_, err := query.Fetch(t.Context(), c, src.query(query.Policy{Retry: query.Retries(1)}))
		require.Equal(t, fail != nil, err != nil)
	}
}

func offlineFetch(t *testing.T, c *query.Client) {
	src := &source{takes: time.Second, fail: func(n int) error {
		if n == 1 {
			return errRefused
		}
		return nil
	}}
	go func() { _, _ = query.Fetch(t.Context(), c, src.query(query.Policy{Retry: query.Retries(1)})) }()
	synctest.Wait()
	c.Online().Set(false)
	pass(time.Minute)
	c.Online().Set(true)
	pass(time.Minute)
}

func mutateOnce(err error) func(*testing.T, *query.Client) {
	return func(t *testing.T, c *query.Client) {
		_, got := query.Mutate(t.Context(), c, query.Mutation[int, int]{
			Do:     func(context.Context, int) (int, error) { return 0, err },
			Policy: query.MutationPolicy{Retry: query.Retries(1), GCTime: query.GCAfter(0)},
		}, 1)
		require.Equal(t, err, got)
	}
}

func offlineMutation(t *testing.T, c *query.Client) {
	m := query.Mutation[int, int]{
		Policy: query.MutationPolicy{Retry: query.Retries(1)},
		Do: func(context.Context, int) (int, error) {
			time.Sleep(time.Second)
			return 0, errRefused
		},
	}
	go func() { _, _ = query.Mutate(t.Context(), c, m, 1) }()
	synctest.Wait()
	c.Online().Set(false)
	pass(time.Minute)
	c.Online().Set(true)
	pass(time.Minute)
}

func observedMutation(t *testing.T, c *query.Client) {
	o := query.ObserveMutation(c, query.Mutation[int, int]{Do: func(context.Context, int) (int, error) { return 0, nil }})
	stop := o.Subscribe(func(query.MutationResult[int, int]) {})
	_, err := o.Mutate(t.Context(), 1, query.MutateCallbacks[int, int]{})
	require.NoError(t, err)
	stop()
}

func TestEvents_eachThereIs(t *testing.T) {
	t.Parallel()
	for name, happen := range provoke {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				var heard notes[string]
				defer c.SubscribeEvents(query.EventOptions{}, func(ev query.Event) { heard.add(nameOf(ev)) })()
				happen(t, c)
				pass(time.Minute)
				require.Contains(t, heard.all(), name)
				for _, name := range heard.all() {
					require.Contains(t, provoke, name, "an event that this list does not know")
				}
			})
		})
	}
}

// nameOf is what an event is about, its kind and its action.
func nameOf(ev query.Event) string {
	name := "mutation "
	if ev.Query != nil {
		name = "query "
	}
	name += string(ev.Kind)
	if ev.Action != "" {
		name += " " + string(ev.Action)
	}
	return name
}

func TestEvents_handWrittenDataAreMarked(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		var manual notes[bool]
		defer c.SubscribeEvents(query.EventOptions{}, func(ev query.Event) {
			if ev.Action == query.ActionSuccess {
				manual.add(ev.Manual)
			}
		})()
		require.NoError(t, query.Set(c, src.query(query.Policy{}), 7))
		_, err := query.Fetch(t.Context(), c, src.query(query.Policy{}))
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, []bool{true, false}, manual.all())
	})
}

func TestEvents_lossIsToldWhateverWasChosenAndAddsUp(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		const buffer, writes = 4, 100
		require.NoError(t, query.Set(c, plain, 0))
		chosen := query.EventOptions{Buffer: buffer, Kinds: []query.EventKind{query.EventUpdated}, Key: plain.Key}
		var data []int
		heard, lost := 0, 0
		time.AfterFunc(time.Second, func() { assertNoError(t, query.Set(c, plain, 1)) }) // the subscription begins with the loop
		for ev := range c.Events(t.Context(), chosen) {
			if ev.Kind == query.EventLost {
				lost += ev.Lost
				require.Nil(t, ev.Query)
				require.False(t, ev.At.IsZero())
				continue
			}
			heard++
			data = append(data, ev.Query.State.Data().(int))
			switch ev.Query.State.Data() {
			case 1, 50: // two rounds, in each of which it is too slow
				for i := range 49 {
					require.NoError(t, query.Set(c, plain, data[len(data)-1]+i+1))
				}
			case 99:
				require.NoError(t, query.Set(c, plain, 100))
			}
			if ev.Query.State.Data() == writes {
				break
			}
		}
		require.Equal(t, writes, heard+lost, "whoever counts knows of each")
		require.True(t, slices.IsSorted(data))
		require.Equal(t, writes, data[len(data)-1], "what came last is never lost")
	})
}
