package querykey_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/querykey"
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`[]`, `["orders","detail",17]`, `[{"b":1,"a":[null,true,-0.0]}]`, `["\ud83d\ude00\u0000\/"]`,
		`[1e21,1E-7,18446744073709551616,0.10]`, `[{"a":1,"a":2}]`, `["\ud800"]`, "[\"\xff\"]", `[1] `, `[1e99999]`, `[0e-99999999999999999999]`, `{}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		k, err := querykey.Parse(text)
		if err != nil {
			var fault *querykey.SyntaxError
			require.ErrorAs(t, err, &fault)
			require.LessOrEqual(t, fault.Offset, len(text))
			requireReason(t, text, fault)
			return
		}
		require.True(t, json.Valid([]byte(text)))
		again, err := querykey.Parse(k.String())
		require.NoError(t, err)
		require.True(t, k == again)
		require.True(t, k == mustKey(t, k.Parts()))
		require.True(t, k.Matches(k))
		require.Equal(t, jsonTree(t, json.RawMessage(text)), jsonTree(t, k))
	})
}

// requireReason checks that text, which fault rejects, is no JSON list either
// or is one only because encoding/json is more lenient.
func requireReason(t *testing.T, text string, fault *querykey.SyntaxError) {
	t.Helper()
	var list []any
	if !json.Valid([]byte(text)) || json.Unmarshal([]byte(text), &list) != nil || list == nil {
		return
	}
	lenient := false
	for _, reason := range []string{"repeated", "surrogate", "UTF-8", "deeper", "out of range"} {
		lenient = lenient || strings.Contains(fault.Reason, reason)
	}
	require.True(t, lenient, fault.Reason)
}

func FuzzOf(f *testing.F) {
	f.Add("orders", int64(17), uint64(math.MaxUint64), 0.1, "1.50e3")
	f.Add("zero", int64(0), uint64(0), 0.0, "0E-99999999999999999999")
	f.Add("a\",\"b\\", int64(math.MinInt64), uint64(0), math.Inf(1), "-0")
	f.Add("\xff\u2028\x00", int64(-1), uint64(1), math.Copysign(0, -1), "1e-400")
	f.Fuzz(func(t *testing.T, s string, i int64, u uint64, float float64, number string) {
		k, err := querykey.New(s, i, u, float, map[string]any{s: []any{float, s}})
		usable := utf8.ValidString(s) && !math.IsNaN(float) && !math.IsInf(float, 0)
		require.Equal(t, usable, err == nil)
		if usable {
			parts := k.Parts()
			require.Equal(t, s, parts[0])
			require.Equal(t, i, parts[1])
			require.EqualValues(t, u, parts[2])
			require.True(t, k == mustKey(t, parts))
			text, err := json.Marshal([]any{s, i, u, float, map[string]any{s: []any{float, s}}})
			require.NoError(t, err)
			parsed, err := querykey.Parse(string(text))
			require.NoError(t, err)
			require.True(t, k == parsed)
		}

		k, err = querykey.New(json.Number(number))
		if err == nil {
			require.True(t, number == "" || json.Valid([]byte(number)))
			require.Equal(t, jsonTree(t, json.Number(number)), jsonTree(t, k.Part(0)))
		}
	})
}
