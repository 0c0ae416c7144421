package conformance

import (
	"context"
	"slices"

	"github.com/freshet-go/freshet/query"
)

// pages are the data of infinite queries, {"pages", "pageParams"} in JSON.
type pages = query.Pages[any, any]

// itself stores data of plain queries.
func itself(v any) any { return v }

// shown returns data of the cache as JSON. Whatever is in them keeps its
// identity.
func shown(data any) any {
	if p, ok := data.(pages); ok {
		return object{"pages": withoutAbsent(p.Pages), "pageParams": withoutAbsent(p.PageParams)}
	}
	return data
}

// withoutAbsent is l with nulls for what is absent, as JSON has it.
func withoutAbsent(l list) list {
	if !slices.Contains(l, any(absent)) {
		return l
	}
	l = slices.Clone(l)
	for i, v := range l {
		l[i] = orNull(v)
	}
	return l
}

// stored is the reverse of shown.
func stored(v any) any {
	members, _ := v.(object)
	_, hasPages := members["pages"].(list)
	_, hasParams := members["pageParams"].(list)
	if len(members) == 2 && hasPages && hasParams {
		return storedPages(v)
	}
	return v
}

func storedPages(v any) pages {
	all, _ := at(v, "pages").(list)
	params, _ := at(v, "pageParams").(list)
	return pages{Pages: all, PageParams: params}
}

// infiniteQuery binds the options to the scripted function.
func (r *run) infiniteQuery(o *queryOptions[pages]) query.InfiniteQuery[any, any] {
	q := query.InfiniteQuery[any, any]{
		Key: o.query.Key, Skip: o.query.Skip, Policy: o.query.Policy, Meta: o.query.Meta, Share: o.query.Share,
		InitialData: o.query.InitialData, PlaceholderData: o.query.PlaceholderData,
		InitialPageParam: clone(orAbsent(lookup(o.written, "initialPageParam"))),
		MaxPages:         count(o.written["maxPages"]),
		Pages:            count(o.written["pages"]),
	}
	if o.fn != "" {
		q.Fetch = func(ctx context.Context, page query.PageRequest[any]) (any, error) {
			return r.callQuery(ctx, o.fn, q.Key, object{
				"pageParam": page.Param, "direction": string(page.Direction),
			})
		}
	}
	if v, ok := o.written["getNextPageParam"]; ok {
		next := pageParam(v)
		q.NextPageParam = func(last any, all pages) (any, bool) {
			return next(last, all.PageParams[len(all.PageParams)-1], len(all.Pages))
		}
	}
	if v, ok := o.written["getPreviousPageParam"]; ok {
		previous := pageParam(v)
		q.PreviousPageParam = func(first any, all pages) (any, bool) {
			return previous(first, all.PageParams[0], len(all.Pages))
		}
	}
	return q
}

// count returns an option that is a number, zero if it is not given.
func count(v any) int {
	n, _ := v.(float64)
	return int(n)
}

// pageParam compiles a page operator: what follows on the page at the edge, the
// parameter it was asked for by, and the number of pages.
func pageParam(v any) func(edge, param any, pages int) (any, bool) {
	name, op, _ := operator(v)
	switch name {
	case "$plus":
		return func(_, param any, _ int) (any, bool) {
			if param == absent { // the sum is not a number, and no number is too large
				return nil, op["until"] == nil && op["downTo"] == nil
			}
			last, _ := param.(float64)
			next := last + as[float64](op[name])
			until, bounded := op["until"].(float64)
			downTo, based := op["downTo"].(float64)
			return next, (!bounded || next <= until) && (!based || next >= downTo)
		}
	case "$field":
		return func(edge, _ any, _ int) (any, bool) {
			next := at(edge, as[string](op[name]))
			return next, next != absent && next != nil
		}
	case "$pageCount":
		return func(_, _ any, pages int) (any, bool) {
			return float64(pages), float64(pages) < as[float64](op[name])
		}
	default: // $none
		return func(any, any, int) (any, bool) { return nil, false }
	}
}

func (r *run) observeInfinite(c *client, options object) (watcher, error) {
	o, err := compile(r, options, storedPages)
	if err != nil {
		return nil, err
	}
	build := func(o *queryOptions[pages]) query.Query[pages] { return r.infiniteQuery(o).Query() }
	if o.selects == nil {
		return &queryObserver[pages, pages]{
			r: r, options: o, build: build, infinite: true,
			o: query.Observe(c.Client, build(o)),
		}, nil
	}
	return &queryObserver[pages, any]{
		r: r, options: o, build: build, infinite: true, adapt: selectShown[pages],
		o: query.ObserveSelect(c.Client, build(o), selectShown[pages](o.selects)),
	}, nil
}

// infiniteBase is the base of the observer of an infinite query.
func infiniteBase() object {
	base := resultBase()
	addInfiniteFields(base, query.Result[pages]{})
	return base
}

func addInfiniteFields[R any](fields object, v query.Result[R]) {
	fields["hasNextPage"] = v.HasNextPage()
	fields["hasPreviousPage"] = v.HasPreviousPage()
	fields["isFetchingNextPage"] = v.IsFetchingNextPage()
	fields["isFetchingPreviousPage"] = v.IsFetchingPreviousPage()
	fields["isFetchNextPageError"] = v.IsFetchNextPageError()
	fields["isFetchPreviousPageError"] = v.IsFetchPreviousPageError()
	fields["isRefetching"] = v.IsRefetching()
}
