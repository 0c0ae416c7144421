package trpc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// call is a call on a goroutine of its own.
type call struct {
	done chan struct{} // closed once out and err are final
	out  echoed
	err  error
}

// start makes one call and returns once it waits for something, so that calls
// join their batch in the order of their starts.
func start(ctx context.Context, c *trpc.Client, path string, input any) *call {
	return goCall(func() (echoed, error) { return trpc.NewQuery[any, echoed](path).Call(ctx, c, input) })
}

func startMutation(ctx context.Context, c *trpc.Client, path string, input any) *call {
	return goCall(func() (echoed, error) { return trpc.NewMutation[any, echoed](path).Call(ctx, c, input) })
}

func goCall(f func() (echoed, error)) *call {
	c := &call{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.out, c.err = f()
	}()
	synctest.Wait()
	return c
}

func (c *call) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (c *call) requireResult(t *testing.T, want echoed) {
	t.Helper()
	require.True(t, c.ended())
	require.NoError(t, c.err)
	require.Equal(t, want, c.out)
}

// pass lets bubble time go by.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestBatch_collectsTheCallsOfAWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p peer
		c := p.client(t, trpc.Config{})
		a, b, d := start(t.Context(), c, "a", 1), start(t.Context(), c, "b", nil), start(t.Context(), c, "d", pair{A: 3})
		require.Empty(t, p.requests())
		pass(2 * time.Millisecond)
		require.Equal(t, `/trpc/a,b,d?batch=1&input={"0":1,"2":{"a":3}}`, target(t, p.only(t).URL))
		a.requireResult(t, echoed{"a", []byte("1")})
		b.requireResult(t, echoed{"b", nil})
		d.requireResult(t, echoed{"d", []byte(`{"a":3}`)})
	})
}

func TestBatch_windowStartsWithTheFirstCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p peer
		c := p.client(t, trpc.Config{Batch: trpc.Batch{Window: 10 * time.Millisecond}})
		start(t.Context(), c, "a", 1)
		pass(9 * time.Millisecond)
		start(t.Context(), c, "b", 2)
		require.Empty(t, p.requests())
		pass(time.Millisecond)
		require.Equal(t, []string{"a", "b"}, p.only(t).Procedures)
		start(t.Context(), c, "late", 3)
		pass(9 * time.Millisecond)
		require.Len(t, p.requests(), 1)
		pass(time.Millisecond)
		require.Len(t, p.requests(), 2)
	})
}

func TestBatch_windowRunsOnTheInjectedClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mock := clock.NewMock()
		var p peer
		c := p.client(t, trpc.Config{Clock: mock, Batch: trpc.Batch{Window: time.Second}})
		a, b := start(t.Context(), c, "a", 1), start(t.Context(), c, "b", 2)
		mock.Add(999 * time.Millisecond)
		synctest.Wait()
		require.Empty(t, p.requests())
		mock.Add(time.Millisecond)
		synctest.Wait()
		require.Len(t, p.requests(), 1)
		require.True(t, a.ended())
		require.True(t, b.ended())
	})
}

func TestBatch_sendsEmptyInputMap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p peer
		c := p.client(t, trpc.Config{})
		start(t.Context(), c, "a", nil)
		start(t.Context(), c, "b", nil)
		startMutation(t.Context(), c, "m", nil)
		startMutation(t.Context(), c, "n", nil)
		pass(2 * time.Millisecond)
		byMethod := map[string]request{}
		for _, r := range p.requests() {
			byMethod[r.Method] = r
		}
		require.Len(t, byMethod, 2)
		require.Equal(t, "/trpc/a,b?batch=1&input={}", target(t, byMethod[http.MethodGet].URL))
		require.Equal(t, "/trpc/m,n?batch=1", target(t, byMethod[http.MethodPost].URL))
		require.Equal(t, "{}", byMethod[http.MethodPost].Body)
	})
}

func TestBatch_keepsQueriesAndMutationsApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p peer
		c := p.client(t, trpc.Config{})
		calls := []*call{
			start(t.Context(), c, "a", 1), startMutation(t.Context(), c, "m", 2),
			start(t.Context(), c, "b", 3), startMutation(t.Context(), c, "n", 4),
		}
		pass(2 * time.Millisecond)
		got := map[string][]string{}
		for _, r := range p.requests() {
			got[r.Method] = append(got[r.Method], r.Procedures...)
		}
		require.Equal(t, map[string][]string{"GET": {"a", "b"}, "POST": {"m", "n"}}, got)
		for i, path := range []string{"a", "m", "b", "n"} {
			require.NoError(t, calls[i].err)
			require.Equal(t, path, calls[i].out.Path)
		}
	})
}

func TestBatch_fullBatchLeavesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p peer
		c := p.client(t, trpc.Config{Batch: trpc.Batch{MaxItems: 2, Window: time.Hour}})
		a := start(t.Context(), c, "a", 1)
		require.False(t, a.ended())
		b := start(t.Context(), c, "b", 2)
		require.True(t, a.ended())
		require.True(t, b.ended())
		last := start(t.Context(), c, "last", 3)
		require.Len(t, p.requests(), 1)
		pass(time.Hour)
		require.True(t, last.ended())
		require.Equal(t, "/trpc/last?input=3", target(t, p.requests()[1].URL))
	})
}

func TestBatch_splitsByURLLength(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p peer
		limit := len("http://peer.test/trpc") + 90
		c := p.client(t, trpc.Config{Batch: trpc.Batch{MaxURLLength: limit}})
		var calls []*call
		for _, input := range []string{"aaaa", "bbbb", "cccc", strings.Repeat("x", 90), "dddd"} {
			calls = append(calls, start(t.Context(), c, "wire.echo", input))
		}
		pass(2 * time.Millisecond)
		for i, call := range calls {
			if i == 3 {
				require.ErrorIs(t, call.err, trpc.ErrURLTooLong)
				require.NotErrorIs(t, call.err, trpc.ErrOutcomeUnknown)
				continue
			}
			require.NoError(t, call.err)
		}
		require.Len(t, p.requests(), 2)
		sizes := map[int]bool{}
		for _, r := range p.requests() {
			sizes[len(r.Procedures)] = true
			require.LessOrEqual(t, len(r.URL.String()), limit)
		}
		require.Equal(t, map[int]bool{2: true}, sizes)
	})
}

func TestBatch_inputsOfMutationsDoNotCountForTheURL(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p peer
		c := p.client(t, trpc.Config{Batch: trpc.Batch{MaxURLLength: 100}})
		big := strings.Repeat("x", 1000)
		a, b := startMutation(t.Context(), c, "m", big), startMutation(t.Context(), c, "n", big)
		pass(2 * time.Millisecond)
		require.NoError(t, a.err)
		require.NoError(t, b.err)
		require.Len(t, p.requests(), 1)
	})
}

func TestBatch_offSendsEveryCallAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p peer
		c := p.client(t, trpc.Config{Batch: trpc.Batch{Mode: trpc.BatchOff}})
		a, b := start(t.Context(), c, "a", 1), start(t.Context(), c, "b", 2)
		require.True(t, a.ended())
		require.True(t, b.ended())
		require.Len(t, p.requests(), 2)
		_, err := trpc.NewQuery[string, any]("q").Call(t.Context(), c, strings.Repeat("x", 8000))
		require.ErrorIs(t, err, trpc.ErrURLTooLong)
	})
}

func TestBatch_differentHeadersNeverShareARequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type tenant struct{}
		var p peer
		c := p.client(t, trpc.Config{Header: func(ctx context.Context) (http.Header, error) {
			return http.Header{"x-tenant": {fmt.Sprint(ctx.Value(tenant{}))}}, nil
		}})
		for i := range 4 {
			start(context.WithValue(t.Context(), tenant{}, i%2), c, fmt.Sprintf("q%d", i), i)
		}
		pass(2 * time.Millisecond)
		got := map[string][]string{}
		for _, r := range p.requests() {
			got[r.Header.Get("X-Tenant")] = r.Procedures
		}
		require.Equal(t, map[string][]string{"0": {"q0", "q2"}, "1": {"q1", "q3"}}, got)
	})
}

func TestBatch_errorsStayWithTheirCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{respond: always(http.StatusMultiStatus, `[{"result":{"data":{"path":"0"}}},`+refusal+
			`,null,{"result":1},{"error":"text"},{"result":{"data":{"path":"5"}}}]`)}
		c := p.client(t, trpc.Config{})
		var calls []*call
		for i := range 7 {
			calls = append(calls, startMutation(t.Context(), c, "m", i))
		}
		pass(2 * time.Millisecond)
		calls[0].requireResult(t, echoed{Path: "0"})
		require.ErrorIs(t, calls[1].err, trpc.CodeUnauthorized)
		require.NotErrorIs(t, calls[1].err, trpc.ErrOutcomeUnknown)
		for _, i := range []int{2, 3, 4} {
			require.ErrorIs(t, calls[i].err, trpc.ErrNotTRPC)
			require.ErrorIs(t, calls[i].err, trpc.ErrOutcomeUnknown)
		}
		calls[5].requireResult(t, echoed{Path: "5"})
		require.ErrorIs(t, calls[6].err, trpc.ErrMissingResult)
		require.ErrorIs(t, calls[6].err, trpc.ErrOutcomeUnknown)
	})
}

func TestBatch_surplusResultsAreIgnored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{respond: always(http.StatusOK, `[{"result":{"data":{"path":"0"}}},{"result":{"data":{"path":"1"}}},`+refusal+`]`)}
		c := p.client(t, trpc.Config{})
		a, b := start(t.Context(), c, "a", 0), start(t.Context(), c, "b", 1)
		pass(2 * time.Millisecond)
		require.Equal(t, "0", a.out.Path)
		require.Equal(t, "1", b.out.Path)
	})
}

func TestBatch_singleErrorAnswersAllCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{respond: always(http.StatusBadRequest,
			`{"error":{"message":"Batch call exceeds maximum size","code":-32600,"data":{"code":"BAD_REQUEST","httpStatus":400}}}`)}
		c := p.client(t, trpc.Config{})
		a, b := start(t.Context(), c, "a", 0), start(t.Context(), c, "b", 1)
		pass(2 * time.Millisecond)
		for path, call := range map[string]*call{"a": a, "b": b} {
			var refused *trpc.Error
			require.ErrorAs(t, call.err, &refused)
			require.Equal(t, trpc.Error{
				Procedure: path, Code: trpc.CodeBadRequest, Number: -32600, HTTPStatus: 400,
				Message: "Batch call exceeds maximum size", Data: []byte(`{"code":"BAD_REQUEST","httpStatus":400}`),
			}, *refused)
		}
	})
}

func TestBatch_singleResultAnswersNoCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{respond: always(http.StatusOK, `{"result":{"data":{"path":"a"}}}`)}
		c := p.client(t, trpc.Config{})
		a, b := start(t.Context(), c, "a", 0), start(t.Context(), c, "b", 1)
		pass(2 * time.Millisecond)
		require.ErrorIs(t, a.err, trpc.ErrNotTRPC)
		require.ErrorIs(t, b.err, trpc.ErrNotTRPC)
	})
}

// slow answers after a minute, or notes that the request was given up.
type slow struct {
	mu   sync.Mutex
	left []error // why requests ended early
}

func (s *slow) respond(r request) (*http.Response, error) {
	select {
	case <-time.After(time.Minute):
		return echo(r)
	case <-r.Context().Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		s.left = append(s.left, context.Cause(r.Context()))
		return nil, r.Context().Err()
	}
}

func (s *slow) givenUp() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.left)
}

func TestBatch_leavingCallDoesNotDisturbTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s slow
		p := peer{respond: s.respond}
		c := p.client(t, trpc.Config{})
		ctx, cancel := context.WithCancelCause(t.Context())
		errGone := errors.New("gone")
		a, b := startMutation(ctx, c, "a", 0), startMutation(t.Context(), c, "b", 1)
		pass(time.Second)
		cancel(errGone)
		synctest.Wait()
		require.True(t, a.ended())
		require.ErrorIs(t, a.err, context.Canceled)
		require.ErrorIs(t, a.err, errGone)
		require.ErrorIs(t, a.err, trpc.ErrOutcomeUnknown)
		require.False(t, b.ended())
		pass(time.Minute)
		b.requireResult(t, echoed{"b", []byte("1")})
		require.Zero(t, s.givenUp())
	})
}

func TestBatch_requestEndsWithItsLastCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s slow
		p := peer{respond: s.respond}
		c := p.client(t, trpc.Config{})
		short, cancelShort := context.WithTimeout(t.Context(), time.Second)
		defer cancelShort()
		long, cancelLong := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancelLong()
		a, b := start(short, c, "a", 0), start(long, c, "b", 1)
		pass(1500 * time.Millisecond)
		require.ErrorIs(t, a.err, context.DeadlineExceeded)
		require.Zero(t, s.givenUp())
		pass(time.Second)
		require.ErrorIs(t, b.err, context.DeadlineExceeded)
		require.NotErrorIs(t, b.err, trpc.ErrOutcomeUnknown, "queries have no outcome to fear for")
		require.Equal(t, 1, s.givenUp())
	})
}

func TestBatch_callThatLeavesInTimeIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p peer
		c := p.client(t, trpc.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		a, b := startMutation(ctx, c, "a", 0), startMutation(t.Context(), c, "b", 1)
		cancel()
		synctest.Wait()
		require.ErrorIs(t, a.err, context.Canceled)
		require.NotErrorIs(t, a.err, trpc.ErrOutcomeUnknown)
		pass(2 * time.Millisecond)
		require.NoError(t, b.err)
		require.Equal(t, []string{"b"}, p.only(t).Procedures)
	})
}

func TestBatch_emptiedBatchIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p peer
		c := p.client(t, trpc.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		start(ctx, c, "a", 0)
		cancel()
		synctest.Wait()
		b := start(t.Context(), c, "b", 1)
		pass(2 * time.Millisecond)
		require.NoError(t, b.err)
		require.Equal(t, []string{"b"}, p.only(t).Procedures)
		dead := start(ctx, c, "dead", 2)
		require.ErrorIs(t, dead.err, context.Canceled)
		pass(2 * time.Millisecond)
		require.Len(t, p.requests(), 1)
	})
}

func TestBatch_requestCarriesTheValuesOfTheFirstCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		var got any
		p := peer{respond: func(r request) (*http.Response, error) {
			got = r.Context().Value(key{})
			return echo(r)
		}}
		c := p.client(t, trpc.Config{})
		start(context.WithValue(t.Context(), key{}, "first"), c, "a", 0)
		start(context.WithValue(t.Context(), key{}, "second"), c, "b", 1)
		pass(2 * time.Millisecond)
		require.Equal(t, "first", got)
	})
}

func TestBatch_panicOfTheTransportFailsEveryCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{respond: func(request) (*http.Response, error) { panic("boom") }}
		c := p.client(t, trpc.Config{})
		a, b := startMutation(t.Context(), c, "a", 0), startMutation(t.Context(), c, "b", 1)
		pass(2 * time.Millisecond)
		for _, call := range []*call{a, b} {
			var panicked *trpc.PanicError
			require.ErrorAs(t, call.err, &panicked)
			require.ErrorIs(t, call.err, trpc.ErrOutcomeUnknown)
		}
	})
}
