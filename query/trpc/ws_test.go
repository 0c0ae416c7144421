package trpc_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// inSocketBubble runs f beside a server of WebSockets.
func inSocketBubble(t *testing.T, f func(t *testing.T, p *wsPeer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newWSPeer(t)) })
}

const (
	started1 = `{"id":1,"result":{"type":"started"}}`
	started2 = `{"id":2,"result":{"type":"started"}}`
	stopped1 = `{"id":1,"result":{"type":"stopped"}}`
)

func TestWebSocket_isSharedAndOpenedLate(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		c := p.client(t, trpc.Config{URL: "http://peer.test/trpc?tenant=7", Auth: trpc.BearerToken("tok-1")})
		synctest.Wait()
		require.Empty(t, p.requests())
		a := consume(t, c, "a", pair{A: 1})
		s := p.accept()
		require.Equal(t, "http://peer.test/trpc?tenant=7", s.URL.String())
		require.Equal(t, "Bearer tok-1", s.Header.Get("Authorization"))
		s.requireGot(`{"id":1,"method":"subscription","params":{"path":"a","input":{"a":1}}}`)
		b := consumeAll(t, trpc.NewSubscription[any, json.RawMessage]("b").After("e"), c, nil)
		s.requireGot(`{"id":2,"method":"subscription","params":{"path":"b","lastEventId":"e"}}`)
		a.requireQuiet()
		s.send(started2, `{"id":2,"result":{"type":"data","data":1}}`, started1, `{"id":1,"result":{"type":"data","id":"x","data":{"id":"x","data":2}}}`,
			`{"id":2,"result":{"type":"data","data":null}}`, `{"id":2,"result":{"type":"data"}}`, stopped1)
		a.requireEvents("connected", "x 2", "closed")
		b.requireEvents("resumed", "1", "null", "")
		require.Len(t, p.requests(), 1)
	})
}

func TestWebSocket_isNotSharedByUsers(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		var user string
		c := p.client(t, trpc.Config{Header: func(context.Context) (http.Header, error) { return http.Header{"X-User": {user}}, nil }})
		for _, user = range []string{"u1", "u2"} {
			consume(t, c, "a", nil)
			require.Equal(t, user, p.accept().Header.Get("X-User"))
		}
	})
}

func TestWebSocket_paramsComeFirst(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		params := map[string]string{"token": "p1"}
		c := p.client(t, trpc.Config{Push: trpc.Push{
			URL:    "ws://push.test/trpc?x=1",
			Params: func(context.Context, string) (map[string]string, error) { return params, nil },
		}})
		consume(t, c, "a", nil)
		s := p.accept()
		require.Equal(t, "http://push.test/trpc?x=1&connectionParams=1", s.URL.String())
		s.requireGot(`{"method":"connectionParams","data":{"token":"p1"}}`, `{"id":1,"method":"subscription","params":{"path":"a"}}`)
		params = nil
		consume(t, c, "a", nil)
		s = p.accept()
		require.Equal(t, "http://push.test/trpc?x=1", s.URL.String())
		s.requireGot(`{"id":1,"method":"subscription","params":{"path":"a"}}`)
	})
}

func TestWebSocket_closesAWhileAfterTheLastSubscription(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		c := p.client(t, trpc.Config{Push: trpc.Push{IdleTime: time.Minute, PingInterval: time.Hour}})
		a := consume(t, c, "a", nil)
		s := p.accept()
		s.send(started1)
		a.leave()
		s.requireGot(`{"id":1,"method":"subscription","params":{"path":"a"}}`, `{"id":1,"method":"subscription.stop"}`)
		a.wait(time.Minute - 1)
		b := consume(t, c, "b", nil)
		s.requireGot(`{"id":2,"method":"subscription","params":{"path":"b"}}`)
		s.send(started2)
		b.wait(time.Hour / 2)
		require.Empty(t, s.gone)
		s.send(`{"id":2,"result":{"type":"stopped"}}`)
		b.requireEvents("connected", "closed")
		b.wait(time.Minute)
		s.requireGot()
		s.requireClosed()
		consume(t, c, "c", nil)
		require.NotSame(t, s, p.accept())
	})
}

func TestWebSocket_asksForASignOfLife(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		l := consume(t, p.client(t, trpc.Config{Push: trpc.Push{PingInterval: time.Minute, PingTimeout: time.Second}}), "a", nil)
		s := p.accept()
		s.send(started1, `{"id":1,"result":{"type":"data","id":"x","data":{"id":"x","data":2}}}`)
		s.requireGot(`{"id":1,"method":"subscription","params":{"path":"a"}}`)
		l.requireEvents("connected", "x 2")
		for range 3 {
			l.wait(time.Minute - 1)
			s.requireGot()
			l.wait(1)
			s.requireGot("PING")
			l.wait(time.Second - 1)
			s.send("PONG")
		}
		l.wait(30 * time.Second)
		s.send("PING") // also a sign of life
		s.requireGot("PONG")
		l.wait(time.Minute)
		s.requireGot("PING")
		l.requireQuiet()
		l.wait(time.Second)
		lost := l.next()
		require.Equal(t, trpc.EventLost, lost.Kind)
		require.ErrorIs(t, lost.Err, trpc.ErrInactive)
		l.wait(lost.RetryIn)
		s = p.accept()
		s.requireGot(`{"id":1,"method":"subscription","params":{"path":"a","lastEventId":"x"}}`)
		s.send(started1)
		l.requireEvents("resumed")
	})
}

func TestWebSocket_moveThatTheServerAsksFor(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		c := p.client(t, trpc.Config{})
		a, b := consume(t, c, "a", nil), consume(t, c, "b", nil)
		old := p.accept()
		old.send(started1, `{"id":1,"result":{"type":"data","id":"x","data":{"id":"x","data":1}}}`, started2, `{"id":2,"result":{"type":"data","data":1}}`)
		a.requireEvents("connected", "x 1")
		b.requireEvents("connected", "1")
		drain(old)
		old.send(`{"id":null,"method":"reconnect"}`)
		old.send(`{"id":1,"result":{"type":"data","id":"y","data":{"id":"y","data":2}}}`) // comes again over the new one
		fresh := p.accept()
		require.Empty(t, old.got, "the old connection serves until the new one does")
		require.Len(t, fresh.got, 2)
		first := <-fresh.got
		if !strings.Contains(first, `"path":"a"`) {
			first = <-fresh.got
		}
		require.Contains(t, first, `"path":"a","lastEventId":"x"`)
		fresh.send(started1, started2)
		require.ElementsMatch(t, []string{`{"id":1,"method":"subscription.stop"}`, `{"id":2,"method":"subscription.stop"}`}, drain(old))
		old.requireClosed()
		a.requireEvents("resumed")
		b.requireEvents("connected") // its values have no IDs
		a.requireQuiet()
	})
}

func TestWebSocket_serverThatKeepsAskingIsFollowedSlowly(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		l := consume(t, p.client(t, trpc.Config{Push: trpc.Push{Random: half}}), "a", nil)
		for _, delay := range []time.Duration{0, 2 * time.Second, 4 * time.Second, 8 * time.Second} {
			s := p.accept()
			s.send(started1, `{"id":null,"method":"reconnect"}`)
			l.requireEvents("connected")
			if delay > 0 {
				l.wait(delay - 1)
				require.Empty(t, p.sockets)
				l.wait(1)
			}
		}
		s := p.accept()
		s.send(started1)
		l.wait(time.Second)
		s.send(`{"id":null,"method":"reconnect"}`)
		p.accept()
	})
}

func drain(s *socket) []string {
	synctest.Wait()
	var got []string
	for len(s.got) > 0 {
		got = append(got, <-s.got)
	}
	return got
}

func TestWebSocket_unneededConnectionLeavesWhenAsked(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		l := consume(t, p.client(t, trpc.Config{}), "a", nil)
		s := p.accept()
		s.send(started1, stopped1)
		l.requireEvents("connected", "closed")
		s.send(`{"id":null,"method":"reconnect"}`)
		s.requireClosed()
	})
}

func TestWebSocket_errors(t *testing.T) {
	t.Parallel()
	conflict := `{"id":1,"error":{"message":"m","code":-32009,"data":{"code":"CONFLICT","httpStatus":409}}}`
	crash := `{"id":1,"error":{"message":"m","code":-32603,"data":{"code":"INTERNAL_SERVER_ERROR","httpStatus":500}}}`
	for name, tc := range map[string]struct {
		messages []string
		want     []string
	}{
		"before the start":            {[]string{conflict}, []string{"closed: trpc: a: CONFLICT: m"}},
		"while running":               {[]string{started1, conflict, stopped1}, []string{"connected", "closed: trpc: a: CONFLICT: m"}},
		"of the server before it":     {[]string{crash}, []string{"lost: trpc: a: INTERNAL_SERVER_ERROR: m"}},
		"of the server while running": {[]string{started1, crash, stopped1}, []string{"connected", "lost: trpc: a: INTERNAL_SERVER_ERROR: m"}},
		"no confirmation":             {[]string{`{"id":1,"result":{"type":"data","data":1}}`, stopped1}, []string{"connected", "1", "closed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inSocketBubble(t, func(t *testing.T, p *wsPeer) {
				l := consume(t, p.client(t, trpc.Config{}), "a", nil)
				p.accept().send(tc.messages...)
				l.requireEvents(tc.want...)
				l.requireQuiet()
			})
		})
	}
}

func TestWebSocket_oddMessagesDoNotSpoilIt(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		l := consume(t, p.client(t, trpc.Config{}), "a", nil)
		s := p.accept()
		s.send(started1, "<html>", "[]", "null", "{}", `{"id":99,"result":{"type":"data","data":1}}`, `{"id":1}`, `{"id":1,"result":5}`, `{"id":1,"result":{"type":"later"}}`,
			`{"id":1,"error":5}`, `{"id":null,"result":{"type":"data","data":1}}`, `{"id":null,"method":"later"}`, `{"id":null,"error":{"message":"m","code":-32700}}`)
		require.NoError(t, s.conn.Write(t.Context(), websocket.MessageBinary, []byte(`{"id":1,"result":{"type":"data","data":1}}`)))
		s.send(`{"id":1,"result":{"type":"data","data":2}}`)
		l.requireEvents("connected", "2")
		s.cut()
		lost := l.next()
		require.NotErrorIs(t, lost.Err, trpc.CodeParseError)
		require.Equal(t, trpc.EventLost, lost.Kind)
	})
}

func TestWebSocket_refusedConnection(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		c := p.client(t, trpc.Config{})
		a, b := consume(t, c, "a", nil), consume(t, c, "b", nil)
		s := p.accept()
		s.send(`{"id":null,"error":{"message":"m","code":-32003,"data":{"code":"FORBIDDEN","httpStatus":403}}}`)
		s.cut()
		a.requireEvents("closed: trpc: a: FORBIDDEN: m")
		b.requireEvents("closed: trpc: b: FORBIDDEN: m")
	})
}

func TestWebSocket_refusedUpgrade(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		respond responder
		want    string
	}{
		"a proxy":      {always(http.StatusBadGateway, "<html>"), "lost: trpc: a: HTTP status 502…"},
		"unknown path": {always(http.StatusNotFound, "nothing here"), "closed: trpc: a: HTTP status 404…"},
		"a tRPC error": {always(http.StatusForbidden, `{"error":{"message":"m","code":-32003,"data":{"code":"FORBIDDEN"}}}`), "closed: trpc: a: FORBIDDEN: m"},
		"no network":   {func(request) (*http.Response, error) { return nil, syscall.ECONNREFUSED }, "lost: trpc: a: …"},
		"no upgrade":   {always(http.StatusOK, `{"result":{"data":1}}`), "closed: trpc: a: HTTP status 200…"},
		"a panic":      {func(request) (*http.Response, error) { panic("oh") }, "lost: trpc: a: panic: oh"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inSocketBubble(t, func(t *testing.T, p *wsPeer) {
				p.respond = tc.respond
				l := consume(t, p.client(t, trpc.Config{}), "a", nil)
				l.requireEvents(tc.want)
			})
		})
	}
}

func TestWebSocket_hasTimeToBegin(t *testing.T) {
	t.Parallel()
	for name, respond := range map[string]func(p *wsPeer) responder{
		"no upgrade": func(*wsPeer) responder {
			return func(r request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
		},
		"no confirmation": func(p *wsPeer) responder { return p.upgrade },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inSocketBubble(t, func(t *testing.T, p *wsPeer) {
				p.respond = respond(p)
				l := consume(t, p.client(t, trpc.Config{Push: trpc.Push{ConnectTimeout: time.Minute, PingInterval: time.Hour}}), "a", nil)
				l.wait(time.Minute - 1)
				l.requireQuiet()
				l.wait(1)
				lost := l.next()
				require.Equal(t, trpc.EventLost, lost.Kind)
				require.ErrorIs(t, lost.Err, trpc.ErrInactive)
			})
		})
	}
}

func TestWebSocket_slowLoopHoldsTheOthersOnlySoLong(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		c := p.client(t, trpc.Config{Push: trpc.Push{Queue: 2, PingTimeout: time.Minute, PingInterval: time.Second}})
		resume := make(chan struct{})
		slow := make(chan rawEvent, 100)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for e := range trpc.NewSubscription[any, json.RawMessage]("slow").Events(t.Context(), c, nil) {
				slow <- e
				<-resume
			}
		}()
		s := p.accept()
		quick := consume(t, c, "quick", nil)
		s.send(started1, started2)
		for _, id := range []string{"1", "2"} { // the queue holds them
			s.send(`{"id":1,"result":{"type":"data","id":"` + id + `","data":{"id":"` + id + `","data":0}}}`)
		}
		drain(s)
		s.push(`{"id":1,"result":{"type":"data","id":"3","data":{"id":"3","data":0}}}`, `{"id":2,"result":{"type":"data","data":"quick"}}`)
		quick.requireEvents("connected")
		quick.wait(time.Minute - 1)
		quick.requireQuiet()
		s.requireGot() // no ping either: the client does not listen
		quick.wait(1)
		quick.requireEvents(`"quick"`)
		s.requireGot(`{"id":1,"method":"subscription.stop"}`)
		close(resume)
		synctest.Wait()
		require.Equal(t, trpc.EventConnected, (<-slow).Kind)
		require.Equal(t, "1", (<-slow).ID)
		require.Equal(t, "2", (<-slow).ID)
		lost := <-slow
		require.ErrorIs(t, lost.Err, trpc.ErrSlowConsumer)
		quick.wait(lost.RetryIn)
		s.requireGot(`{"id":3,"method":"subscription","params":{"path":"slow","lastEventId":"2"}}`)
		s.send(`{"id":3,"result":{"type":"started"}}`, `{"id":3,"result":{"type":"stopped"}}`)
		<-done
		require.Equal(t, trpc.EventResumed, (<-slow).Kind)
	})
}

func TestWebSocket_slowLoopLosesNothing(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		c := p.client(t, trpc.Config{Push: trpc.Push{Queue: 1, PingTimeout: time.Minute}})
		var got []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			for e := range trpc.NewSubscription[any, json.RawMessage]("a").Events(t.Context(), c, nil) {
				time.Sleep(30 * time.Second)
				got = append(got, told(e))
			}
		}()
		s := p.accept()
		s.push(started1, `{"id":1,"result":{"type":"data","data":1}}`, `{"id":1,"result":{"type":"data","data":2}}`, `{"id":1,"result":{"type":"data","data":3}}`, stopped1)
		<-done
		require.Equal(t, []string{"connected", "1", "2", "3", "closed"}, got)
	})
}

func TestWebSocket_closeOfTheClientSaysGoodbye(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		c := p.client(t, trpc.Config{})
		l := consume(t, c, "a", nil)
		s := p.accept()
		s.send(started1)
		require.NoError(t, c.Close(t.Context()))
		s.requireClosed()
		l.requireEvents("connected")
		end := l.next()
		require.Equal(t, trpc.EventClosed, end.Kind)
		require.ErrorIs(t, end.Err, trpc.ErrClosed)
	})
}

func TestWebSocket_speaksSuperJSON(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		l := consume(t, p.client(t, trpc.Config{Transformer: trpc.SuperJSON()}), "a", pair{A: 1})
		s := p.accept()
		s.requireGot(`{"id":1,"method":"subscription","params":{"path":"a","input":{"json":{"a":1}}}}`)
		s.send(started1, `{"id":1,"result":{"type":"data","id":"1","data":{"json":{"id":"1","data":{"n":"5"}},"meta":{"values":{"data.n":["bigint"]}}}}}`,
			`{"id":1,"result":{"type":"data","data":{"json":null,"meta":{"values":["undefined"]}}}}`,
			`{"id":1,"error":{"json":{"message":"m","code":-32009,"data":{"code":"CONFLICT"}}}}`)
		l.requireEvents("connected", `1 {"n":5}`, "", "closed: trpc: a: CONFLICT: m")
	})
}

// Such servers drop a message without input, and do not say which.
func TestWebSocket_superJSONHasNoCallWithoutInput(t *testing.T) {
	t.Parallel()
	inSocketBubble(t, func(t *testing.T, p *wsPeer) {
		consume(t, p.client(t, trpc.Config{Transformer: trpc.SuperJSON()}), "a", nil)
		p.accept().requireGot(`{"id":1,"method":"subscription","params":{"path":"a","input":{"json":null,"meta":{"values":["undefined"],"v":1}}}}`)
	})
}

func FuzzWebSocket(f *testing.F) {
	for _, seed := range []string{
		"", "PING", started1, stopped1, `{"id":1,"result":{"type":"data","id":"x","data":{"id":"x","data":1}}}`, `{"id":1,"error":{"message":"m","code":1}}`,
		`{"id":null,"error":{"message":"m","code":1}}`, `{"id":1,"result":{"type":"data","id":"x","data":{"json":{"id":"x"}}}}`, `{"id":1e99,"result":{}}`, "[]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "reconnect") {
			return // needs another connection
		}
		for _, transformer := range []trpc.Transformer{nil, trpc.SuperJSON()} {
			p := newWSPeer(t)
			c := p.client(t, trpc.Config{Transformer: transformer, Push: trpc.Push{Queue: 100}})
			next := listen(t.Context(), t, c, "a", "")
			go func() {
				s := <-p.sockets
				for _, message := range []string{text, started1, text, stopped1} {
					_ = s.conn.Write(context.WithoutCancel(s.Context()), websocket.MessageText, []byte(message)) // fails when the client has left
				}
				_ = s.conn.CloseNow() // fails when the client has left
			}()
			for e := next(); e.Kind != trpc.EventClosed && e.Kind != trpc.EventLost; e = next() {
				require.True(t, e.Kind != trpc.EventData || e.Err != nil || e.Data == nil || json.Valid(e.Data))
			}
		}
	})
}
