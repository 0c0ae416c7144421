package query_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// book is a list of pages, each of which is its number times ten, plus the
// number of its edition.
type book struct {
	pages   int
	takes   time.Duration
	edition int
	fail    func(call int) error
	asked   notes[int]
}

func (b *book) query() query.InfiniteQuery[int, int] {
	return query.InfiniteQuery[int, int]{
		Key: key("book"),
		Fetch: func(_ context.Context, r query.PageRequest[int]) (int, error) {
			b.asked.add(r.Param)
			call := len(b.asked.all())
			time.Sleep(b.takes)
			if b.fail != nil {
				if err := b.fail(call); err != nil {
					return 0, err
				}
			}
			return r.Param*10 + b.edition, nil
		},
		NextPageParam: func(last int, _ query.Pages[int, int]) (int, bool) {
			n := last/10 + 1
			return n, n < b.pages
		},
		PreviousPageParam: func(first int, _ query.Pages[int, int]) (int, bool) {
			n := first/10 - 1
			return n, n >= 0
		},
	}
}

func pages(pages, params []int) query.Pages[int, int] {
	return query.Pages[int, int]{Pages: pages, PageParams: params}
}

func TestInfinite_growsAtBothEnds(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		b := &book{pages: 4}
		q := b.query()
		q.InitialPageParam = 2
		o := query.Observe(c, q.Query())
		defer o.Subscribe(ignore)()
		synctest.Wait()
		require.Equal(t, pages([]int{20}, []int{2}), o.Current().Data())
		require.True(t, o.Current().HasNextPage())
		require.True(t, o.Current().HasPreviousPage())

		r, err := o.FetchNextPage(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.Equal(t, pages([]int{20, 30}, []int{2, 3}), r.Data())
		require.False(t, r.HasNextPage())
		r, err = o.FetchPreviousPage(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.Equal(t, pages([]int{10, 20, 30}, []int{1, 2, 3}), r.Data())

		r, err = o.FetchNextPage(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.Equal(t, pages([]int{10, 20, 30}, []int{1, 2, 3}), r.Data(), "there is no further page")
		require.Equal(t, []int{2, 3, 1}, b.asked.all())
	})
}

func TestInfinite_refetchGetsAllPagesAndReplacesThemTogether(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		b := &book{pages: 5, takes: time.Second}
		q := b.query()
		q.Pages = 3
		first := q.Query()
		require.NoError(t, query.Prefetch(t.Context(), c, first))
		q.Pages = 0
		o := query.Observe(c, q.Query())
		r, stop := record(o)
		defer stop()
		require.True(t, o.Current().IsRefetching())
		require.False(t, o.Current().IsFetchingNextPage())
		pass(3 * time.Second)
		require.Equal(t, []int{0, 1, 2, 0, 1, 2}, b.asked.all())
		for _, x := range r.all() {
			require.Len(t, x.Data().Pages, 3)
		}
	})
}

func TestInfinite_refetchShrinksWhenTheListEndsEarlier(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		b := &book{pages: 3}
		q := b.query()
		q.Pages = 10
		require.NoError(t, query.Prefetch(t.Context(), c, q.Query()))
		require.Len(t, value(t, c, q.Query()).Pages, 3)
		short := &book{pages: 1}
		require.NoError(t, query.Prefetch(t.Context(), c, short.query().Query()))
		require.Equal(t, pages([]int{0}, []int{0}), value(t, c, q.Query()))
	})
}

func TestInfinite_maxPagesDropsAtTheOtherEnd(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		b := &book{pages: 10}
		q := b.query()
		q.InitialPageParam, q.MaxPages = 5, 2
		o := query.Observe(c, q.Query())
		defer o.Subscribe(ignore)()
		synctest.Wait()
		for range 2 {
			_, err := o.FetchNextPage(t.Context(), query.RefetchOptions{})
			require.NoError(t, err)
		}
		require.Equal(t, pages([]int{60, 70}, []int{6, 7}), o.Current().Data())
		r, err := o.FetchPreviousPage(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.Equal(t, pages([]int{50, 60}, []int{5, 6}), r.Data())
		_, err = o.Refetch(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.Equal(t, []int{5, 6, 7, 5, 5, 6}, b.asked.all(), "from the first page that was kept")
	})
}

func TestInfinite_retryResumesAtThePageThatFailed(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		b := &book{pages: 3, fail: func(call int) error {
			if call == 2 {
				return errRefused
			}
			return nil
		}}
		q := b.query()
		q.Pages, q.Policy.Retry = 3, query.Retries(1)
		v, err := query.Fetch(t.Context(), c, q.Query())
		require.NoError(t, err)
		require.Equal(t, []int{0, 10, 20}, v.Pages)
		require.Equal(t, []int{0, 1, 1, 2}, b.asked.all())
	})
}

func TestInfinite_flagsTellWhichEndIsFetchedOrFailed(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		b := &book{pages: 9, takes: time.Second, fail: func(call int) error {
			if call > 1 {
				return errRefused
			}
			return nil
		}}
		q := b.query()
		q.InitialPageParam, q.Policy.Retry = 4, query.NoRetry()
		o := query.Observe(c, q.Query())
		defer o.Subscribe(ignore)()
		pass(time.Second)

		r, err := o.FetchNextPage(t.Context(), query.RefetchOptions{NoWait: true})
		require.NoError(t, err)
		require.True(t, r.IsFetchingNextPage())
		require.False(t, r.IsFetchingPreviousPage())
		require.False(t, r.IsRefetching())
		pass(time.Second)
		r = o.Current()
		require.True(t, r.IsFetchNextPageError())
		require.False(t, r.IsFetchPreviousPageError())
		require.False(t, r.IsRefetchError())
		require.Equal(t, []int{40}, r.Data().Pages)

		r, err = o.FetchPreviousPage(t.Context(), query.RefetchOptions{})
		require.ErrorIs(t, err, errRefused)
		require.True(t, r.IsFetchPreviousPageError())
	})
}

func TestInfinite_secondPageRequestReplacesTheFirst(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		cancel query.Toggle
		asked  []int
	}{{"replaces", 0, []int{0, 1, 1}}, {"joins", query.Off, []int{0, 1}}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				b := &book{pages: 9, takes: time.Second}
				o := query.Observe(c, b.query().Query())
				defer o.Subscribe(ignore)()
				pass(time.Second)
				how := query.RefetchOptions{Cancel: tc.cancel}
				first := make(chan query.Pages[int, int], 1)
				go func() {
					r, _ := o.FetchNextPage(t.Context(), how)
					first <- r.Data()
				}()
				synctest.Wait()
				r, err := o.FetchNextPage(t.Context(), how)
				require.NoError(t, err)
				require.Equal(t, pages([]int{0, 10}, []int{0, 1}), r.Data(), "one page was added")
				require.Equal(t, r.Data(), <-first)
				require.Equal(t, tc.asked, b.asked.all())
			})
		})
	}
}

func TestInfinite_cancelledWalkAsksForNoFurtherPage(t *testing.T) {
	t.Parallel()
	for _, looks := range []bool{true, false} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			b := &book{pages: 5, takes: time.Second}
			q := b.query()
			fetch := q.Fetch
			q.Pages = 5
			q.Fetch = func(ctx context.Context, r query.PageRequest[int]) (int, error) {
				if looks {
					context.AfterFunc(ctx, func() {})()
				}
				return fetch(ctx, r)
			}
			go func() { _ = query.Prefetch(t.Context(), c, q.Query()) }()
			pass(1500 * time.Millisecond)
			require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
			pass(time.Hour)
			if looks {
				require.Equal(t, []int{0, 1}, b.asked.all())
			} else {
				require.Equal(t, []int{0, 1, 2, 3, 4}, b.asked.all(), "nobody told it")
			}
			_, ok := query.Get(c, q.Query())
			require.False(t, ok)
		})
	}
}

func TestInfinite_pageFunctionMayLookAtItsContextFromManyGoroutines(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := new(book).query()
		q.Fetch = func(ctx context.Context, r query.PageRequest[int]) (int, error) {
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() { ctx.Done() })
			}
			wg.Wait()
			return r.Param, ctx.Err()
		}
		v, err := query.Fetch(t.Context(), c, q.Query())
		require.NoError(t, err)
		require.Equal(t, []int{0}, v.Pages)
	})
}

func TestInfinite_withoutNextPageParamThereIsOnePage(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := new(book).query()
		q.NextPageParam, q.Pages = nil, 3
		o := query.Observe(c, q.Query())
		_, err := o.Refetch(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		r, err := o.FetchNextPage(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.Equal(t, []int{0}, r.Data().Pages)
		require.False(t, r.HasNextPage())
	})
}

func TestInfinite_noPreviousPageWithoutItsFunction(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		b := &book{pages: 5}
		q := b.query()
		q.InitialPageParam, q.PreviousPageParam = 3, nil
		o := query.Observe(c, q.Query())
		defer o.Subscribe(ignore)()
		synctest.Wait()
		require.False(t, o.Current().HasPreviousPage())
		r, err := o.FetchPreviousPage(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.Equal(t, []int{30}, r.Data().Pages)
	})
}

func TestInfinite_skipAndMissingFetch(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := new(book).query()
		q.Skip = true
		_, err := query.Fetch(t.Context(), c, q.Query())
		require.ErrorIs(t, err, query.ErrNoFetch)
		q.Skip, q.Fetch, q.Key = false, nil, key("other")
		_, err = query.Fetch(t.Context(), c, q.Query())
		require.ErrorIs(t, err, query.ErrNoFetch)
	})
}

func TestFetchNextPage_ofAPlainQueryIsAnError(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		o := query.Observe(c, src.query(query.Policy{}))
		_, err := o.FetchNextPage(t.Context(), query.RefetchOptions{})
		require.ErrorIs(t, err, query.ErrNotInfinite)
		_, err = o.FetchPreviousPage(t.Context(), query.RefetchOptions{})
		require.ErrorIs(t, err, query.ErrNotInfinite)
		require.Zero(t, src.count(0))
	})
}

func TestInfinite_refetchBeginsAtTheFirstPageThatIsLeft(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		b := &book{pages: 10}
		q := b.query()
		q.InitialPageParam, q.MaxPages = 5, 2
		o := query.Observe(c, q.Query())
		defer o.Subscribe(ignore)()
		synctest.Wait()
		for range 2 {
			_, err := o.FetchNextPage(t.Context(), query.RefetchOptions{})
			require.NoError(t, err)
		}
		b.edition = 1
		r, err := o.Refetch(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.Equal(t, pages([]int{61, 71}, []int{6, 7}), r.Data(), "not at the initial page param, which is 5")
	})
}
