package query

import (
	"context"
	"time"

	"github.com/freshet-go/freshet/internal/share"
	"github.com/freshet-go/freshet/querykey"
)

// Query says what to fetch and ties a key to the type of its data. It is a
// plain value: make one in a function of its arguments, copy it and assign to
// override a part. Only Key is required.
type Query[T any] struct {
	// Key names the data. Whatever distinguishes results belongs in it, the
	// identity of the user included. An empty key is a key like any other, as [] is
	// in TanStack Query: queries whose key was forgotten all share one entry.
	Key querykey.Key
	// Fetch gets the data. Its context ends when the fetch is cancelled: by
	// Cancel, by a newer fetch, by Close, or when the last observer has left,
	// provided that Fetch looks at the context at all. It has no values of whoever
	// asked, for the answer is everybody's: what Fetch needs it closes over, or finds
	// in Meta if it is the default fetch function. Nil leaves the query to the
	// default fetch function, or to what is in the cache.
	Fetch func(ctx context.Context) (T, error)
	// Skip keeps the query from fetching by itself, as Enabled: Off does, and
	// lets an explicit fetch fail with ErrNoFetch.
	Skip bool
	// Policy says how the data are kept fresh.
	Policy Policy
	// InitialData fills the cache when the entry has no data.
	InitialData InitialData[T]
	// PlaceholderData is shown until there are data, and is not cached.
	PlaceholderData PlaceholderData[T]
	// Share decides what is kept of old data when new data arrive. Nil is
	// structural sharing. It must return one of them, or a mixture, unchanged.
	Share func(old, next T) T
	// Meta is handed to callbacks and default functions. It must not be changed.
	Meta map[string]any

	pager  *pager                       // see InfiniteQuery
	stream func(f *flight) (any, error) // see Streamed
}

// InitialData is data for an entry that has none. The zero InitialData is
// nothing.
type InitialData[T any] struct {
	value func() (T, bool)
	at    func() (time.Time, bool)
}

// Initial is initial data v, as fresh as if fetched now; see At.
func Initial[T any](v T) InitialData[T] {
	return InitialData[T]{value: func() (T, bool) { return v, true }}
}

// InitialFunc computes initial data whenever an entry without data is given
// this query; false means none.
func InitialFunc[T any](f func() (T, bool)) InitialData[T] { return InitialData[T]{value: f} }

// At says when the initial data were current; the zero time means long ago.
func (d InitialData[T]) At(t time.Time) InitialData[T] {
	d.at = func() (time.Time, bool) { return t, true }
	return d
}

// AtFunc says when the initial data were current; false means now.
func (d InitialData[T]) AtFunc(f func() (time.Time, bool)) InitialData[T] {
	d.at = f
	return d
}

func (d InitialData[T]) erase() *initial {
	if d.value == nil {
		return nil
	}
	return &initial{at: d.at, value: func() (any, bool) { return box(d.value()) }}
}

func box[T any](v T, ok bool) (any, bool) { return v, ok }

type initial struct {
	value func() (any, bool)
	at    func() (time.Time, bool)
}

// PlaceholderData is shown while a query has none of its own. The zero
// PlaceholderData is nothing. Two are the same if one is a copy of the other, if
// they show one and the same value, or if both keep what was there before.
type PlaceholderData[T any] struct{ p *placeholder }

type placeholder struct {
	value func(previous any, ok bool) (any, bool)
	plain any // what it always shows, nil if that depends
	keeps bool
}

// same reports whether p and q show the same for the same reason.
func (p *placeholder) same(q *placeholder) bool {
	if p == q || p == nil || q == nil {
		return p == q
	}
	return p.keeps && q.keeps || p.plain != nil && share.Same(p.plain, q.plain)
}

// Placeholder shows v.
func Placeholder[T any](v T) PlaceholderData[T] {
	d := PlaceholderFunc(func(T, bool) (T, bool) { return v, true })
	d.p.plain = v
	return d
}

// KeepPrevious shows the data of the query that the observer showed before.
func KeepPrevious[T any]() PlaceholderData[T] {
	d := PlaceholderFunc(func(previous T, ok bool) (T, bool) { return previous, ok })
	d.p.keeps = true
	return d
}

// PlaceholderFunc shows what f makes of the data of the last query of the
// observer that had any, before any select; false means nothing.
func PlaceholderFunc[T any](f func(previous T, ok bool) (T, bool)) PlaceholderData[T] {
	if f == nil {
		return PlaceholderData[T]{}
	}
	return PlaceholderData[T]{&placeholder{value: func(previous any, ok bool) (any, bool) {
		var typed T
		if ok {
			typed, ok = as[T](previous)
		}
		return box(f(typed, ok))
	}}}
}

// FetchInfo is what a default fetch function is told, and any other can learn from
// its context.
type FetchInfo struct {
	Key      querykey.Key
	Meta     map[string]any
	Failures int // failed attempts of this fetch so far

	flight *flight
	call   *fetchContext // nil where nothing is remembered
}

// FetchInfoFrom returns the key and the metadata of the query that ctx, the context
// of a fetch function or one made from it, fetches for. It serves what lies below
// fetch functions and sees no query: clients, loggers, traces. It is false for any
// other context.
func FetchInfoFrom(ctx context.Context) (FetchInfo, bool) {
	info, ok := ctx.Value(fetchInfoKey{}).(FetchInfo)
	return info, ok
}

type fetchInfoKey struct{}
