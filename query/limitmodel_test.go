package query_test

import (
	"container/list"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

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
			inLimited(t, query.Limit{Max: 500}, func(t *testing.T, c *query.Client) {
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
		c, err := query.New(query.Config{Limit: l})
		require.NoError(t, err)
		defer func() { require.NoError(t, c.Close(context.Background())) }()
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
					observed[i] = query.Observe(c, q).Subscribe(ignore)
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
	inLimited(t, query.Limit{Max: 20}, func(t *testing.T, c *query.Client) {
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
	})
}
