package trpc_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// recordedEvent is an event of a recorded stream, parsed by the recorder.
type recordedEvent struct {
	Event string  `json:"event"`
	Data  *string `json:"data"`
	ID    string  `json:"id"`
}

// expect returns the events that a consumer gets of them, and whether the last
// one leads to another connection.
func expect(t *testing.T, events []recordedEvent, superjson bool) []string {
	t.Helper()
	var want []string
	for _, e := range events {
		switch e.Event {
		case "connected":
			want = append(want, "connected")
		case "", "message":
			want = append(want, strings.TrimSpace(e.ID+" "+unwrapped(t, *e.Data, superjson)))
		case "return":
			return append(want, "closed")
		case "serialized-error":
			var shape struct {
				Code int `json:"code"`
			}
			require.NoError(t, json.Unmarshal([]byte(unwrapped(t, *e.Data, superjson)), &shape))
			if shape.Code == -32603 {
				return append(want, "lost…")
			}
			return append(want, "closed: trpc: …")
		}
	}
	return append(want, "lost…")
}

func unwrapped(t *testing.T, data string, superjson bool) string {
	t.Helper()
	if !superjson {
		return data
	}
	var envelope map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(data), &envelope))
	return string(envelope["json"])
}

// recordedFile reads a file of recordings into value.
func recordedFile(t *testing.T, file string, value any) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, value), file)
}

func goldenFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/golden/*/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func TestGolden_eventStreamsGiveTheRecordedEvents(t *testing.T) {
	t.Parallel()
	replayed := 0
	for _, file := range goldenFiles(t) {
		var recorded struct {
			Exchanges []struct {
				exchange

				Response *struct {
					Body   string          `json:"body"`
					Events []recordedEvent `json:"events"`
				} `json:"response"`
			} `json:"exchanges"`
		}
		recordedFile(t, file, &recorded)
		for i, e := range recorded.Exchanges {
			if e.Response == nil || e.Response.Body == "" || !strings.HasPrefix(e.Response.Body, "event: connected") {
				continue
			}
			superjson := strings.Contains(e.Response.Body, `{"json":`)
			replayed++
			t.Run(fmt.Sprintf("%s/%d", filepath.Base(file), i), func(t *testing.T) {
				t.Parallel()
				want := expect(t, e.Response.Events, superjson)
				synctest.Test(t, func(t *testing.T) {
					p := peer{respond: always(http.StatusOK, e.Response.Body, "Content-Type", "text/event-stream")}
					cfg := trpc.Config{}
					if superjson {
						cfg.Transformer = trpc.SuperJSON()
					}
					consume(t, p.client(t, cfg), "a", nil).requireEvents(want...)
				})
			})
		}
	}
	require.GreaterOrEqual(t, replayed, 50, "a recording is not replayed any more")
}

// frame is a message over a recorded WebSocket.
type frame struct {
	Socket int    `json:"socket"`
	From   string `json:"from"`
	Text   string `json:"text"`
}

type wsCall struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		Path  string          `json:"path"`
		Input json.RawMessage `json:"input"`
		After string          `json:"lastEventId"`
	} `json:"params"`
	Error  json.RawMessage `json:"error"`
	Result struct {
		Type string          `json:"type"`
		ID   string          `json:"id"`
		Data json.RawMessage `json:"data"`
	} `json:"result"`
}

// recordedSubscription is one subscription of a recording: how it was asked for,
// and the answers to it.
type recordedSubscription struct {
	socket  int
	asked   wsCall
	text    string
	answers []string
}

func recordedSubscriptions(frames []frame) []*recordedSubscription {
	var all []*recordedSubscription
	for _, f := range frames {
		var message wsCall
		if json.Unmarshal([]byte(f.Text), &message) != nil {
			continue
		}
		if f.From == "client" && message.Method == "subscription" {
			all = append(all, &recordedSubscription{socket: f.Socket, asked: message, text: f.Text})
			continue
		}
		if f.From != "server" {
			continue
		}
		for _, s := range slices.Backward(all) {
			if s.socket == f.Socket && bytes.Equal(s.asked.ID, message.ID) {
				s.answers = append(s.answers, f.Text)
				break
			}
		}
	}
	return all
}

// expect returns the events that a consumer gets.
func (s *recordedSubscription) expect(t *testing.T, superjson bool) []string {
	t.Helper()
	var want []string
	for _, text := range s.answers {
		var m wsCall
		require.NoError(t, json.Unmarshal([]byte(text), &m))
		switch {
		case m.Error != nil:
			if strings.Contains(string(m.Error), "-32603") {
				return append(want, "lost…")
			}
			return append(want, "closed: trpc: …")
		case m.Result.Type == "started" && s.asked.Params.After != "":
			want = append(want, "resumed")
		case m.Result.Type == "started":
			want = append(want, "connected")
		case m.Result.Type == "stopped":
			return append(want, "closed")
		case m.Result.ID != "":
			var tracked struct {
				Data json.RawMessage `json:"data"`
			}
			require.NoError(t, json.Unmarshal([]byte(unwrapped(t, string(m.Result.Data), superjson)), &tracked))
			want = append(want, m.Result.ID+" "+string(tracked.Data))
		default:
			want = append(want, unwrapped(t, string(m.Result.Data), superjson))
		}
	}
	return want
}

func TestGolden_webSocketsGiveTheRecordedEvents(t *testing.T) {
	t.Parallel()
	replayed := 0
	for _, file := range goldenFiles(t) {
		var recorded struct {
			Frames []frame `json:"frames"`
		}
		recordedFile(t, file, &recorded)
		for i, s := range recordedSubscriptions(recorded.Frames) {
			number := len(s.asked.Params.Input) > 0 && s.asked.Params.Input[0] == '5' // cannot be resumed
			if len(s.answers) == 0 || s.asked.Params.Path == "" || number {
				continue
			}
			superjson := strings.Contains(s.text+strings.Join(s.answers, ""), `{"json":`)
			replayed++
			t.Run(fmt.Sprintf("%s/%d", filepath.Base(file), i), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { s.replay(t, superjson) })
			})
		}
	}
	require.GreaterOrEqual(t, replayed, 25, "a recording is not replayed any more")
}

// replay makes the recorded subscription, compares what is sent for it and what
// comes of the recorded answers.
func (s *recordedSubscription) replay(t *testing.T, superjson bool) {
	t.Helper()
	p := newWSPeer(t)
	cfg, input := trpc.Config{}, s.asked.Params.Input
	if superjson {
		cfg.Transformer = trpc.SuperJSON()
		if input != nil {
			input = json.RawMessage(unwrapped(t, string(input), true))
		}
	}
	subscription := trpc.NewSubscription[any, json.RawMessage](s.asked.Params.Path).After(s.asked.Params.After)
	l := consumeAll(t, subscription, p.client(t, cfg), input)
	socket := p.accept()
	sent := <-socket.got
	require.JSONEq(t, withID(t, s.text), withID(t, sent))
	for _, answer := range s.answers {
		socket.send(withID(t, answer))
	}
	l.requireEvents(s.expect(t, superjson)...)
}

// withID returns the message with the ID that the client gives first.
func withID(t *testing.T, text string) string {
	t.Helper()
	var message map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(text), &message))
	message["id"] = json.RawMessage("1")
	delete(message, "jsonrpc")
	changed, err := json.Marshal(message)
	require.NoError(t, err)
	return string(changed)
}
