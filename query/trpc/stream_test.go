package trpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// streamPeer is a peer that answers its only request by what the test writes.
type streamPeer struct {
	peer
	*io.PipeWriter

	left chan struct{} // closed when the client has cancelled the request
}

func newStreamPeer() *streamPeer {
	body, w := io.Pipe()
	s := &streamPeer{PipeWriter: w, left: make(chan struct{})}
	s.respond = func(r request) (*http.Response, error) {
		resp := reply(http.StatusOK, "")
		resp.Body = body
		context.AfterFunc(r.Context(), func() {
			w.CloseWithError(context.Cause(r.Context()))
			close(s.left)
		})
		return resp, nil
	}
	return s
}

func (s *streamPeer) line(t *testing.T, format string, args ...any) {
	t.Helper()
	_, err := fmt.Fprintf(s, format+"\n", args...)
	require.NoError(t, err)
	synctest.Wait()
}

// head announces n answers, in the chunks 0 to n-1.
func (s *streamPeer) head(t *testing.T, n int) {
	t.Helper()
	var slots []string
	for i := range n {
		slots = append(slots, fmt.Sprintf(`"%d":[[0],[null,0,%d]]`, i, i))
	}
	s.line(t, "{%s}", strings.Join(slots, ","))
}

// answer brings the result of a call, with its path.
func (s *streamPeer) answer(t *testing.T, index int, path string) {
	t.Helper()
	s.line(t, `[%d,0,[[{"result":{"data":{"path":%q}}}]]]`, index, path)
}

func (s *streamPeer) client(t *testing.T) *trpc.Client {
	t.Helper()
	return s.peer.client(t, trpc.Config{Batch: trpc.Batch{Mode: trpc.BatchStream}})
}

// startStream starts calls of one batch and waits until it is sent.
func startStream(t *testing.T, c *trpc.Client, paths ...string) []*call {
	t.Helper()
	var calls []*call
	for _, path := range paths {
		calls = append(calls, start(t.Context(), c, path, nil))
	}
	pass(2 * time.Millisecond)
	return calls
}

func TestStream_asksForAStreamAlsoForOneCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStreamPeer()
		only := startStream(t, s.client(t), "a")[0]
		sent := s.only(t)
		require.Equal(t, "/trpc/a?batch=1&input={}", target(t, sent.URL))
		require.Equal(t, "application/jsonl", sent.Header.Get("Trpc-Accept"))
		require.Equal(t, "identity", sent.Header.Get("Accept-Encoding"))
		s.head(t, 1)
		s.answer(t, 0, "a")
		only.requireResult(t, echoed{Path: "a"})
		require.NoError(t, s.Close())
	})
}

func TestStream_deliversAnswersAsTheyCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStreamPeer()
		calls := startStream(t, s.client(t), "slow", "fast")
		s.head(t, 2)
		s.answer(t, 1, "fast")
		calls[1].requireResult(t, echoed{Path: "fast"})
		require.False(t, calls[0].ended())
		s.answer(t, 0, "slow")
		calls[0].requireResult(t, echoed{Path: "slow"})
		require.NoError(t, s.Close())
	})
}

func TestStream_failureOfOneCallLeavesTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStreamPeer()
		calls := startStream(t, s.client(t), "bad", "good")
		s.head(t, 2)
		s.line(t, `[0,0,[[{"error":{"message":"no","code":-32009,"data":{"code":"CONFLICT","path":"bad"}}}]]]`)
		require.True(t, calls[0].ended())
		require.ErrorIs(t, calls[0].err, trpc.CodeConflict)
		require.False(t, calls[1].ended())
		s.answer(t, 1, "good")
		calls[1].requireResult(t, echoed{Path: "good"})
		require.NoError(t, s.Close())
	})
}

func TestStream_cutFailsTheCallsWithoutAnswer(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{"clean end": io.EOF, "reset": syscall.ECONNRESET, "short body": io.ErrUnexpectedEOF} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStreamPeer()
				c := s.client(t)
				var calls []*call
				for _, path := range []string{"answered", "lost", "half"} {
					calls = append(calls, startMutation(t.Context(), c, path, 1))
				}
				pass(2 * time.Millisecond)
				s.head(t, 3)
				s.answer(t, 0, "answered")
				_, err := io.WriteString(s, `[2,0,[[{"result":{"data":{"path":"half"}}}]]]`) // without its end
				require.NoError(t, err)
				require.NoError(t, s.CloseWithError(cause))
				synctest.Wait()
				calls[0].requireResult(t, echoed{Path: "answered"})
				for _, cut := range calls[1:] {
					require.True(t, cut.ended())
					require.ErrorIs(t, cut.err, trpc.ErrStreamCut)
					require.ErrorIs(t, cut.err, trpc.ErrOutcomeUnknown)
					require.ErrorContains(t, cut.err, "stream ended before the answer")
					if errors.Is(cause, io.EOF) {
						cause = io.ErrUnexpectedEOF
					}
					require.ErrorIs(t, cut.err, cause)
				}
				require.Equal(t, int64(1), c.Stats().Broken)
			})
		})
	}
}

func TestStream_spacesKeepItAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStreamPeer()
		only := startStream(t, s.client(t), "a")[0]
		s.head(t, 1)
		_, err := io.WriteString(s, "  ")
		require.NoError(t, err)
		s.line(t, "")
		s.answer(t, 0, "a")
		only.requireResult(t, echoed{Path: "a"})
		_, err = io.WriteString(s, "  ")
		require.NoError(t, err)
		require.NoError(t, s.Close())
	})
}

// streamRaw calls a query whose answer is the given lines.
func streamRaw(t *testing.T, cfg trpc.Config, lines ...string) (string, error) {
	t.Helper()
	p := peer{respond: always(http.StatusOK, strings.Join(lines, "\n")+"\n")}
	cfg.Batch.Mode = trpc.BatchStream
	return queryRaw(t, p.client(t, cfg), "q", "")
}

func TestStream_fillsHoles(t *testing.T) {
	t.Parallel()
	head := `{"0":[[{"result":0}],["result",0,1]]}`
	for name, tc := range map[string]struct {
		lines []string
		want  string
	}{
		"plain":                {[]string{`{"0":[[{"result":{"data":7}}]]}`}, "7"},
		"undefined":            {[]string{head, `[1,0,[[{"data":0}],["data",0,2]]]`, `[2,0,[[]]]`}, ""},
		"null":                 {[]string{head, `[1,0,[[{"data":0}],["data",0,2]]]`, `[2,0,[[null]]]`}, "null"},
		"zero is no hole":      {[]string{head, `[1,0,[[{"data":0}]]]`}, "0"},
		"promise in an object": {[]string{head, `[1,0,[[{"data":{"a":0,"b":1}}],["data",0,2]]]`, `[2,0,[[{"a":0,"b":1}],["a",0,3]]]`, `[3,0,[["x"]]]`}, `{"a":"x","b":1}`},
		"undefined promise":    {[]string{head, `[1,0,[[{"data":0}],["data",0,2]]]`, `[2,0,[[{"a":0,"b":1}],["a",0,3]]]`, `[3,0,[[]]]`}, `{"b":1}`},
		"promise of a promise": {[]string{head, `[1,0,[[{"data":0}],["data",0,2]]]`, `[2,0,[[0],[null,0,3]]]`, `[3,0,[[5]]]`}, "5"},
		"generator":            {[]string{head, `[1,0,[[{"data":0}],["data",1,2]]]`, `[2,1,[[1]]]`, `[2,1,[[]]]`, `[2,0,[["done"]]]`}, "[1,null]"},
		"empty generator":      {[]string{head, `[1,0,[[{"data":0}],["data",1,2]]]`, `[2,0,[[]]]`}, "[]"},
		"promises in elements": {[]string{head, `[1,0,[[{"data":0}],["data",1,2]]]`, `[2,1,[[{"n":0}],["n",0,3]]]`, `[2,0,[[]]]`, `[3,0,[[9]]]`}, `[{"n":9}]`},
		"lines out of order":   {[]string{head, `[3,0,[[5]]]`, `[2,0,[[0],[null,0,3]]]`, `[99,0,[[1]]]`, `[1,0,[[{"data":0}],["data",0,2]]]`}, "5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := streamRaw(t, trpc.Config{}, tc.lines...)
			require.NoError(t, err)
			require.Equal(t, tc.want, out)
		})
	}
}

func TestStream_failedPromiseFailsItsCall(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{"promise": `["data",0,2]]]`, "generator": `["data",1,2]]]`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status := map[string]int{"promise": 1, "generator": 2}[name]
			out, err := streamRaw(t, trpc.Config{}, `{"0":[[{"result":0}],["result",0,1]]}`, `[1,0,[[{"data":0}],`+line,
				`[2,`+strconv.Itoa(status)+`,{"message":"late","code":-32009,"data":{"code":"CONFLICT","path":"q"}}]`)
			var refused *trpc.Error
			require.ErrorAs(t, err, &refused)
			require.Equal(t, trpc.CodeConflict, refused.Code)
			require.Equal(t, "late", refused.Message)
			require.Empty(t, out)
		})
	}
}

func TestStream_readsWhatIsNoStreamAsUsual(t *testing.T) {
	t.Parallel()
	t.Run("an array", func(t *testing.T) {
		t.Parallel()
		out, err := streamRaw(t, trpc.Config{}, ` [{"result":{"data":1}}]`)
		require.NoError(t, err)
		require.Equal(t, "1", out)
	})
	t.Run("an indented array", func(t *testing.T) {
		t.Parallel()
		out, err := streamRaw(t, trpc.Config{}, `[`, `{"result":{"data":1}}`, `]`)
		require.NoError(t, err)
		require.Equal(t, "1", out)
	})
	t.Run("an error for the whole request", func(t *testing.T) {
		t.Parallel()
		_, err := streamRaw(t, trpc.Config{}, refusal)
		require.ErrorIs(t, err, trpc.CodeUnauthorized)
	})
	t.Run("a page", func(t *testing.T) {
		t.Parallel()
		_, err := streamRaw(t, trpc.Config{}, "<html>", "</html>")
		require.ErrorIs(t, err, trpc.ErrNotTRPC)
		require.ErrorContains(t, err, "<html> </html>")
	})
}

func TestStream_corruptLineFailsTheRest(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		`{`, `{}`, `[]`, `[1]`, `["1",0,[[1]]]`, `[0,0]`, `[0,0,5]`, `[0,0,[]]`, `[0,9,[[1]]]`, `[0,0,[[1],[null,7,2]]]`,
		`[0,0,[[1],[null,0]]]`, `[0,0,[[1],[null,0,1]]]`, `[0,0,[5]]`, `[0,0,[[1],5]]`,
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStreamPeer()
				calls := startStream(t, s.client(t), "a", "b", "c")
				s.head(t, 3)
				s.answer(t, 2, "c")
				s.line(t, "%s", line)
				calls[2].requireResult(t, echoed{Path: "c"})
				for _, failed := range calls[:2] {
					require.True(t, failed.ended())
					require.ErrorIs(t, failed.err, trpc.ErrNotTRPC)
				}
			})
		})
	}
}

func TestStream_nestsPromisesOnlySoDeep(t *testing.T) {
	t.Parallel()
	lines := []string{`{"0":[[0],[null,0,0]]}`}
	for i := range 100 {
		lines = append(lines, fmt.Sprintf(`[%d,0,[[0],[null,0,%d]]]`, i, i+1))
	}
	_, err := streamRaw(t, trpc.Config{}, lines...)
	require.ErrorIs(t, err, trpc.ErrNotTRPC)
}

func TestStream_headWithoutACallFailsThatCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStreamPeer()
		calls := startStream(t, s.client(t), "a", "b")
		s.line(t, `{"0":[[{"result":{"data":{"path":"a"}}}]],"7":[[1]]}`)
		calls[0].requireResult(t, echoed{Path: "a"})
		require.ErrorIs(t, calls[1].err, trpc.ErrMissingResult)
		require.NoError(t, s.Close())
	})
}

func TestStream_isBoundedInSize(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string][]string{
		"head":      {`{"0":[["` + strings.Repeat("x", 200) + `"]]}`},
		"long line": {`{"0":[[0],[null,0,0]]}`, `[0,0,[[{"result":{"data":"` + strings.Repeat("x", 200) + `"}}]]]`},
		"pings":     {`{"0":[[0],[null,0,0]]}`, strings.Repeat(" ", 200)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := streamRaw(t, trpc.Config{MaxResponseBytes: 100}, lines...)
			require.ErrorIs(t, err, trpc.ErrResponseTooLarge)
		})
	}
	long := strings.Repeat("x", 1<<20)
	out, err := streamRaw(t, trpc.Config{}, `{"0":[[0],[null,0,0]]}`, `[0,0,[[{"result":{"data":"`+long+`"}}]]]`)
	require.NoError(t, err)
	require.Len(t, out, len(long)+2)
}

func TestStream_endsWhenTheLastUnansweredCallLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStreamPeer()
		c := s.client(t)
		ctx, leave := context.WithCancel(t.Context())
		stays, leaves := start(t.Context(), c, "stays", nil), start(ctx, c, "leaves", nil)
		pass(2 * time.Millisecond)
		s.head(t, 2)
		s.answer(t, 0, "stays")
		stays.requireResult(t, echoed{Path: "stays"})
		leave()
		<-s.left
		synctest.Wait()
		require.ErrorIs(t, leaves.err, context.Canceled)
	})
}

func TestStream_endsWhenTheOthersHaveLeftBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStreamPeer()
		c := s.client(t)
		ctx, leave := context.WithCancel(t.Context())
		stays, leaves := start(t.Context(), c, "stays", nil), start(ctx, c, "leaves", nil)
		pass(2 * time.Millisecond)
		s.head(t, 2)
		leave()
		synctest.Wait()
		require.True(t, leaves.ended())
		require.False(t, stays.ended())
		s.answer(t, 0, "stays")
		stays.requireResult(t, echoed{Path: "stays"})
		<-s.left
	})
}

func TestStream_speaksSuperJSON(t *testing.T) {
	t.Parallel()
	cfg := trpc.Config{Transformer: trpc.SuperJSON()}
	out, err := streamRaw(t, cfg, `{"json":{"0":[[0],[null,0,0]]}}`, `{"json":[0,0,[[{"result":0}],["result",0,4]]]}`, `{"json":[4,0,[[{"data":0}],["data",0,5]]]}`,
		`{"json":[5,0,[[{"at":"2025-01-02T03:04:05.678Z","big":"12"}]]],"meta":{"values":{"2.0.0.big":["bigint"],"2.0.0.at":["Date"]},"v":1}}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"at":"2025-01-02T03:04:05.678Z","big":12}`, out)
}

func FuzzStream(f *testing.F) {
	for _, r := range []string{
		"", "{}\n", `{"0":[[0],[null,0,0]]}` + "\n" + `[0,0,[[{"result":{"data":1}}]]]` + "\n",
		`{"0":[[0],[null,0,0]]}` + "\n" + `[0,0,[[{"result":0}],["result",0,1]]]` + "\n" + `[1,0,[[{"data":0}],["data",1,2]]]` + "\n  " + `[2,1,[[1]]]` + "\n" + `[2,0,[[]]]` + "\n",
		`{"json":{"0":[[0],[null,0,0]]}}` + "\n" + `{"json":[0,0,[[{"error":{"message":"m","code":1}}]]]}` + "\n",
		`{"0":[[0],[null,0,0]]}` + "\n" + `[0,1,{"message":"m","code":1}]` + "\n",
	} {
		f.Add(r)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, transformer := range []trpc.Transformer{nil, trpc.SuperJSON()} {
			p := peer{respond: always(http.StatusOK, body)}
			c := p.client(t, trpc.Config{Transformer: transformer, Batch: trpc.Batch{Mode: trpc.BatchStream, MaxItems: 1}})
			out, err := trpc.NewQuery[trpc.NoInput, json.RawMessage]("q").Call(t.Context(), c, trpc.NoInput{})
			var broken *trpc.TransportError
			if err != nil {
				require.True(t, knownError(err) || errors.As(err, &broken), err)
				require.Less(t, len(err.Error()), 1500)
				continue
			}
			require.True(t, out == nil || json.Valid(out), "result is no JSON: %q", out)
		}
	})
}
