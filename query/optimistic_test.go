package query_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// change is a mutation that shows v more than there is while the server thinks,
// for as long as the test likes.
type change struct {
	q      query.Query[int]
	answer chan error
}

func newChange(q query.Query[int]) *change { return &change{q, make(chan error)} }

func (ch *change) mutation() query.Mutation[int, int] {
	return query.Mutation[int, int]{
		Do: func(context.Context, int) (int, error) { return 0, <-ch.answer },
		Optimistic: func(tx *query.Tx, v int) {
			query.Patch(tx, ch.q, func(old int, ok bool) (int, bool) { return old + v, ok })
		},
	}
}

func (ch *change) start(t *testing.T, c *query.Client, v int) {
	t.Helper()
	go func() { _, _ = query.Mutate(t.Context(), c, ch.mutation(), v) }()
	synctest.Wait()
}

// settle lets the server answer.
func (ch *change) settle(err error) {
	ch.answer <- err
	synctest.Wait()
}

var stock = query.Query[int]{Key: key("stock")}

func TestPatch_isShownAtOnceAndTakenBackExactly(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		at := time.Now().Add(-time.Minute)
		require.NoError(t, query.SetAt(c, stock, 100, at))
		before, _ := c.State(stock.Key)
		r, stop := record(query.Observe(c, stock))
		defer stop()
		ch := newChange(stock)
		ch.start(t, c, 5)
		require.Equal(t, 105, value(t, c, stock))
		require.Equal(t, 105, r.last().Data())
		ch.settle(errRefused)
		require.Equal(t, 100, value(t, c, stock))
		after, _ := c.State(stock.Key)
		require.Equal(t, before.DataUpdatedAt(), after.DataUpdatedAt())
		require.Equal(t, before.DataUpdateCount(), after.DataUpdateCount())
		require.Equal(t, before.Status(), after.Status())
		require.Equal(t, before.IsInvalidated(), after.IsInvalidated())
		require.Equal(t, 100, r.last().Data())
	})
}

func TestPatch_becomesPartOfTheDataOnSuccess(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, stock, 100))
		ch := newChange(stock)
		ch.start(t, c, 5)
		ch.settle(nil)
		require.Equal(t, 105, value(t, c, stock))
		require.NoError(t, query.Update(c, stock, func(old int, ok bool) (int, bool) { return old + 1, ok }))
		require.Equal(t, 106, value(t, c, stock))
	})
}

func TestPatch_pollThatLandsMeanwhileDoesNotFlicker(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		q := src.query(query.Policy{RefetchInterval: query.Every(time.Second)})
		r, stop := record(query.Observe(c, q))
		defer stop()
		pass(500 * time.Millisecond)
		ch := newChange(q)
		ch.start(t, c, 1000)
		from := len(r.all())
		pass(3 * time.Second)
		for _, x := range r.all()[from:] {
			require.Greater(t, x.Data(), 1000)
		}
		require.Equal(t, 4, src.count(0))
		require.Equal(t, 1004, value(t, c, q), "the poll changed what is below")
		ch.settle(errRefused)
		require.Equal(t, 4, value(t, c, q), "and that is what is left")
	})
}

func TestPatch_overlappingMutationsCannotUndoEachOther(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name          string
		first, second error
		secondFirst   bool
		want          int
	}{
		{"first refused, then second accepted", errRefused, nil, false, 107},
		{"first accepted, then second refused", nil, errRefused, false, 102},
		{"second accepted, then first refused", errRefused, nil, true, 107},
		{"second refused, then first accepted", nil, errRefused, true, 102},
		{"both refused", errRefused, errRefused, false, 100},
		{"both accepted", nil, nil, true, 109},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				require.NoError(t, query.Set(c, stock, 100))
				a, b := newChange(stock), newChange(stock)
				a.start(t, c, 2)
				b.start(t, c, 7)
				require.Equal(t, 109, value(t, c, stock))
				if tc.secondFirst {
					b.settle(tc.second)
					a.settle(tc.first)
				} else {
					a.settle(tc.first)
					b.settle(tc.second)
				}
				require.Equal(t, tc.want, value(t, c, stock))
			})
		})
	}
}

func TestPatch_writeByHandGoesBelow(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, stock, 100))
		ch := newChange(stock)
		ch.start(t, c, 5)
		require.NoError(t, query.Update(c, stock, func(old int, ok bool) (int, bool) {
			return old * 2, ok
		}))
		require.Equal(t, 205, value(t, c, stock), "the updater saw 100")
		ch.settle(errRefused)
		require.Equal(t, 200, value(t, c, stock))
	})
}

func TestPatch_ofAQueryThatIsNotThereDoesNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		ch := newChange(stock)
		ch.start(t, c, 5)
		require.Equal(t, 0, held(c))
		ch.settle(nil)
		require.Equal(t, 0, held(c))
	})
}

func TestPatch_canShowDataWhereThereAreNone(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("empty"), Policy: query.Policy{Enabled: query.Off}}
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		answer := make(chan error)
		go func() {
			_, _ = query.Mutate(t.Context(), c, query.Mutation[int, int]{
				Do:         func(context.Context, int) (int, error) { return 0, <-answer },
				Optimistic: func(tx *query.Tx, v int) { query.Patch(tx, q, func(int, bool) (int, bool) { return v, true }) },
			}, 3)
		}()
		synctest.Wait()
		require.Equal(t, 3, o.Current().Data())
		require.True(t, o.Current().IsSuccess())
		answer <- errRefused
		synctest.Wait()
		require.False(t, o.Current().HasData())
		require.True(t, o.Current().IsPending())
	})
}

func TestPatch_canHideData(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, stock, 1))
		answer := make(chan error)
		go func() {
			_, _ = query.Mutate(t.Context(), c, query.Mutation[int, int]{
				Do: func(context.Context, int) (int, error) { return 0, <-answer },
				Optimistic: func(tx *query.Tx, _ int) {
					query.Patch(tx, stock, func(int, bool) (int, bool) { return 0, false })
				},
			}, 3)
		}()
		synctest.Wait()
		_, ok := query.Get(c, stock)
		require.False(t, ok)
		answer <- errRefused
		synctest.Wait()
		require.Equal(t, 1, value(t, c, stock))
	})
}

func TestPatchAll_changesEveryMatchOfTheType(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		one, two := query.Query[int]{Key: key("n", 1)}, query.Query[int]{Key: key("n", 2)}
		text := query.Query[string]{Key: key("n", 3)}
		require.NoError(t, query.Set(c, one, 1))
		require.NoError(t, query.Set(c, two, 2))
		require.NoError(t, query.Set(c, text, "x"))
		answer := make(chan error)
		go func() {
			_, _ = query.Mutate(t.Context(), c, query.Mutation[int, int]{
				Do: func(context.Context, int) (int, error) { return 0, <-answer },
				Optimistic: func(tx *query.Tx, v int) {
					query.PatchAll(tx, query.Filter{Key: key("n")}, func(old int) int { return old * v })
					query.PatchAll[int](tx, query.Filter{}, nil)
					query.Patch[int](tx, one, nil)
				},
			}, 10)
		}()
		synctest.Wait()
		require.Equal(t, []int{10, 20}, []int{value(t, c, one), value(t, c, two)})
		require.Equal(t, "x", value(t, c, text))
		answer <- errRefused
		synctest.Wait()
		require.Equal(t, []int{1, 2}, []int{value(t, c, one), value(t, c, two)})
	})
}

func TestPatch_ofAnotherTypeIsLeftOut(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, stock, 1))
		_, err := query.Mutate(t.Context(), c, query.Mutation[int, int]{Do: double, Optimistic: func(tx *query.Tx, _ int) {
			query.Patch(tx, query.Query[string]{Key: stock.Key}, func(string, bool) (string, bool) { return "no", true })
		}}, 1)
		require.NoError(t, err)
		require.Equal(t, 1, value(t, c, stock))
	})
}

func TestPatch_onPagesOfAnInfiniteQuery(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		b := &book{pages: 3}
		q := b.query().Query()
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		synctest.Wait()
		answer := make(chan error)
		go func() {
			_, _ = query.Mutate(t.Context(), c, query.Mutation[int, int]{
				Do: func(context.Context, int) (int, error) { return 0, <-answer },
				Optimistic: func(tx *query.Tx, v int) {
					query.Patch(tx, q, func(old query.Pages[int, int], ok bool) (query.Pages[int, int], bool) {
						shown := query.Pages[int, int]{PageParams: old.PageParams}
						for _, p := range old.Pages {
							shown.Pages = append(shown.Pages, p+v)
						}
						return shown, ok
					})
				},
			}, 1)
		}()
		synctest.Wait()
		require.Equal(t, []int{1}, o.Current().Data().Pages)
		_, err := o.FetchNextPage(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.Equal(t, []int{1, 11}, o.Current().Data().Pages)
		answer <- errRefused
		synctest.Wait()
		require.Equal(t, []int{0, 10}, o.Current().Data().Pages)
		require.Equal(t, []int{0, 1}, b.asked.all(), "the next page was asked for by the true last one")
	})
}

func TestPatch_survivesWhatHappensToItsEntry(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		happen  func(t *testing.T, c *query.Client, q query.Query[int])
		during  int
		after   int
		removed bool
	}{
		{"invalidate", func(t *testing.T, c *query.Client, _ query.Query[int]) {
			require.NoError(t, c.Invalidate(t.Context(), query.Filter{}))
		}, 105, 100, false},
		{"reset", func(t *testing.T, c *query.Client, _ query.Query[int]) {
			require.NoError(t, c.Reset(t.Context(), query.Filter{}))
		}, 12, 7, false},
		{"cancelled fetch", func(t *testing.T, c *query.Client, q query.Query[int]) {
			outcome := fetching(t, c, q)
			require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
			v, err := outcome()
			require.NoError(t, err)
			require.Equal(t, 105, v)
		}, 105, 100, false},
		{"remove", func(_ *testing.T, c *query.Client, _ query.Query[int]) {
			c.Remove(query.Filter{})
		}, 0, 0, true},
		{"remove and write again", func(t *testing.T, c *query.Client, q query.Query[int]) {
			c.Remove(query.Filter{})
			require.NoError(t, query.Set(c, q, 50))
		}, 50, 50, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				q := query.Query[int]{Key: key("stock"), Fetch: hang, InitialData: query.Initial(7)}
				require.NoError(t, query.Set(c, q, 100))
				ch := newChange(q)
				ch.start(t, c, 5)
				tc.happen(t, c, q)
				got, ok := query.Get(c, q)
				require.Equal(t, !tc.removed, ok)
				require.Equal(t, tc.during, got)
				ch.settle(errRefused)
				got, _ = query.Get(c, q)
				require.Equal(t, tc.after, got)
			})
		})
	}
}

func TestPatch_cancelAfterRollbackDoesNotBringItBack(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("stock"), Fetch: hang}
		require.NoError(t, query.Set(c, q, 100))
		ch := newChange(q)
		ch.start(t, c, 5)
		outcome := fetching(t, c, q) // remembers 105 as the state to go back to
		ch.settle(errRefused)
		require.Equal(t, 100, value(t, c, q))
		require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
		require.Equal(t, 100, value(t, c, q))
		_, err := outcome()
		require.NoError(t, err)
	})
}

func TestPatch_acceptedWhileAFetchRunsSurvivesItsCancellation(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("stock"), Fetch: hang}
		require.NoError(t, query.Set(c, q, 100))
		for want := 105; want <= 115; want += 5 {
			ch := newChange(q)
			outcome := fetching(t, c, q)
			ch.start(t, c, 5)
			ch.settle(nil)
			require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
			v, err := outcome()
			require.NoError(t, err)
			require.Equal(t, want, v)
			require.Equal(t, want, value(t, c, q))
		}
	})
}

func TestPatch_offlineMutationShowsItsEffectMeanwhile(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Online: query.NewSignal(false)}, func(t *testing.T, c *query.Client) {
		require.NoError(t, query.Set(c, stock, 100))
		ch := newChange(stock)
		ch.start(t, c, 5)
		require.Equal(t, 105, value(t, c, stock))
		c.Online().Set(true)
		synctest.Wait()
		ch.settle(nil)
		require.Equal(t, 105, value(t, c, stock))
	})
}
