package trpc_test

import (
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

func TestSuperJSON_wrapsInputsAndUnwrapsResults(t *testing.T) {
	t.Parallel()
	p := peer{respond: always(http.StatusOK, `{"result":{"data":{"json":{"a":1,"b":"x"}}}}`)}
	c := p.client(t, trpc.Config{Transformer: trpc.SuperJSON()})
	out, err := trpc.NewQuery[pair, pair]("q").Call(t.Context(), c, pair{A: 1})
	require.NoError(t, err)
	require.Equal(t, pair{A: 1, B: "x"}, out)
	require.Equal(t, `/trpc/q?input={"json":{"a":1}}`, target(t, p.only(t).URL))
	_, err = trpc.NewQuery[trpc.NoInput, pair]("q").Call(t.Context(), c, trpc.NoInput{})
	require.NoError(t, err)
	require.Equal(t, "/trpc/q", p.requests()[1].URL.RequestURI())
}

func TestSuperJSON_errorsAreUnwrapped(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"wrapped":         `{"error":{"json":{"message":"m","code":-32009,"data":{"code":"CONFLICT","httpStatus":409}}}}`,
		"of a middlebox":  `{"error":{"message":"m","code":-32009,"data":{"code":"CONFLICT","httpStatus":409}}}`,
		"with a rich one": `{"error":{"json":{"message":"m","code":-32009,"data":{"code":"CONFLICT","at":"1970-01-01T00:00:00.000Z"}},"meta":{"values":{"data.at":["Date"]},"v":1}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := peer{respond: always(http.StatusConflict, body)}
			_, err := trpc.NewQuery[int, pair]("q").Call(t.Context(), p.client(t, trpc.Config{Transformer: trpc.SuperJSON()}), 1)
			var refused *trpc.Error
			require.ErrorAs(t, err, &refused)
			require.Equal(t, trpc.CodeConflict, refused.Code)
			require.Equal(t, "m", refused.Message)
		})
	}
}

func TestSuperJSON_resultWithoutEnvelopeIsAnError(t *testing.T) {
	t.Parallel()
	p := peer{respond: always(http.StatusOK, `{"result":{"data":{"a":1}}}`)}
	_, err := trpc.NewQuery[int, pair]("q").Call(t.Context(), p.client(t, trpc.Config{Transformer: trpc.SuperJSON()}), 1)
	var failed *trpc.DecodeError
	require.ErrorAs(t, err, &failed)
	require.ErrorContains(t, err, "superjson")
}

// decoded is what a Go type makes of a superjson value.
func decoded[T any](t *testing.T, wire string) (T, error) {
	t.Helper()
	var out T
	err := trpc.SuperJSON().Decode(json.RawMessage(wire), &out)
	return out, err
}

func TestSuperJSON_appliesAnnotations(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ wire, want string }{
		"date":              {`{"json":{"at":"1970-01-01T00:00:00.000Z"},"meta":{"values":{"at":["Date"]},"v":1}}`, `{"at":"1970-01-01T00:00:00.000Z"}`},
		"root date":         {`{"json":"1970-01-01T00:00:00.000Z","meta":{"values":["Date"]}}`, `"1970-01-01T00:00:00.000Z"`},
		"bigint":            {`{"json":{"n":"-0012"},"meta":{"values":{"n":["bigint"]}}}`, `{"n":-12}`},
		"bigint zero":       {`{"json":["000","-0"],"meta":{"values":{"0":["bigint"],"1":["bigint"]}}}`, `[0,0]`},
		"set":               {`{"json":["1"],"meta":{"values":["set",{"0":["bigint"]}]}}`, `[1]`},
		"map":               {`{"json":[["k","5"]],"meta":{"values":["map",{"0.1":["bigint"]}]}}`, `{"k":5}`},
		"empty map":         {`{"json":{"m":[]},"meta":{"values":{"m":["map"]}}}`, `{"m":{}}`},
		"map of numbers":    {`{"json":[[1,"a"],[2.5,"b"]],"meta":{"values":["map"]}}`, `{"1":"a","2.5":"b"}`},
		"map of objects":    {`{"json":[[{"a":1},"a"]],"meta":{"values":["map"]}}`, `[[{"a":1},"a"]]`},
		"map key collision": {`{"json":[[1,"a"],["1","b"]],"meta":{"values":["map"]}}`, `[[1,"a"],["1","b"]]`},
		"map in map":        {`{"json":[["k",[["l","1"]]]],"meta":{"values":["map",{"0.1":["map",{"0.1":["bigint"]}]}]}}`, `{"k":{"l":1}}`},
		"not nested":        {`{"json":{"m":[["k","1"]]},"meta":{"values":{"m":["map"],"m.0.1":["bigint"]}}}`, `{"m":{"k":1}}`},
		"undefined field":   {`{"json":{"a":1,"u":null},"meta":{"values":{"u":["undefined"]}}}`, `{"a":1}`},
		"undefined item":    {`{"json":[null,1],"meta":{"values":{"0":["undefined"]}}}`, `[null,1]`},
		"undefined in map":  {`{"json":[["k",null]],"meta":{"values":["map",{"0.1":["undefined"]}]}}`, `{"k":null}`},
		"negative zero":     {`{"json":"-0","meta":{"values":["number"]}}`, `-0`},
		"not finite":        {`{"json":["NaN","Infinity","-Infinity"],"meta":{"values":{"0":["number"],"1":["number"],"2":["number"]}}}`, `["NaN","Infinity","-Infinity"]`},
		"regexp and URL":    {`{"json":{"r":"/a/g","u":"http://x/"},"meta":{"values":{"r":["regexp"],"u":["URL"]}}}`, `{"r":"/a/g","u":"http://x/"}`},
		"typed array":       {`{"json":[1,2],"meta":{"values":[["typed-array","Uint8Array"]]}}`, `[1,2]`},
		"class and custom":  {`{"json":{"a":{"x":1},"b":2},"meta":{"values":{"a":[["class","A"]],"b":[["custom","B"]]}}}`, `{"a":{"x":1},"b":2}`},
		"newer name":        {`{"json":1,"meta":{"values":["temporal"]}}`, `1`},
		"escaped dot":       {`{"json":{"a.b":"1"},"meta":{"values":{"a\\.b":["bigint"]},"v":1}}`, `{"a.b":1}`},
		"escaped backslash": {`{"json":{"c\\d":"1"},"meta":{"values":{"c\\\\d":["bigint"]},"v":1}}`, `{"c\\d":1}`},
		"legacy backslash":  {`{"json":{"c\\d":"1"},"meta":{"values":{"c\\d":["bigint"]}}}`, `{"c\\d":1}`},
		"empty key":         {`{"json":{"":"1","a":{"":"2"}},"meta":{"values":{"":["bigint"],"a.":["bigint"]}}}`, `{"":1,"a":{"":2}}`},
		"shared objects":    {`{"json":{"a":{"x":1},"b":{"x":1}},"meta":{"referentialEqualities":{"a":["b"]},"v":1}}`, `{"a":{"x":1},"b":{"x":1}}`},
		"null values":       {`{"json":1,"meta":{"values":null}}`, `1`},
		"exact numbers":     {`{"json":{"n":9007199254740993.10,"u":null},"meta":{"values":{"u":["undefined"]}}}`, `{"n":9007199254740993.10}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := decoded[json.RawMessage](t, tc.wire)
			require.NoError(t, err)
			require.Equal(t, tc.want, string(got))
		})
	}
}

func TestSuperJSON_rootUndefinedLeavesTheTargetAlone(t *testing.T) {
	t.Parallel()
	target := 7
	require.NoError(t, trpc.SuperJSON().Decode([]byte(`{"json":null,"meta":{"values":["undefined"]}}`), &target))
	require.Equal(t, 7, target)
}

func TestSuperJSON_fitsGoTypes(t *testing.T) {
	t.Parallel()
	type rich struct {
		At    time.Time      `json:"at"`
		Set   []int          `json:"set"`
		Map   map[string]int `json:"map"`
		Big   *big.Int       `json:"big"`
		Int   int64          `json:"int"`
		U     *int           `json:"u"`
		Bytes []byte         `json:"bytes"`
	}
	got, err := decoded[rich](t, `{"json":{"at":"1970-01-01T00:00:00.000Z","set":[1,2],"map":[["k",1]],"big":"123456789012345678901","int":"12","u":null,"bytes":[1,2]},
		"meta":{"values":{"at":["Date"],"set":["set"],"map":["map"],"big":["bigint"],"int":["bigint"],"u":["undefined"],"bytes":[["typed-array","Uint8Array"]]},"v":1}}`)
	require.NoError(t, err)
	huge, ok := new(big.Int).SetString("123456789012345678901", 10)
	require.True(t, ok)
	require.Equal(t, rich{At: time.Unix(0, 0).UTC(), Set: []int{1, 2}, Map: map[string]int{"k": 1}, Big: huge, Int: 12, Bytes: []byte{1, 2}}, got)
}

func TestSuperJSON_bigintFitsText(t *testing.T) {
	t.Parallel()
	got, err := decoded[struct{ N string }](t, `{"json":{"N":"0012"},"meta":{"values":{"N":["bigint"]}}}`)
	require.NoError(t, err)
	require.Equal(t, "0012", got.N)
}

func TestSuperJSON_notFiniteNumbersDoNotBecomeZero(t *testing.T) {
	t.Parallel()
	_, err := decoded[struct{ N float64 }](t, `{"json":{"N":"NaN"},"meta":{"values":{"N":["number"]}}}`)
	var mismatch *json.UnmarshalTypeError
	require.ErrorAs(t, err, &mismatch)
	text, err := decoded[struct{ N string }](t, `{"json":{"N":"NaN"},"meta":{"values":{"N":["number"]}}}`)
	require.NoError(t, err)
	require.Equal(t, "NaN", text.N)
}

func TestSuperJSON_hostileAnnotationsAreErrors(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]string{
		"no envelope":         `{"a":1}`,
		"null":                `null`,
		"text":                `"x"`,
		"meta is a number":    `{"json":1,"meta":7}`,
		"values is a number":  `{"json":1,"meta":{"values":7}}`,
		"leaf is text":        `{"json":{"a":"1"},"meta":{"values":{"a":"bigint"}}}`,
		"empty annotation":    `{"json":{"a":"1"},"meta":{"values":{"a":[]}}}`,
		"long annotation":     `{"json":{"a":"1"},"meta":{"values":{"a":["set",{},{}]}}}`,
		"contents are text":   `{"json":{"a":"1"},"meta":{"values":{"a":["set","x"]}}}`,
		"name is a number":    `{"json":{"a":"1"},"meta":{"values":{"a":[1]}}}`,
		"missing key":         `{"json":{"a":"1"},"meta":{"values":{"b":["Date"]}}}`,
		"missing parent":      `{"json":{"a":"1"},"meta":{"values":{"b.c":["Date"]}}}`,
		"into a text":         `{"json":{"a":"1"},"meta":{"values":{"a.length":["Date"]}}}`,
		"index out of range":  `{"json":[1],"meta":{"values":{"1":["Date"]}}}`,
		"negative index":      `{"json":[1],"meta":{"values":{"-1":["Date"]}}}`,
		"padded index":        `{"json":[1],"meta":{"values":{"00":["Date"]}}}`,
		"huge index":          `{"json":[1],"meta":{"values":{"99999999999999999999":["Date"]}}}`,
		"stray backslash":     `{"json":{"a":1},"meta":{"values":{"\\a":["Date"]},"v":1}}`,
		"trailing backslash":  `{"json":{"a":1},"meta":{"values":{"a\\":["Date"]},"v":1}}`,
		"bigint no digits":    `{"json":"12n","meta":{"values":["bigint"]}}`,
		"bigint sign alone":   `{"json":"-","meta":{"values":["bigint"]}}`,
		"bigint empty":        `{"json":"","meta":{"values":["bigint"]}}`,
		"bigint as number":    `{"json":12,"meta":{"values":["bigint"]}}`,
		"number as object":    `{"json":{},"meta":{"values":["number"]}}`,
		"map is an object":    `{"json":{},"meta":{"values":["map"]}}`,
		"map without pairs":   `{"json":[1],"meta":{"values":["map"]}}`,
		"map of triples":      `{"json":[["k",1,2]],"meta":{"values":["map"]}}`,
		"deep annotations":    `{"json":1,"meta":{"values":` + strings.Repeat(`["set",{"0":`, 20000) + `["Date"]` + strings.Repeat("}]", 20000) + `}}`,
		"long path":           `{"json":1,"meta":{"values":{"` + strings.Repeat("a.", 100000) + `":["Date"]}}}`,
		"prototype pollution": `{"json":{},"meta":{"values":{"__proto__.x":["Date"]}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := decoded[any](t, wire)
			require.Error(t, err)
			require.Less(t, len(err.Error()), 400)
		})
	}
}
