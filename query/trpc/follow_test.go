package trpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
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

// renewable is an Auth whose token can be replaced.
type renewable struct {
	mu        sync.Mutex
	token     string
	successor []string // tokens to come; an empty one is an error
	failure   error    // of Refresh, if there are no more
	refreshes int
}

func (r *renewable) Token(context.Context) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.token, nil
}

func (r *renewable) Refresh(context.Context, string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refreshes++
	if len(r.successor) == 0 {
		return "", r.failure
	}
	r.token, r.successor = r.successor[0], r.successor[1:]
	return r.token, nil
}

const (
	expired     = "event: serialized-error\n" + `data: {"message":"Token expired","code":-32001,"data":{"code":"UNAUTHORIZED","httpStatus":401}}`
	idIsUnknown = "event: serialized-error\n" + `data: {"message":"bad id","code":-32600,"data":{"code":"BAD_REQUEST","httpStatus":400}}`
)

func TestSubscription_refreshesARefusedToken(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		auth := &renewable{token: "old", successor: []string{"new", "newer"}}
		l := consume(t, p.client(t, trpc.Config{Auth: auth}), "a", nil)
		s := p.accept()
		require.Equal(t, "Bearer old", s.Header.Get("Authorization"))
		s.send(connected, "data: 1\nid: 1", expired)
		l.requireEvents("connected", "1 1", "lost: trpc: a: UNAUTHORIZED: Token expired")
		s = p.accept() // at once
		require.Equal(t, "Bearer new", s.Header.Get("Authorization"))
		require.Equal(t, "1", s.Header.Get("Last-Event-Id"))
		s.send(connected, "data: 2\nid: 2", expired) // it was good, and ages
		l.requireEvents("resumed", "2 2", "lost…")
		s = p.accept()
		require.Equal(t, "Bearer newer", s.Header.Get("Authorization"))
		s.send(connected, expired)
		l.requireEvents("resumed", "closed: trpc: a: UNAUTHORIZED: Token expired")
		require.Equal(t, 2, auth.refreshes)
	})
}

func TestSubscription_refreshesATokenThatTheResponseRefuses(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		p.respond = func(r request) (*http.Response, error) {
			if r.Header.Get("Authorization") == "Bearer old" {
				return reply(http.StatusUnauthorized, "who are you?"), nil
			}
			return p.stream(r), nil
		}
		l := consume(t, p.client(t, trpc.Config{Auth: &renewable{token: "old", successor: []string{"new"}}}), "a", nil)
		p.accept().send(connected)
		l.requireEvents("connected") // nothing was lost, since nothing was there
	})
}

func TestSubscription_refreshThatFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		auth trpc.Auth
		want string
	}{
		"for good":  {trpc.BearerToken("old-token"), "closed: trpc: a: UNAUTHORIZED: no (no new token: a fixed token cannot be refreshed)"},
		"for a bit": {&renewable{token: "old", failure: &trpc.HTTPError{Status: 503}}, "lost: trpc: a: UNAUTHORIZED: no (no new token: …"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, p *ssePeer) {
				p.respond = always(http.StatusUnauthorized, refusal)
				l := consume(t, p.client(t, trpc.Config{Auth: tc.auth}), "a", nil)
				l.requireEvents(tc.want)
			})
		})
	}
}

func TestSubscription_newTokenMakesANewWebSocket(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		c := p.client(t, trpc.Config{
			Auth: &renewable{token: "old", successor: []string{"new"}},
			Push: trpc.Push{Params: func(_ context.Context, token string) (map[string]string, error) {
				return map[string]string{"token": token}, nil
			}},
		})
		l := consume(t, c, "a", nil)
		s := p.accept()
		s.send(started1, `{"id":1,"error":{"message":"Token expired","code":-32001,"data":{"code":"UNAUTHORIZED","httpStatus":401}}}`)
		l.requireEvents("connected", "lost…")
		s = p.accept()
		require.Equal(t, "Bearer new", s.Header.Get("Authorization"))
		require.JSONEq(t, `{"method":"connectionParams","data":{"token":"new"}}`, <-s.got)
		s.send(`{"id":null,"error":{"message":"Token expired","code":-32001,"data":{"code":"UNAUTHORIZED","httpStatus":401}}}`)
		s.cut()
		l.requireEvents("closed: trpc: a: UNAUTHORIZED: Token expired")
	})
}

func TestSubscription_refusedIDIsForgotten(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		l := consumeAll(t, trpc.NewSubscription[any, json.RawMessage]("a").After("gone"), p.client(t, trpc.Config{}), nil)
		s := p.accept()
		require.Equal(t, "gone", s.Header.Get("Last-Event-Id"))
		s.send(connected, idIsUnknown)
		l.requireEvents("resumed", "lost: trpc: a: BAD_REQUEST: bad id")
		s = p.accept()
		require.Empty(t, s.Header.Get("Last-Event-Id"))
		s.send(connected, "data: 1\nid: 1", idIsUnknown)
		l.requireEvents("connected", "1 1", "closed: trpc: a: BAD_REQUEST: bad id")
	})
}

func TestSubscription_repeatedEventsAreHandedOnOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		l := consume(t, p.client(t, trpc.Config{}), "a", nil)
		s := p.accept()
		s.send(connected, "data: 1\nid: 1", "data: 2\nid: 2", "data: 3\nid: 3")
		s.cut(io.EOF)
		l.requireEvents("connected", "1 1", "2 2", "3 3", "lost…")
		l.wait(time.Second)
		s = p.accept()
		s.send(connected, "data: 2\nid: 2", "data: 3\nid: 3", "data: 4\nid: 4", "data: 5\nid: 5")
		l.requireEvents("resumed", "4 4", "5 5")
	})
}

func TestSubscription_idsThatBeginAnewAreOtherEvents(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		l := consume(t, p.client(t, trpc.Config{}), "a", nil)
		s := p.accept()
		resync := "data: \"resync\"\nid: 0"
		s.send(connected, "data: 1\nid: 1", "data: 2\nid: 2")
		s.cut(io.EOF)
		l.requireEvents("connected", "1 1", "2 2", "lost…")
		for range 3 { // the server was restarted, and does not know the ID
			l.wait(time.Second)
			s = p.accept()
			s.send(connected, resync, "data: 1\nid: 1", "data: 2\nid: 2")
			s.cut(io.EOF)
			l.requireEvents("resumed", `0 "resync"`, "1 1", "2 2", "lost…")
		}
		l.wait(time.Second)
		s = p.accept()
		s.send(connected, "data: 20\nid: 2") // the same ID with another value
		l.requireEvents("resumed", "2 20")
	})
}

func TestSubscription_remembersOnlySoManyEvents(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		l := consume(t, p.client(t, trpc.Config{}), "a", nil)
		s := p.accept()
		s.send(connected)
		l.requireEvents("connected")
		for i := range 300 {
			s.send("data: 0\nid: " + strconv.Itoa(i))
		}
		s.cut(io.EOF)
		for range 301 {
			l.next()
		}
		l.wait(time.Second)
		p.accept().send(connected, "data: 0\nid: 299", "data: 0\nid: 44", "data: 0\nid: 43")
		l.requireEvents("resumed", "43 0")
	})
}

func TestSubscription_whatCannotBeResumed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in     any
		blocks []string
		second string // how the second connection begins
		id     string
	}{
		"nothing tracked":         {nil, []string{"data: 1"}, "connected", ""},
		"tracked":                 {pair{A: 1}, []string{"data: 1\nid: 1"}, "resumed", "1"},
		"tracked without input":   {trpc.NoInput{}, []string{"data: 1\nid: 1"}, "resumed", "1"},
		"some untracked":          {nil, []string{"data: 1\nid: 1", "data: 2", "data: 3\nid: 3"}, "connected", "3"},
		"input without a place":   {5, []string{"data: 1\nid: 1"}, "connected", ""},
		"input that is a list":    {[]int{1}, []string{"data: 1\nid: 1"}, "connected", ""},
		"input null":              {json.RawMessage("null"), []string{"data: 1\nid: 1"}, "resumed", "1"},
		"an ID that is forgotten": {nil, []string{"data: 1\nid: 1", "data: 2\nid: 2"}, "resumed", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, p *ssePeer) {
				l := consume(t, p.client(t, trpc.Config{}), "a", tc.in)
				s := p.accept()
				s.send(append([]string{connected}, tc.blocks...)...)
				s.cut(io.EOF)
				for range len(tc.blocks) + 2 {
					l.next()
				}
				l.wait(time.Second)
				s = p.accept()
				require.Equal(t, tc.id, s.Header.Get("Last-Event-Id"))
				s.send(connected)
				l.requireEvents(tc.second)
			})
		})
	}
}

func TestSubscription_failsBeforeItIsSent(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	failing := func(context.Context) (http.Header, error) { return nil, broken }
	for name, tc := range map[string]struct {
		path string
		in   any
		cfg  trpc.Config
		want string
	}{
		"path":          {"a b", nil, trpc.Config{}, `closed: trpc: invalid procedure path "a b"`},
		"input":         {"a", func() {}, trpc.Config{}, "closed: trpc: a: encode input: …"},
		"header":        {"a", nil, trpc.Config{Header: failing}, "closed: trpc: a: header: broken"},
		"token":         {"a", nil, trpc.Config{Auth: brokenAuth{broken}}, "closed: trpc: a: token: broken"},
		"URL too long":  {"a", strings.Repeat("x", 100), trpc.Config{Batch: trpc.Batch{MaxURLLength: 60}}, "closed: trpc: a: URL too long: …"},
		"SSE params":    {"a", nil, trpc.Config{Push: trpc.Push{Params: failingParams(broken)}}, "closed: trpc: a: connection params: broken"},
		"WebSocket too": {"a", nil, trpc.Config{Push: trpc.Push{Transport: trpc.WebSocket, Params: failingParams(broken)}}, "closed: trpc: a: connection params: broken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var p peer
				l := consume(t, p.client(t, tc.cfg), tc.path, tc.in)
				l.requireEvents(tc.want)
				<-l.ended
				require.Empty(t, p.requests())
			})
		})
	}
	for e := range trpc.NewSubscription[any, int]("a").Events(t.Context(), nil, nil) {
		require.Equal(t, trpc.EventClosed, e.Kind)
		require.ErrorContains(t, e.Err, "nil *Client")
	}
}

type brokenAuth struct{ err error }

func (b brokenAuth) Token(context.Context) (string, error) { return "", b.err }

func (b brokenAuth) Refresh(context.Context, string) (string, error) { return "", b.err }

func failingParams(err error) func(context.Context, string) (map[string]string, error) {
	return func(context.Context, string) (map[string]string, error) { return nil, err }
}

func TestSubscription_linksWrapIt(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		var seen []string
		note := func(name string) trpc.StreamLink {
			return func(next trpc.StreamHandler) trpc.StreamHandler {
				return func(ctx context.Context, op trpc.Op) iter.Seq[rawEvent] {
					seen = append(seen, name+" "+op.Kind.String()+" "+op.Path)
					return next(ctx, op)
				}
			}
		}
		c := p.client(t, trpc.Config{Push: trpc.Push{Links: []trpc.StreamLink{note("outer"), nil, note("inner")}}})
		l := consume(t, c, "a", nil)
		p.accept().send(connected)
		l.requireEvents("connected")
		require.Equal(t, []string{"outer subscription a", "inner subscription a"}, seen)
	})
}

func TestPush_invalidSettings(t *testing.T) {
	t.Parallel()
	for want, push := range map[string]trpc.Push{
		"trpc: unknown Push.Transport 2":            {Transport: 2},
		"trpc: negative value in Push":              {IdleTime: -1},
		"trpc: Push.RetryMax is below RetryMin":     {RetryMin: 2, RetryMax: 1},
		"trpc: Push.URL: scheme \"ftp\" is neither": {URL: "ftp://x/y"},
		"trpc: Push.URL has no host":                {URL: "ws:///y"},
	} {
		_, err := trpc.New(trpc.Config{URL: "http://x/y", Push: push})
		require.ErrorContains(t, err, want)
	}
	_, err := trpc.New(trpc.Config{URL: "http://x/y", Push: trpc.Push{Queue: -1}})
	require.ErrorContains(t, err, "negative value in Push")
}

func TestPush_retryMinMayBeAboveTheDefaultMax(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		l := consume(t, p.client(t, trpc.Config{Push: trpc.Push{RetryMin: time.Hour, Random: half}}), "a", nil)
		for range 3 {
			p.accept().cut(io.EOF)
			lost := l.next()
			require.Equal(t, 30*time.Minute, lost.RetryIn)
			l.wait(lost.RetryIn)
		}
	})
}

func TestEventKind_string(t *testing.T) {
	t.Parallel()
	for kind, want := range map[trpc.EventKind]string{
		trpc.EventConnected: "connected", trpc.EventResumed: "resumed", trpc.EventData: "data", trpc.EventLost: "lost", trpc.EventClosed: "closed", 0: "event(0)",
	} {
		require.Equal(t, want, kind.String())
	}
	require.Equal(t, "subscription", trpc.KindSubscription.String())
	require.Equal(t, "a.b", trpc.NewSubscription[int, int]("a.b").After("1").Path())
}
