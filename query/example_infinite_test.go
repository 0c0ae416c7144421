package query_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// calendar has a page for each day, without beginning or end.
func calendar() query.InfiniteQuery[string, int] {
	return query.InfiniteQuery[string, int]{
		Key: querykey.Of("calendar"),
		Fetch: func(_ context.Context, page query.PageRequest[int]) (string, error) {
			if page.Param > 2 {
				return "", errors.New("not planned yet")
			}
			return fmt.Sprintf("day %d (%s)", page.Param, page.Direction), nil
		},
		NextPageParam: func(_ string, all query.Pages[string, int]) (int, bool) {
			return all.PageParams[len(all.PageParams)-1] + 1, true
		},
		PreviousPageParam: func(_ string, all query.Pages[string, int]) (int, bool) {
			return all.PageParams[0] - 1, true
		},
		MaxPages: 2,
		Policy:   query.Policy{StaleTime: query.StaleNever()},
	}
}

// With MaxPages, a page that comes at one end makes another go at the other.
func ExampleInfiniteQuery_bothDirections() {
	c, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()

	o := query.Observe(c, calendar().Query())
	_, _ = o.Refetch(ctx, query.RefetchOptions{})
	_, _ = o.FetchNextPage(ctx, query.RefetchOptions{})
	r, _ := o.FetchPreviousPage(ctx, query.RefetchOptions{})
	fmt.Println(r.Data().PageParams, r.HasPreviousPage(), r.HasNextPage())
	s, _ := c.State(calendar().Key)
	fmt.Println(s.Direction())
	// Output:
	// [-1 0] true true
	// backward
}

// A page that fails leaves those that are there.
func ExampleResult_IsFetchNextPageError() {
	c, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()

	plan := calendar()
	plan.InitialPageParam, plan.Policy.Retry = 2, query.NoRetry()
	o := query.Observe(c, plan.Query())
	_, _ = o.Refetch(ctx, query.RefetchOptions{})
	r, err := o.FetchNextPage(ctx, query.RefetchOptions{})
	fmt.Println(r.Data().Pages, err)
	fmt.Println(r.IsFetchNextPageError(), r.IsFetchPreviousPageError(), r.IsRefetchError())
	// Output:
	// [day 2 (forward)] query: fetch ["calendar"]: not planned yet
	// true false false
}

func ExampleResult_IsFetchingNextPage() {
	c, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()

	turn := make(chan struct{}, 1)
	plan := calendar()
	fetch := plan.Fetch
	plan.Fetch = func(ctx context.Context, page query.PageRequest[int]) (string, error) {
		<-turn
		return fetch(ctx, page)
	}
	o := query.Observe(c, plan.Query())
	turn <- struct{}{}
	_, _ = o.Refetch(ctx, query.RefetchOptions{})
	defer o.Subscribe(seen)()
	r, _ := o.FetchNextPage(ctx, query.RefetchOptions{NoWait: true})
	fmt.Println(r.IsFetchingNextPage(), r.IsFetchingPreviousPage(), r.IsRefetching())
	close(turn)
	// Output: true false false
}

// Before somebody uses an infinite query of a snapshot, a Pager fetches its
// pages.
func ExampleInfiniteQuery_Pager() {
	ctx := context.Background()
	from, closing := open(query.Config{})
	_, _ = query.Fetch(ctx, from, calendar().Query())
	snapshot, err := from.Dehydrate(query.DehydrateOptions{})
	fmt.Println(snapshot.Queries[0].Infinite, err)
	closing()

	to, closing := open(query.Config{})
	defer closing()
	err = to.Hydrate(snapshot, query.HydrateOptions{
		Pager: func(querykey.Key) query.Pager { return calendar().Pager() },
	})
	fmt.Println(err, to.Entries(query.Filter{})[0].Infinite)
	fmt.Println(to.Refetch(ctx, query.Filter{}))
	s, _ := to.State(calendar().Key)
	fmt.Println(s.DataUpdateCount())
	// Output:
	// true <nil>
	// <nil> true
	// <nil>
	// 2
}

func ExampleGroup_SetQueries() {
	c, closing := open(query.Config{})
	defer closing()

	_ = query.Set(c, order("o-17"), Order{ID: "o-17", Status: "open"})
	_ = query.Set(c, order("o-18"), Order{ID: "o-18", Status: "sent"})
	group := query.ObserveGroup[Order](c, order("o-17"))
	group.SetQueries(order("o-17"), order("o-18"))
	for _, r := range group.Current() {
		fmt.Println(r.Data())
	}
	// Output:
	// {o-17 open}
	// {o-18 sent}
}

// What a stream brings begins with InitialValue. A refetch adds to what is there
// with StreamAppend, and takes its place with StreamReset or StreamReplace.
func ExampleStreamMode() {
	c, closing := open(query.Config{})
	defer closing()

	for _, mode := range []query.StreamMode{query.StreamReset, query.StreamAppend, query.StreamReplace} {
		q := answerTo(fmt.Sprint(mode))
		q.Mode, q.InitialValue = mode, "-"
		o := query.Observe(c, q.Query())
		_, _ = o.Refetch(context.Background(), query.RefetchOptions{})
		r, _ := o.Refetch(context.Background(), query.RefetchOptions{})
		fmt.Println(r.Data())
	}
	// Output:
	// - It is forty-two
	// - It is forty-two It is forty-two
	// - It is forty-two
}
