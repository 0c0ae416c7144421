// Package share keeps the identity of data that did not change: of an old and
// a next value it builds one that looks like next but is made of the parts of
// old wherever those are equal. Whoever compares by identity (a memoised
// select, a filtered listener, a view) then sees that nothing happened.
//
// Trees of map[string]any, []any and scalars, as encoding/json decodes them,
// are shared without reflection. All other values go by a plan that is compiled
// once per type: it compares in memory, and goes by reflection only where
// something differs. Both ways follow the same rules:
//
//   - values of different types are different, int 1 and float64 1 included;
//   - nil and empty slices or maps are different;
//   - elements are matched by index in lists and by key in maps;
//   - a type with a method Equal(T) bool is compared by it, and like a struct
//     with unexported fields or a lock it is kept as a whole or not at all;
//   - functions are equal if both are nil, channels if they are the same;
//   - below 500 levels, and wherever data runs in a circle, nothing is merged.
//
// Neither old nor next is ever written to.
package share

import (
	"encoding/json"
	"reflect"
)

// Share returns old itself if next equals it. Otherwise it returns a value deeply
// equal to next whose equal parts, at any depth, are those of old. The result
// may alias next as well as old, so all three are to be treated as read-only.
// Data that runs in a circle is compared by reflect.DeepEqual and taken whole.
func Share(old, next any) any {
	if Same(old, next) {
		return old
	}
	w := newWalk()
	out, equal := w.value(old, next)
	cyclic := w.cyclic
	w.end()
	if cyclic {
		out, equal = next, reflect.DeepEqual(old, next)
	}
	if equal {
		return old
	}
	return out
}

// value shares two values of any dynamic type.
func (w *walk) value(old, next any) (out any, equal bool) {
	switch n := next.(type) {
	case nil:
		return nil, old == nil
	case string, bool, float64, int, int64, json.Number:
		return next, old == next
	case map[string]any:
		if o, ok := old.(map[string]any); ok && !w.wary() {
			if out, equal := w.object(o, n); !equal {
				return out, false
			}
			return old, true
		}
	case []any:
		if o, ok := old.([]any); ok && !w.wary() {
			if out, equal := w.list(o, n); !equal {
				return out, false
			}
			return old, true
		}
	}
	return w.typed(old, next)
}

// typed shares two values by the plan of their type.
func (w *walk) typed(old, next any) (out any, equal bool) {
	t := reflect.TypeOf(next)
	if reflect.TypeOf(old) != t {
		return next, false
	}
	v, equal := planOf(t).share(w, reflect.ValueOf(old), reflect.ValueOf(next))
	if equal {
		return old, true
	}
	return v.Interface(), false
}
