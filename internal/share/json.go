package share

import "maps"

// object shares two JSON objects. It returns old if all is equal, next only
// where it may not look inside, and a new map in every other case.
func (w *walk) object(old, next map[string]any) (out map[string]any, equal bool) {
	if old == nil || next == nil {
		return next, old == nil && next == nil
	}
	if sameMap(old, next) {
		return old, true
	}
	if !w.descend() {
		return next, false
	}
	defer w.ascend()

	// Maps are walked in no order, so what the copy has to carry is noted on the
	// way and applied once it is known that a copy is needed.
	type member struct {
		key   string
		value any
	}
	var room [8]member
	carried := room[:0]
	equal = len(old) == len(next)
	for key, n := range next {
		o, ok := old[key]
		if !ok {
			equal = false
			continue
		}
		v, same := w.value(o, n)
		equal = equal && same
		if !scalar(v) {
			carried = append(carried, member{key, v})
		}
	}
	if equal {
		return old, true
	}
	out = maps.Clone(next)
	for _, m := range carried {
		out[m.key] = m.value
	}
	return out, false
}

// list shares two JSON arrays by index, with the results of object.
func (w *walk) list(old, next []any) (out []any, equal bool) {
	if old == nil || next == nil {
		return next, old == nil && next == nil
	}
	if sameList(old, next) {
		return old, true
	}
	if !w.descend() {
		return next, false
	}
	defer w.ascend()

	both := min(len(old), len(next))
	if len(old) != len(next) {
		out = copyList(old, next, 0)
	}
	for i := range both {
		v, same := w.value(old[i], next[i])
		if !same && out == nil {
			out = copyList(old, next, i)
		}
		if out != nil {
			out[i] = v
		}
	}
	if out == nil {
		return old, true
	}
	return out, false
}

// copyList copies next, taking the first kept elements from old.
func copyList(old, next []any, kept int) []any {
	out := make([]any, len(next))
	copy(out, old[:kept])
	copy(out[kept:], next[kept:])
	return out
}

// scalar reports whether v has no identity that a copy would have to preserve.
func scalar(v any) bool {
	switch v.(type) {
	case nil, string, bool, float64, int, int64:
		return true
	}
	return false
}
