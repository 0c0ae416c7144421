package query

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/querykey"
)

// drawKey draws keys that share prefixes, with text that a careless scan of their
// encoding stumbles over.
func drawKey(t *rapid.T, label string) querykey.Key {
	part := rapid.SampledFrom([]any{
		"a", "b", 1, 2, `q",["`, `back\`, "", nil, true,
		[]any{"a"},
		[]any{"a", 1},
		[]any{},
		map[string]any{},
		map[string]any{"x": 1},
		map[string]any{"x": 1, "y": []any{"a", "b"}},
	})
	return querykey.Of(rapid.SliceOfN(part, 0, 4).Draw(t, label)...)
}

func TestTree_findsWhatAScanFinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var x index
		x.tree.root.c = new(Client)
		var all []*entry // oldest first
		for id := range rapid.Uint64Range(1, 60).Draw(t, "steps") {
			k := drawKey(t, "key")
			e := x.find(k)
			switch {
			case e == nil:
				e = &entry{id: id, key: k}
				x.insert(e, &blank)
				all = append(all, e)
			case rapid.Bool().Draw(t, "remove"):
				x.remove(e)
				all = slices.DeleteFunc(all, func(o *entry) bool { return o == e })
			case len(e.observers()) == 0:
				e.own().observers = []*observer{nil}
				x.tree.observe(e, true)
			default:
				e.extra.Store(nil)
				x.tree.observe(e, false)
			}
		}
		for range 20 {
			f := drawKey(t, "filter")
			unobserved := func(e *entry) bool { return len(e.observers()) == 0 && e.key != f }
			var want []*entry
			for _, e := range all {
				if e.key.Matches(f) {
					want = append(want, e)
				}
			}
			found := inOrder(slices.Collect(x.matching(f, false)))
			require.Equal(t, keysOf(want), keysOf(found), "all that match %s", f)
			found = inOrder(slices.Collect(x.matching(f, true)))
			require.False(t, slices.ContainsFunc(found, unobserved), "observed of %s: %v", f, keysOf(found))
			idle := func(e *entry) bool { return len(e.observers()) == 0 }
			want, found = slices.DeleteFunc(want, idle), slices.DeleteFunc(found, idle)
			require.Equal(t, keysOf(want), keysOf(found), "observed of %s", f)
		}
		for _, e := range all {
			x.remove(e)
		}
		require.Empty(t, x.tree.byText)
		require.Empty(t, x.tree.root.members)
		require.Empty(t, x.tree.root.children)
		require.Zero(t, x.tree.root.beneath)
	})
}

func keysOf(list []*entry) (keys []string) {
	for _, e := range list {
		keys = append(keys, e.key.String())
	}
	return keys
}

func TestTree_freesWhatItNoLongerNeeds(t *testing.T) {
	t.Parallel()
	var x index
	x.tree.root.c = new(Client)
	var all []*entry
	for n := range 10_000 {
		e := &entry{key: querykey.Of("orders", n, "lines")}
		x.insert(e, &blank)
		all = append(all, e)
	}
	require.Len(t, x.tree.byText, 10_001)
	for _, e := range all[1:] {
		x.remove(e)
	}
	require.Len(t, x.tree.byText, 2)
	require.LessOrEqual(t, x.tree.most, 64)
	require.LessOrEqual(t, cap(x.tree.find(`["orders"`).children), 8)
}
