package server_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/examples/dashboard/internal/server"
)

func TestFault_failedCallsAreProperEnvelopes(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	s.SetFault(server.Fault{Kind: server.FailCalls, Code: "SERVICE_UNAVAILABLE", Message: "down"})
	w := get(s, "/trpc/finance.getPayoutStats")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.JSONEq(t, `{"error":{"message":"down","code":-32603,"data":{"code":"SERVICE_UNAVAILABLE",
		"httpStatus":503,"path":"finance.getPayoutStats","zodError":null}}}`, w.Body.String())

	s.SetFault(server.Fault{})
	require.Equal(t, http.StatusOK, get(s, "/trpc/finance.getPayoutStats").Code)
}

func TestFault_unknownCodeIsAnInternalError(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	s.SetFault(server.Fault{Kind: server.FailCalls, Code: "TEAPOT"})
	requireError(t, "INTERNAL_SERVER_ERROR", get(s, "/trpc/finance.getPayoutStats"))
}

func TestFault_ofOneProcedureLeavesTheRestOfTheBatch(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	s.SetFault(server.Fault{Kind: server.FailCalls, Procedure: "orderStatus.getOrderStats", Code: "TOO_MANY_REQUESTS", RetryAfter: 1500 * time.Millisecond})
	w := get(s, "/trpc/finance.getPayoutStats,orderStatus.getOrderStats?batch=1")
	require.Equal(t, http.StatusMultiStatus, w.Code)
	require.Equal(t, "2", w.Header().Get("retry-after"))
	answers := decode[[]answer](t, w.Body.String())
	require.NotNil(t, answers[0].Result)
	require.Equal(t, "TOO_MANY_REQUESTS", answers[1].Error.Data.Code)

	w = get(s, "/trpc/finance.getPayoutStats")
	require.Equal(t, http.StatusOK, w.Code)
	require.Empty(t, w.Header().Get("retry-after"))
}

func TestFault_gatewayAndRateLimitAreWhatProxiesSend(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	recordings := recorded(t, "fault-responses.json")
	for i, fault := range map[int]server.Fault{
		0:  {Kind: server.FailGateway},
		11: {Kind: server.FailRateLimit, RetryAfter: 3 * time.Second},
	} {
		s.SetFault(fault)
		want, got := recordings[i].Response, get(s, "/trpc/finance.getPayoutStats")
		require.Equal(t, want.Status, got.Code)
		require.Equal(t, want.Body, got.Body.String())
		for _, name := range []string{"content-type", "content-length", "retry-after"} {
			require.Equal(t, want.Headers[name], got.Header().Get(name))
		}
	}
}

func TestFault_endsAfterItsCount(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	s.SetFault(server.Fault{Kind: server.FailGateway, Procedure: "finance.getPayoutStats", Count: 2})
	var got []int
	for _, procedure := range []string{"finance.getPayoutStats", "orderStatus.getOrderStats", "finance.getPayoutStats", "finance.getPayoutStats"} {
		got = append(got, get(s, "/trpc/"+procedure).Code)
	}
	require.Equal(t, []int{502, 200, 502, 200}, got)
}

// begin sends a request in the background; the channel gives its answer, or is closed when
// the connection was cut instead.
func begin(ctx context.Context, t *testing.T, s http.Handler) <-chan *httptest.ResponseRecorder {
	t.Helper()
	answered := make(chan *httptest.ResponseRecorder, 1)
	go func() {
		defer close(answered)
		defer func() {
			if r := recover(); r != nil {
				assert.Equal(t, http.ErrAbortHandler, r)
			}
		}()
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/trpc/finance.getPayoutStats", nil)
		r.Header.Set("authorization", "Bearer "+server.DemoToken)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		answered <- w
	}()
	return answered
}

func requireWaiting(t *testing.T, answered <-chan *httptest.ResponseRecorder) {
	t.Helper()
	synctest.Wait()
	select {
	case w, ok := <-answered:
		require.Fail(t, "answered too early", "%v %v", w, ok)
	default:
	}
}

func requireCut(t *testing.T, answered <-chan *httptest.ResponseRecorder) {
	t.Helper()
	w, ok := <-answered
	require.False(t, ok, "%v", w)
}

func TestLatency_delaysAnswersOnTheClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, mock := newServer(server.Config{})
		s.SetLatency(300 * time.Millisecond)
		answered := begin(t.Context(), t, s)
		requireWaiting(t, answered)
		mock.Add(299 * time.Millisecond)
		requireWaiting(t, answered)
		mock.Add(time.Millisecond)
		require.Equal(t, http.StatusOK, (<-answered).Code)
	})
}

func TestLatency_takenAwayReleasesRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := newServer(server.Config{})
		s.SetLatency(time.Hour)
		answered := begin(t.Context(), t, s)
		requireWaiting(t, answered)
		s.SetLatency(0)
		require.Equal(t, http.StatusOK, (<-answered).Code)
	})
}

func TestStall_answersNothingUntilItEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, mock := newServer(server.Config{})
		s.Stall(true)
		answered := begin(t.Context(), t, s)
		requireWaiting(t, answered)
		mock.Add(3 * time.Hour)
		requireWaiting(t, answered)
		s.Stall(false)
		require.Equal(t, http.StatusOK, (<-answered).Code)
	})
}

func TestStall_letsGoOfClientsThatLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := newServer(server.Config{})
		s.Stall(true)
		ctx, leave := context.WithCancel(t.Context())
		answered := begin(ctx, t, s)
		requireWaiting(t, answered)
		leave()
		requireCut(t, answered)
	})
}

func TestCutOff_cutsRequestsThatAreHeldBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := newServer(server.Config{})
		s.Stall(true)
		answered := begin(t.Context(), t, s)
		requireWaiting(t, answered)
		s.CutOff(true)
		requireCut(t, answered)
	})
}

func TestClose_cutsRequestsThatAreHeldBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := newServer(server.Config{})
		s.Stall(true)
		answered := begin(t.Context(), t, s)
		requireWaiting(t, answered)
		require.NoError(t, s.Close(t.Context()))
		requireCut(t, answered)
		requireCut(t, begin(t.Context(), t, s))
	})
}

// client talks to a started server over connections of its own.
func client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func fetch(t *testing.T, c *http.Client, url string) (status int, body string, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/finance.getPayoutStats", nil)
	require.NoError(t, err)
	r.Header.Set("authorization", "Bearer "+server.DemoToken)
	res, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(raw), nil
}

func TestStart_servesOnLoopbackUntilClose(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{ChangeEvery: time.Second})
	url, err := s.Start()
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(url, "http://127.0.0.1:"), url)
	require.True(t, strings.HasSuffix(url, "/trpc"), url)
	_, err = s.Start()
	require.ErrorIs(t, err, server.ErrNotStartable)

	c := client(t)
	status, body, err := fetch(t, c, url)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, get(s, "/trpc/finance.getPayoutStats").Body.String(), body)

	require.NoError(t, s.Close(t.Context()))
	_, _, err = fetch(t, c, url)
	require.Error(t, err)
	require.NoError(t, s.Close(t.Context()))
	_, err = s.Start()
	require.ErrorIs(t, err, server.ErrNotStartable)
}

func TestCutOff_resetsConnectionsUntilItEnds(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	url, err := s.Start()
	require.NoError(t, err)
	c := client(t)
	status, _, err := fetch(t, c, url)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)

	s.CutOff(true)
	_, _, err = fetch(t, c, url)
	require.Error(t, err)
	s.CutOff(false)
	status, _, err = fetch(t, c, url)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, s.Close(t.Context()))
}

func TestClose_cutsWhatIsOpenWhenItsContextIsDone(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	url, err := s.Start()
	require.NoError(t, err)
	host := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/trpc")
	conn, err := net.Dial("tcp", host)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /trpc/orderStatus.confirmOrder HTTP/1.1\r\nHost: shop\r\n"+
		"Content-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
	require.NoError(t, err)
	answer := bufio.NewReader(conn)
	line, err := answer.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100 Continue\r\n", line, "the server must be waiting for the body")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Close(ctx), context.Canceled)
	_, err = answer.ReadString('!')
	require.Error(t, err)
}
