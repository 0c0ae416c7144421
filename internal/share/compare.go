package share

import (
	"encoding/json"
	"reflect"
)

// The comparisons of this file are the steps that memory alone does not answer.

// equalBy compares by a method Equal, which is not asked about nil.
func equalBy(method reflect.Value) func(w *walk, a, b reflect.Value) bool {
	return func(_ *walk, a, b reflect.Value) bool {
		if nilable(a.Kind()) && (a.IsNil() || b.IsNil()) {
			return a.IsNil() && b.IsNil()
		}
		return sameValue(a, b) || method.Call([]reflect.Value{a, b})[0].Bool()
	}
}

// equalWhole passes pointers where it can, which spares it copies of the values.
func equalWhole(_ *walk, a, b reflect.Value) bool {
	if a.CanAddr() && b.CanAddr() {
		a, b = a.Addr(), b.Addr()
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

func equalFuncs(_ *walk, a, b reflect.Value) bool { return a.IsNil() && b.IsNil() }

func equalInterfaces(w *walk, a, b reflect.Value) bool {
	if a.IsNil() || b.IsNil() {
		return a.IsNil() && b.IsNil()
	}
	return w.equalValues(a.Elem().Interface(), b.Elem().Interface())
}

// equalMaps compares maps whose elements have a plan.
func equalMaps(elem *plan) func(w *walk, a, b reflect.Value) bool {
	return func(w *walk, a, b reflect.Value) bool {
		if a.IsNil() || b.IsNil() || a.Len() != b.Len() {
			return a.IsNil() && b.IsNil()
		}
		if a.Pointer() == b.Pointer() || a.Len() == 0 {
			return true
		}
		if !w.glance() {
			return false
		}
		defer w.ascend()
		// Elements have no address of their own: they are compared in turns here.
		x, y := reflect.New(a.Type().Elem()), reflect.New(a.Type().Elem())
		key := reflect.New(a.Type().Key()).Elem()
		for each := a.MapRange(); each.Next(); {
			key.SetIterKey(each)
			other := b.MapIndex(key)
			if !other.IsValid() {
				return false
			}
			x.Elem().SetIterValue(each)
			y.Elem().Set(other)
			if !elem.equalAt(w, x, y) {
				return false
			}
		}
		return true
	}
}

// equalValues compares two values of any dynamic type.
func (w *walk) equalValues(a, b any) bool {
	switch a := a.(type) {
	case nil, string, bool, float64, int, int64, json.Number:
		return a == b
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && w.equalObjects(a, b)
	case []any:
		b, ok := b.([]any)
		return ok && w.equalLists(a, b)
	}
	t := reflect.TypeOf(a)
	if reflect.TypeOf(b) != t {
		return false
	}
	v, u, p := reflect.ValueOf(a), reflect.ValueOf(b), planOf(t)
	if p.whole {
		_, equal := p.share(w, v, u)
		return equal
	}
	// What is in an interface has no address that could be had.
	x, y := reflect.New(t), reflect.New(t)
	x.Elem().Set(v)
	y.Elem().Set(u)
	return p.equalAt(w, x, y)
}

func (w *walk) equalObjects(a, b map[string]any) bool {
	if a == nil || b == nil || len(a) != len(b) {
		return a == nil && b == nil
	}
	if sameMap(a, b) {
		return true
	}
	if !w.glance() {
		return false
	}
	defer w.ascend()
	for key, x := range a {
		y, ok := b[key]
		if !ok || !w.equalValues(x, y) {
			return false
		}
	}
	return true
}

func (w *walk) equalLists(a, b []any) bool {
	if a == nil || b == nil || len(a) != len(b) {
		return a == nil && b == nil
	}
	if sameList(a, b) {
		return true
	}
	if !w.glance() {
		return false
	}
	defer w.ascend()
	for i, x := range a {
		if !w.equalValues(x, b[i]) {
			return false
		}
	}
	return true
}
