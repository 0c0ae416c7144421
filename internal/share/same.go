package share

import "reflect"

// Same reports whether a and b are one and the same: maps, pointers, channels and
// functions by what they point to, slices by their place and length, other
// values by ==, looking into structs and arrays that == does not accept. It never
// panics. Like ==, it holds NaN to differ from itself.
func Same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && sameMap(a, b)
	case []any:
		b, ok := b.([]any)
		return ok && sameList(a, b)
	}
	if reflect.TypeOf(a) != reflect.TypeOf(b) {
		return false
	}
	return a == nil || sameValue(reflect.ValueOf(a), reflect.ValueOf(b))
}

func sameMap(a, b map[string]any) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}

// sameValue is Same for two values of one type.
func sameValue(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Map:
		return a.Pointer() == b.Pointer()
	case reflect.Slice:
		return a.Len() == b.Len() && a.IsNil() == b.IsNil() && a.Pointer() == b.Pointer()
	case reflect.Func:
		return sameFunc(a, b)
	case reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() && b.IsNil()
		}
		return a.Elem().Type() == b.Elem().Type() && sameValue(a.Elem(), b.Elem())
	case reflect.Struct:
		for i := range a.NumField() {
			if !sameValue(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Array:
		for i := range a.Len() {
			if !sameValue(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	default:
		return a.Equal(b)
	}
}

// sameFunc compares closures. Value.Pointer does not tell them apart, as it is the
// address of the code and all closures of one literal share that. A Value taken
// from an interface holds the closure itself. In an unexported field it is out
// of reach, and there only nil functions are the same.
func sameFunc(a, b reflect.Value) bool {
	if a.IsNil() || b.IsNil() {
		return a.IsNil() && b.IsNil()
	}
	if !a.CanInterface() || !b.CanInterface() {
		return false
	}
	return reflect.ValueOf(a.Interface()) == reflect.ValueOf(b.Interface())
}
