package trpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// inBubble runs f beside a server of event streams.
func inBubble(t *testing.T, f func(t *testing.T, p *ssePeer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newSSEPeer(t)) })
}

// half is a source of randomness for delays.
func half() float64 { return 0.5 }

func TestSSE_request(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		c := p.client(t, trpc.Config{
			URL: "http://peer.test/trpc?tenant=7", Auth: trpc.BearerToken("tok-1"),
			Header: func(context.Context) (http.Header, error) { return http.Header{"X-Shop": {"s"}}, nil },
			Push: trpc.Push{Params: func(_ context.Context, token string) (map[string]string, error) {
				return map[string]string{"token": token}, nil
			}},
		})
		consumeAll(t, trpc.NewSubscription[any, json.RawMessage]("a.b").After("e-1"), c, pair{A: 1})
		sent := p.accept()
		require.Equal(t, http.MethodGet, sent.Method)
		require.Equal(t, `/trpc/a.b?tenant=7&connectionParams={"token":"tok-1"}&input={"a":1}`, target(t, sent.URL))
		for name, want := range map[string]string{
			"Accept": "text/event-stream", "Cache-Control": "no-cache", "Accept-Encoding": "identity",
			"Last-Event-Id": "e-1", "Authorization": "Bearer tok-1", "X-Shop": "s", "Content-Type": "",
		} {
			require.Equal(t, want, sent.Header.Get(name), name)
		}
	})
}

func TestSSE_goesToAnAddressOfItsOwn(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		c := p.client(t, trpc.Config{Push: trpc.Push{URL: "wss://push.test/events"}})
		consume(t, c, "a", nil)
		require.Equal(t, "https://push.test/events/a", p.accept().URL.String())
	})
}

func TestSSE_idThatAHeaderCannotHoldGoesIntoTheURL(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		c := p.client(t, trpc.Config{})
		for _, id := range []string{"ż", " x", "x ", "a\tb"} {
			l := consumeAll(t, trpc.NewSubscription[any, json.RawMessage]("a").After(id), c, nil)
			sent := p.accept()
			require.Equal(t, id, sent.URL.Query().Get("lastEventId"))
			require.Empty(t, sent.Header.Get("Last-Event-Id"))
			l.leave()
		}
	})
}

func TestSSE_events(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		l := consume(t, p.client(t, trpc.Config{}), "a", nil)
		s := p.accept()
		l.requireQuiet()
		s.send("event: connected\ndata: {}\n")
		l.requireEvents("connected")
		s.send("data: {\"n\":1}\nid: 1\n", "event: ping\ndata: \n", "data: 2", "data: 3\nid:", "event: restore-id\ndata:\nid: 1",
			"event: later-version\ndata: x", ": comment", "event: message\ndata: [4,\ndata: 5]\nid:2", "retry: 5", "data")
		l.requireEvents(`1 {"n":1}`, "2", "3", "2 [4,\n5]", "")
		s.send("event: return\ndata: ")
		l.requireEvents("closed")
		<-l.ended
	})
}

func TestSSE_lineEnds(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		l := consume(t, p.client(t, trpc.Config{}), "a", nil)
		s := p.accept()
		s.send("\ufeffevent: connected\r\ndata: {}\r\n\r\ndata: 1\r\rdata:2\n\ndata:  3\r\n\r")
		l.requireEvents("connected", "1", "2", "3")
		s.send("\ndata: \"\ufeff4\"\nid: a\x00b")
		l.requireEvents("\"\ufeff4\"")
	})
}

func TestSSE_greetingMayBeMissing(t *testing.T) {
	t.Parallel()
	for block, want := range map[string][]string{
		"data: 1\nid: 7":        {"connected", "7 1"},
		"event: return\ndata: ": {"connected", "closed"},
		"event: ping\ndata: ":   {"connected"},
	} {
		t.Run(block, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, p *ssePeer) {
				l := consume(t, p.client(t, trpc.Config{}), "a", nil)
				p.accept().send(block)
				l.requireEvents(want...)
			})
		})
	}
}

func TestSSE_resumesBehindTheLastID(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{"clean end": io.EOF, "reset": syscall.ECONNRESET} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, p *ssePeer) {
				l := consume(t, p.client(t, trpc.Config{Push: trpc.Push{Random: half}}), "a", nil)
				s := p.accept()
				s.send(connected, "data: 1\nid: x", "data: 2\nid: y")
				l.requireEvents("connected", "x 1", "y 2")
				_, err := io.WriteString(s.w, "data: 3\nid: z\n") // not complete
				require.NoError(t, err)
				s.cut(cause)
				lost := l.next()
				require.Equal(t, trpc.EventLost, lost.Kind)
				require.Equal(t, 500*time.Millisecond, lost.RetryIn)
				var broken *trpc.TransportError
				require.ErrorAs(t, lost.Err, &broken)
				l.wait(500*time.Millisecond - 1)
				require.Empty(t, p.streams)
				l.wait(1)
				s = p.accept()
				require.Equal(t, "y", s.Header.Get("Last-Event-Id"))
				s.send(connected, "data: 3\nid: z")
				l.requireEvents("resumed", "z 3")
			})
		})
	}
}

func TestSSE_delaysGrowUntilThereIsAnEvent(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		l := consume(t, p.client(t, trpc.Config{Push: trpc.Push{Random: half, RetryMin: 2 * time.Second, RetryMax: 10 * time.Second}}), "a", nil)
		for _, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second} {
			p.accept().cut(io.EOF)
			lost := l.next()
			require.Equal(t, want, lost.RetryIn)
			l.wait(lost.RetryIn)
		}
		s := p.accept()
		s.send(connected)
		s.cut(io.EOF)
		require.Equal(t, trpc.EventConnected, l.next().Kind)
		lost := l.next()
		require.Equal(t, 5*time.Second, lost.RetryIn) // being connected is no success yet
		l.wait(lost.RetryIn)
		s = p.accept()
		s.send(connected, "data: 1")
		s.cut(io.EOF)
		l.requireEvents("connected", "1")
		lost = l.next()
		require.Equal(t, time.Second, lost.RetryIn)
		l.wait(lost.RetryIn)
		s = p.accept()
		s.send(connected)
		l.wait(10 * time.Second) // a quiet connection that holds is one
		s.cut(io.EOF)
		require.Equal(t, trpc.EventConnected, l.next().Kind)
		require.Equal(t, time.Second, l.next().RetryIn)
	})
}

func TestSSE_delaysRunOnTheInjectedClock(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		mock := clock.NewMock()
		l := consume(t, p.client(t, trpc.Config{Clock: mock, Push: trpc.Push{Random: half, Inactivity: time.Minute}}), "a", nil)
		p.accept().cut(io.EOF)
		require.Equal(t, 500*time.Millisecond, l.next().RetryIn)
		mock.Add(499 * time.Millisecond)
		synctest.Wait()
		require.Empty(t, p.streams)
		mock.Add(time.Millisecond)
		p.accept().send(connected)
		l.requireEvents("connected")
		mock.Add(time.Minute)
		require.ErrorIs(t, l.next().Err, trpc.ErrInactive)
	})
}

func TestSSE_silenceIsALostConnection(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		push     trpc.Push
		greeting string
	}{
		"as the server asks": {trpc.Push{}, `{"reconnectAfterInactivityMs":60000}`},
		"as configured":      {trpc.Push{Inactivity: time.Minute}, `{"reconnectAfterInactivityMs":5}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, p *ssePeer) {
				l := consume(t, p.client(t, trpc.Config{Push: tc.push}), "a", nil)
				s := p.accept()
				s.send("event: connected\ndata: "+tc.greeting, "data: 1\nid: x")
				l.requireEvents("connected", "x 1")
				for range 3 {
					l.wait(time.Minute - 1)
					s.send("event: ping\ndata: ")
				}
				l.requireQuiet()
				l.wait(time.Minute)
				lost := l.next()
				require.Equal(t, trpc.EventLost, lost.Kind)
				require.ErrorIs(t, lost.Err, trpc.ErrInactive)
				require.NotErrorIs(t, lost.Err, context.Canceled)
				l.wait(lost.RetryIn)
				require.Equal(t, "x", p.accept().Header.Get("Last-Event-Id"))
			})
		})
	}
}

func TestSSE_withoutALimitSilenceIsFine(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		l := consume(t, p.client(t, trpc.Config{}), "a", nil)
		s := p.accept()
		s.send(connected)
		l.requireEvents("connected")
		l.wait(1000 * time.Hour)
		l.requireQuiet()
	})
}

func TestSSE_aSlowLoopIsNoSilence(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		c := p.client(t, trpc.Config{Push: trpc.Push{Inactivity: time.Minute}})
		var got []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			for e := range trpc.NewSubscription[any, json.RawMessage]("a").Events(t.Context(), c, nil) {
				time.Sleep(time.Hour)
				got = append(got, told(e))
			}
		}()
		s := p.accept()
		s.send(connected, "data: 1\nid: 1", "data: 2\nid: 2", "event: return\ndata: ")
		<-done
		require.Equal(t, []string{"connected", "1 1", "2 2", "closed"}, got)
	})
}

func TestSSE_hasTimeToBegin(t *testing.T) {
	t.Parallel()
	for name, respond := range map[string]func(p *ssePeer) responder{
		"no response": func(*ssePeer) responder {
			return func(r request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
		},
		"no greeting": func(p *ssePeer) responder { return p.respond },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, p *ssePeer) {
				p.respond = respond(p)
				l := consume(t, p.client(t, trpc.Config{Push: trpc.Push{ConnectTimeout: time.Minute}}), "a", nil)
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

func TestSSE_triesAgainWhatMayPass(t *testing.T) {
	t.Parallel()
	for name, respond := range map[string]responder{
		"502":         always(http.StatusBadGateway, "<html>"),
		"429":         always(http.StatusTooManyRequests, "slow down", "Retry-After", "7"),
		"tRPC 503":    always(http.StatusServiceUnavailable, `{"error":{"message":"m","code":-32603,"data":{"code":"SERVICE_UNAVAILABLE","httpStatus":503}}}`),
		"bare number": always(http.StatusOK, `{"error":{"message":"m","code":-32603}}`),
		"no network":  func(request) (*http.Response, error) { return nil, syscall.ECONNREFUSED },
		"half a page": func(request) (*http.Response, error) {
			resp := reply(http.StatusOK, "")
			resp.Body = io.NopCloser(brokenReader{syscall.ECONNRESET})
			return resp, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, p *ssePeer) {
				p.respond = respond
				l := consume(t, p.client(t, trpc.Config{Push: trpc.Push{Random: half}}), "a", nil)
				lost := l.next()
				require.Equal(t, trpc.EventLost, lost.Kind, told(lost))
				want := 500 * time.Millisecond
				if name == "429" {
					want = 7 * time.Second
				}
				require.Equal(t, want, lost.RetryIn)
				l.wait(want)
				require.Len(t, p.requests(), 2)
			})
		})
	}
}

func TestSSE_givesUpWhatWillNotPass(t *testing.T) {
	t.Parallel()
	for name, respond := range map[string]responder{
		"404":         always(http.StatusNotFound, `{"error":{"message":"No procedure found","code":-32004,"data":{"code":"NOT_FOUND","httpStatus":404}}}`),
		"501":         always(http.StatusNotImplemented, "no"),
		"a query":     always(http.StatusOK, `{"result":{"data":1}}`),
		"a page":      always(http.StatusOK, "<html>", "Content-Type", "text/html"),
		"a login":     always(http.StatusFound, "", "Location", "/login"),
		"no content":  always(http.StatusNoContent, "", "Content-Type", "text/event-stream"),
		"too large":   always(http.StatusOK, strings.Repeat("x", 200)),
		"long event":  always(http.StatusOK, connected+"\n\ndata: "+strings.Repeat("x", 200)+"\n\n", "Content-Type", "text/event-stream"),
		"forbidden":   always(http.StatusOK, connected+"\n\nevent: serialized-error\n"+`data: {"message":"m","code":-32003,"data":{"code":"FORBIDDEN","httpStatus":403}}`+"\n\n", "Content-Type", "text/event-stream"),
		"no shape":    always(http.StatusOK, connected+"\n\nevent: serialized-error\ndata: 5\n\n", "Content-Type", "text/event-stream"),
		"other token": always(http.StatusUnauthorized, refusal),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, p *ssePeer) {
				p.respond = respond
				l := consume(t, p.client(t, trpc.Config{MaxResponseBytes: 150}), "a", nil)
				e := l.next()
				if e.Kind == trpc.EventConnected {
					e = l.next()
				}
				require.Equal(t, trpc.EventClosed, e.Kind)
				require.Error(t, e.Err)
				require.True(t, knownError(e.Err), e.Err)
				<-l.ended
				require.Len(t, p.requests(), 1)
			})
		})
	}
}

func TestSSE_failureOfTheServerIsTriedAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		l := consume(t, p.client(t, trpc.Config{}), "a", nil)
		p.accept().send(connected, "data: 1\nid: 1", `event: serialized-error`+"\n"+`data: {"message":"boom","code":-32603,"data":{"code":"INTERNAL_SERVER_ERROR","httpStatus":500}}`)
		l.requireEvents("connected", "1 1")
		lost := l.next()
		require.Equal(t, trpc.EventLost, lost.Kind)
		require.ErrorIs(t, lost.Err, trpc.CodeInternalServerError)
		l.wait(lost.RetryIn)
		require.Equal(t, "1", p.accept().Header.Get("Last-Event-Id"))
	})
}

func TestSSE_leavingTheLoopEndsTheRequest(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		c := p.client(t, trpc.Config{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range trpc.NewSubscription[any, json.RawMessage]("a").Events(t.Context(), c, nil) {
				break
			}
		}()
		s := p.accept()
		s.send(connected)
		<-done
		require.Error(t, s.Context().Err())
	})
}

func TestSSE_endOfTheContext(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		l := consume(t, p.client(t, trpc.Config{}), "a", nil)
		p.accept().send(connected)
		l.leave()
		l.requireEvents("connected")
		end := l.next()
		require.Equal(t, trpc.EventClosed, end.Kind)
		require.ErrorIs(t, end.Err, context.Canceled)
		l = consume(t, p.client(t, trpc.Config{}), "a", nil)
		p.accept().cut(io.EOF)
		require.Equal(t, trpc.EventLost, l.next().Kind)
		l.leave() // while it waits
		require.ErrorIs(t, l.next().Err, context.Canceled)
	})
}

func TestSSE_closeOfTheClientEndsIt(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		c := p.client(t, trpc.Config{})
		l := consume(t, c, "a", nil)
		p.accept().send(connected)
		require.NoError(t, c.Close(t.Context()))
		l.requireEvents("connected")
		end := l.next()
		require.Equal(t, trpc.EventClosed, end.Kind)
		require.ErrorIs(t, end.Err, trpc.ErrClosed)
		l = consume(t, c, "a", nil)
		require.ErrorIs(t, l.next().Err, trpc.ErrClosed)
	})
}

func TestSSE_valueThatDoesNotFit(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		c := p.client(t, trpc.Config{})
		got := make(chan trpc.Event[int], 10)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for e := range trpc.NewSubscription[any, int]("a").Events(t.Context(), c, nil) {
				got <- e
			}
		}()
		p.accept().send(connected, "data: 1\nid: 1", "data: \"x\"\nid: 2", "data: <\nid: 3", "data: 4\nid: 4", "event: return")
		<-done
		require.Equal(t, trpc.EventConnected, (<-got).Kind)
		require.Equal(t, trpc.Event[int]{Kind: trpc.EventData, ID: "1", Data: 1}, <-got)
		for _, id := range []string{"2", "3"} {
			e := <-got
			require.Equal(t, id, e.ID)
			var misfit *trpc.DecodeError
			require.ErrorAs(t, e.Err, &misfit)
			require.Zero(t, e.Data)
		}
		require.Equal(t, trpc.Event[int]{Kind: trpc.EventData, ID: "4", Data: 4}, <-got)
		require.Equal(t, trpc.Event[int]{Kind: trpc.EventClosed}, <-got)
	})
}

func TestSSE_countsWhatItDoes(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		c := p.client(t, trpc.Config{})
		l := consume(t, c, "a", nil)
		s := p.accept()
		s.send(connected, "data: 12345")
		s.cut(errors.New("gone"))
		l.requireEvents("connected", "12345", "lost…")
		stats := c.Stats()
		require.Equal(t, int64(1), stats.Requests)
		require.Equal(t, int64(1), stats.Broken)
		require.Equal(t, int64(1), stats.Losses)
		require.Equal(t, map[int]int64{200: 1}, stats.ByStatus)
		require.Equal(t, int64(len(connected+"\n\ndata: 12345\n\n")), stats.BytesReceived)
	})
}

func FuzzSSE(f *testing.F) {
	for _, seed := range []string{
		"", connected + "\n\n", connected + "\r\n\r\ndata: 1\rid: 2\r\r", "\ufeffdata: 1\n\nevent: return\n\n", "event: serialized-error\ndata: {\"code\":1}\n\n",
		connected + "\n\ndata: {\"json\":1}\nid: a\n\nevent: restore-id\nid: b\n\n: c\n\n", "data\n\n\n:\nid\nevent:x\n\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, transformer := range []trpc.Transformer{nil, trpc.SuperJSON()} {
			p := peer{respond: always(http.StatusOK, body, "Content-Type", "text/event-stream")}
			c := p.client(t, trpc.Config{Transformer: transformer, MaxResponseBytes: 1 << 10})
			alive := true
			for e := range trpc.NewSubscription[any, json.RawMessage]("a").Events(t.Context(), c, nil) {
				require.True(t, alive, "an event after the last")
				alive = e.Kind != trpc.EventClosed
				require.True(t, e.Kind != trpc.EventData || e.Err != nil || e.Data == nil || json.Valid(e.Data))
				if e.Kind == trpc.EventLost {
					break
				}
			}
			require.Len(t, p.requests(), 1)
		}
	})
}
