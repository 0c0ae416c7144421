package querykey_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/querykey"
)

var errBroken = errors.New("broken")

type failing struct{}

func (failing) MarshalJSON() ([]byte, error) { return nil, errBroken }

type failingText struct{}

func (failingText) MarshalText() ([]byte, error) { return nil, errBroken }

type panicking struct{ with any }

func (p panicking) MarshalJSON() ([]byte, error) { panic(p.with) }

type node struct {
	Next *node
	Any  any
}

// nested returns n lists inside one another.
func nested(n int) any {
	list := []any{}
	for range n - 1 {
		list = []any{list}
	}
	return list
}

func TestNew_rejectsPartsWithoutJSONValue(t *testing.T) {
	t.Parallel()
	cyclicMap := map[string]any{}
	cyclicMap["self"] = cyclicMap
	cyclicList := []any{nil}
	cyclicList[0] = cyclicList
	cyclicNode := &node{}
	cyclicNode.Next = cyclicNode
	mixed := map[string]any{}
	mixed["node"] = &node{Any: mixed}

	cases := []struct {
		name                string
		part                any
		path, typ, contains string
	}{
		{"func", func() {}, "[1]", "func()", "unsupported type"},
		{"chan", make(chan int), "[1]", "chan int", "unsupported type"},
		{"complex", complex(1, 2), "[1]", "complex128", "unsupported type"},
		{"chan in a struct", struct{ C chan int }{}, "[1]", "chan int", "unsupported type"},
		{"bool member names", map[bool]int{}, "[1]", "map[bool]int", "unsupported type"},
		{"NaN", math.NaN(), "[1]", "float64", "not a finite number"},
		{"+Inf", math.Inf(1), "[1]", "float64", "not a finite number"},
		{"-Inf float32", float32(math.Inf(-1)), "[1]", "float32", "not a finite number"},
		{"NaN in a struct", struct{ F float64 }{math.NaN()}, "[1]", "struct { F float64 }", "NaN"},
		{"NaN inside", map[string]any{"a": []any{0, math.NaN()}}, "[1].a[1]", "float64", "not a finite number"},
		{"bad UTF-8", "\xff", "[1]", "string", "not valid UTF-8"},
		{"half a surrogate pair", "\xed\xa0\x80", "[1]", "string", "not valid UTF-8"},
		{"bad UTF-8 inside", []any{"a", "\xff"}, "[1][1]", "string", "not valid UTF-8"},
		{"bad UTF-8 in a struct", struct{ S string }{"\xff"}, "[1]", "struct { S string }", "not valid UTF-8"},
		{"bad UTF-8 in a slice", []string{"\xff"}, "[1]", "[]string", "not valid UTF-8"},
		{"bad UTF-8 in a member name", map[string]any{"\xff": 1}, "[1]", "string", "member name"},
		{"bad UTF-8 in a typed member name", map[string]int{"\xff": 1}, "[1]", "map[string]int", "not valid UTF-8"},
		{"member name repeated", map[weekday]int{1: 1, 8: 2}, "[1]", "map[querykey_test.weekday]int", "repeated"},
		{"bad raw JSON", json.RawMessage(`{`), "[1]", "json.RawMessage", "offset 1"},
		{"empty raw JSON", json.RawMessage{}, "[1]", "json.RawMessage", "no value"},
		{"repeated member in raw JSON", json.RawMessage(`{"a":1,"a":1}`), "[1]", "json.RawMessage", "repeated"},
		{"not a number", json.Number("0x1"), "[1]", "json.Number", "not a JSON number"},
		{"number out of range", json.Number("1e10000"), "[1]", "json.Number", "exponent out of range"},
		{"failing marshaler", failing{}, "[1]", "querykey_test.failing", "broken"},
		{"failing text marshaler", failingText{}, "[1]", "querykey_test.failingText", "broken"},
		{"panicking marshaler", panicking{with: "oops"}, "[1]", "querykey_test.panicking", "panicked: oops"},
		{"cyclic map", cyclicMap, "", "map[string]interface {}", "cyclic"},
		{"cyclic list", cyclicList, "", "[]interface {}", "cyclic"},
		{"cyclic pointers", cyclicNode, "[1]", "*querykey_test.node", "cycle"},
		{"cycle through a struct", mixed, "[1].node", "*querykey_test.node", "cycle"},
		{"too deep", nested(100), "", "[]interface {}", "deeper than 100"},
		{"too deep raw JSON", json.RawMessage(strings.Repeat("[", 101) + strings.Repeat("]", 101)), "[1]", "json.RawMessage", "deeper than 100"},
		{"too deep key", querykey.Of(querykey.Of(nested(98))), "[1]", "querykey.Key", "deeper than 100"},
		{"invalid key", querykey.Of(make(chan int)), "[1]", "querykey.Key", "chan int"},
		{"invalid key in a struct", struct{ K querykey.Key }{querykey.Of(make(chan int))}, "[1]", "chan int", "chan int"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			k, err := querykey.New("first", tc.part)
			var fault *querykey.PartError
			require.ErrorAs(t, err, &fault)
			require.Equal(t, 1, fault.Index)
			require.Equal(t, tc.typ, fault.Type)
			require.True(t, strings.HasPrefix(fault.Path, "[1]"), fault.Path)
			require.LessOrEqual(t, len(fault.Path), 200)
			if tc.path != "" {
				require.Equal(t, tc.path, fault.Path)
			}
			require.ErrorContains(t, err, "querykey: part [1]")
			require.ErrorContains(t, err, tc.contains)
			require.Equal(t, err, k.Err())
			require.Equal(t, k.Err(), querykey.Of("first", tc.part).Err())
		})
	}
}

func TestNew_deepestKeyIsValid(t *testing.T) {
	t.Parallel()
	k, err := querykey.New(nested(99))
	require.NoError(t, err)
	parsed, err := querykey.Parse(k.String())
	require.NoError(t, err)
	require.True(t, k == parsed)
	inner := querykey.Of(nested(98))
	require.NoError(t, inner.Err())
	require.True(t, k == querykey.Of(inner))
}

func TestNew_errorReachesTheCause(t *testing.T) {
	t.Parallel()
	for _, part := range []any{
		failing{},
		&failing{},
		failingText{},
		[]any{failing{}},
		struct{ F failing }{},
		panicking{errBroken},
		querykey.Of(failing{}),
		map[string]querykey.Key{"k": querykey.Of(failing{})},
	} {
		_, err := querykey.New(part)
		require.ErrorIs(t, err, errBroken)
	}
	_, err := querykey.New(json.RawMessage("[1,]"))
	var fault *querykey.SyntaxError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, 3, fault.Offset)
}

func TestNew_errorKeepsValuesSecret(t *testing.T) {
	t.Parallel()
	for _, part := range []any{
		"hunter2\xff",
		struct{ Password string }{"hunter2\xff"},
		json.RawMessage(`"hunter2`), json.Number("hunter2"),
		[]any{"hunter2", math.NaN()},
	} {
		_, err := querykey.New(part)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestInvalidKey_isNoUsableKey(t *testing.T) {
	t.Parallel()
	bad := querykey.Of("orders", make(chan int))
	require.Error(t, bad.Err())
	require.False(t, bad == querykey.Key{})
	require.True(t, bad == bad.With("detail"))
	require.Zero(t, bad.Len())
	require.Empty(t, bad.Parts())
	require.Nil(t, bad.Part(0))
	require.Equal(t, bad.Err().Error(), bad.String())
	_, err := querykey.Parse(bad.String())
	require.Error(t, err)
	_, err = bad.MarshalJSON()
	require.Equal(t, bad.Err(), err)
	_, err = json.Marshal(bad)
	require.ErrorContains(t, err, "chan int")
}
