package query

import "reflect"

// as turns stored data into a T. A nil is a legal value of every interface
// type, and of no other.
func as[T any](v any) (T, bool) {
	v = open(v)
	if v == nil {
		var zero T
		return zero, reflect.TypeFor[T]().Kind() == reflect.Interface
	}
	t, ok := v.(T)
	return t, ok
}

// open returns stored data, those that are still packed as a tree.
func open(v any) any {
	if p, ok := v.(*packed); ok {
		return p.tree()
	}
	return v
}

// typeOf returns the type that a query of T claims for its entry, nil for
// interface types, which claim nothing.
func typeOf[T any]() reflect.Type {
	t := reflect.TypeFor[T]()
	if t.Kind() == reflect.Interface {
		return nil
	}
	return t
}

// cast is as for values whose type the package itself has seen to; a nil of no
// type is the zero T.
func cast[T any](v any) T {
	t, _ := as[T](v)
	return t
}
