package trpc_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// Every call below is alone in its batch, so none needs a bubble; they wait out
// the real window.

type pair struct {
	A int    `json:"a"`
	B string `json:"b,omitempty"`
}

func TestQuery_travelsByGET(t *testing.T) {
	t.Parallel()
	var p peer
	q := trpc.NewQuery[pair, echoed]("wire.echo")
	out, err := q.Call(t.Context(), p.client(t, trpc.Config{}), pair{A: 1, B: "x y+z&=ż<>"})
	require.NoError(t, err)
	require.Equal(t, "wire.echo", out.Path)
	require.JSONEq(t, `{"a":1,"b":"x y+z&=ż<>"}`, string(out.Input))
	r := p.only(t)
	require.Equal(t, http.MethodGet, r.Method)
	require.Equal(t, `/trpc/wire.echo?input={"a":1,"b":"x y+z&=ż<>"}`, target(t, r.URL))
	require.Empty(t, r.Header)
	require.Equal(t, "wire.echo", q.Path())
}

func TestMutation_travelsByPOST(t *testing.T) {
	t.Parallel()
	var p peer
	m := trpc.NewMutation[pair, echoed]("wire.echoMutation")
	out, err := m.Call(t.Context(), p.client(t, trpc.Config{}), pair{A: 1})
	require.NoError(t, err)
	require.JSONEq(t, `{"a":1}`, string(out.Input))
	r := p.only(t)
	require.Equal(t, http.MethodPost, r.Method)
	require.Equal(t, "/trpc/wire.echoMutation", r.URL.RequestURI())
	require.Equal(t, http.Header{"Content-Type": {"application/json"}}, r.Header)
	require.JSONEq(t, `{"a":1}`, r.Body)
	require.Equal(t, "wire.echoMutation", m.Path())
}

func TestQuery_leavesOutWhatIsNoInput(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*trpc.Client) (echoed, error){
		"NoInput": func(c *trpc.Client) (echoed, error) {
			return trpc.NewQuery[trpc.NoInput, echoed]("q").Call(t.Context(), c, trpc.NoInput{})
		},
		"nil pointer": func(c *trpc.Client) (echoed, error) {
			return trpc.NewQuery[*pair, echoed]("q").Call(t.Context(), c, nil)
		},
		"nil map": func(c *trpc.Client) (echoed, error) {
			return trpc.NewQuery[map[string]int, echoed]("q").Call(t.Context(), c, nil)
		},
		"nil slice": func(c *trpc.Client) (echoed, error) {
			return trpc.NewQuery[[]int, echoed]("q").Call(t.Context(), c, nil)
		},
		"nil any": func(c *trpc.Client) (echoed, error) { return trpc.NewQuery[any, echoed]("q").Call(t.Context(), c, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var p peer
			out, err := call(p.client(t, trpc.Config{}))
			require.NoError(t, err)
			require.Nil(t, out.Input)
			require.Equal(t, "/trpc/q", p.only(t).URL.RequestURI())
		})
	}
}

func TestQuery_sendsAnExplicitNull(t *testing.T) {
	t.Parallel()
	var p peer
	q := trpc.NewQuery[json.RawMessage, echoed]("q")
	_, err := q.Call(t.Context(), p.client(t, trpc.Config{}), json.RawMessage("null"))
	require.NoError(t, err)
	require.Equal(t, "/trpc/q?input=null", p.only(t).URL.RequestURI())
}

func TestMutation_withoutInputIsABatchOfOne(t *testing.T) {
	t.Parallel()
	var p peer
	m := trpc.NewMutation[trpc.NoInput, echoed]("wire.touch")
	out, err := m.Call(t.Context(), p.client(t, trpc.Config{}), trpc.NoInput{})
	require.NoError(t, err)
	require.Equal(t, echoed{Path: "wire.touch"}, out)
	r := p.only(t)
	require.Equal(t, "/trpc/wire.touch?batch=1", r.URL.RequestURI())
	require.Equal(t, "{}", r.Body)
}

func TestMutation_withoutInputAndBatchingHasAnEmptyBody(t *testing.T) {
	t.Parallel()
	var p peer
	c := p.client(t, trpc.Config{Batch: trpc.Batch{Mode: trpc.BatchOff}})
	_, err := trpc.NewMutation[trpc.NoInput, echoed]("wire.touch").Call(t.Context(), c, trpc.NoInput{})
	require.NoError(t, err)
	r := p.only(t)
	require.Equal(t, "/trpc/wire.touch", r.URL.RequestURI())
	require.Empty(t, r.Body)
	require.Equal(t, "application/json", r.Header.Get("Content-Type"))
}

func TestCall_keepsTheQueryOfTheBaseURLInFront(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"http://peer.test/trpc":             "http://peer.test/trpc/q?input=1",
		"http://peer.test/trpc/":            "http://peer.test/trpc/q?input=1",
		"http://peer.test":                  "http://peer.test/q?input=1",
		"http://peer.test/trpc?tenant=7":    "http://peer.test/trpc/q?tenant=7&input=1",
		"http://peer.test/trpc/?tenant=a/b": "http://peer.test/trpc/q?tenant=a/b&input=1",
	} {
		t.Run(base, func(t *testing.T) {
			t.Parallel()
			var p peer
			_, err := trpc.NewQuery[int, echoed]("q").Call(t.Context(), p.client(t, trpc.Config{URL: base}), 1)
			require.NoError(t, err)
			require.Equal(t, want, p.only(t).URL.String())
		})
	}
}

func TestCall_tellsUndefinedFromNull(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]json.RawMessage{
		`{"result":{}}`:                            nil,
		`{"result":{"data":null}}`:                 json.RawMessage("null"),
		`{"result":{"data":0}}`:                    json.RawMessage("0"),
		`{"result":{"data":false,"type":"data"}}`:  json.RawMessage("false"),
		` {"result" : {"data":{"error":{}}} } `:    json.RawMessage(`{"error":{}}`),
		`{"error":null,"result":{"data":""}}`:      json.RawMessage(`""`),
		`{"result":{"data":{"Result":1}},"id":12}`: json.RawMessage(`{"Result":1}`),
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			p := peer{respond: always(http.StatusOK, body)}
			out, err := trpc.NewQuery[trpc.NoInput, json.RawMessage]("q").Call(t.Context(), p.client(t, trpc.Config{}), trpc.NoInput{})
			require.NoError(t, err)
			require.Equal(t, want, out)
		})
	}
}

func TestCall_refusesPathsThatCannotTravel(t *testing.T) {
	t.Parallel()
	var p peer
	c := p.client(t, trpc.Config{})
	for _, path := range []string{"", ".", "..", "a,b", "a/b", "a?b", "a#b", "a%2Cb", "a b", "a\nb", "ż"} {
		_, err := trpc.NewQuery[trpc.NoInput, any](path).Call(t.Context(), c, trpc.NoInput{})
		require.ErrorContains(t, err, "path", path)
	}
	require.Empty(t, p.requests())
}

func TestCall_reportsAnInputThatJSONCannotHold(t *testing.T) {
	t.Parallel()
	var p peer
	_, err := trpc.NewQuery[any, any]("q").Call(t.Context(), p.client(t, trpc.Config{}), func() {})
	var unsupported *json.UnsupportedTypeError
	require.ErrorAs(t, err, &unsupported)
	require.Empty(t, p.requests())
}

func TestCall_reportsAResultThatDoesNotFit(t *testing.T) {
	t.Parallel()
	p := peer{respond: always(http.StatusOK, `{"result":{"data":{"a":7,"b":{"secret":1}}}}`)}
	out, err := trpc.NewMutation[int, pair]("m").Call(t.Context(), p.client(t, trpc.Config{}), 1)
	var failed *trpc.DecodeError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "m", failed.Procedure)
	var mismatch *json.UnmarshalTypeError
	require.ErrorAs(t, err, &mismatch)
	require.NotErrorIs(t, err, trpc.ErrOutcomeUnknown)
	require.NotContains(t, err.Error(), "secret")
	require.Zero(t, out, "a half-decoded value must not escape")
}

type explosive struct{}

var errBoom = errors.New("boom")

func (explosive) MarshalJSON() ([]byte, error) { panic(errBoom) }
func (*explosive) UnmarshalJSON([]byte) error  { panic("boom") }

func TestCall_returnsPanicsOfMarshalers(t *testing.T) {
	t.Parallel()
	var p peer
	c := p.client(t, trpc.Config{})
	_, err := trpc.NewQuery[explosive, any]("q").Call(t.Context(), c, explosive{})
	var panicked *trpc.PanicError
	require.ErrorAs(t, err, &panicked)
	require.ErrorIs(t, err, errBoom)
	require.NotEmpty(t, panicked.Stack)
	_, err = trpc.NewQuery[int, explosive]("q").Call(t.Context(), c, 1)
	require.ErrorAs(t, err, &panicked)
	require.Equal(t, "boom", panicked.Value)
}

func TestCall_onANilClientIsAnError(t *testing.T) {
	t.Parallel()
	var c *trpc.Client
	_, err := trpc.NewQuery[int, any]("q").Call(t.Context(), c, 1)
	require.ErrorContains(t, err, "nil")
	require.NoError(t, c.Close(t.Context()))
}
