package query_test

import (
	"container/list"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

func limited(t require.TestingT, l query.Limit) *query.Client {
	c, err := query.New(query.Config{Limit: l})
	require.NoError(t, err)
	return c
}

func shut(t require.TestingT, c *query.Client) { require.NoError(t, c.Close(context.Background())) }

func digit(i int) query.Query[int] {
	return query.Query[int]{
		Key:   querykey.Of("n", i),
		Fetch: func(context.Context) (int, error) { return i, nil },
		Policy: query.Policy{
			StaleTime: query.StaleNever(),
			GCTime:    query.GCNever(),
		},
	}
}

func fetchNumber(t require.TestingT, c *query.Client, i int) {
	v, err := query.Fetch(context.Background(), c, digit(i))
	require.NoError(t, err)
	require.Equal(t, i, v)
}

func TestLimit_saysWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	_, err := query.New(query.Config{Limit: query.Limit{Max: -1}})
	require.ErrorContains(t, err, "Config.Limit.Max is negative")
	_, err = query.New(query.Config{Limit: query.Limit{Cost: func(querykey.Key, any) int64 { return 1 }}})
	require.ErrorContains(t, err, "Config.Limit.Cost is set but Max is zero")
}

func TestLimit_keepsWhatIsObserved(t *testing.T) {
	t.Parallel()
	c := limited(t, query.Limit{Max: 3})
	defer shut(t, c)
	var stops []func()
	for i := range 5 {
		o := query.Observe(c, digit(i))
		stops = append(stops, o.Subscribe(func(query.Result[int]) {}))
		fetchNumber(t, c, i)
	}
	require.Len(t, c.Entries(query.Filter{}), 5, "all are in use")
	fetchNumber(t, c, 5)
	require.Len(t, c.Entries(query.Filter{}), 5, "what nobody uses goes at once")
	_, ok := query.Get(c, digit(5))
	require.False(t, ok)

	for _, stop := range stops {
		stop()
	}
	require.Len(t, c.Entries(query.Filter{}), 3)
}

func TestLimit_keepsWhatIsBeingFetched(t *testing.T) {
	t.Parallel()
	c := limited(t, query.Limit{Max: 1})
	defer shut(t, c)
	q := digit(0)
	q.Fetch = func(context.Context) (int, error) {
		for i := 1; i < 10; i++ {
			require.NoError(t, query.Set(c, digit(i), i))
		}
		return 0, nil
	}
	v, err := query.Fetch(context.Background(), c, q)
	require.NoError(t, err)
	require.Zero(t, v)
	require.Len(t, c.Entries(query.Filter{}), 1)
	_, ok := query.Get(c, q)
	require.True(t, ok, "the latest stays")
}

func TestLimit_whatWasReadOutlastsAScan(t *testing.T) {
	t.Parallel()
	c := limited(t, query.Limit{Max: 100})
	defer shut(t, c)
	for i := range 50 {
		fetchNumber(t, c, i)
		fetchNumber(t, c, i) // read again
	}
	for i := 1000; i < 3000; i++ {
		fetchNumber(t, c, i)
	}
	for i := range 50 {
		_, ok := query.Get(c, digit(i))
		require.True(t, ok, "%d", i)
	}
	require.Len(t, c.Entries(query.Filter{}), 100)
}

func TestLimit_whatComesBackOutlastsAScan(t *testing.T) {
	t.Parallel()
	c := limited(t, query.Limit{Max: 100})
	defer shut(t, c)
	for i := range 200 {
		fetchNumber(t, c, i)
	}
	for i := 90; i < 100; i++ {
		_, ok := query.Get(c, digit(i))
		require.False(t, ok, "%d was dropped", i)
		fetchNumber(t, c, i)
	}
	for i := 1000; i < 1500; i++ {
		fetchNumber(t, c, i)
	}
	kept := 0
	for i := 90; i < 100; i++ {
		if _, ok := query.Get(c, digit(i)); ok {
			kept++
		}
	}
	require.NotZero(t, kept, "nearly all: some can have been forgotten, as hashes share places")
}

func TestLimit_byCost(t *testing.T) {
	t.Parallel()
	c := limited(t, query.Limit{Max: 100, Cost: func(_ querykey.Key, data any) int64 {
		text, _ := data.(string)
		return int64(len(text))
	}})
	defer shut(t, c)
	text := func(i int) query.Query[string] { return query.Query[string]{Key: querykey.Of("text", i)} }
	for i := range 20 {
		require.NoError(t, query.Set(c, text(i), strings.Repeat("x", 10)))
	}
	require.Len(t, c.Entries(query.Filter{}), 10)
	require.NoError(t, query.Set(c, text(19), strings.Repeat("x", 55)), "it grew")
	require.Len(t, c.Entries(query.Filter{}), 5, "55 and four times 10")
	require.NoError(t, query.Set(c, text(19), ""))
	for i := 20; i < 40; i++ {
		require.NoError(t, query.Set(c, text(i), strings.Repeat("x", 9)))
	}
	require.GreaterOrEqual(t, len(c.Entries(query.Filter{})), 11, "less than 1 counts as 1, and room was given back")
	require.NoError(t, query.Set(c, text(40), strings.Repeat("x", 101)))
	require.Empty(t, c.Entries(query.Filter{}), "what costs more than Max alone is not kept")
}

func TestLimit_panicOfCostIsReported(t *testing.T) {
	t.Parallel()
	log := new(errorLog)
	c, err := query.New(query.Config{Logger: log, Limit: query.Limit{Max: 2, Cost: func(querykey.Key, any) int64 { panic("no idea") }}})
	require.NoError(t, err)
	defer shut(t, c)
	for i := range 5 {
		require.NoError(t, query.Set(c, digit(i), i))
	}
	require.Len(t, c.Entries(query.Filter{}), 2, "what cannot be weighed costs 1")
	require.Len(t, log.all(), 5)
	require.ErrorContains(t, log.all()[0], "no idea")
}

type errorLog struct {
	mu   sync.Mutex
	errs []error
}

func (l *errorLog) Error(_ string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range args {
		if err, ok := a.(error); ok {
			l.errs = append(l.errs, err)
		}
	}
}

func (l *errorLog) all() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.errs
}

func TestLimit_isCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := limited(t, query.Limit{Max: 10})
		defer shut(t, c)
		removed := 0
		defer c.SubscribeEvents(query.EventOptions{}, func(e query.Event) {
			if e.Kind == query.EventRemoved {
				removed++
			}
		})()
		for i := range 25 {
			fetchNumber(t, c, i)
		}
		require.EqualValues(t, 15, c.Stats()[0].Evicted+c.Stats()[len(c.Stats())-1].Evicted)
		synctest.Wait()
		require.Equal(t, 15, removed)
		c.Clear()
		synctest.Wait()
		require.Equal(t, 25, removed)
		for i := range 10 {
			fetchNumber(t, c, i)
		}
		require.Len(t, c.Entries(query.Filter{}), 10, "what was cleared does not count")
	})
}

// leastRecent is what most caches do, for comparison.
type leastRecent struct {
	max   int
	order *list.List
	at    map[int]*list.Element
}

func (l *leastRecent) hit(i int) bool {
	if e := l.at[i]; e != nil {
		l.order.MoveToFront(e)
		return true
	}
	l.at[i] = l.order.PushFront(i)
	if l.order.Len() > l.max {
		delete(l.at, l.order.Remove(l.order.Back()).(int)) //nolint:forcetypeassert // they are ints
	}
	return false
}

func TestLimit_hitsMoreOftenThanLeastRecentlyUsed(t *testing.T) {
	t.Parallel()
	for name, scans := range map[string]bool{"zipf": false, "zipf and scans": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := limited(t, query.Limit{Max: 500})
			defer shut(t, c)
			l := &leastRecent{500, list.New(), map[int]*list.Element{}}
			random := rand.New(rand.NewPCG(1, 2))
			zipf := rand.NewZipf(random, 1.1, 1, 20_000)
			ours, theirs := 0, 0
			once := 1_000_000
			for n := range 60_000 {
				i := int(zipf.Uint64())
				if scans && n%3 == 0 {
					once++
					i = once
				}
				if _, ok := query.Get(c, digit(i)); ok {
					ours++
				} else {
					require.NoError(t, query.Set(c, digit(i), i))
				}
				if l.hit(i) {
					theirs++
				}
			}
			require.Greater(t, ours, theirs)
			t.Logf("hits: %d of 60 000, least recently used: %d", ours, theirs)
		})
	}
}

func TestLimit_isNeverExceededByWhatNobodyUses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 12).Draw(t, "max")
		weighs := rapid.Bool().Draw(t, "by cost")
		l := query.Limit{Max: int64(limit)}
		if weighs {
			l.Cost = func(_ querykey.Key, data any) int64 {
				v, _ := data.(int)
				return int64(v % 4)
			}
		}
		c := limited(t, l)
		defer shut(t, c)
		observed := map[int]func(){}
		key := rapid.IntRange(0, 30)
		t.Repeat(map[string]func(*rapid.T){
			"fetch": func(t *rapid.T) { fetchNumber(t, c, key.Draw(t, "key")) },
			"get":   func(t *rapid.T) { query.Get(c, digit(key.Draw(t, "key"))) },
			"set": func(t *rapid.T) {
				i := key.Draw(t, "key")
				require.NoError(t, query.Set(c, digit(i), i))
			},
			"fail": func(t *rapid.T) {
				q := digit(key.Draw(t, "key"))
				q.Policy.StaleTime = query.StaleTime{}
				q.Fetch = func(context.Context) (int, error) { return 0, errors.New("no") }
				_, _ = query.Fetch(context.Background(), c, q)
			},
			"remove": func(t *rapid.T) { c.Remove(query.Filter{Key: digit(key.Draw(t, "key")).Key}) },
			"clear":  func(*rapid.T) { c.Clear() },
			"observe": func(t *rapid.T) {
				i := key.Draw(t, "key")
				if observed[i] == nil {
					q := digit(i)
					q.Skip = true // so that nothing goes on behind our back
					observed[i] = query.Observe(c, q).Subscribe(func(query.Result[int]) {})
				}
			},
			"leave": func(t *rapid.T) {
				i := key.Draw(t, "key")
				if stop := observed[i]; stop != nil {
					stop()
					delete(observed, i)
				}
			},
			"": func(t *rapid.T) {
				cost, idle := 0, 0
				for i := range 31 {
					if len(c.Entries(query.Filter{Key: digit(i).Key})) == 0 {
						continue
					}
					n := 1
					if v, ok := query.Get(c, digit(i)); weighs && ok {
						n = max(1, v%4)
					}
					cost += n
					if observed[i] == nil {
						idle++
					}
				}
				require.True(t, cost <= limit || idle == 0, "cost %d of %d, %d not in use", cost, limit, idle)
			},
		})
		for _, stop := range observed {
			stop()
		}
	})
}

func TestLimit_underConcurrentReadersAndWriters(t *testing.T) {
	t.Parallel()
	c := limited(t, query.Limit{Max: 20})
	defer shut(t, c)
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range 2000 {
				k := (i*7 + w*13) % 60
				v, err := query.Fetch(context.Background(), c, digit(k))
				if err != nil || v != k {
					t.Errorf("%d: %d, %v", k, v, err)
				}
				if n := len(c.Entries(query.Filter{})); i%100 == 0 && n > 20+4 {
					t.Errorf("%d entries, of which 4 can be in use", n)
				}
			}
		})
	}
	all.Wait()
	require.LessOrEqual(t, len(c.Entries(query.Filter{})), 20)
}
