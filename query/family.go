package query

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/freshet-go/freshet/querykey"
)

// Family defines queries that differ in one argument: the order of an ID, say, or
// the list of a filter. Make it once and use it through a pointer: what is cached
// is then found by the argument itself, without a key being built. A Family may be
// used by several clients and concurrently; its fields must not be changed once it
// is in use.
type Family[A comparable, T any] struct {
	// Prefix is what the keys of the family begin with; the argument is the last part.
	Prefix querykey.Key
	// Fetch gets the data for an argument; see Query.Fetch.
	Fetch func(ctx context.Context, arg A) (T, error)
	// Policy says how the data are kept fresh.
	Policy Policy

	mu     sync.Mutex                      // guards writes of tables
	tables atomic.Pointer[[]*relatives[A]] // one per client, replaced as a whole
}

// Of returns the query for arg, to be used wherever one is.
func (f *Family[A, T]) Of(arg A) Query[T] {
	q := Query[T]{Key: f.Prefix.With(arg), Policy: f.Policy}
	if f.Fetch != nil {
		q.Fetch = func(ctx context.Context) (T, error) { return f.Fetch(ctx, arg) }
	}
	return q
}

// All returns the filter that chooses all queries of the family, and whatever else
// has its prefix.
func (f *Family[A, T]) All() Filter { return Filter{Key: f.Prefix} }

// FetchOf is Fetch for one query of a family: the same, but quicker while the data
// are fresh.
func FetchOf[A comparable, T any](ctx context.Context, c *Client, f *Family[A, T], arg A) (T, error) {
	table := f.tableOf(c)
	if table != nil {
		if e := table.find(&arg); e != nil {
			if v, ok := hit[T](e, f.Policy.StaleTime); ok {
				return v, nil
			}
			if v, ok, err := serve[T](ctx, e, f.Policy.StaleTime); ok {
				return v, err
			}
		}
	}
	q := f.Of(arg)
	v, err := Fetch(ctx, c, q)
	table.enrol(arg, q.Key)
	return v, err
}

// GetOf is Get for one query of a family.
func GetOf[A comparable, T any](c *Client, f *Family[A, T], arg A) (T, bool) {
	if table := f.tableOf(c); table != nil {
		if e := table.find(&arg); e != nil {
			return look[T](e)
		}
	}
	return get[T](c, f.Prefix.With(arg))
}

// SetOf is Set for one query of a family.
func SetOf[A comparable, T any](c *Client, f *Family[A, T], arg A, v T) error {
	q := f.Of(arg)
	err := Set(c, q, v)
	f.tableOf(c).enrol(arg, q.Key)
	return err
}

// tableOf returns the entries of the family in c by argument, nil if arguments do
// not tell them apart for good.
func (f *Family[A, T]) tableOf(c *Client) *relatives[A] {
	tables := f.tables.Load()
	if tables != nil {
		for _, t := range *tables {
			if t.c == c {
				return t
			}
		}
	}
	if !immutable(reflect.TypeFor[A]()) {
		return nil
	}
	return f.addTable(c)
}

func (f *Family[A, T]) addTable(c *Client) *relatives[A] {
	f.mu.Lock()
	defer f.mu.Unlock()
	var tables []*relatives[A]
	if old := f.tables.Load(); old != nil {
		for _, t := range *old {
			if t.c == c {
				return t // somebody else was faster
			}
			if !t.c.over.Load() {
				tables = append(tables, t)
			}
		}
	}
	t := newRelatives[A](c)
	tables = append(tables, t)
	f.tables.Store(&tables)
	return t
}

// immutable reports whether equal values of t make equal keys for ever: there is
// nothing behind a pointer that could change.
func immutable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return immutable(t.Elem())
	case reflect.Struct:
		for field := range t.Fields() {
			if !immutable(field.Type) {
				return false
			}
		}
		return true
	case reflect.Pointer, reflect.Interface, reflect.Chan, reflect.UnsafePointer:
		return false
	default:
		return true
	}
}
