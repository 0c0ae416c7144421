package shrink

import (
	"maps"
	"slices"
)

// A pass lists changes that may make a program lighter, those that promise most
// first.
type pass func(Program) []change

func stepsOf(p Program) []any {
	steps, _ := p["steps"].([]any)
	return steps
}

func stepAt(i int) path { return path{"steps", i} }

// chunks deletes runs of steps: halves, quarters and so on down to single ones,
// the last first because nothing depends on them.
func chunks(p Program) []change {
	n := len(stepsOf(p))
	var out []change
	for size := (n + 1) / 2; size > 0; size /= 2 {
		for end := n; end > 0; end -= size {
			var c change
			for i := max(end-size, 0); i < end; i++ {
				c = append(c, edit{stepAt(i), deleted})
			}
			out = append(out, c)
		}
	}
	return out
}

// actors deletes everything that is done by or to one observer, client or saved
// state: without the step that makes it the others are invalid.
func actors(p Program) []change {
	groups := map[string]change{}
	for i, step := range stepsOf(p) {
		members, _ := step.(map[string]any)
		names := map[string]bool{}
		for _, member := range []string{"id", "client", "as", "from"} {
			if name, ok := members[member].(string); ok {
				names[name] = true
			}
		}
		for name := range names {
			groups[name] = append(groups[name], edit{stepAt(i), deleted})
		}
	}
	var out []change
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		out = append(out, groups[name])
	}
	return out
}

// pairs deletes two steps, such as a connection that is lost and comes back.
func pairs(p Program) []change {
	n := len(stepsOf(p))
	var out []change
	for i := range n {
		for j := i + 1; j < n; j++ {
			out = append(out, deletions(stepAt(i), stepAt(j)))
		}
	}
	return out
}

// merged joins advances that follow each other.
func merged(p Program) []change {
	var out []change
	steps := stepsOf(p)
	for i := 1; i < len(steps); i++ {
		before, ok := advanceOf(steps[i-1])
		after, alsoOK := advanceOf(steps[i])
		if ok && alsoOK {
			out = append(out, change{
				{stepAt(i - 1).to("ms"), before + after},
				{stepAt(i), deleted},
			})
		}
	}
	return out
}

func advanceOf(step any) (ms float64, ok bool) {
	members, _ := step.(map[string]any)
	ms, ok = members["ms"].(float64)
	return ms, ok && members["do"] == "advance"
}

// members deletes each member of an object and each element of a list.
func members(p Program) []change {
	var out []change
	walk(p, nil, func(at path, _ any) {
		if len(at) > 0 {
			out = append(out, deletions(at))
		}
	})
	return out
}

// shorterKeys cuts the last element off a key wherever it occurs.
func shorterKeys(p Program) []change {
	uses := map[string]change{}
	walk(p, nil, func(at path, v any) {
		key, ok := v.([]any)
		if !ok || len(key) < 2 {
			return
		}
		if name := at[len(at)-1]; name == "key" || name == "queryKey" || name == "mutationKey" {
			uses[text(key)] = append(uses[text(key)], edit{at, key[:len(key)-1]})
		}
	})
	var out []change
	for _, key := range slices.Sorted(maps.Keys(uses)) {
		out = append(out, uses[key])
	}
	return out
}

// simpler puts one of its parts in the place of an object or list, and smaller
// and rounder numbers in the place of numbers.
func simpler(p Program) []change {
	var out []change
	walk(p, nil, func(at path, v any) {
		if len(at) == 0 {
			return
		}
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				out = append(out, change{{at, v[name]}})
			}
		case []any:
			for _, element := range v {
				out = append(out, change{{at, element}})
			}
		case float64:
			// A short interval makes a long trace.
			if !slices.Contains(at, any("refetchInterval")) {
				for _, n := range smaller(v) {
					out = append(out, change{{at, n}})
				}
			}
		}
	})
	return out
}

// smaller returns integers nearer to zero, the nearest first.
func smaller(n float64) []float64 {
	var out []float64
	for _, round := range []float64{0, 1, 10, 100, 1000} {
		if round < max(n, -n) {
			out = append(out, round)
		}
	}
	return append(out, float64(int(n/2)))
}
