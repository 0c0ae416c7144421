package querykey_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/querykey"
)

func TestParse_readsAnySpellingOfAKey(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, text, want string }{
		{"white space", " [ \"a\" ,\t1\r,\n{ \"x\" : [ ] , \"b\" : { } } ] \n", `["a",1,{"b":{},"x":[]}]`},
		{"literals", `[null,true,false]`, `[null,true,false]`},
		{"escapes", `["\"\\\/\b\f\n\r\t\u0041\u00e9\u00E9"]`, `["\"\\/\b\f\n\r\tAéé"]`},
		{"surrogate pair", `["x\ud83d\ude00y"]`, `["x😀y"]`},
		{"replacement character", `["\ufffd","` + "\ufffd" + `"]`, `["` + "\ufffd\",\"\ufffd" + `"]`},
		{"numbers", `[1.0,1e2,-0,0.5E-1,12E+1,18446744073709551616]`, `[1,100,0,0.05,120,18446744073709551616]`},
		{"escaped member name", `[{"\u0062":1,"a":2}]`, `[{"a":2,"b":1}]`},
		{"depth", strings.Repeat("[", 100) + strings.Repeat("]", 100), strings.Repeat("[", 100) + strings.Repeat("]", 100)},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			k, err := querykey.Parse(tc.text)
			require.NoError(t, err)
			require.Equal(t, tc.want, k.String())
			again, err := querykey.Parse(k.String())
			require.NoError(t, err)
			require.True(t, k == again)
		})
	}
}

func TestParse_rejectsWhatIsNoKey(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, text, reason string
		offset             int
	}{
		{"empty", ``, "no value", 0},
		{"blank", `  `, "no value", 2},
		{"string", `"orders"`, "not an array", 0},
		{"object", `{"a":1}`, "not an array", 0},
		{"null", `null`, "not an array", 0},
		{"number", `1`, "not an array", 0},
		{"trailing text", `[1] x`, "text after the value", 4},
		{"trailing key", `[1][2]`, "text after the value", 3},
		{"trailing NUL", "[1]\x00", "text after the value", 3},
		{"literal with a tail", `[nullx]`, "comma or bracket", 5},
		{"unknown literal", `[undefined]`, "no value", 1},
		{"open list", `[1`, "comma or bracket", 2},
		{"open empty list", `[`, "no value", 1},
		{"trailing comma", `[1,]`, "no value", 3},
		{"leading comma", `[,1]`, "no value", 1},
		{"no comma", `[1 2]`, "comma or bracket", 3},
		{"open object", `[{"a":1`, "comma or brace", 7},
		{"open empty object", `[{`, "member name", 2},
		{"object with trailing comma", `[{"a":1,}]`, "member name", 8},
		{"member without colon", `[{"a" 1}]`, "colon", 6},
		{"member without value", `[{"a":}]`, "no value", 6},
		{"member without quotes", `[{a:1}]`, "member name", 2},
		{"bad member name", `[{"\x":1}]`, "escape", 3},
		{"duplicate member", `[{"a":1,"b":{"a":1},"a":1}]`, "repeated", 20},
		{"duplicate member by escape", `[{"a":1,"\u0061":1}]`, "repeated", 8},
		{"open string", `["a`, "without an end", 3},
		{"open escape", `["\`, "escape", 2},
		{"control character", "[\"a\nb\"]", "control character", 3},
		{"unknown escape", `["\a"]`, "escape", 2},
		{"short hex escape", `["\u12"]`, "escape", 2},
		{"bad hex escape", `["\u12g4"]`, "escape", 2},
		{"signed hex escape", `["\u+123"]`, "escape", 2},
		{"control character in hex escape", "[\"\\u\x10\x10\x10\x10\"]", "escape", 2},
		{"high surrogate alone", `["\ud83d"]`, "surrogate", 8},
		{"high surrogate before a letter", `["\ud83d\u0041"]`, "surrogate", 14},
		{"low surrogate first", `["\ude00\ud83d"]`, "surrogate", 14},
		{"bad UTF-8", "[\"\xff\"]", "UTF-8", 3},
		{"bad UTF-8 before an escape", "[\"\xff\\n\"]", "UTF-8", 3},
		{"bad UTF-8 after an escape", "[\"\\n\xff\"]", "UTF-8", 5},
		{"plus sign", `[+1]`, "no value", 1},
		{"leading zero", `[01]`, "not a JSON number", 1},
		{"no digits", `[-]`, "not a JSON number", 1},
		{"no fraction", `[1.]`, "not a JSON number", 1},
		{"no whole", `[.5]`, "no value", 1},
		{"no exponent", `[1e]`, "not a JSON number", 1},
		{"no exponent digits", `[1e+]`, "not a JSON number", 1},
		{"two exponents", `[1e1e1]`, "not a JSON number", 1},
		{"two signs", `[1e-+1]`, "not a JSON number", 1},
		{"two points", `[1.1.1]`, "not a JSON number", 1},
		{"exponent too big", `[1e99999999999999999999]`, "out of range", 1},
		{"exponent too small", `[1e-99999999999999999999]`, "out of range", 1},
		{"too deep", strings.Repeat("[", 101) + strings.Repeat("]", 101), "deeper than 100", 100},
		{"far too deep", strings.Repeat(`[{"a":`, 1_000_000), "deeper than 100", 300},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			k, err := querykey.Parse(tc.text)
			var fault *querykey.SyntaxError
			require.ErrorAs(t, err, &fault)
			require.Contains(t, fault.Reason, tc.reason)
			require.Equal(t, tc.offset, fault.Offset)
			require.ErrorContains(t, err, "querykey: invalid JSON at offset")
			require.True(t, k == querykey.Key{})
		})
	}
}
