package querykey_test

import (
	"encoding/json"
	"math"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/querykey"
)

type (
	status  string
	count   int16
	flag    bool
	ratio   float32
	weekday int
)

// MarshalText makes a weekday its name, in values and in member names alike.
func (d weekday) MarshalText() ([]byte, error) {
	return []byte(time.Weekday(d % 7).String()), nil
}

// point is a struct that JSON shows as a list.
type point struct{ x, y int }

func (p point) MarshalJSON() ([]byte, error) {
	return json.Marshal([]int{p.x, p.y})
}

// base is embedded, so its members become those of filter.
type base struct {
	Tenant string `json:"tenant"`
}

type filter struct {
	base
	Query    string    `json:"q"`
	Page     int       `json:"page"`
	MinPrice float64   `json:"minPrice"`
	Tags     []string  `json:"tags,omitempty"`
	Since    time.Time `json:"since"`
	Seller   *string   `json:"seller"`
	Cursor   *string   `json:"cursor,omitempty"`
	Ignored  func()    `json:"-"`
	hidden   int
}

func ptr[T any](v T) *T { return &v }

// requireSame checks that all parts make one and the same valid key.
func requireSame(t *testing.T, want string, parts ...any) {
	t.Helper()
	for _, part := range parts {
		k := querykey.Of(part)
		require.NoError(t, k.Err(), "%T %v", part, part)
		require.Equal(t, "["+want+"]", k.String(), "%T %v", part, part)
		require.True(t, k == querykey.Of(parts[0]), "%T %v", part, part)
		require.Equal(t, querykey.Of(parts[0]).Hash(), k.Hash())
	}
}

func TestOf_spellingsOfOnePartMakeOneKey(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	cases := []struct {
		name  string
		want  string
		parts []any
	}{
		{"R-KEY-1 null", `null`, []any{
			nil, (*int)(nil), map[string]any(nil), map[string]int(nil), []any(nil), []int(nil),
			[]byte(nil), (*filter)(nil), json.RawMessage(nil), json.RawMessage("null"), (*big.Int)(nil),
		}},
		{"R-KEY-1 bool", `true`, []any{true, flag(true), ptr(true), json.RawMessage(" true ")}},
		{"R-KEY-1 string", `"new"`, []any{
			"new", status("new"), ptr("new"), ptr(ptr(status("new"))), json.RawMessage(`"n\u0065w"`),
		}},
		{"T-KEY-4 one", `1`, []any{
			1, int8(1), int16(1), int32(1), int64(1), uint(1), uint8(1), uint16(1), uint32(1), uint64(1), uintptr(1),
			1.0, float32(1), count(1), ratio(1), ptr(1), time.Duration(1),
			json.Number("1"), json.Number("1.0"), json.Number("1e0"), json.Number("10e-1"), json.Number("0.01E+2"),
			json.RawMessage("1.00"), big.NewInt(1),
		}},
		{"T-KEY-4 zero", `0`, []any{
			0, 0.0, math.Copysign(0, -1), float32(math.Copysign(0, -1)), json.Number(""),
			json.Number("-0"), json.Number("0e999999"), json.Number("-0.000"), json.RawMessage("-0"),
		}},
		{"T-KEY-4 negative", `-5`, []any{-5, -5.0, int8(-5), json.Number("-50e-1")}},
		{"R-KEY-2 object", `{"number":1,"size":2}`, []any{
			map[string]any{"number": 1, "size": 2.0},
			map[string]int{"size": 2, "number": 1},
			struct {
				Size   uint8 `json:"size"`
				Number int   `json:"number"`
			}{2, 1},
			&struct {
				Number any `json:"number"`
				Size   any `json:"size"`
			}{1.0, json.Number("2")},
			json.RawMessage(`{ "size":2, "number":1 }`),
		}},
		{"T-KEY-4 list", `[1,2]`, []any{
			[]int{1, 2},
			[2]float64{1, 2},
			[]any{1, 2.0},
			[]json.Number{"1", "2"},
			point{1, 2},
			&point{1, 2}, querykey.Of(1, 2), ptr(querykey.Of(1, 2)),
		}},
		{"T-KEY-4 empty list", `[]`, []any{[]int{}, []any{}, querykey.Key{}, querykey.Of(), [0]int{}}},
		{"T-KEY-4 empty object", `{}`, []any{map[string]any{}, struct{}{}, map[int]bool{}, json.RawMessage("{}")}},
		{"T-KEY-4 bytes", `"aGk="`, []any{[]byte("hi"), "aGk="}},
		{"R-KEY-3 time", `"2026-03-01T09:30:00Z"`, []any{since, &since, "2026-03-01T09:30:00Z"}},
		{"T-KEY-4 text marshaler", `"127.0.0.1"`, []any{netip.MustParseAddr("127.0.0.1"), "127.0.0.1"}},
		{"T-KEY-4 member names", `{"Monday":"Tuesday"}`, []any{
			map[weekday]weekday{1: 2}, map[string]weekday{"Monday": 2}, map[status]any{"Monday": "Tuesday"},
		}},
		{"T-KEY-4 integer member names", `{"-1":2,"10":1,"9":3}`, []any{
			map[int]int{10: 1, -1: 2, 9: 3}, map[string]any{"10": 1, "-1": 2, "9": 3},
		}},
		{
			"T-KEY-4 struct",
			`{"minPrice":2.5,"page":1,"q":"<é>","seller":null,"since":"2026-03-01T09:30:00Z","tags":["a"],"tenant":"t"}`,
			[]any{
				filter{
					base: base{"t"}, Query: "<é>", Page: 1, MinPrice: 2.5, Tags: []string{"a"},
					Since: since, Ignored: func() {}, hidden: 7,
				},
				map[string]any{
					"tenant": "t", "q": "<é>", "page": 1.0, "minPrice": 2.5, "tags": []string{"a"},
					"since": since, "seller": nil,
				},
			},
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			requireSame(t, tc.want, tc.parts...)
		})
	}
}

func TestOf_numbersHaveJavaScriptText(t *testing.T) {
	t.Parallel()
	cases := []struct {
		want  string
		parts []any
	}{
		{`9223372036854775807`, []any{int64(math.MaxInt64), uint64(math.MaxInt64), json.Number("9223372036854775807.0")}},
		{`-9223372036854775808`, []any{int64(math.MinInt64), json.Number("-9223372036854775808")}},
		{`18446744073709551615`, []any{uint64(math.MaxUint64), json.Number("18446744073709551615")}},
		{`9007199254740991`, []any{float64(1<<53 - 1), int64(1<<53 - 1)}},
		{`-9007199254740991`, []any{-float64(1<<53 - 1), -int64(1<<53 - 1)}},
		{`9007199254740992`, []any{float64(1 << 53), int64(1 << 53)}},
		{`16777216`, []any{float32(1 << 24), 1 << 24}},
		{`0.1`, []any{0.1, float32(0.1), json.Number("0.10"), json.Number("1e-1")}},
		{`123.456`, []any{123.456, json.Number("123456e-3")}},
		{`0.000001`, []any{1e-6, json.Number("0.0000010")}},
		{`1e-7`, []any{1e-7, json.Number("0.0000001")}},
		{`-1.25e-7`, []any{-1.25e-7, json.Number("-0.000000125")}},
		{`100000000000000000000`, []any{1e20, json.Number("1e20"), new(big.Int).Exp(big.NewInt(10), big.NewInt(20), nil)}},
		{`1e+21`, []any{1e21, json.Number("1000000000000000000000")}},
		{`1.7976931348623157e+308`, []any{math.MaxFloat64, json.Number("17976931348623157e292")}},
		{`5e-324`, []any{math.SmallestNonzeroFloat64, json.Number("0.5E-323")}},
		{`1e+400`, []any{json.Number("1e400"), json.Number("100E398")}},
		{`1.2345678901234567890123e+22`, []any{json.Number("12345678901234567890123"), json.RawMessage("12345678901234567890123.0")}},
	}
	for _, tc := range cases {
		t.Run(tc.want, func(t *testing.T) {
			t.Parallel()
			requireSame(t, tc.want, tc.parts...)
		})
	}
}

func TestOf_floatPartEqualsItsJSONRoundTrip(t *testing.T) {
	t.Parallel()
	type boxed struct{ V any }
	for _, v := range []any{float64(1 << 55), float64(1 << 60), float32(1 << 30), 1e23, float32(16777217), math.Pi, float32(math.Pi), 1e-9} {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		require.Equal(t, querykey.Of(json.RawMessage(text)).String(), querykey.Of(v).String())
		require.Equal(t, querykey.Of(boxed{v}), querykey.Of(map[string]any{"V": v}))
	}
}

func TestOf_differentPartsMakeDifferentKeys(t *testing.T) {
	t.Parallel()
	keys := []querykey.Key{
		querykey.Of(),
		querykey.Of(nil),
		querykey.Of(nil, nil),
		querykey.Of([]any{}),
		querykey.Of([]any{nil}),
		querykey.Of(map[string]any{}),
		querykey.Of(map[string]any{"a": nil}),
		querykey.Of("a", 1),
		querykey.Of("a", "1"), // T-KEY-1
		querykey.Of("a", true),
		querykey.Of("a", "true"),
		querykey.Of(1, "a"), // R-KEY-2: order of parts
		querykey.Of("a,1"),
		querykey.Of(`a","1`),
		querykey.Of([]string{"a", "b"}),
		querykey.Of("a", "b"),
		querykey.Of([]string{"a,b"}),
		querykey.Of("a", []string{"b"}),
		querykey.Of(""),
		querykey.Of("", ""),
		querykey.Of("\ufffd"),
		querykey.Of(`\ufffd`),
		querykey.Of("null"),
		querykey.Of(0),
		querykey.Of(1),
		querykey.Of(12),
		querykey.Of(1.5),
		querykey.Of(int64(math.MaxInt64)),
		querykey.Of(int64(math.MaxInt64 - 1)), // the same float64
		querykey.Of(uint64(math.MaxUint64)),
		querykey.Of(uint64(math.MaxUint64 - 1)),
		querykey.Of(json.Number("0.1000000000000000000000001")),
		querykey.Of(0.1),
	}
	seen := map[querykey.Key]string{}
	for _, k := range keys {
		require.NoError(t, k.Err())
		require.NotContains(t, seen, k)
		seen[k] = k.String()
	}
}

func TestKey_isAListOfParts(t *testing.T) { // R-KEY-1
	t.Parallel()
	k := querykey.Of("orders", 17, uint64(math.MaxUint64), 2.5, true, nil,
		json.Number("1e400"), []string{"a,b", `]"`}, map[string]any{"b": 1, "a": []any{}}, querykey.Of("x", "{"))
	want := []any{
		"orders", int64(17), uint64(math.MaxUint64), 2.5, true, nil,
		json.Number("1e+400"),
		[]any{"a,b", `]"`},
		map[string]any{"a": []any{}, "b": int64(1)},
		[]any{"x", "{"},
	}
	require.Equal(t, len(want), k.Len())
	require.Equal(t, want, k.Parts())
	for i, part := range want {
		require.Equal(t, part, k.Part(i))
	}
	require.Nil(t, k.Part(-1))
	require.Nil(t, k.Part(len(want)))
	require.True(t, k == querykey.Of(k.Parts()...))
}

func TestParts_areCopies(t *testing.T) {
	t.Parallel()
	k := querykey.Of("orders", map[string]any{"page": 1})
	parts := k.Parts()
	parts[0] = "changed"
	parts[1].(map[string]any)["page"] = 2
	require.Equal(t, `["orders",{"page":1}]`, k.String())
	require.Equal(t, map[string]any{"page": int64(1)}, k.Part(1))
}

func TestOf_copiesItsParts(t *testing.T) {
	t.Parallel()
	filter := map[string]any{"page": 1}
	k := querykey.Of("orders", filter)
	filter["page"] = 2
	require.Equal(t, `["orders",{"page":1}]`, k.String())
}

func TestZeroKey_isTheEmptyList(t *testing.T) {
	t.Parallel()
	var zero querykey.Key
	require.True(t, zero == querykey.Of())
	require.True(t, zero == zero.With())
	require.NoError(t, zero.Err())
	require.Zero(t, zero.Len())
	require.Empty(t, zero.Parts())
	require.NotNil(t, zero.Parts())
	require.Equal(t, "[]", zero.String())
	parsed, err := querykey.Parse("[ ]")
	require.NoError(t, err)
	require.True(t, zero == parsed)
	require.Equal(t, zero.Hash(), parsed.Hash())
}

func TestWith_makesAChildAndLeavesTheParent(t *testing.T) {
	t.Parallel()
	orders := querykey.Of("orders")
	detail := orders.With("detail", 17)
	require.True(t, detail == querykey.Of("orders", "detail", 17))
	require.Equal(t, `["orders"]`, orders.String())
	require.True(t, orders == orders.With())
	require.True(t, orders.With("a") == querykey.Key{}.With("orders", "a"))
	require.NotEqual(t, orders.With("a"), orders.With("b"))
}

func TestHash_tellsKeysApart(t *testing.T) {
	t.Parallel()
	seen := map[uint64]bool{}
	for i := range 10_000 {
		seen[querykey.Of("orders", "detail", i).Hash()] = true
	}
	require.Len(t, seen, 10_000)
}

func TestString_escapesAsJavaScriptDoes(t *testing.T) {
	t.Parallel()
	k := querykey.Of("\"\\/\b\f\n\r\t\x00\x1f\x7f", "<a&b>", "\u2028\u2029é😀\ufffd")
	require.Equal(t, `["\"\\/\b\f\n\r\t\u0000\u001f`+"\x7f"+`","<a&b>","`+"\u2028\u2029é😀\ufffd"+`"]`, k.String())
	parsed, err := querykey.Parse(k.String())
	require.NoError(t, err)
	require.True(t, k == parsed)
}

func TestString_ordersMembersByTheBytesOfTheirNames(t *testing.T) { // R-KEY-2
	t.Parallel()
	k := querykey.Of(map[string]any{"b": 1, "a": map[string]any{"z": 1, "\t": 2, "\"": 3, "!": 4}, "B": 2, "é": 3, "": 4, "10": 5, "9": 6})
	require.Equal(t, `[{"":4,"10":5,"9":6,"B":2,"a":{"\t":2,"!":4,"\"":3,"z":1},"b":1,"é":3}]`, k.String())
}

func TestKey_survivesJSON(t *testing.T) {
	t.Parallel()
	type stored struct {
		Key  querykey.Key `json:"key"`
		None querykey.Key `json:"none"`
	}
	in := stored{Key: querykey.Of("orders", "<b>", map[string]any{"page": 1, "q": "\u2028"}, uint64(math.MaxUint64))}
	text, err := json.Marshal(in)
	require.NoError(t, err)
	var out stored
	require.NoError(t, json.Unmarshal(text, &out))
	require.True(t, in == out)
	require.Contains(t, string(text), `"none":[]`)
}

func TestUnmarshalJSON_failureLeavesTheKey(t *testing.T) {
	t.Parallel()
	k := querykey.Of("kept")
	for _, text := range []string{`null`, `{}`, `"orders"`, `[1`, `["\ud800"]`} {
		var fault *querykey.SyntaxError
		require.ErrorAs(t, k.UnmarshalJSON([]byte(text)), &fault)
		require.True(t, k == querykey.Of("kept"))
	}
}

func TestOf_longKeys(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", 100)
	wide := map[string]any{}
	for i := range 20 {
		wide[strings.Repeat("m", i)] = i
	}
	k := querykey.Of(long, wide, long)
	require.Equal(t, 3, k.Len())
	require.Equal(t, long, k.Part(2))
	require.Len(t, k.Part(1), 20)
}
