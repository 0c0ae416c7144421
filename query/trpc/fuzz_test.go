package trpc_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// knownError reports whether err is one of the documented kinds for a complete
// response.
func knownError(err error) bool {
	var refused *trpc.Error
	var foreign *trpc.HTTPError
	var misfit *trpc.DecodeError
	return errors.As(err, &refused) || errors.As(err, &foreign) || errors.As(err, &misfit)
}

func fuzzSeeds(f *testing.F) {
	f.Helper()
	for _, seed := range []string{
		"", "null", "[]", "{}", `{"result":{}}`, `{"result":{"data":null}}`, `{"result":{"data":{"json":1,"meta":{"values":["Date"]}}}}`,
		`{"error":{"code":-32009,"message":"m","data":{"code":"CONFLICT","httpStatus":409}}}`, `{"error":{"json":{"code":1}}}`,
		`[{"result":{"data":1}},{"error":{"code":1}}]`, `[{"result":{"data":{"json":1}}},null,3]`, `{"result":{"data":`, "<html>",
	} {
		f.Add(seed, 200)
		f.Add(seed, 502)
	}
}

func FuzzResponse(f *testing.F) {
	fuzzSeeds(f)
	f.Fuzz(func(t *testing.T, body string, status int) {
		p := peer{respond: always(status, body)}
		for _, transformer := range []trpc.Transformer{nil, trpc.SuperJSON()} {
			c := p.client(t, trpc.Config{Transformer: transformer, Batch: trpc.Batch{Mode: trpc.BatchOff}})
			out, err := trpc.NewQuery[int, json.RawMessage]("q").Call(t.Context(), c, 1)
			if err != nil {
				require.True(t, knownError(err), err)
				require.Nil(t, out)
				require.Less(t, len(err.Error()), 1500)
				continue
			}
			require.True(t, out == nil || json.Valid(out), "result is no JSON: %q", out)
		}
	})
}

func FuzzBatchResponse(f *testing.F) {
	fuzzSeeds(f)
	f.Fuzz(func(t *testing.T, body string, status int) {
		p := peer{respond: always(status, body)}
		c := p.client(t, trpc.Config{Batch: trpc.Batch{MaxItems: 3, Window: time.Hour}})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				_, err := trpc.NewMutation[int, json.RawMessage]("m").Call(t.Context(), c, 1)
				if err != nil && !knownError(err) {
					t.Errorf("unexpected error %v", err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, int64(1), c.Stats().Requests)
	})
}

func FuzzSuperJSON(f *testing.F) {
	for _, seed := range []string{
		`{"json":{"a.b":"1"},"meta":{"values":{"a\\.b":["bigint"]},"v":1}}`,
		`{"json":[["k","5"]],"meta":{"values":["map",{"0.1":["bigint"]}]}}`,
		`{"json":null,"meta":{"values":["undefined"]}}`, `{"json":["1"],"meta":{"values":["set",{"0":["number"]}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		var plain json.RawMessage
		if trpc.SuperJSON().Decode(wire, &plain) == nil {
			require.True(t, plain == nil || json.Valid(plain), "no JSON: %q", plain)
		}
	})
}

// An HTTP status outside the usual range must not matter to a good body.
func TestCall_readsTheBodyBeforeTheStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusMultiStatus, http.StatusFound, http.StatusTeapot, http.StatusBadGateway, 999} {
		p := peer{respond: always(status, `{"result":{"data":7}}`)}
		out, err := trpc.NewQuery[int, int]("q").Call(t.Context(), p.client(t, trpc.Config{}), 1)
		require.NoError(t, err)
		require.Equal(t, 7, out)
	}
}
