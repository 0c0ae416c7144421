package query

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/freshet-go/freshet/querykey"
)

// InfiniteQuery is a list that is fetched page by page and shown as one: C is a
// page, P what it is asked for by. Turn it into a Query to fetch or observe it;
// an Observer of it can fetch further pages at either end. A refetch gets all
// pages again, one after the other, and replaces them together.
type InfiniteQuery[C, P any] struct {
	// Key names the list. Page parameters do not belong in it.
	Key querykey.Key
	// Fetch gets one page; see Query.Fetch.
	Fetch func(ctx context.Context, page PageRequest[P]) (C, error)
	// InitialPageParam asks for the first page.
	InitialPageParam P
	// NextPageParam tells from the pages so far, of which there is at least one,
	// what asks for the one after the last; false means there is none. Required.
	NextPageParam func(last C, all Pages[C, P]) (P, bool)
	// PreviousPageParam is the same for the page before the first. Nil means
	// there never is one.
	PreviousPageParam func(first C, all Pages[C, P]) (P, bool)
	// MaxPages keeps no more pages than this: a new one at one end drops what is too
	// much at the other. Zero means no limit.
	MaxPages int
	// Pages is how many pages a fetch gets, the first one and refetches alike. Zero
	// means as many as there are, and at least one.
	Pages int

	// The rest is as in Query.
	Policy          Policy
	InitialData     InitialData[Pages[C, P]]
	PlaceholderData PlaceholderData[Pages[C, P]]
	Share           func(old, next Pages[C, P]) Pages[C, P]
	Skip            bool
	Meta            map[string]any
}

// Pages are the data of an infinite query. Both lists have the same length.
type Pages[C, P any] struct {
	Pages      []C `json:"pages"`
	PageParams []P `json:"pageParams"`
}

// PageRequest asks for one page.
type PageRequest[P any] struct {
	Param P
	// Direction is Backward for a page before the first, else Forward.
	Direction Direction
}

// Query returns the list as a query, to be used wherever one is.
func (q InfiniteQuery[C, P]) Query() Query[Pages[C, P]] {
	plain := Query[Pages[C, P]]{
		Key: q.Key, Skip: q.Skip, Policy: q.Policy, InitialData: q.InitialData,
		PlaceholderData: q.PlaceholderData, Share: q.Share, Meta: q.Meta,
	}
	plain.pager = q.Pager().p
	return plain
}

// Pager is how an infinite query fetches its pages.
type Pager struct{ p *pager }

// Pager returns how q fetches its pages, for HydrateOptions.
func (q InfiniteQuery[C, P]) Pager() Pager {
	return Pager{&pager{
		start:   func(s *state, d Direction) func(context.Context) (any, error) { return q.walk(s, d).run },
		hasNext: func(data any) bool { return hasMore(q.NextPageParam, data, q.last) },
		hasPrev: func(data any) bool { return hasMore(q.PreviousPageParam, data, q.first) },
		ready:   q.Fetch != nil && !q.Skip,
	}}
}

// pager is what makes a query infinite.
type pager struct {
	start            func(s *state, d Direction) func(context.Context) (any, error)
	hasNext, hasPrev func(data any) bool
	ready            bool // there is a fetch function
}

func (q InfiniteQuery[C, P]) last(all Pages[C, P]) C  { return all.Pages[len(all.Pages)-1] }
func (q InfiniteQuery[C, P]) first(all Pages[C, P]) C { return all.Pages[0] }

func hasMore[C, P any](param func(C, Pages[C, P]) (P, bool), data any, edge func(Pages[C, P]) C) bool {
	all, ok := as[Pages[C, P]](data)
	if !ok || param == nil || len(all.Pages) == 0 {
		return false
	}
	_, more := param(edge(all), all)
	return more
}

// walk is one fetch of an infinite query. It survives failed attempts: the next
// one goes on at the page that failed.
type walk[C, P any] struct {
	q         InfiniteQuery[C, P]
	direction Direction
	old, got  Pages[C, P]
	wanted    int // how many pages to get
	count     int // how many it got, more than it kept if there is a MaxPages
}

func (q InfiniteQuery[C, P]) walk(s *state, d Direction) *walk[C, P] {
	w := &walk[C, P]{q: q, direction: d}
	data, _ := s.base()
	w.old, _ = decoded[Pages[C, P]](data)
	w.wanted = len(w.old.Pages)
	if q.Pages > 0 {
		w.wanted = q.Pages
	}
	return w
}

// run is one attempt.
func (w *walk[C, P]) run(ctx context.Context) (any, error) {
	page := &pageContext{Context: ctx}
	if w.direction != "" && len(w.old.Pages) > 0 {
		return w.extend(page)
	}
	for ; w.count == 0 || w.count < w.wanted; w.count++ {
		param := w.q.InitialPageParam
		switch {
		case w.count > 0 && w.q.NextPageParam == nil:
			return w.got, nil
		case w.count > 0:
			next, more := w.q.NextPageParam(w.q.last(w.got), w.got)
			if !more {
				return w.got, nil
			}
			param = next
		case len(w.old.PageParams) > 0:
			param = w.old.PageParams[0]
		}
		all, err := w.fetch(page, w.got, PageRequest[P]{param, Forward})
		if err != nil {
			return nil, err
		}
		w.got = all
	}
	return w.got, nil
}

// extend gets one more page, or none if there is none.
func (w *walk[C, P]) extend(ctx *pageContext) (any, error) {
	param, edge := w.q.NextPageParam, w.q.last
	if w.direction == Backward {
		param, edge = w.q.PreviousPageParam, w.q.first
	}
	var p P
	more := false
	if param != nil {
		p, more = param(edge(w.old), w.old)
	}
	if !more {
		return Pages[C, P]{slices.Clone(w.old.Pages), slices.Clone(w.old.PageParams)}, nil
	}
	all, err := w.fetch(ctx, w.old, PageRequest[P]{p, w.direction})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// fetch gets a page and returns all with it. Once the fetch is cancelled no
// further page is asked for, if the function ever looked at its context.
func (w *walk[C, P]) fetch(ctx *pageContext, all Pages[C, P], r PageRequest[P]) (Pages[C, P], error) {
	if ctx.used.Load() && ctx.Context.Err() != nil {
		return all, context.Cause(ctx.Context)
	}
	page, err := w.q.Fetch(ctx, r)
	if err != nil {
		return all, err
	}
	next := Pages[C, P]{
		Pages:      add(all.Pages, page, r.Direction, w.q.MaxPages),
		PageParams: add(all.PageParams, r.Param, r.Direction, w.q.MaxPages),
	}
	return next, nil
}

// add returns a new list with x at one end and, if it gets too long, less at the
// other.
func add[T any](list []T, x T, d Direction, limit int) []T {
	if d == Backward {
		out := append([]T{x}, list...)
		if limit > 0 && len(out) > limit {
			out = out[:limit]
		}
		return out
	}
	out := append(append(make([]T, 0, len(list)+1), list...), x)
	if limit > 0 && len(out) > limit {
		out = out[len(out)-limit:]
	}
	return out
}

// pageContext notes whether the page function looks at its context.
type pageContext struct {
	context.Context //nolint:containedctx // it is one

	used atomic.Bool // a page function may look from several goroutines
}

func (c *pageContext) Done() <-chan struct{} {
	c.used.Store(true)
	return c.Context.Done()
}

func (c *pageContext) Err() error {
	c.used.Store(true)
	return c.Context.Err()
}

// FetchNextPage fetches the page after the last and returns the result then
// shown. Without a page it stores the same data again. Otherwise it is like
// Refetch; on an observer of a query that is not infinite it fails with
// ErrNotInfinite.
func (o *Observer[R]) FetchNextPage(ctx context.Context, how RefetchOptions) (Result[R], error) {
	return o.fetchPage(ctx, how, Forward)
}

// FetchPreviousPage is FetchNextPage for the page before the first.
func (o *Observer[R]) FetchPreviousPage(ctx context.Context, how RefetchOptions) (Result[R], error) {
	return o.fetchPage(ctx, how, Backward)
}

func (o *Observer[R]) fetchPage(ctx context.Context, how RefetchOptions, d Direction) (Result[R], error) {
	if !o.o.infinite() {
		return o.Current(), ErrNotInfinite
	}
	return o.refetch(ctx, how, d)
}

func (o *observer) infinite() bool {
	o.c.mu.Lock()
	defer o.c.mu.Unlock()
	return o.opts.pager != nil
}

// HasNextPage reports whether there is a page after the last of an infinite
// query.
func (v Result[T]) HasNextPage() bool { return v.get().hasNext }

// HasPreviousPage reports whether there is a page before the first of an
// infinite query.
func (v Result[T]) HasPreviousPage() bool { return v.get().hasPrev }

// IsFetchingNextPage reports whether the page after the last is being fetched.
func (v Result[T]) IsFetchingNextPage() bool { return v.IsFetching() && v.get().direction == Forward }

// IsFetchingPreviousPage reports whether the page before the first is being
// fetched.
func (v Result[T]) IsFetchingPreviousPage() bool {
	return v.IsFetching() && v.get().direction == Backward
}

// IsFetchNextPageError reports whether fetching the page after the last failed.
func (v Result[T]) IsFetchNextPageError() bool { return v.IsError() && v.get().direction == Forward }

// IsFetchPreviousPageError reports whether fetching the page before the first
// failed.
func (v Result[T]) IsFetchPreviousPageError() bool {
	return v.IsError() && v.get().direction == Backward
}
