package trpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/freshet-go/freshet/query/trpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNew_refusesAnInvalidConfig(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]trpc.Config{
		"no URL":          {},
		"no scheme":       {URL: "peer.test/trpc"},
		"other scheme":    {URL: "ftp://peer.test/trpc"},
		"no host":         {URL: "http:///trpc"},
		"fragment":        {URL: "http://peer.test/trpc#x"},
		"unparsable":      {URL: "http://user:s3cr3t@peer.test:port/"},
		"negative window": {URL: "http://peer.test", Batch: trpc.Batch{Window: -1}},
		"negative items":  {URL: "http://peer.test", Batch: trpc.Batch{MaxItems: -1}},
		"negative length": {URL: "http://peer.test", Batch: trpc.Batch{MaxURLLength: -1}},
		"unknown mode":    {URL: "http://peer.test", Batch: trpc.Batch{Mode: 9}},
		"negative size":   {URL: "http://peer.test", MaxResponseBytes: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := trpc.New(cfg)
			require.ErrorContains(t, err, "trpc: ")
			require.NotContains(t, err.Error(), "s3cr3t")
		})
	}
}

func TestNew_doesNotChangeTheGivenHTTPClient(t *testing.T) {
	t.Parallel()
	given := &http.Client{}
	c, err := trpc.New(trpc.Config{URL: "http://peer.test", HTTP: given})
	require.NoError(t, err)
	require.NoError(t, c.Close(t.Context()))
	require.Nil(t, given.CheckRedirect)
}

func TestHeader_failureSendsNothing(t *testing.T) {
	t.Parallel()
	var p peer
	errNoTenant := errors.New("no tenant")
	c := p.client(t, trpc.Config{Header: func(context.Context) (http.Header, error) { return nil, errNoTenant }})
	_, err := trpc.NewQuery[int, any]("q").Call(t.Context(), c, 1)
	require.ErrorIs(t, err, errNoTenant)
	require.Empty(t, p.requests())
}

func TestHeader_replacesTheContentType(t *testing.T) {
	t.Parallel()
	var p peer
	c := p.client(t, trpc.Config{Header: func(context.Context) (http.Header, error) {
		return http.Header{"content-type": {"application/json; charset=utf-8"}}, nil
	}})
	_, err := trpc.NewMutation[int, echoed]("m").Call(t.Context(), c, 1)
	require.NoError(t, err)
	require.Equal(t, []string{"application/json; charset=utf-8"}, p.only(t).Header.Values("Content-Type"))
}

func TestLinks_wrapCallsFirstOneOutermost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p peer
		var order []string
		named := func(name string) trpc.Link {
			return func(next trpc.Handler) trpc.Handler {
				return func(ctx context.Context, op trpc.Op) (trpc.Answer, error) {
					order = append(order, name+" "+op.Kind.String()+" "+op.Path+" "+string(op.Input))
					require.Empty(t, op.Header.Get("Authorization"), "links do not see the token")
					answer, err := next(ctx, op)
					order = append(order, name+" "+string(answer.Data))
					return answer, err
				}
			}
		}
		c := p.client(t, trpc.Config{Auth: trpc.BearerToken("t"), Links: []trpc.Link{named("outer"), nil, named("inner")}})
		call := startMutation(t.Context(), c, "m", 1)
		pass(time.Second)
		call.requireResult(t, echoed{"m", []byte("1")})
		require.Equal(t, []string{
			"outer mutation m 1", "inner mutation m 1",
			`inner {"input":1,"path":"m"}`, `outer {"input":1,"path":"m"}`,
		}, order)
	})
}

func TestLinks_mayAnswerWithoutTheServer(t *testing.T) {
	t.Parallel()
	var p peer
	c := p.client(t, trpc.Config{Links: []trpc.Link{func(trpc.Handler) trpc.Handler {
		return func(context.Context, trpc.Op) (trpc.Answer, error) { return trpc.Answer{Data: []byte("7")}, nil }
	}}})
	out, err := trpc.NewQuery[trpc.NoInput, int]("q").Call(t.Context(), c, trpc.NoInput{})
	require.NoError(t, err)
	require.Equal(t, 7, out)
	require.Empty(t, p.requests())
}

func TestClose_refusesNewCallsAndSendsWaitingOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s slow
		p := peer{respond: s.respond}
		c := p.client(t, trpc.Config{Batch: trpc.Batch{Window: time.Hour}})
		waiting := start(t.Context(), c, "a", 1)
		closed := make(chan error, 1)
		go func() { closed <- c.Close(t.Context()) }()
		synctest.Wait()
		require.Len(t, p.requests(), 1)
		_, err := trpc.NewQuery[int, any]("b").Call(t.Context(), c, 1)
		require.ErrorIs(t, err, trpc.ErrClosed)
		require.Empty(t, closed)
		pass(time.Minute)
		require.NoError(t, <-closed)
		waiting.requireResult(t, echoed{"a", []byte("1")})
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestClose_flushesWithAClockThatStands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p peer
		c := p.client(t, trpc.Config{Clock: clock.NewMock()})
		a := start(t.Context(), c, "a", 1)
		require.NoError(t, c.Close(t.Context()))
		synctest.Wait() // the caller has the answer, and is about to say so
		a.requireResult(t, echoed{"a", []byte("1")})
	})
}

func TestClose_cancelsRequestsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]trpc.BatchMode{"batched": trpc.BatchOn, "single": trpc.BatchOff} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var s slow
				p := peer{respond: s.respond}
				c := p.client(t, trpc.Config{Batch: trpc.Batch{Mode: mode}})
				m := startMutation(t.Context(), c, "m", 1)
				pass(time.Second)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				require.ErrorIs(t, c.Close(ctx), context.DeadlineExceeded)
				require.NoError(t, c.Close(t.Context()))
				synctest.Wait()
				require.True(t, m.ended())
				require.ErrorIs(t, m.err, trpc.ErrClosed)
				require.ErrorIs(t, m.err, trpc.ErrOutcomeUnknown)
				require.Equal(t, 1, s.givenUp())
			})
		})
	}
}

func TestStats_countsCallsRequestsAndBytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{}
		p.respond = func(r request) (*http.Response, error) {
			switch r.Procedures[0] {
			case "broken":
				return nil, errors.New("broken")
			case "limited":
				return reply(http.StatusTooManyRequests, "slow down"), nil
			}
			return reply(http.StatusOK, `[{"result":{}},{"result":{}}]`), nil
		}
		c := p.client(t, trpc.Config{})
		require.Equal(t, trpc.Stats{ByStatus: map[int]int64{}}, c.Stats())
		startMutation(t.Context(), c, "a", 1)
		startMutation(t.Context(), c, "b", 2)
		pass(time.Second)
		start(t.Context(), c, "broken", nil)
		pass(time.Second)
		start(t.Context(), c, "limited", nil)
		pass(time.Second)
		require.Equal(t, trpc.Stats{
			Calls: 4, Requests: 3, Batches: 1, Broken: 1,
			BytesSent: int64(len(`{"0":1,"1":2}`)), BytesReceived: int64(len(`[{"result":{}},{"result":{}}]slow down`)),
			ByStatus: map[int]int64{200: 1, 429: 1},
		}, c.Stats())
	})
}

func TestKind_printsAsTRPCSpellsIt(t *testing.T) {
	t.Parallel()
	require.Equal(t, "query", trpc.KindQuery.String())
	require.Equal(t, "mutation", trpc.KindMutation.String())
	require.Equal(t, "kind(9)", trpc.Kind(9).String())
}

// hostile is a transformer, or a link, that would spoil the batch of others.
type hostile struct{ trpc.Transformer }

func (hostile) Encode(value any) (json.RawMessage, error) {
	if value == 13 {
		return json.RawMessage(`1},"1":{`), nil
	}
	return json.Marshal(value)
}

func (hostile) Decode(wire json.RawMessage, target any) error { return json.Unmarshal(wire, target) }

func TestCall_malformedOpsStayOutOfTheBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p peer
		c := p.client(t, trpc.Config{Transformer: hostile{}, Links: []trpc.Link{func(next trpc.Handler) trpc.Handler {
			return func(ctx context.Context, op trpc.Op) (trpc.Answer, error) {
				op.Path = strings.ReplaceAll(op.Path, "_", ",")
				return next(ctx, op)
			}
		}}})
		good, bad, worse := start(t.Context(), c, "good", 1), start(t.Context(), c, "bad", 13), start(t.Context(), c, "wor_se", 1)
		pass(time.Second)
		good.requireResult(t, echoed{"good", []byte("1")})
		require.ErrorContains(t, bad.err, "not JSON")
		require.ErrorContains(t, worse.err, "invalid procedure path")
		require.Equal(t, []string{"good"}, p.only(t).Procedures)
	})
}
