package persist

import (
	"context"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// Wrap returns q so that p keeps its data. The first fetch of an entry without
// data asks the storage before q.Fetch. Data that are found there are as old as
// they are; whoever waits gets them, and QueryOptions.RefetchOnRestore says
// whether they are fetched again in the background. What q.Fetch returns is saved
// once it is in the cache; what is written by hand is not.
//
// A query without Fetch function of its own is returned as it is. Unless q's
// policy says otherwise its network mode is query.NetworkOfflineFirst, so that
// data are restored without network. While the storage is asked, the fetch ends
// with the last observer.
func Wrap[T any](p *Persister, q query.Query[T]) query.Query[T] {
	if p == nil || q.Fetch == nil || q.Skip {
		return q
	}
	fetch, kept := q.Fetch, q
	kept.Policy = offlineFirst(q.Policy)
	kept.Fetch = func(ctx context.Context) (T, error) {
		return run(ctx, p, kept, func() (T, error) { return fetch(ctx) })
	}
	return kept
}

// WrapInfinite is Wrap for infinite queries. All pages are restored together, and
// saved together after each fetch of one or more.
func WrapInfinite[C, P any](p *Persister, q query.InfiniteQuery[C, P]) query.InfiniteQuery[C, P] {
	if p == nil || q.Fetch == nil || q.Skip {
		return q
	}
	fetch, kept := q.Fetch, q
	kept.Policy = offlineFirst(q.Policy)
	kept.Fetch = func(ctx context.Context, page query.PageRequest[P]) (C, error) {
		return run(ctx, p, kept.Query(), func() (C, error) { return fetch(ctx, page) })
	}
	return kept
}

func offlineFirst(p query.Policy) query.Policy {
	if p.NetworkMode == 0 {
		p.NetworkMode = query.NetworkOfflineFirst
	}
	return p
}

// run is a call of the fetch function of a wrapped query, which returns an R:
// the data, or a page of them.
func run[T, R any](ctx context.Context, p *Persister, q query.Query[T], fetch func() (R, error)) (R, error) {
	e, chosen := p.lookUp(q.Key)
	if !chosen {
		return fetch()
	}
	if !e.State.HasData() && !p.tried(e) && restore(ctx, p, q, e) {
		var none R
		return none, query.ErrCancelled // the fetch is over, nobody hears of this
	}
	v, err := fetch()
	if err == nil {
		p.noted(e, func(w *wrapped) { w.coming++ })
	}
	return v, err
}

// restore puts stored data into the cache, and ends the fetch that asked for them.
// It reports whether that fetch is over, be it because somebody cancelled it.
func restore[T any](ctx context.Context, p *Persister, q query.Query[T], e query.Entry) bool {
	found, err := Retrieve[T](ctx, p, q.Key)
	if ctx.Err() != nil {
		return true // and the next fetch tries again
	}
	p.noted(e, func(w *wrapped) { w.tried = true })
	if err == nil {
		err = query.SetAt(p.client, q, found.Data, found.UpdatedAt)
	}
	if err != nil {
		p.report(err)
		return false
	}
	p.settle(ctx, q.Key)
	return true
}

// settle ends the fetch that has restored data. Being cancelled puts a fetch back
// to the data that were last written, with their age, and gives them to whoever
// waits; returning them would make them as fresh as if fetched now.
func (p *Persister) settle(ctx context.Context, key querykey.Key) {
	only := query.Filter{Key: key, Exact: true}
	ours := only
	ours.Predicate = func(query.State[any]) bool { return ctx.Err() == nil } // else another fetch has begun
	life := context.WithoutCancel(ctx)
	err := p.client.Cancel(life, ours)
	if err == nil && p.o.RefetchOnRestore != query.Never {
		if p.o.RefetchOnRestore == query.IfStale {
			only.Stale = query.On // as those who observe it see it
		}
		only.Refetch = query.RefetchOptions{Cancel: query.Off, NoWait: true}
		err = p.client.Refetch(life, only)
	}
	p.report(err)
}
