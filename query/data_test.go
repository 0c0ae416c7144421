package query_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestSet_countsAsFreshlyFetched(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		q := src.query(query.Policy{StaleTime: query.StaleAfter(time.Minute)})
		_, ok := query.Get(c, q)
		require.False(t, ok)
		require.NoError(t, query.Set(c, q, 5))
		v, err := query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, 5, v)
		require.NoError(t, query.SetAt(c, q, 6, time.Now().Add(-time.Minute)))
		v, err = query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, 1, v, "data of then are stale now")
	})
}

func TestSet_clearsErrorAndInvalidation(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		q := src.query(query.Policy{})
		require.Error(t, query.Prefetch(t.Context(), c, q))
		require.NoError(t, query.Set(c, q, 1))
		s, _ := c.State(q.Key)
		require.Equal(t, query.StatusSuccess, s.Status())
		require.NoError(t, s.Err())
		require.False(t, s.IsInvalidated())
		require.Equal(t, 1, s.FailureCount(), "how the last fetch went is still known")
		require.ErrorIs(t, s.FailureReason(), errRefused)
		require.Equal(t, 1, s.ErrorUpdateCount())
	})
}

func TestUpdate_declineMakesNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a")}
		decline := func(old int, ok bool) (int, bool) { return 0, false }
		require.NoError(t, query.Update(c, q, decline))
		require.Equal(t, 0, held(c))
		require.NoError(t, query.Set(c, q, 3))
		require.NoError(t, query.Update(c, q, decline))
		require.Equal(t, 3, value(t, c, q))
		s, _ := c.State(q.Key)
		require.Equal(t, 1, s.DataUpdateCount())
	})
}

func TestUpdate_seesWhatIsThere(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a")}
		add := func(old int, ok bool) (int, bool) {
			if !ok {
				return 100, true
			}
			return old + 1, true
		}
		require.NoError(t, query.Update(c, q, add))
		require.NoError(t, query.Update(c, q, add))
		require.Equal(t, 101, value(t, c, q))
	})
}

func TestUpdate_parallelWritersLoseNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a")}
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				_ = query.Update(c, q, func(old int, _ bool) (int, bool) { return old + 1, true })
			})
		}
		wg.Wait()
		require.Equal(t, 200, value(t, c, q))
	})
}

func TestUpdate_runsAgainWhenSomebodyElseWrites(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a")}
		require.NoError(t, query.Set(c, q, 1))
		var runs atomic.Int64
		reading, written := make(chan struct{}), make(chan struct{})
		done := make(chan error, 1)
		go func() {
			done <- query.Update(c, q, func(old int, _ bool) (int, bool) {
				if runs.Add(1) == 1 {
					close(reading)
					<-written
				}
				return old * 10, true
			})
		}()
		<-reading
		require.NoError(t, query.Set(c, q, 2))
		close(written)
		require.NoError(t, <-done)
		require.EqualValues(t, 2, runs.Load())
		require.Equal(t, 20, value(t, c, q))
	})
}

func TestUpdateAll_changesWhatMatchesAndHasTheType(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		one, two := query.Query[int]{Key: key("n", 1)}, query.Query[int]{Key: key("n", 2)}
		text, other := query.Query[string]{Key: key("n", 3)}, query.Query[int]{Key: key("m", 1)}
		require.NoError(t, query.Set(c, one, 1))
		require.NoError(t, query.Set(c, two, 2))
		require.NoError(t, query.Set(c, text, "x"))
		require.NoError(t, query.Set(c, other, 7))
		at := time.Now().Add(-time.Hour)
		require.NoError(t, query.UpdateAllAt(c, query.Filter{Key: key("n")}, func(old int, ok bool) (int, bool) { return old + 10, ok }, at))
		require.Equal(t, 11, value(t, c, one))
		require.Equal(t, 12, value(t, c, two))
		require.Equal(t, "x", value(t, c, text))
		require.Equal(t, 7, value(t, c, other))
		s, _ := c.State(one.Key)
		require.Equal(t, at, s.DataUpdatedAt())
	})
}

func TestSharing_equalDataStayTheSameValue(t *testing.T) {
	t.Parallel()
	type order struct{ Lines []string }
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[*order]{Key: key("a")}
		first := &order{Lines: []string{"x"}}
		require.NoError(t, query.Set(c, q, first))
		require.NoError(t, query.Set(c, q, &order{Lines: []string{"x"}}))
		require.Same(t, first, value(t, c, q))
		s, _ := c.State(q.Key)
		require.Equal(t, 2, s.DataUpdateCount(), "it counts as an update all the same")

		q.Policy.StructuralSharing = query.Off
		q.Key = key("b")
		require.NoError(t, query.Set(c, q, first))
		second := &order{Lines: []string{"x"}}
		require.NoError(t, query.Set(c, q, second))
		require.Same(t, second, value(t, c, q))
	})
}

func TestShare_decidesWhatIsKept(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Share: func(old, next int) int { return max(old, next) }}
		for _, v := range []int{3, 1, 4} {
			require.NoError(t, query.Set(c, q, v))
		}
		require.Equal(t, 4, value(t, c, q))
		require.NoError(t, query.Set(c, q, 2))
		require.Equal(t, 4, value(t, c, q))
	})
}

func TestInitialData_fillAnEmptyEntry(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		initial func(now time.Time) query.InitialData[int]
		stale   query.StaleTime
		has     bool
		fetches int
	}{
		{"as of now", func(time.Time) query.InitialData[int] { return query.Initial(7) }, query.StaleAfter(time.Minute), true, 0},
		{"stale by default", func(time.Time) query.InitialData[int] { return query.Initial(7) }, query.StaleTime{}, true, 1},
		{"old", func(now time.Time) query.InitialData[int] { return query.Initial(7).At(now.Add(-time.Hour)) }, query.StaleAfter(time.Minute), true, 1},
		{"long ago", func(time.Time) query.InitialData[int] { return query.Initial(7).At(time.Time{}) }, query.StaleAfter(time.Hour), true, 1},
		{"age unknown", func(time.Time) query.InitialData[int] {
			return query.Initial(7).AtFunc(func() (time.Time, bool) { return time.Time{}, false })
		}, query.StaleAfter(time.Minute), true, 0},
		{"none", func(time.Time) query.InitialData[int] {
			return query.InitialFunc(func() (int, bool) { return 0, false })
		}, query.StaleAfter(time.Minute), false, 1},
		{"zero", func(time.Time) query.InitialData[int] { return query.InitialData[int]{} }, query.StaleAfter(time.Minute), false, 1},
		{"nil func", func(time.Time) query.InitialData[int] { return query.InitialFunc[int](nil) }, query.StaleAfter(time.Minute), false, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				src := &source{takes: time.Second}
				q := src.query(query.Policy{StaleTime: tc.stale})
				q.InitialData = tc.initial(time.Now())
				o := query.Observe(c, q)
				require.Equal(t, tc.has, o.Current().HasData())
				require.False(t, o.Current().IsFetched(), "initial data were never fetched")
				defer o.Subscribe(ignore)()
				pass(time.Second)
				require.Equal(t, tc.fetches, src.count(0))
			})
		})
	}
}

func TestInitialData_areWhatAResetGoesBackTo(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), InitialData: query.Initial(7)}
		require.Equal(t, 7, query.Observe(c, q).Current().Data())
		require.NoError(t, query.Set(c, q, 8))
		require.NoError(t, c.Reset(t.Context(), query.Filter{}))
		require.Equal(t, 7, value(t, c, q))
	})
}

func TestInitialData_comeLateToAnEntryWithoutData(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("a"), Fetch: hang}
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		q.InitialData = query.Initial(7)
		require.NoError(t, query.SetQuery(o, q))
		require.Equal(t, 7, o.Current().Data())
		require.True(t, o.Current().IsFetching())
	})
}

func TestPlaceholder_isShownAndNotStored(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Second}
		q := src.query(query.Policy{})
		q.PlaceholderData = query.Placeholder(-1)
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		r := o.Current()
		require.Equal(t, -1, r.Data())
		require.True(t, r.IsPlaceholderData())
		require.True(t, r.IsSuccess())
		require.False(t, r.IsFetched())
		_, ok := query.Get(c, q)
		require.False(t, ok)
		pass(time.Second)
		require.Equal(t, 1, o.Current().Data())
		require.False(t, o.Current().IsPlaceholderData())
	})
}

func TestPlaceholder_isNotShownForAnError(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		q := src.query(query.Policy{Retry: query.NoRetry()})
		q.PlaceholderData = query.Placeholder(-1)
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		pass(0)
		require.True(t, o.Current().IsError())
		require.False(t, o.Current().HasData())
	})
}

func TestPlaceholderFunc_getsThePreviousDataBeforeSelect(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		type call struct {
			previous int
			ok       bool
		}
		var calls notes[call]
		q := func(n int) query.Query[int] {
			return query.Query[int]{
				Key: key("page", n), Policy: query.Policy{Enabled: query.Off},
				PlaceholderData: query.PlaceholderFunc(func(previous int, ok bool) (int, bool) {
					calls.add(call{previous, ok})
					return previous + 1, ok
				}),
			}
		}
		require.NoError(t, query.Set(c, q(1), 10))
		o := query.ObserveSelect(c, q(0), func(v int) (int, error) { return v * 100, nil })
		defer o.Subscribe(ignore)()
		require.False(t, o.Current().HasData())
		require.NoError(t, query.SetQuery(o, q(1)))
		require.Equal(t, 1000, o.Current().Data())
		require.NoError(t, query.SetQuery(o, q(2)))
		require.Equal(t, 1100, o.Current().Data())
		require.Contains(t, calls.all(), call{0, false})
		require.Contains(t, calls.all(), call{10, true})
	})
}

func TestGet_ofAnotherTypeFindsNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, query.Query[int]{Key: key("a")}, 1))
		_, ok := query.Get(c, query.Query[string]{Key: key("a")})
		require.False(t, ok)
		v, ok := query.Get(c, query.Query[any]{Key: key("a")})
		require.True(t, ok)
		require.Equal(t, 1, v)
	})
}

func TestStaleFunc_isAskedWithTheState(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		q := src.query(query.Policy{StaleTime: query.StaleFunc(func(s query.State[int]) query.StaleTime {
			if s.Data() < 2 {
				return query.StaleAfter(0)
			}
			return query.StaleStatic()
		})})
		for range 5 {
			_, err := query.Fetch(t.Context(), c, q)
			require.NoError(t, err)
		}
		require.Equal(t, 2, src.count(0))
	})
}

func TestStaleFunc_answeringWithAFunctionCountsAsStaleAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		nested := query.StaleFunc(func(query.State[int]) query.StaleTime {
			return query.StaleFunc(func(query.State[int]) query.StaleTime { return query.StaleNever() })
		})
		for range 2 {
			_, err := query.Fetch(t.Context(), c, src.query(query.Policy{StaleTime: nested}))
			require.NoError(t, err)
		}
		require.Equal(t, 2, src.count(0))
	})
}

func TestQuery_valuesCanBeCopiedAndChanged(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		base := query.Query[int]{Key: key("a"), Fetch: func(context.Context) (int, error) { return 1, nil }}
		own := base
		own.Policy.StaleTime = query.StaleNever()
		own.Fetch = func(context.Context) (int, error) { return 2, nil }
		v, err := query.Fetch(t.Context(), c, own)
		require.NoError(t, err)
		require.Equal(t, 2, v)
		v, err = query.Fetch(t.Context(), c, base)
		require.NoError(t, err)
		require.Equal(t, 1, v)
	})
}

func TestInitialFunc_isNotAskedBySubscribing(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		asked := 0
		q := query.Query[int]{
			Key:         key("a"),
			Policy:      query.Policy{Enabled: query.Off},
			InitialData: query.InitialFunc(func() (int, bool) { asked++; return 0, false }),
		}
		o := query.Observe(c, q)
		before := asked
		defer o.Subscribe(func(query.Result[int]) {})()
		require.Equal(t, before, asked)
	})
}
