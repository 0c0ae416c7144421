package trpc_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// streamReading is a reading of a recorded stream that shares no code with the
// client: it wants all lines at once.
type streamReading struct {
	t     *testing.T
	head  map[string]any
	lines map[float64][][]any
	fails map[string]any // error shape of the promise that failed, if one did
}

func readRecordedStream(t *testing.T, body string, superjson bool) streamReading {
	t.Helper()
	r := streamReading{t: t, lines: map[float64][][]any{}}
	for i, line := range strings.Split(strings.TrimSpace(body), "\n") {
		var value any
		require.NoError(t, json.Unmarshal([]byte(line), &value))
		if superjson {
			value = asObject(t, value)["json"]
		}
		if i == 0 {
			r.head = asObject(t, value)
			continue
		}
		chunk, ok := asList(t, value)[0].(float64)
		require.True(t, ok)
		r.lines[chunk] = append(r.lines[chunk], asList(t, value))
	}
	return r
}

func asObject(t *testing.T, value any) map[string]any {
	t.Helper()
	object, ok := value.(map[string]any)
	require.True(t, ok, value)
	return object
}

func asList(t *testing.T, value any) []any {
	t.Helper()
	list, ok := value.([]any)
	require.True(t, ok, value)
	return list
}

// resolve returns the value of a slot; undefined gives false.
func (r *streamReading) resolve(slot any) (any, bool) {
	r.t.Helper()
	parts := asList(r.t, slot)
	if len(asList(r.t, parts[0])) == 0 {
		return nil, false
	}
	value := asList(r.t, parts[0])[0]
	for _, part := range parts[1:] {
		ref := asList(r.t, part)
		chunk, ok := ref[2].(float64)
		require.True(r.t, ok)
		content, present := r.content(ref[1], r.lines[chunk])
		if ref[0] == nil {
			return content, present
		}
		key, ok := ref[0].(string)
		require.True(r.t, ok)
		if present {
			asObject(r.t, value)[key] = content
		} else {
			delete(asObject(r.t, value), key)
		}
	}
	return value, true
}

func (r *streamReading) content(kind any, lines [][]any) (any, bool) {
	r.t.Helper()
	elements := []any{}
	for _, line := range lines {
		status := line[1]
		switch {
		case kind == 0. && status == 1. || kind == 1. && status == 2.:
			r.fails = asObject(r.t, line[2])
		case kind == 0.:
			return r.resolve(line[2])
		case status == 1.:
			element, _ := r.resolve(line[2])
			elements = append(elements, element)
		}
	}
	return elements, true
}

// streamCalls is what a recorded request for a stream asks for.
func (e exchange) streamCalls(t *testing.T, superjson bool) (recordedCalls, bool) {
	t.Helper()
	streamed := e.Request.Headers["trpc-accept"] == "application/jsonl" || e.Request.Headers["accept"] == "application/jsonl"
	if !streamed {
		return recordedCalls{}, false
	}
	u, err := url.Parse(e.Request.Target)
	require.NoError(t, err)
	if u.Query().Get("batch") != "1" {
		return recordedCalls{}, false
	}
	plain := e
	plain.Request.Headers = map[string]string{"content-type": e.Request.Headers["content-type"]}
	return plain.calls(superjson)
}

func TestGolden_streamsGiveTheRecordedOutcomes(t *testing.T) {
	t.Parallel()
	replayed := 0
	for name, recorded := range recordings(t) {
		superjson := strings.Contains(name, "superjson")
		for i, e := range recorded.Exchanges {
			calls, ok := e.streamCalls(t, superjson)
			older := strings.HasPrefix(name, "old/") && e.Request.Headers["trpc-batch-mode"] != ""
			ok = ok && e.Response != nil && !older // in a format that this client does not ask for
			if !ok {
				continue
			}
			replayed++
			t.Run(fmt.Sprintf("%s/%d %s", name, i, e.Note), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { e.requireStream(t, calls, superjson) })
			})
		}
	}
	require.GreaterOrEqual(t, replayed, 35, "a recording is not replayed any more")
}

func (e exchange) requireStream(t *testing.T, calls recordedCalls, superjson bool) {
	t.Helper()
	cfg := trpc.Config{Batch: trpc.Batch{Mode: trpc.BatchStream}}
	if superjson {
		cfg.Transformer = trpc.SuperJSON()
	}
	outs, errs, sent := e.replay(t, calls, cfg)
	require.Equal(t, "application/jsonl", sent.Header.Get("Trpc-Accept"))
	body := e.Response.Body
	if streaming := strings.HasPrefix(body, `{"0"`) || strings.HasPrefix(body, `{"json":{"0"`); !streaming {
		for i := range outs {
			e.requireOutcome(t, i, len(outs), true, superjson, outs[i], errs[i])
		}
		return
	}
	if e.End != "complete" || !strings.HasSuffix(strings.TrimRight(body, " "), "\n") {
		for _, err := range errs {
			require.Error(t, err)
			if strings.Contains(body, "\n") {
				require.ErrorIs(t, err, trpc.ErrStreamCut)
			}
		}
		return
	}
	reading := readRecordedStream(t, body, superjson)
	require.Len(t, reading.head, len(outs))
	for i := range outs {
		reading.fails = nil
		value, _ := reading.resolve(reading.head[strconv.Itoa(i)])
		envelope := asObject(t, value)
		if failure, failed := envelope["error"].(map[string]any); failed {
			reading.fails = failure
		}
		if reading.fails != nil {
			requireShape(t, reading.fails, errs[i])
			continue
		}
		require.NoError(t, errs[i])
		data, present := asObject(t, envelope["result"])["data"]
		require.Equal(t, present, outs[i] != nil)
		if present {
			want, err := json.Marshal(data)
			require.NoError(t, err)
			require.JSONEq(t, string(want), string(outs[i]))
		}
	}
}
