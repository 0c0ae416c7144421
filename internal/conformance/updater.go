package conformance

import (
	"fmt"
	"slices"
)

// updated applies an updater to the present data, which may be absent, and so
// may the result be. Branches that it does not touch keep their identity.
func updated(op any, old any) any {
	name, members, _ := operator(op)
	spec := members[name]
	items, _ := old.(list)
	switch name {
	case "$append":
		return append(slices.Clone(items), clone(spec))
	case "$prepend":
		return append(list{clone(spec)}, items...)
	case "$inc":
		n, _ := old.(float64)
		return n + as[float64](spec)
	case "$merge":
		return merge(old, as[object](spec))
	case "$set":
		set := as[object](spec)
		return with(old, as[string](set["path"]), clone(set["value"]))
	case "$setWhere":
		where := as[object](spec)
		return replaced(old, func(item any) (any, bool) {
			if matches(item, as[object](where["match"])) {
				return merge(item, as[object](where["set"])), true
			}
			return item, true
		})
	case "$remove":
		return replaced(old, func(item any) (any, bool) { return item, !matches(item, as[object](spec)) })
	case "$undefined":
		return absent
	case "$clone":
		return clone(old)
	default: // $same
		return old
	}
}

// merge returns a copy of v, or of an empty object, with members replaced.
func merge(v any, members object) object {
	out := object{}
	if old, ok := v.(object); ok {
		out = shallow(old)
	}
	for k, x := range members {
		out[k] = clone(x)
	}
	return out
}

// replaced rebuilds a list item by item and leaves anything else alone.
func replaced(v any, f func(item any) (next any, keep bool)) any {
	items, ok := v.(list)
	if !ok {
		return v
	}
	out := emptyList(0)
	for _, item := range items {
		if next, keep := f(item); keep {
			out = append(out, next)
		}
	}
	return out
}

func updaterCheck(where string, v any) error {
	if err := operatorCheck(updaterShapes())(where, v); err != nil {
		return fmt.Errorf("unknown updater: %w", err)
	}
	return nil
}

func updaterShapes() map[string]shape {
	return map[string]shape{
		"$append":    {"$append": anything},
		"$prepend":   {"$prepend": anything},
		"$inc":       {"$inc": integer},
		"$merge":     {"$merge": isObject},
		"$set":       {"$set": shape{"!path": text, "!value": anything}.check},
		"$setWhere":  {"$setWhere": shape{"!match": isObject, "!set": isObject}.check},
		"$remove":    {"$remove": isObject},
		"$undefined": {"$undefined": oneOf(true)},
		"$same":      {"$same": oneOf(true)},
		"$clone":     {"$clone": oneOf(true)},
	}
}
