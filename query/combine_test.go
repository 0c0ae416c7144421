package query_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// byHand is a query for data that are set by hand.
func byHand(name string) query.Query[int] {
	return query.Query[int]{Key: key("held", name), Policy: query.Policy{StaleTime: query.StaleNever()}, InitialData: query.Initial(1)}
}

// adder sums up and counts how often it did.
type adder struct{ calls atomic.Int64 }

func (a *adder) sum(all []query.Result[int]) int {
	a.calls.Add(1)
	sum := 0
	for _, r := range all {
		sum += r.Data()
	}
	return sum
}

func TestCombine_tellsOfEachNewValue(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		a, b, add := byHand("a"), byHand("b"), new(adder)
		v := query.Combine(query.ObserveGroup[int](c, a, b), add.sum)
		require.Equal(t, 2, v.Current())
		var told notes[int]
		stop := v.Subscribe(told.add)
		synctest.Wait()
		require.Empty(t, told.all(), "the present value is no news")
		require.NoError(t, query.Set(c, a, 10))
		synctest.Wait()
		require.NoError(t, query.Set(c, b, 20))
		synctest.Wait()
		require.Equal(t, []int{11, 30}, told.all())
		require.Equal(t, 30, v.Current())
		stop()
		stop()
		require.NoError(t, query.Set(c, b, 30))
		synctest.Wait()
		require.Len(t, told.all(), 2)
		for _, e := range c.Entries(query.Filter{}) {
			require.Zero(t, e.Observers)
		}
	})
}

func TestCombine_runsOnlyWhenAResultChanged(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		a, b, add := byHand("a"), byHand("b"), new(adder)
		g := query.ObserveGroup[int](c, a, b)
		v := query.Combine(g, add.sum)
		require.Zero(t, add.calls.Load(), "nobody has asked")
		for range 3 {
			v.Current()
			defer v.Subscribe(func(int) {})()
			synctest.Wait()
		}
		require.EqualValues(t, 1, add.calls.Load())
		require.NoError(t, query.Set(c, a, 10))
		synctest.Wait()
		v.Current()
		require.EqualValues(t, 2, add.calls.Load(), "once, however many subscribers there are")
		g.SetQueries(b, a)
		synctest.Wait()
		v.Current()
		require.EqualValues(t, 3, add.calls.Load(), "another order is another list")
		g.SetQueries(b, a)
		synctest.Wait()
		v.Current()
		require.EqualValues(t, 3, add.calls.Load())
	})
}

func TestCombine_saysNothingIfTheValueStays(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		a, b := byHand("a"), byHand("b")
		v := query.Combine(query.ObserveGroup[int](c, a, b), func(all []query.Result[int]) map[string]bool {
			return map[string]bool{"any": all[0].Data()+all[1].Data() > 5}
		})
		var told notes[map[string]bool]
		defer v.Subscribe(told.add)()
		before := v.Current()
		require.NoError(t, query.Set(c, a, 2))
		synctest.Wait()
		require.Empty(t, told.all(), "an equal value is the same value")
		require.NoError(t, query.Set(c, a, 9))
		synctest.Wait()
		require.Equal(t, []map[string]bool{{"any": true}}, told.all())
		require.Equal(t, map[string]bool{"any": false}, before)
	})
}

func TestCombine_keepsThePartsThatStay(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		a, b := byHand("a"), byHand("b")
		v := query.Combine(query.ObserveGroup[int](c, a, b), func(all []query.Result[int]) []*[1]int {
			return []*[1]int{{all[0].Data()}, {all[1].Data()}}
		})
		before := v.Current()
		defer v.Subscribe(func([]*[1]int) {})()
		require.NoError(t, query.Set(c, b, 2))
		synctest.Wait()
		after := v.Current()
		require.Equal(t, []*[1]int{{1}, {2}}, after)
		require.Same(t, before[0], after[0])
		require.Equal(t, []*[1]int{{1}, {1}}, before)
	})
}

func TestCombine_nothingIsAValueToo(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		a := byHand("a")
		v := query.Combine(query.ObserveGroup[int](c, a), func(all []query.Result[int]) any {
			if all[0].Data()%2 == 0 {
				return nil
			}
			return all[0].Data()
		})
		var told notes[any]
		defer v.Subscribe(told.add)()
		for _, n := range []int{2, 4, 3} {
			require.NoError(t, query.Set(c, a, n))
			synctest.Wait()
		}
		require.Equal(t, []any{nil, 3}, told.all())
	})
}

func TestCombine_fetchesAndFollowsTheGroup(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var calls atomic.Int64
		g := query.ObserveGroup[int](c, numbered(1, &calls), numbered(2, &calls))
		v := query.Combine(g, new(adder).sum)
		pass(time.Minute)
		require.Zero(t, calls.Load())
		var told notes[int]
		defer v.Subscribe(told.add)()
		pass(time.Second)
		require.Equal(t, []int{1}, told.all())
		pass(time.Second)
		g.SetQueries(numbered(3, &calls))
		synctest.Wait()
		pass(time.Minute)
		require.Equal(t, []int{1, 3, 0, 3}, told.all())
	})
}

func TestCombine_isALoop(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		a, b := byHand("a"), byHand("b")
		v := query.Combine(query.ObserveGroup[int](c, a, b), new(adder).sum)
		var seen []int
		for sum := range v.Results(t.Context()) {
			seen = append(seen, sum)
			if len(seen) == 3 {
				break
			}
			require.NoError(t, query.Set(c, a, 10*len(seen)))
		}
		require.Equal(t, []int{2, 11, 21}, seen)
		for _, e := range c.Entries(query.Filter{}) {
			require.Zero(t, e.Observers)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for sum := range v.Results(ctx) {
			seen = append(seen, sum)
			cancel()
		}
		for range v.Results(t.Context()) {
			break
		}
		require.Equal(t, []int{2, 11, 21, 21}, seen)
	})
}

func TestCombine_slowSubscriberGetsTheLastValue(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		a := byHand("a")
		v := query.Combine(query.ObserveGroup[int](c, a), new(adder).sum)
		var slow, quick notes[int]
		defer v.Subscribe(func(n int) { slow.add(n); time.Sleep(time.Minute) })()
		defer v.Subscribe(quick.add)()
		for n := 2; n < 6; n++ {
			require.NoError(t, query.Set(c, a, n))
			synctest.Wait()
		}
		pass(time.Hour)
		require.Equal(t, []int{2, 5}, slow.all())
		require.Equal(t, []int{2, 3, 4, 5}, quick.all())
	})
}

func TestCombine_changeThatComesBetweenIsNotMissed(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		a := byHand("a")
		g := query.ObserveGroup[int](c, a)
		defer g.Subscribe(func([]query.Result[int]) {})()
		meanwhile := sync.OnceFunc(func() { require.NoError(t, query.Set(c, a, 5)) })
		v := query.Combine(g, func(all []query.Result[int]) int {
			meanwhile() // somebody else writes when the results were read already
			return all[0].Data()
		})
		var told notes[int]
		defer v.Subscribe(told.add)()
		synctest.Wait()
		require.Equal(t, []int{5}, told.all())
	})
}

func TestCombine_stopInsideTheCallback(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		a := byHand("a")
		v := query.Combine(query.ObserveGroup[int](c, a), new(adder).sum)
		var told notes[int]
		var stop func()
		ready := make(chan struct{})
		stop = v.Subscribe(func(n int) { <-ready; told.add(n); stop() })
		close(ready)
		for n := 2; n < 4; n++ {
			require.NoError(t, query.Set(c, a, n))
			synctest.Wait()
		}
		require.Equal(t, []int{2}, told.all())
		defer v.Subscribe(told.add)()
		require.NoError(t, query.Set(c, a, 4))
		synctest.Wait()
		require.Equal(t, []int{2, 4}, told.all(), "it can be used again")
	})
}

func TestCombine_functionThatPanicsLeavesTheValue(t *testing.T) {
	t.Parallel()
	j := new(journal)
	inBubble(t, query.Config{Logger: j.logger()}, func(t *testing.T, c *query.Client) {
		a, calls := byHand("a"), new(atomic.Int64)
		v := query.Combine(query.ObserveGroup[int](c, a), func(all []query.Result[int]) int {
			calls.Add(1)
			if n := all[0].Data(); n != 2 {
				return n
			}
			panic("not two")
		})
		var told notes[int]
		defer v.Subscribe(told.add)()
		require.NoError(t, query.Set(c, a, 2))
		synctest.Wait()
		require.Equal(t, 1, v.Current())
		require.EqualValues(t, 2, calls.Load(), "it is not tried again on the same results")
		require.Contains(t, j.String(), "not two")
		require.NoError(t, query.Set(c, a, 3))
		synctest.Wait()
		require.Equal(t, []int{3}, told.all())
	})
}

func TestCombine_functionThatEndsItsGoroutine(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		a := byHand("a")
		v := query.Combine(query.ObserveGroup[int](c, a), func(all []query.Result[int]) int {
			if all[0].Data() == 2 {
				runtime.Goexit()
			}
			return all[0].Data()
		})
		var told notes[int]
		defer v.Subscribe(told.add)()
		for n := 2; n < 4; n++ {
			require.NoError(t, query.Set(c, a, n))
			synctest.Wait()
		}
		require.Equal(t, []int{3}, told.all())
	})
}

func TestCombine_nilFunctions(t *testing.T) {
	t.Parallel()
	j := new(journal)
	inBubble(t, query.Config{Logger: j.logger()}, func(t *testing.T, c *query.Client) {
		v := query.Combine[int, int](query.ObserveGroup[int](c, byHand("a")), nil)
		require.Zero(t, v.Current())
		v.Subscribe(nil)()
		require.Contains(t, j.String(), "query: Combine")
		require.Contains(t, j.String(), "query: Subscribe")
	})
}

func TestCombine_ofAClosedClient(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		v := query.Combine(query.ObserveGroup[int](c, byHand("a")), new(adder).sum)
		v.Subscribe(func(int) {})
		require.NoError(t, c.Close(t.Context()))
		v.Subscribe(func(int) {})()
		var seen []int
		for n := range v.Results(t.Context()) {
			seen = append(seen, n)
		}
		require.Equal(t, []int{1}, seen)
	})
}

// However subscribers come and go while results change, the last value arrives.
func TestCombine_concurrentSubscribersEndOnTheLastValue(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		a, b := byHand("a"), byHand("b")
		v := query.Combine(query.ObserveGroup[int](c, a, b), new(adder).sum)
		var last [4]atomic.Int64
		for i := range last {
			go func() {
				for range 50 {
					v.Subscribe(func(int) {})()
					v.Current()
				}
				v.Subscribe(func(n int) { last[i].Store(int64(n)) })
			}()
		}
		for n := range 200 {
			require.NoError(t, query.Set(c, a, n))
			require.NoError(t, query.Set(c, b, n))
		}
		synctest.Wait()
		require.NoError(t, query.Set(c, a, 1000))
		synctest.Wait()
		for i := range last {
			require.EqualValues(t, 1199, last[i].Load())
		}
		require.Equal(t, 1199, v.Current())
	})
}
