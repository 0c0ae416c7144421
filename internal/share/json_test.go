package share_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/internal/share"
)

type (
	object = map[string]any
	list   = []any
)

func TestShare_jsonEqualTreeIsOldItself(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		`{}`, `[[]]`, `{"a":{"b":[1,"x",true,null]}}`, `[{"id":1},{"id":2}]`,
	} {
		old, next := decode(t, doc), decode(t, doc)
		require.False(t, share.Same(old, next), doc)
		require.True(t, share.Same(share.Share(old, next), old), "R-SHARE-2 %s", doc)
	}
}

func TestShare_jsonTakesNextOnDifference(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rule      string
		old, next any
	}{
		{"R-SHARE-2 kinds differ", object{"a": 1.0}, list{1.0}},
		{"R-SHARE-2 list to object", list{}, object{}},
		{"R-SHARE-2 tree to scalar", object{}, "x"},
		{"R-SHARE-2 absent to tree", nil, object{"a": nil}},
		{"R-SHARE-2 tree to absent", object{"a": nil}, nil},
		{"R-SHARE-2 number types differ", list{1}, list{1.0}},
		{"R-SHARE-2 number spelled otherwise", list{json.Number("1")}, list{json.Number("1.0")}},
		{"R-SHARE-3 superset list", list{1.0}, list{1.0, 2.0}},
		{"R-SHARE-3 subset list", list{1.0, 2.0}, list{1.0}},
		{"R-SHARE-3 superset object", object{"a": 1.0}, object{"a": 1.0, "b": 1.0}},
		{"R-SHARE-3 subset object", object{"a": 1.0, "b": 1.0}, object{"a": 1.0}},
		{"R-SHARE-3 absent value against missing key", object{"b": 1.0}, object{"a": nil}},
		{"R-SHARE-3 missing key against absent value", object{"a": nil}, object{"b": 1.0}},
		{"T-SHARE-3 nil against empty object", object(nil), object{}},
		{"T-SHARE-3 empty against nil object", object{}, object(nil)},
		{"T-SHARE-3 nil against empty list", list(nil), list{}},
		{"T-SHARE-3 empty against nil list", list{}, list(nil)},
	} {
		t.Run(test.rule, func(t *testing.T) {
			t.Parallel()
			out := share.Share(test.old, test.next)
			require.Equal(t, test.next, out)
			require.NotEqual(t, test.old, out)
		})
	}
}

func TestShare_jsonKeepsEqualChildren(t *testing.T) {
	t.Parallel()
	old := decode(t, `{"kept":{"deep":[1]},"changed":{"kept":[2],"n":1},"gone":[3]}`)
	next := decode(t, `{"kept":{"deep":[1]},"changed":{"kept":[2],"n":2},"new":[4]}`)

	out := share.Share(old, next)

	require.Equal(t, next, out)
	require.True(t, share.Same(at(out, "kept"), at(old, "kept")))
	require.True(t, share.Same(at(out, "changed", "kept"), at(old, "changed", "kept")))
	require.True(t, share.Same(at(out, "new"), at(next, "new")))
	for _, path := range [][]any{{}, {"changed"}} {
		require.False(t, share.Same(at(out, path...), at(old, path...)), "T-SHARE-2 a fresh copy, not old")
		require.False(t, share.Same(at(out, path...), at(next, path...)), "T-SHARE-2 a fresh copy, not next")
	}
}

func TestShare_jsonMatchesListElementsByIndex(t *testing.T) {
	t.Parallel()
	old := decode(t, `[{"id":1},{"id":2},{"id":3}]`)
	next := decode(t, `[{"id":1},{"id":3},{"id":3},{"id":4}]`)

	out := share.Share(old, next)

	require.Equal(t, next, out)
	require.True(t, share.Same(at(out, 0), at(old, 0)))
	require.False(t, share.Same(at(out, 1), at(old, 2)), "R-SHARE-3 by index, not by content")
	require.True(t, share.Same(at(out, 2), at(old, 2)))
	require.True(t, share.Same(at(out, 3), at(next, 3)))
}

func TestShare_jsonHoldsTypedValues(t *testing.T) {
	t.Parallel()
	old := object{"order": &order{ID: "o-1", Tags: []string{"new"}}, "n": 1}
	next := object{"order": &order{ID: "o-1", Tags: []string{"new"}}, "n": 2}

	out := share.Share(old, next)

	require.Equal(t, next, out)
	require.Same(t, at(old, "order"), at(out, "order"))
}

func TestShare_jsonBelowDepthLimitTakesNext(t *testing.T) {
	t.Parallel()
	const limit = 500
	for _, test := range []struct {
		levels int
		kept   bool
	}{{limit, true}, {limit + 1, false}} {
		old, next := nested(test.levels), nested(test.levels)
		out := share.Share(old, next)
		require.Equal(t, test.kept, share.Same(out, old), "%d levels under the root", test.levels)
		require.Equal(t, next, out)
	}
}

// TestShare_jsonFollowsReplaceEqualDeep compares with a transcription of the
// reference: the same value, made of the same parts.
func TestShare_jsonFollowsReplaceEqualDeep(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		old := tree(3).Draw(t, "old")
		next := variant(t, old)

		got, want := share.Share(old, next), replaceEqualDeep(old, next, 0)

		requireSameParts(t, got, want, old, next)
	})
}

// replaceEqualDeep is query-core's function of that name, line by line.
func replaceEqualDeep(a, b any, depth int) any {
	if share.Same(a, b) {
		return a
	}
	if depth > 500 {
		return b
	}
	if a, ok := a.(list); ok {
		if b, ok := b.(list); ok {
			out, equal := make(list, len(b)), 0
			for i := range b {
				if i < len(a) {
					if out[i] = replaceEqualDeep(a[i], b[i], depth+1); share.Same(out[i], a[i]) {
						equal++
					}
					continue
				}
				out[i] = b[i]
			}
			if len(a) == len(b) && equal == len(a) {
				return a
			}
			return out
		}
	}
	if a, ok := a.(object); ok {
		if b, ok := b.(object); ok {
			out, equal := object{}, 0
			for key := range b {
				if _, has := a[key]; has {
					if out[key] = replaceEqualDeep(a[key], b[key], depth+1); share.Same(out[key], a[key]) {
						equal++
					}
					continue
				}
				out[key] = b[key]
			}
			if len(a) == len(b) && equal == len(a) {
				return a
			}
			return out
		}
	}
	return b
}

// requireSameParts checks that got is built like want: of the same shared parts
// of old and next, and new where want is new.
func requireSameParts(t require.TestingT, got, want, old, next any) {
	require.Equal(t, want, got)
	require.Equal(t, share.Same(want, old), share.Same(got, old), "from old")
	require.Equal(t, share.Same(want, next), share.Same(got, next), "from next")
	switch got := got.(type) {
	case object:
		for key := range got {
			requireSameParts(t, got[key], at(want, key), at(old, key), at(next, key))
		}
	case list:
		for i := range got {
			requireSameParts(t, got[i], at(want, i), at(old, i), at(next, i))
		}
	}
}

// tree draws JSON trees of at most the given depth.
func tree(depth int) *rapid.Generator[any] {
	scalars := rapid.OneOf(
		rapid.Just[any](nil), rapid.Just[any](true), rapid.Just[any](1), rapid.Just[any](1.0), rapid.Just[any]("x"),
	)
	if depth == 0 {
		return scalars
	}
	return rapid.OneOf(
		scalars,
		rapid.Map(rapid.SliceOfN(tree(depth-1), 0, 4), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c"}), tree(depth-1), 0, 3),
			func(o map[string]any) any { return o }),
	)
}

// variant copies v deeply, replacing some of its parts.
func variant(t *rapid.T, v any) any {
	if rapid.IntRange(0, 9).Draw(t, "replace") == 0 {
		return tree(2).Draw(t, "replacement")
	}
	switch v := v.(type) {
	case object:
		out := object{}
		for _, key := range []string{"a", "b", "c"} {
			if child, ok := v[key]; ok {
				out[key] = variant(t, child)
			}
		}
		return out
	case list:
		out := list{}
		for _, child := range v {
			out = append(out, variant(t, child))
		}
		return out
	default:
		return v
	}
}

func nested(levels int) any {
	v := any(list{"leaf"})
	for range levels {
		v = list{v}
	}
	return v
}

func decode(t *testing.T, doc string) any {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(doc), &v))
	return v
}

// at walks into a tree; what is not there is nil.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			o, _ := v.(object)
			v = o[step]
		case int:
			l, _ := v.(list)
			if step >= len(l) {
				return nil
			}
			v = l[step]
		default:
			panic(reflect.TypeOf(step))
		}
	}
	return v
}
