package querykey_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/querykey"
)

func TestMatches(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	cases := []struct {
		name         string
		key, pattern string
		want         bool
	}{
		{"R-MATCH-1 identical", `["a",1]`, `["a",1]`, true},
		{"R-MATCH-1 prefix", `["a",1,true]`, `["a",1]`, true},
		{"R-MATCH-1 longer pattern", `["a"]`, `["a",1]`, false},
		{"R-MATCH-1 other part", `["a",1]`, `["b"]`, false},
		{"R-MATCH-1 not a prefix", `["a","b"]`, `["b"]`, false},
		{"R-MATCH-1 different kinds", `["1"]`, `[1]`, false},
		{"R-MATCH-1 bool and string", `[true]`, `["true"]`, false},
		{"R-MATCH-1 list and scalar", `[["a"]]`, `["a"]`, false},
		{"R-MATCH-1 scalar and list", `["a"]`, `[["a"]]`, false},
		{"R-MATCH-1 list and object", `[["a"]]`, `[{}]`, false},
		{"R-MATCH-1 object and list", `[{"a":1}]`, `[[]]`, false},
		{"R-MATCH-1 text prefix of a number", `[12]`, `[1]`, false},
		{"R-MATCH-1 text prefix of a fraction", `[1.5]`, `[1]`, false},
		{"R-MATCH-1 text prefix of a string", `["ab"]`, `["a"]`, false},
		{"R-MATCH-1 comma in a string", `["a,b"]`, `["a"]`, false},
		{"R-MATCH-1 quote in a string", `["a\",\"b"]`, `["a\""]`, false},
		{"R-MATCH-1 backslash at the end", `["a\\","b"]`, `["a\\"]`, true},
		{"R-MATCH-1 object subset", `["a",{"x":1,"y":2}]`, `["a",{"y":2}]`, true},
		{"R-MATCH-1 first and last member", `[{"a":1,"b":2,"c":3}]`, `[{"a":1,"c":3}]`, true},
		{"R-MATCH-1 object superset", `[{"x":1}]`, `[{"x":1,"y":2}]`, false},
		{"R-MATCH-1 other member", `[{"x":1}]`, `[{"w":1}]`, false},
		{"R-MATCH-1 other member value", `[{"x":1,"y":2}]`, `[{"x":2}]`, false},
		{"R-MATCH-1 member name within a longer one", `[{"xy":1}]`, `[{"x":1}]`, false},
		{"R-MATCH-1 text prefix of a member value", `[{"x":12}]`, `[{"x":1}]`, false},
		{"R-MATCH-1 nested objects", `[{"f":{"x":1,"y":[1,2]},"g":1}]`, `[{"f":{"y":[1]}}]`, true},
		{"R-MATCH-1 nested objects differ", `[{"f":{"x":1,"y":[1,2]},"g":1}]`, `[{"f":{"y":[2]}}]`, false},
		{"R-MATCH-1 parts after an object", `[{"x":1,"y":2},"b","c"]`, `[{"x":1},"b"]`, true},
		{"R-MATCH-1 other part after an object", `[{"x":1,"y":2},"b"]`, `[{"x":1},"c"]`, false},
		{"R-MATCH-1 no part after an object", `[{"x":1,"y":2}]`, `[{"x":1},"c"]`, false},
		{"R-MATCH-2 empty pattern", `["a",1]`, `[]`, true},
		{"R-MATCH-2 both empty", `[]`, `[]`, true},
		{"R-MATCH-2 empty key", `[]`, `["a"]`, false},
		{"R-MATCH-2 any object", `[{"x":1}]`, `[{}]`, true},
		{"R-MATCH-2 any object, none there", `["a"]`, `[{}]`, false},
		{"R-MATCH-2 any object, key too short", `[]`, `[{}]`, false},
		{"R-MATCH-2 nested prefix", `[["a","b"],"c"]`, `[["a"],"c"]`, true},
		{"R-MATCH-2 nested prefix, then other part", `[["a","b"],"c"]`, `[["a"],"d"]`, false},
		{"R-MATCH-2 nested empty list", `[["a","b"]]`, `[[]]`, true},
		{"R-MATCH-2 nested text prefix", `[["ab"]]`, `[["a"]]`, false},
		{"R-MATCH-2 brackets in strings", `[["]","["],{"}":"{"},"x"]`, `[["]"],{},"x"]`, true},
		{"R-MATCH-2 null matches null", `[null,1]`, `[null]`, true},
		{"R-MATCH-2 null does not match false", `[false]`, `[null]`, false},
		{"R-MATCH-2 null does not match absent", `[]`, `[null]`, false},
		{"R-MATCH-2 null member matches null", `[{"x":null,"y":1}]`, `[{"x":null}]`, true},
		{"R-MATCH-2 null member does not match absent", `[{"y":1}]`, `[{"x":null}]`, false},
		{"R-MATCH-2 absent member matches anything", `[{"x":null}]`, `[{}]`, true},
		{"T-KEY-2 member sorted before those of the pattern", `["a",{"a":0,"x":1}]`, `["a",{"x":1}]`, true},
		{"T-KEY-1 order of members", `[{"x":1,"y":2}]`, `[{"y":2,"x":1}]`, true},
		{"R-MATCH-3 dates by value", mustText(t, day), mustText(t, day), true},
		{"R-MATCH-3 other date", mustText(t, day), mustText(t, day.Add(time.Hour)), false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			key, err := querykey.Parse(tc.key)
			require.NoError(t, err)
			pattern, err := querykey.Parse(tc.pattern)
			require.NoError(t, err)
			require.Equal(t, tc.want, key.Matches(pattern))
		})
	}
}

// mustText returns the JSON text of the key with one part.
func mustText(t *testing.T, part any) string {
	t.Helper()
	text, err := json.Marshal([]any{part})
	require.NoError(t, err)
	return string(text)
}

func TestMatches_invalidKeysMatchNothing(t *testing.T) {
	t.Parallel()
	bad, good := querykey.Of(make(chan int)), querykey.Of("orders")
	require.False(t, bad.Matches(good))
	require.False(t, bad.Matches(querykey.Key{}))
	require.False(t, bad.Matches(bad))
	require.False(t, good.Matches(bad))
	require.False(t, querykey.Key{}.Matches(bad))
}

func TestMatches_allocatesNothing(t *testing.T) { // AllocsPerRun excludes t.Parallel
	key := querykey.Of("orders", "list", map[string]any{"page": 2, "tags": []any{"a", strings.Repeat("b", 300)}})
	for _, pattern := range []querykey.Key{
		{},
		querykey.Of("orders", "list"),
		querykey.Of("orders", "detail"),
		querykey.Of("orders", "list", map[string]any{"tags": []any{"a"}}),
		querykey.Of("orders", "list", map[string]any{"tags": []any{"b"}}),
	} {
		require.Zero(t, testing.AllocsPerRun(100, func() { key.Matches(pattern) }))
	}
}
