package share

import (
	"reflect"
	"sync"
	"time"
)

// shareTime is what shareByMethod would do for time.Time, the one type with a
// method Equal that is in nearly all data, without the cost of a reflected call.
func shareTime(_ *walk, old, next reflect.Value) (reflect.Value, bool) {
	return choose(old, next, timeOf(old).Equal(timeOf(next)))
}

func timeOf(v reflect.Value) time.Time {
	t, _ := reflect.TypeAssert[time.Time](v) // of no other type by plan
	return t
}

// equalMethod finds the method Equal(T) bool of type T.
func equalMethod(t reflect.Type) (equal reflect.Value, ok bool) {
	if t.Kind() == reflect.Interface {
		return reflect.Value{}, false
	}
	m, ok := t.MethodByName("Equal")
	if !ok || m.Type != reflect.FuncOf([]reflect.Type{t, t}, []reflect.Type{reflect.TypeFor[bool]()}, false) {
		return reflect.Value{}, false
	}
	return m.Func, true
}

// compared shares by a comparison alone: what is not equal is taken whole.
func compared(equal func(w *walk, a, b reflect.Value) bool) sharer {
	return func(w *walk, old, next reflect.Value) (reflect.Value, bool) {
		return choose(old, next, equal(w, old, next))
	}
}

func nilable(k reflect.Kind) bool {
	switch k {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return true
	default:
		return false
	}
}

// holdsLock reports whether a value of type t contains, not behind a reference,
// something that must not be copied (as go vet's copylocks defines it).
func holdsLock(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		locker := reflect.TypeFor[sync.Locker]()
		if reflect.PointerTo(t).Implements(locker) && !t.Implements(locker) {
			return true
		}
		for f := range t.Fields() {
			if holdsLock(f.Type) {
				return true
			}
		}
		return false
	case reflect.Array:
		return holdsLock(t.Elem())
	default:
		return false
	}
}
