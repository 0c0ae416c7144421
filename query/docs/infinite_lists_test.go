package docs_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

// [snippet feed]

// Page is what the server answers: some orders, and where to go on.
type Page struct {
	Orders []Order
	Next   string // empty on the last page
}

// Feed is the list of all orders, page by page.
func Feed() query.InfiniteQuery[Page, string] {
	return query.InfiniteQuery[Page, string]{
		Key: querykey.Of("orders", "feed"),
		Fetch: func(ctx context.Context, p query.PageRequest[string]) (Page, error) {
			return api.Orders(ctx, p.Param)
		},
		InitialPageParam: "",
		NextPageParam: func(last Page, _ query.Pages[Page, string]) (string, bool) {
			return last.Next, last.Next != ""
		},
	}
}

// [end]

// Orders has three pages of one order each.
func (shop) Orders(_ context.Context, cursor string) (Page, error) {
	fmt.Printf("GET orders after %q\n", cursor)
	switch cursor {
	case "":
		return Page{[]Order{{ID: "o-3"}}, "o-3"}, nil
	case "o-3":
		return Page{[]Order{{ID: "o-2"}}, "o-2"}, nil
	default:
		return Page{[]Order{{ID: "o-1"}}, ""}, nil
	}
}

func Example_infinite() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	// [snippet next]
	feed := query.Observe(client, Feed().Query())
	for r := range feed.Results(ctx) {
		if r.IsPending() || r.IsFetching() {
			continue
		}
		fmt.Println(len(r.Data().Pages), "pages, more:", r.HasNextPage())
		if !r.HasNextPage() {
			break
		}
		if _, err := feed.FetchNextPage(ctx, query.RefetchOptions{}); err != nil {
			fmt.Println(err)
			break
		}
	}
	// [end]

	// Output:
	// GET orders after ""
	// 1 pages, more: true
	// GET orders after "o-3"
	// 2 pages, more: true
	// GET orders after "o-2"
	// 3 pages, more: false
}

func Example_infiniteSelect() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	// [snippet flat]
	first := Feed()
	first.Pages = 2
	if err := query.Prefetch(ctx, client, first.Query()); err != nil {
		fmt.Println(err)
	}
	flat := query.ObserveSelect(client, Feed().Query(), func(all query.Pages[Page, string]) ([]Order, error) {
		var orders []Order
		for _, page := range all.Pages {
			orders = append(orders, page.Orders...)
		}
		return orders, nil
	})
	fmt.Println(flat.Current().Data())
	// [end]

	// Output:
	// GET orders after ""
	// GET orders after "o-3"
	// [{o-3 } {o-2 }]
}

func Example_infinitePatch() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	check(query.Prefetch(ctx, client, Feed().Query()))
	// [snippet edit]
	err := query.Update(client, Feed().Query(), func(all query.Pages[Page, string], ok bool) (query.Pages[Page, string], bool) {
		all.Pages = slices.Clone(all.Pages)
		for i, page := range all.Pages {
			page.Orders = slices.DeleteFunc(slices.Clone(page.Orders), func(o Order) bool { return o.ID == "o-3" })
			all.Pages[i] = page
		}
		return all, ok
	})
	all, _ := query.Get(client, Feed().Query())
	fmt.Println(len(all.Pages), len(all.Pages[0].Orders), err)
	// [end]

	// Output:
	// GET orders after ""
	// 1 0 <nil>
}

func numbers(calls *[]int) query.InfiniteQuery[int, int] {
	return query.InfiniteQuery[int, int]{
		Key: querykey.Of("numbers"),
		Fetch: func(_ context.Context, p query.PageRequest[int]) (int, error) {
			*calls = append(*calls, p.Param)
			return p.Param, nil
		},
		NextPageParam: func(last int, _ query.Pages[int, int]) (int, bool) { return last + 1, true },
	}
}

func TestInfinite_refetchGetsAllPagesAgainFromTheFirstThatIsKept(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		var calls []int
		q := numbers(&calls)
		q.MaxPages = 2
		o := query.Observe(h.Client(), q.Query())
		_, err := o.Refetch(h.Context(), query.RefetchOptions{})
		require.NoError(h, err)
		for range 2 {
			_, err = o.FetchNextPage(h.Context(), query.RefetchOptions{})
			require.NoError(h, err)
		}
		require.Equal(h, []int{1, 2}, o.Current().Data().Pages)
		calls = nil
		require.NoError(h, h.Client().Refetch(h.Context(), query.Filter{}))
		require.Equal(h, []int{1, 2}, calls)
	})
}

func TestInfinite_fetchReturnsWhatIsThere(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		var calls []int
		q := numbers(&calls)
		o := query.Observe(h.Client(), q.Query())
		_, err := o.FetchNextPage(h.Context(), query.RefetchOptions{})
		require.NoError(h, err)
		require.Equal(h, []int{0}, calls, "the next page of nothing is the first")
		_, err = o.FetchNextPage(h.Context(), query.RefetchOptions{})
		require.NoError(h, err)
		calls = nil
		all, err := query.Fetch(h.Context(), h.Client(), q.Query())
		require.NoError(h, err)
		require.Equal(h, []int{0, 1}, all.Pages)
		require.Equal(h, []int{0, 1}, calls)
	})
}

func TestInfinite_pagesHoldsForRefetchesToo(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		var calls []int
		q := numbers(&calls)
		q.Pages = 1
		o := query.Observe(h.Client(), q.Query())
		for range 3 {
			_, err := o.FetchNextPage(h.Context(), query.RefetchOptions{})
			require.NoError(h, err)
		}
		require.Equal(h, []int{0, 1, 2}, o.Current().Data().Pages)
		r, err := o.Refetch(h.Context(), query.RefetchOptions{})
		require.NoError(h, err)
		require.Equal(h, []int{0}, r.Data().Pages)
	})
}
