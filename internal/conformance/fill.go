package conformance

import "strings"

// filled returns a deep copy of v in which every string that is exactly $name
// or $name.path, for a name that is known, is replaced by a copy of that value.
// A value that is missing is null in a list and no member in an object.
func filled(v any, known object) any {
	switch v := v.(type) {
	case string:
		rest, ok := strings.CutPrefix(v, "$")
		if !ok {
			return v
		}
		name, path, _ := strings.Cut(rest, ".")
		value, ok := known[name]
		if !ok {
			return v
		}
		return clone(at(value, path))
	case list:
		out := emptyList(len(v))
		for i, x := range v {
			out[i] = orNull(filled(x, known))
		}
		return out
	case object:
		out := make(object, len(v))
		for k, x := range v {
			if f := filled(x, known); f != absent {
				out[k] = f
			}
		}
		return out
	default:
		return v
	}
}
