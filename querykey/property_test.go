package querykey_test

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/querykey"
)

// scalars come from a small set as often as not, so that two draws are often
// equal or nearly so.
var scalars = rapid.OneOf(
	rapid.SampledFrom([]any{
		nil, true, false, "", "a", "b", "a,b", `"`, `\`, "]", "}", "1", "null", "\u2028",
		0, 1, 12, -1, 0.0, 1.0, 0.1, 1e21, float64(1 << 60), int64(1 << 60), int8(1), uint64(math.MaxUint64),
		json.Number("1.0"), json.Number("12e-1"), json.Number("1e999"), json.Number("0.10"),
	}),
	rapid.Map(rapid.String(), toAny[string]),
	rapid.Map(rapid.Int64(), toAny[int64]),
	rapid.Map(rapid.Uint64(), toAny[uint64]),
	rapid.Map(rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64), toAny[float64]),
	rapid.Map(rapid.Float32Range(-math.MaxFloat32, math.MaxFloat32), toAny[float32]),
)

func toAny[T any](v T) any { return v }

// values yields JSON values of up to depth containers within one another.
func values(depth int) *rapid.Generator[any] {
	if depth == 0 {
		return scalars
	}
	inner := values(depth - 1)
	names := rapid.SampledFrom([]string{"a", "b", "ab", "c", "", `"`, "\t"})
	return rapid.OneOf(
		scalars,
		rapid.Map(rapid.SliceOfN(inner, 0, 4), toAny[[]any]),
		rapid.Map(rapid.MapOfN(names, inner, 0, 4), toAny[map[string]any]),
	)
}

var partLists = rapid.SliceOfN(values(2), 0, 4)

// mustKey returns the key of parts, which must have one.
func mustKey(t require.TestingT, parts []any) querykey.Key {
	k, err := querykey.New(parts...)
	require.NoError(t, err)
	return k
}

// jsonTree returns what encoding/json makes of v, with its numbers as decimals.
func jsonTree(t require.TestingT, v any) any {
	text, err := json.Marshal(v)
	require.NoError(t, err)
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var tree any
	require.NoError(t, d.Decode(&tree))
	return rational(t, tree)
}

// rational replaces the numbers within tree by the text of an exact fraction.
func rational(t require.TestingT, tree any) any {
	switch tree := tree.(type) {
	case []any:
		for i := range tree {
			tree[i] = rational(t, tree[i])
		}
	case map[string]any:
		for name := range tree {
			tree[name] = rational(t, tree[name])
		}
	case json.Number:
		digits, _, _ := strings.Cut(strings.ToLower(tree.String()), "e")
		if strings.Trim(digits, "-0.") == "" {
			return json.Number("0") // big.Rat refuses a zero whose exponent is out of range
		}
		exact, ok := new(big.Rat).SetString(tree.String())
		require.True(t, ok, tree)
		return json.Number(exact.String())
	}
	return tree
}

// matches is partial matching as the rules word it, on decoded values.
func matches(value, pattern any) bool {
	switch pattern := pattern.(type) {
	case []any:
		list, ok := value.([]any)
		if !ok || len(list) < len(pattern) {
			return false
		}
		for i := range pattern {
			if !matches(list[i], pattern[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		object, ok := value.(map[string]any)
		if !ok {
			return false
		}
		for name := range pattern {
			member, present := object[name]
			if !present || !matches(member, pattern[name]) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(value, pattern)
	}
}

// pruned draws a pattern that v matches.
func pruned(t *rapid.T, v any) any {
	switch v := v.(type) {
	case []any:
		kept := []any{}
		for _, element := range v[:rapid.IntRange(0, len(v)).Draw(t, "length")] {
			kept = append(kept, pruned(t, element))
		}
		return kept
	case map[string]any:
		kept := map[string]any{}
		for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom(append(names(v), "absent")), rapid.ID[string]).Draw(t, "names") {
			if member, present := v[name]; present {
				kept[name] = pruned(t, member)
			}
		}
		return kept
	default:
		return v
	}
}

// names returns the member names of object in an order that rapid can repeat.
func names(object map[string]any) []string {
	var sorted []string
	for _, name := range []string{"", "\t", `"`, "a", "ab", "b", "c"} {
		if _, present := object[name]; present {
			sorted = append(sorted, name)
		}
	}
	return sorted
}

func TestKeys_areEqualExactlyWhenTheirJSONIs(t *testing.T) { // R-KEY-2
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := partLists.Draw(t, "a"), partLists.Draw(t, "b")
		want := reflect.DeepEqual(jsonTree(t, a), jsonTree(t, b))
		require.Equal(t, want, mustKey(t, a) == mustKey(t, b))
	})
}

func TestScalars_areEqualExactlyWhenTheirJSONIs(t *testing.T) { // R-KEY-2
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := scalars.Draw(t, "a"), scalars.Draw(t, "b")
		want := reflect.DeepEqual(jsonTree(t, a), jsonTree(t, b))
		require.Equal(t, want, querykey.Of(a) == querykey.Of(b))
	})
}

func TestKeys_surviveJSON(t *testing.T) { // T-KEY-4
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := partLists.Draw(t, "parts")
		k := mustKey(t, parts)
		require.Equal(t, len(parts), k.Len())
		require.True(t, k == mustKey(t, k.Parts()))

		parsed, err := querykey.Parse(k.String())
		require.NoError(t, err)
		require.True(t, k == parsed)
		require.Equal(t, k.Hash(), parsed.Hash())

		// What any other encoder writes reads as the same key, too, and so does
		// what it makes of a struct around the parts.
		text, err := json.Marshal(parts)
		require.NoError(t, err)
		foreign, err := querykey.Parse(string(text))
		require.NoError(t, err)
		require.True(t, k == foreign)
		require.True(t, querykey.Of(struct{ P []any }{parts}) == querykey.Of(map[string]any{"P": parts}))
		require.Equal(t, jsonTree(t, parts), jsonTree(t, k))
	})
}

func TestKeys_nestAndGrow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := partLists.Draw(t, "a"), partLists.Draw(t, "b")
		both := append(append([]any{}, a...), b...)
		require.True(t, mustKey(t, a).With(b...) == mustKey(t, both))
		require.True(t, querykey.Of(mustKey(t, a)) == querykey.Of(a))
		require.True(t, mustKey(t, both).Matches(mustKey(t, a)))
	})
}

func TestMatches_agreesWithTheRules(t *testing.T) { // R-MATCH-1, R-MATCH-2
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key, pattern := mustKey(t, partLists.Draw(t, "key")), mustKey(t, partLists.Draw(t, "pattern"))
		require.Equal(t, matches(key.Parts(), pattern.Parts()), key.Matches(pattern))

		pruned := mustKey(t, pruned(t, key.Parts()).([]any))
		require.True(t, key.Matches(pruned))
		require.Equal(t, matches(pruned.Parts(), key.Parts()), pruned.Matches(key))

		crossed := pruned.With(pattern.Parts()...)
		require.Equal(t, matches(key.Parts(), crossed.Parts()), key.Matches(crossed))
	})
}
