package shrink

import (
	"cmp"
	"maps"
	"slices"
)

// A path leads to a part of a program: names of members and, as int, indexes of
// elements.
type path []any

func (p path) to(part any) path { return append(slices.Clip(p), part) }

// A change is edits that are made together.
type change []edit

// edit deletes the part of a program at a path or replaces it.
type edit struct {
	at          path
	replacement any // deleted, or the new value
}

// deletion is the type of deleted, which is no value of JSON.
type deletion struct{}

var deleted = deletion{}

func deletions(paths ...path) change {
	c := make(change, len(paths))
	for i, at := range paths {
		c[i] = edit{at, deleted}
	}
	return c
}

// apply returns the program with the edits made, the later parts first, so that
// no deletion moves what another edit is about. Of two edits at one place, and
// of a place and what is in it, both are made as far as they can be.
func (c change) apply(p Program) Program {
	edits := slices.Clone(c)
	slices.SortStableFunc(edits, func(a, b edit) int { return comparePaths(b.at, a.at) })
	edits = slices.CompactFunc(edits, func(a, b edit) bool { return comparePaths(a.at, b.at) == 0 })
	var v any = p
	for _, e := range edits {
		v = e.make(v, e.at)
	}
	changed, ok := v.(Program)
	if !ok {
		return p // a program is an object
	}
	return changed
}

// make returns v with the part at the path, which is relative to v, edited.
func (e edit) make(v any, at path) any {
	if len(at) == 0 {
		return e.replacement
	}
	switch v := v.(type) {
	case map[string]any:
		name, ok := at[0].(string)
		old, exists := v[name]
		if !ok || !exists {
			return v
		}
		out := maps.Clone(v)
		if out[name] = e.make(old, at[1:]); out[name] == deleted {
			delete(out, name)
		}
		return out
	case []any:
		i, ok := at[0].(int)
		if !ok || i >= len(v) {
			return v
		}
		part := e.make(v[i], at[1:])
		if part == deleted {
			return slices.Concat(v[:i], v[i+1:])
		}
		out := slices.Clone(v)
		out[i] = part
		return out
	default:
		return v
	}
}

// comparePaths orders parts as they follow each other; what is in a part comes
// after it.
func comparePaths(a, b path) int {
	return slices.CompareFunc(a, b, func(x, y any) int {
		if i, ok := x.(int); ok {
			if j, ok := y.(int); ok {
				return cmp.Compare(i, j)
			}
			return -1
		}
		name, _ := x.(string)
		if other, ok := y.(string); ok {
			return cmp.Compare(name, other)
		}
		return 1
	})
}

// walk calls visit with every part of v, in the order of comparePaths.
func walk(v any, at path, visit func(path, any)) {
	visit(at, v)
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			walk(v[name], at.to(name), visit)
		}
	case []any:
		for i, element := range v {
			walk(element, at.to(i), visit)
		}
	}
}
