package trpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// session is an Auth whose token counts its refreshes: "token-0", "token-1" …
type session struct {
	takes time.Duration // a refresh
	fail  error

	mu        sync.Mutex
	version   int
	refreshed []string
}

func (s *session) Token(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return "token-" + strconv.Itoa(s.version), nil
}

func (s *session) Refresh(_ context.Context, old string) (string, error) {
	time.Sleep(s.takes)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refreshed = append(s.refreshed, old)
	if s.fail != nil {
		return "", s.fail
	}
	s.version++
	return "token-" + strconv.Itoa(s.version), nil
}

func (s *session) refreshes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refreshed
}

// accepts refuses every call that does not come with the token.
func accepts(token string) responder {
	return func(r request) (*http.Response, error) {
		if r.Header.Get("Authorization") == "Bearer "+token {
			return echo(r)
		}
		return answer(r, func(string, json.RawMessage) string { return refusal })
	}
}

func TestAuth_sendsTheToken(t *testing.T) {
	t.Parallel()
	var p peer
	c := p.client(t, trpc.Config{
		Auth: trpc.BearerToken("tok-1"),
		Header: func(context.Context) (http.Header, error) {
			return http.Header{"authorization": {"Basic x"}, "X-A": {"1"}}, nil
		},
	})
	_, err := trpc.NewQuery[int, echoed]("q").Call(t.Context(), c, 1)
	require.NoError(t, err)
	require.Equal(t, http.Header{"Authorization": {"Bearer tok-1"}, "X-A": {"1"}}, p.only(t).Header)
}

func TestAuth_emptyTokenIsAnonymous(t *testing.T) {
	t.Parallel()
	var p peer
	_, err := trpc.NewQuery[int, echoed]("q").Call(t.Context(), p.client(t, trpc.Config{Auth: trpc.BearerToken("")}), 1)
	require.NoError(t, err)
	require.Empty(t, p.only(t).Header)
}

func TestAuth_refreshesOnceForConcurrentRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{respond: accepts("token-1")}
		s := session{takes: time.Second}
		c := p.client(t, trpc.Config{Auth: &s, Batch: trpc.Batch{MaxItems: 2}})
		var calls []*call
		for i := range 4 {
			calls = append(calls, start(t.Context(), c, fmt.Sprintf("q%d", i), i))
		}
		m := startMutation(t.Context(), c, "m", 9)
		pass(2 * time.Second)
		for i, call := range append(calls, m) {
			require.NoError(t, call.err, i)
			require.True(t, call.ended())
		}
		require.Equal(t, []string{"token-0"}, s.refreshes())
		require.Len(t, p.requests(), 6, "three refused, three repeated in the same batches")
	})
}

func TestAuth_lateRefusalFindsTheRefreshDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{}
		p.respond = func(r request) (*http.Response, error) {
			if r.Procedures[0] == "late" {
				time.Sleep(time.Minute)
			}
			return accepts("token-1")(r)
		}
		s := session{}
		c := p.client(t, trpc.Config{Auth: &s, Batch: trpc.Batch{Mode: trpc.BatchOff}})
		late := start(t.Context(), c, "late", 1)
		start(t.Context(), c, "soon", 2).requireResult(t, echoed{"soon", []byte("2")})
		pass(2 * time.Minute)
		late.requireResult(t, echoed{"late", []byte("1")})
		require.Equal(t, []string{"token-0"}, s.refreshes())
	})
}

func TestAuth_refusesForGoodAfterOneRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{respond: accepts("never")}
		var s session
		call := start(t.Context(), p.client(t, trpc.Config{Auth: &s}), "q", 1)
		pass(time.Second)
		require.ErrorIs(t, call.err, trpc.CodeUnauthorized)
		require.Equal(t, []string{"token-0"}, s.refreshes())
		require.Len(t, p.requests(), 2)
	})
}

func TestAuth_refreshesForPlain401Too(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{}
		p.respond = func(r request) (*http.Response, error) {
			if r.Header.Get("Authorization") == "Bearer token-0" {
				return reply(http.StatusUnauthorized, "who are you?"), nil
			}
			return echo(r)
		}
		var s session
		call := startMutation(t.Context(), p.client(t, trpc.Config{Auth: &s}), "m", 1)
		pass(time.Second)
		call.requireResult(t, echoed{"m", []byte("1")})
	})
}

func TestAuth_otherErrorsDoNotRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{respond: always(http.StatusForbidden,
			`{"error":{"message":"no","code":-32003,"data":{"code":"FORBIDDEN","httpStatus":403}}}`)}
		var s session
		call := start(t.Context(), p.client(t, trpc.Config{Auth: &s}), "q", 1)
		pass(time.Second)
		require.ErrorIs(t, call.err, trpc.CodeForbidden)
		require.Empty(t, s.refreshes())
	})
}

func TestAuth_failedRefreshKeepsTheRefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{respond: accepts("never")}
		s := session{fail: errors.New("no session")}
		call := start(t.Context(), p.client(t, trpc.Config{Auth: &s}), "q", 1)
		pass(time.Second)
		require.ErrorIs(t, call.err, trpc.CodeUnauthorized)
		require.ErrorIs(t, call.err, s.fail)
		require.Len(t, p.requests(), 1)
	})
}

func TestAuth_refreshOutlivesTheCallerThatStartedIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{respond: accepts("token-1")}
		s := session{takes: time.Minute}
		c := p.client(t, trpc.Config{Auth: &s})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		first, second := start(ctx, c, "a", 1), start(t.Context(), c, "b", 2)
		pass(2 * time.Second)
		require.ErrorIs(t, first.err, context.DeadlineExceeded)
		require.False(t, second.ended())
		pass(time.Minute)
		second.requireResult(t, echoed{"b", []byte("2")})
		require.Len(t, s.refreshes(), 1)
	})
}

// panicking is an Auth that fails in the worst way.
type panicking struct{}

func (panicking) Token(context.Context) (string, error)           { return "tok", nil }
func (panicking) Refresh(context.Context, string) (string, error) { panic("boom") }

func TestAuth_panicInRefreshIsAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{respond: accepts("never")}
		call := start(t.Context(), p.client(t, trpc.Config{Auth: panicking{}}), "q", 1)
		pass(time.Second)
		var panicked *trpc.PanicError
		require.ErrorAs(t, call.err, &panicked)
	})
}

func TestAuth_failingTokenSendsNothing(t *testing.T) {
	t.Parallel()
	var p peer
	errNoToken := errors.New("keyring is locked")
	c := p.client(t, trpc.Config{Auth: failingAuth{errNoToken}})
	_, err := trpc.NewQuery[int, echoed]("q").Call(t.Context(), c, 1)
	require.ErrorIs(t, err, errNoToken)
	require.Empty(t, p.requests())
}

type failingAuth struct{ err error }

func (a failingAuth) Token(context.Context) (string, error)           { return "", a.err }
func (a failingAuth) Refresh(context.Context, string) (string, error) { return "", a.err }

func TestAuth_echoedTokenIsRedacted(t *testing.T) {
	t.Parallel()
	for name, respond := range map[string]responder{
		"page":  always(http.StatusBadGateway, "<h1>bad request: Authorization: Bearer s3cr3t-token</h1>"),
		"error": always(http.StatusForbidden, `{"error":{"message":"s3cr3t-token is unknown","code":-32003}}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := peer{respond: respond}
			c := p.client(t, trpc.Config{Auth: trpc.BearerToken("s3cr3t-token")})
			_, err := trpc.NewQuery[int, echoed]("q").Call(t.Context(), c, 1)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "s3cr3t")
			require.Contains(t, err.Error(), "[redacted]")
		})
	}
}

func TestBearerToken_printsNothing(t *testing.T) {
	t.Parallel()
	token := trpc.BearerToken("s3cr3t-token")
	text, err := json.Marshal(token)
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", token)
	for _, printed := range []string{
		fmt.Sprint(token), fmt.Sprintf("%+v %#v %q", trpc.Config{Auth: token}, token, token), string(text), log.String(),
	} {
		require.NotContains(t, printed, "s3cr3t")
		require.Contains(t, printed, "redacted")
	}
	_, err = token.Refresh(t.Context(), "s3cr3t-token")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "s3cr3t")
}
