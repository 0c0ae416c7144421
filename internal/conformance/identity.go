package conformance

import "reflect"

// container reports whether v is a list or object with something in it, the
// only values whose identity a trace talks about.
func container(v any) bool {
	switch v := v.(type) {
	case list:
		return len(v) > 0
	case object:
		return len(v) > 0
	case pages:
		return true // it has two members
	default:
		return false
	}
}

// identical reports whether two values are the same reference, or equal scalars.
// Empty containers are never asked about.
func identical(a, b any) bool {
	switch a := a.(type) {
	case list:
		b, ok := b.(list)
		return ok && len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
	case object:
		b, ok := b.(object)
		return ok && reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
	case pages:
		b, ok := b.(pages)
		return ok && identical(a.Pages, b.Pages) && identical(a.PageParams, b.PageParams)
	default:
		return !container(b) && sameJSON(a, b)
	}
}
