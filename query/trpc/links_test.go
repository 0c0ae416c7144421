package trpc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// testLog is a logger without times, and what it wrote.
func testLog() (*slog.Logger, *bytes.Buffer) {
	var text bytes.Buffer
	return slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTime})), &text
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func TestLogCalls_tellsHowCallsEndWithoutSecrets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, text := testLog()
		p := peer{respond: func(r request) (*http.Response, error) {
			time.Sleep(3 * time.Millisecond)
			if r.Procedures[0] == "bad" {
				return reply(http.StatusConflict, `{"error":{"message":"tok-secret was used","code":-32009,"data":{"code":"CONFLICT"}}}`), nil
			}
			return echo(r)
		}}
		c := p.client(t, trpc.Config{Auth: trpc.BearerToken("tok-secret"), Links: []trpc.Link{trpc.LogCalls(log, nil)}})
		start(t.Context(), c, "good", "input-secret")
		pass(time.Second)
		startMutation(t.Context(), c, "bad", "input-secret")
		pass(time.Second)
		require.Equal(t, `level=DEBUG msg="trpc call" kind=query path=good took=5ms
level=WARN msg="trpc call failed" kind=mutation path=bad took=5ms error="trpc: bad: CONFLICT: [redacted] was used"
`, text.String())
	})
}

func TestLogEvents_tellsTheLifeOfASubscription(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		log, text := testLog()
		c := p.client(t, trpc.Config{Push: trpc.Push{Random: half, Links: []trpc.StreamLink{trpc.LogEvents(log)}}})
		l := consume(t, c, "a", "input-secret")
		s := p.accept()
		s.send(connected, "data: \"secret\"\nid: 7")
		s.cut(io.EOF)
		l.requireEvents("connected", `7 "secret"`, "lost…")
		l.wait(time.Second)
		p.accept().send(connected, "event: return")
		<-l.ended
		require.Equal(t, `level=DEBUG msg="trpc subscription" kind=subscription path=a event=connected
level=DEBUG msg="trpc subscription" kind=subscription path=a event=data id=7
level=WARN msg="trpc subscription" kind=subscription path=a event=lost retryIn=500ms error="trpc: a: HTTP status 200: incomplete response: unexpected EOF"
level=DEBUG msg="trpc subscription" kind=subscription path=a event=connected
level=DEBUG msg="trpc subscription" kind=subscription path=a event=closed
`, text.String())
	})
}

func TestLogEvents_leavesWithTheLoop(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, p *ssePeer) {
		log, text := testLog()
		c := p.client(t, trpc.Config{Push: trpc.Push{Links: []trpc.StreamLink{trpc.LogEvents(log)}}})
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range trpc.NewSubscription[any, json.RawMessage]("a").Events(t.Context(), c, nil) {
				return
			}
		}()
		p.accept().send(connected)
		<-done
		require.Equal(t, 1, strings.Count(text.String(), "\n"))
	})
}

// silent never answers.
func silent(r request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestTimeout_givesUpACall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{respond: silent}
		mock := clock.NewMock()
		c := p.client(t, trpc.Config{Links: []trpc.Link{trpc.Timeout(time.Minute, mock)}})
		q, m := start(t.Context(), c, "q", 1), startMutation(t.Context(), c, "m", 1)
		pass(time.Hour)
		mock.Add(time.Minute - 1)
		synctest.Wait()
		require.False(t, q.ended())
		mock.Add(1)
		synctest.Wait()
		for _, late := range []*call{q, m} {
			require.True(t, late.ended())
			require.ErrorIs(t, late.err, context.DeadlineExceeded)
			require.NotErrorIs(t, late.err, context.Canceled)
			var broken *trpc.TransportError
			require.ErrorAs(t, late.err, &broken)
		}
		require.ErrorContains(t, q.err, "trpc: q: no answer within 1m0s")
		require.NotErrorIs(t, q.err, trpc.ErrOutcomeUnknown)
		require.ErrorIs(t, m.err, trpc.ErrOutcomeUnknown)
	})
}

func TestTimeout_leavesOtherEndsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{respond: silent}
		c := p.client(t, trpc.Config{Links: []trpc.Link{trpc.Timeout(time.Minute, nil)}})
		why := errors.New("changed my mind")
		ctx, cancel := context.WithCancelCause(t.Context())
		left := start(ctx, c, "q", 1)
		cancel(why)
		synctest.Wait()
		require.ErrorIs(t, left.err, why)
		p.respond = nil
		quick := start(t.Context(), c, "q", 1)
		pass(time.Second)
		quick.requireResult(t, echoed{"q", []byte("1")})
	})
}

func TestSplit_choosesByCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := peer{respond: silent}
		isMutation := func(op trpc.Op) bool { return op.Kind == trpc.KindMutation }
		c := p.client(t, trpc.Config{Links: []trpc.Link{
			trpc.Split(isMutation, trpc.Timeout(time.Hour, nil), trpc.Timeout(time.Second, nil)),
			trpc.Split(isMutation, nil, nil),
		}})
		q, m := start(t.Context(), c, "q", 1), startMutation(t.Context(), c, "m", 1)
		pass(time.Second)
		require.True(t, q.ended())
		pass(time.Hour - time.Second - 1)
		require.False(t, m.ended())
		pass(1)
		require.True(t, m.ended())
	})
}

type userKey struct{}

func userOf(ctx context.Context) string {
	user, _ := ctx.Value(userKey{}).(string)
	return user
}

func TestDedupe_sharesEqualQueriesOfOneUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p peer
		c := p.client(t, trpc.Config{Links: []trpc.Link{trpc.Dedupe(userOf)}, Batch: trpc.Batch{Mode: trpc.BatchOff}})
		release := make(chan struct{})
		p.respond = func(r request) (*http.Response, error) {
			<-release
			return echo(r)
		}
		u1, u2 := context.WithValue(t.Context(), userKey{}, "u1"), context.WithValue(t.Context(), userKey{}, "u2")
		calls := []*call{
			start(u1, c, "q", 1), start(u1, c, "q", 1), // one request
			start(u2, c, "q", 1), start(u1, c, "q", 2), start(u1, c, "r", 1), // each another
			startMutation(u1, c, "q", 1), startMutation(u1, c, "q", 1), // never shared
		}
		close(release)
		synctest.Wait()
		require.Len(t, p.requests(), 6)
		for _, made := range calls {
			require.True(t, made.ended())
			require.NoError(t, made.err)
		}
		calls[1].requireResult(t, echoed{"q", []byte("1")})
		start(u1, c, "q", 1) // they are not remembered
		require.Len(t, p.requests(), 7)
	})
}

func TestDedupe_othersGoOnWhenTheFirstLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		p := peer{}
		p.respond = func(r request) (*http.Response, error) {
			if asked.Add(1) == 1 {
				return silent(r)
			}
			return echo(r)
		}
		c := p.client(t, trpc.Config{Links: []trpc.Link{trpc.Dedupe(nil)}, Batch: trpc.Batch{Mode: trpc.BatchOff}})
		ctx, leave := context.WithCancel(t.Context())
		first, second := start(ctx, c, "q", 1), start(t.Context(), c, "q", 1)
		impatient, quit := context.WithCancel(t.Context())
		third := start(impatient, c, "q", 1)
		quit()
		synctest.Wait()
		require.ErrorIs(t, third.err, context.Canceled)
		require.False(t, second.ended())
		leave()
		synctest.Wait()
		require.ErrorIs(t, first.err, context.Canceled)
		second.requireResult(t, echoed{"q", []byte("1")})
	})
}

func TestDedupe_sharesFailuresAndSurvivesPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var calls atomic.Int32
		end := func(trpc.Handler) trpc.Handler {
			return func(context.Context, trpc.Op) (trpc.Answer, error) {
				<-release
				if calls.Add(1) == 1 {
					panic("oh")
				}
				return trpc.Answer{}, trpc.CodeConflict
			}
		}
		var p peer
		c := p.client(t, trpc.Config{Links: []trpc.Link{trpc.Dedupe(nil), end}})
		a, b, d := start(t.Context(), c, "q", 1), start(t.Context(), c, "q", 1), start(t.Context(), c, "q", 1)
		close(release)
		synctest.Wait()
		require.ErrorContains(t, a.err, "panic: oh")
		require.ErrorIs(t, b.err, trpc.CodeConflict)
		require.ErrorIs(t, d.err, trpc.CodeConflict)
		require.LessOrEqual(t, calls.Load(), int32(3))
	})
}

// Links are composed in Config, outermost first.
func ExampleSplit() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	c, err := trpc.New(trpc.Config{
		URL: "http://127.0.0.1:1/trpc", // nobody listens
		Links: []trpc.Link{
			trpc.LogCalls(log, clock.NewMock()),
			trpc.Split(func(op trpc.Op) bool { return op.Kind == trpc.KindMutation },
				trpc.Timeout(30*time.Second, nil), // mutations
				trpc.Dedupe(nil)),                 // queries
			func(trpc.Handler) trpc.Handler { // instead of a server
				return func(context.Context, trpc.Op) (trpc.Answer, error) { return trpc.Answer{}, trpc.CodeForbidden }
			},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close(context.Background())
	_, err = trpc.NewQuery[trpc.NoInput, int]("a.b").Call(context.Background(), c, trpc.NoInput{})
	fmt.Println(err)
	// Output:
	// level=WARN msg="trpc call failed" kind=query path=a.b took=0s error="trpc: FORBIDDEN"
	// trpc: FORBIDDEN
}
