package trpc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/query/trpc/trpctest"
)

type rawEvent = trpc.Event[json.RawMessage]

// transports are the settings of subscriptions over either transport, with
// delays that no test waits for.
func transports(s *trpctest.Server) map[string]trpc.Push {
	return map[string]trpc.Push{
		"SSE":       {RetryMin: time.Millisecond, RetryMax: 20 * time.Millisecond},
		"WebSocket": {Transport: trpc.WebSocket, URL: s.WS, RetryMin: time.Millisecond, RetryMax: 20 * time.Millisecond},
	}
}

// overBoth runs f for either transport, with a server of its own.
func overBoth(t *testing.T, flags []string, f func(t *testing.T, s *trpctest.Server, push trpc.Push)) {
	t.Helper()
	for _, name := range []string{"SSE", "WebSocket"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := trpctest.Start(t, flags...)
			f(t, s, transports(s)[name])
		})
	}
}

// listen subscribes and returns the next event with every call. An end that is
// not EventClosed fails the test.
func listen(ctx context.Context, t *testing.T, c *trpc.Client, path, input string) func() rawEvent {
	t.Helper()
	return listenAfter(ctx, t, c, path, input, "")
}

func listenAfter(ctx context.Context, t *testing.T, c *trpc.Client, path, input, id string) func() rawEvent {
	t.Helper()
	next, stop := iter.Pull(trpc.NewSubscription[json.RawMessage, json.RawMessage](path).After(id).Events(ctx, c, rawInput(input)))
	t.Cleanup(stop)
	return func() rawEvent {
		e, ok := next()
		require.True(t, ok, "no event after the last")
		return e
	}
}

// told renders an event for comparisons.
func told(e rawEvent) string {
	switch {
	case e.Kind == trpc.EventData && e.ID != "":
		return fmt.Sprintf("%s %s", e.ID, e.Data)
	case e.Kind == trpc.EventData:
		return string(e.Data)
	case e.Err != nil:
		return e.Kind.String() + ": " + e.Err.Error()
	}
	return e.Kind.String()
}

// requireEvents compares the next events.
func requireEvents(t *testing.T, next func() rawEvent, want ...string) {
	t.Helper()
	for _, w := range want {
		got := told(next())
		if prefix, ok := strings.CutSuffix(w, "…"); ok {
			require.Equal(t, prefix, got[:min(len(got), len(prefix))], got)
			continue
		}
		require.Equal(t, w, got)
	}
}

func TestInterop_subscriptionThatFinishes(t *testing.T) {
	t.Parallel()
	overBoth(t, nil, func(t *testing.T, s *trpctest.Server, push trpc.Push) {
		c := realClient(t, s, trpc.Config{Push: push})
		next := listen(t.Context(), t, c, "wire.onTracked", `{"to":3}`)
		requireEvents(t, next, "connected", `1 {"n":1}`, `2 {"n":2}`, `3 {"n":3}`, "closed")
		next = listen(t.Context(), t, c, "wire.onCount", `{"to":2}`)
		requireEvents(t, next, "connected", `{"n":1}`, `{"n":2}`, "closed")
		next = listenAfter(t.Context(), t, c, "wire.onTracked", `{"to":3}`, "2")
		requireEvents(t, next, "resumed", `3 {"n":3}`, "closed")
		next = listen(t.Context(), t, c, "wire.onMixed", "")
		requireEvents(t, next, "connected", `{"note":"untracked-1","resumedFrom":null}`, `t1 {"note":"tracked-1"}`,
			`{"note":"untracked-2"}`, `{"note":"untracked-3"}`, `t2 {"note":"tracked-2"}`, "closed")
	})
}

func TestInterop_subscriptionResumesAfterALostConnection(t *testing.T) {
	t.Parallel()
	overBoth(t, nil, func(t *testing.T, s *trpctest.Server, push trpc.Push) {
		c := realClient(t, s, trpc.Config{Push: push, Auth: trpc.BearerToken("tok-1")})
		next := listen(t.Context(), t, c, "orderStatus.onOrderChanged", "")
		requireEvents(t, next, "connected")
		s.Control("createOrder", map[string]any{"sellerId": "seller_1"}, nil)
		requireEvents(t, next, "o1-1 …")
		s.Control("dropConnections", map[string]any{"kind": "all", "hard": true}, nil)
		s.Control("createOrder", map[string]any{"sellerId": "seller_1", "count": 2}, nil)
		requireEvents(t, next, "lost: trpc: orderStatus.onOrderChanged: …", "resumed", "o1-2 …", "o1-3 …")
		s.Control("endSubscriptions", nil, nil)
		requireEvents(t, next, "closed")
		require.Equal(t, int64(1), c.Stats().Losses)
	})
}

func TestInterop_subscriptionOfAResult(t *testing.T) {
	t.Parallel()
	overBoth(t, []string{"--transformer", "superjson"}, func(t *testing.T, s *trpctest.Server, push trpc.Push) {
		c := realClient(t, s, trpc.Config{Push: push, Transformer: trpc.SuperJSON()})
		next := listen(t.Context(), t, c, "wire.onTracked", `{"to":1}`)
		requireEvents(t, next, "connected", `1 {"n":1}`, "closed")
		next = listenAfter(t.Context(), t, c, "wire.onInput", `{"a":1}`, "e-7")
		requireEvents(t, next, "resumed", `{"input":{"a":1,"lastEventId":"e-7"},"present":true}`, "closed")
		next = listenAfter(t.Context(), t, c, "wire.onInput", "", "ż")
		requireEvents(t, next, "resumed", `{"input":{"lastEventId":"ż"},"present":true}`, "closed")
		next = listen(t.Context(), t, c, "wire.onTracked", `{"to":3,"failAt":2,"failCode":"CONFLICT"}`)
		requireEvents(t, next, "connected", `1 {"n":1}`, "closed: trpc: wire.onTracked: CONFLICT: failed at 2")
	})
}

func TestInterop_subscriptionThatFails(t *testing.T) {
	t.Parallel()
	overBoth(t, nil, func(t *testing.T, s *trpctest.Server, push trpc.Push) {
		c := realClient(t, s, trpc.Config{Push: push})
		for path, want := range map[string]trpc.Code{
			"no.such": trpc.CodeNotFound, "wire.onNotIterable": trpc.CodeInternalServerError,
			"orderStatus.onOrderChanged": trpc.CodeUnauthorized, "wire.onTracked": trpc.CodeBadRequest,
		} {
			next := listen(t.Context(), t, c, path, "")
			e := next()
			if e.Kind == trpc.EventConnected {
				e = next()
			}
			require.ErrorIs(t, e.Err, want, path)
			require.Equal(t, want == trpc.CodeInternalServerError, e.Kind == trpc.EventLost, path)
		}
	})
}

func TestInterop_subscriptionWithParamsAndANewToken(t *testing.T) {
	t.Parallel()
	overBoth(t, nil, func(t *testing.T, s *trpctest.Server, push trpc.Push) {
		push.Params = func(_ context.Context, token string) (map[string]string, error) {
			return map[string]string{"token": token}, nil
		}
		c := realClient(t, s, trpc.Config{Push: push, Auth: &renewable{token: "tok-expired", successor: []string{"tok-2"}}})
		next := listen(t.Context(), t, c, "orderStatus.onOrderChanged", `{"replayLast":1}`)
		e := next()
		for e.Kind != trpc.EventConnected || c.Stats().Requests < 2 {
			e = next() // over SSE the first connection begins before it is refused
		}
		s.Control("createOrder", map[string]any{"sellerId": "seller_2"}, nil)
		requireEvents(t, next, "o2-1 …")
	})
}

func TestInterop_moveThatTheServerAsksFor(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t)
	c := realClient(t, s, trpc.Config{Push: transports(s)["WebSocket"], Auth: trpc.BearerToken("tok-1")})
	next := listen(t.Context(), t, c, "orderStatus.onOrderChanged", "")
	requireEvents(t, next, "connected")
	s.Control("createOrder", map[string]any{"sellerId": "seller_1"}, nil)
	requireEvents(t, next, "o1-1 …")
	s.Control("wsReconnect", nil, nil)
	requireEvents(t, next, "resumed")
	s.Control("createOrder", map[string]any{"sellerId": "seller_1"}, nil)
	requireEvents(t, next, "o1-2 …")
	require.Zero(t, c.Stats().Losses)
}

func TestInterop_signsOfLife(t *testing.T) {
	t.Parallel()
	overBoth(t, []string{"--sse-ping-ms", "20", "--sse-inactivity-ms", "60000", "--ws-ping-ms", "20", "--ws-pong-wait-ms", "60000"}, func(t *testing.T, s *trpctest.Server, push trpc.Push) {
		push.PingInterval, push.PingTimeout = 10*time.Millisecond, time.Minute
		c := realClient(t, s, trpc.Config{Push: push})
		next := listen(t.Context(), t, c, "wire.onTracked", `{"to":3,"gapMs":150}`)
		requireEvents(t, next, "connected", `1 {"n":1}`, `2 {"n":2}`, `3 {"n":3}`, "closed")
		require.Zero(t, c.Stats().Losses)
	})
}

func TestInterop_serverThatFallsSilent(t *testing.T) {
	t.Parallel()
	overBoth(t, []string{"--sse-ping-ms", "20", "--sse-inactivity-ms", "300"}, func(t *testing.T, s *trpctest.Server, push trpc.Push) {
		push.PingInterval, push.PingTimeout = 100*time.Millisecond, 200*time.Millisecond
		c := realClient(t, s, trpc.Config{Push: push, Auth: trpc.BearerToken("tok-1")})
		next := listen(t.Context(), t, c, "orderStatus.onOrderChanged", "")
		requireEvents(t, next, "connected")
		s.Control("freeze", nil, nil)
		e := next()
		for e.Kind != trpc.EventLost { // a busy machine may have been silent before
			e = next()
		}
		require.ErrorIs(t, e.Err, trpc.ErrInactive)
		s.Control("unfreeze", nil, nil)
		for e.Kind != trpc.EventConnected {
			e = next()
			require.NotEqual(t, trpc.EventClosed, e.Kind)
		}
	})
}

func TestInterop_connectionThatTheServerLimits(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t, "--sse-max-duration-ms", "100")
	c := realClient(t, s, trpc.Config{Push: transports(s)["SSE"]})
	next := listen(t.Context(), t, c, "wire.onTracked", `{"to":4,"gapMs":60}`)
	var got []string
	for e := next(); e.Kind != trpc.EventClosed; e = next() {
		if e.Kind == trpc.EventData {
			got = append(got, e.ID)
		}
	}
	require.Equal(t, []string{"1", "2", "3", "4"}, got)
	require.NotZero(t, c.Stats().Losses)
}

func TestInterop_longEvent(t *testing.T) {
	t.Parallel()
	overBoth(t, nil, func(t *testing.T, s *trpctest.Server, push trpc.Push) {
		c := realClient(t, s, trpc.Config{Push: push})
		next := listen(t.Context(), t, c, "wire.onBig", `{"bytes":200000,"count":3}`)
		requireEvents(t, next, "connected")
		for range 3 {
			require.Len(t, next().Data, 200000+len(`{"s":""}`))
		}
		requireEvents(t, next, "closed")
	})
}

func TestInterop_subscriptionOfOlderServers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		line      string
		transport trpc.Transport
		want      []string
	}{
		"v10":          {"v10", trpc.WebSocket, []string{"connected", `{"n":1}`, `{"n":2}`, "closed"}},
		"v11.0":        {"v11.0", trpc.WebSocket, []string{"connected", `{"n":1}`, `{"n":2}`, "closed"}},
		"v11.0 SSE":    {"v11.0", trpc.SSE, []string{"connected", `{"n":1}`, `{"n":2}`, "closed"}},
		"v10 has none": {"v10", trpc.SSE, []string{"closed: trpc: wire.onCount: …"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := trpctest.StartOld(t, tc.line)
			push := trpc.Push{Transport: tc.transport, PingInterval: 10 * time.Millisecond}
			if tc.transport == trpc.WebSocket {
				push.URL = s.WS
			}
			c := realClient(t, s, trpc.Config{Push: push})
			requireEvents(t, listen(t.Context(), t, c, "wire.onCount", `{"to":2,"gapMs":50}`), tc.want...)
		})
	}
}

func TestInterop_untrackedValueOfAnOlderServerHasNoID(t *testing.T) {
	t.Parallel()
	s := trpctest.StartOld(t, "v11.0")
	c := realClient(t, s, trpc.Config{})
	requireEvents(t, listen(t.Context(), t, c, "wire.onMixed", ""), "connected", `{"note":"untracked-1"}`, `t1 {"note":"tracked-1"}`,
		`{"note":"untracked-2"}`, "closed")
}
