package trpc_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// recording is one file of exchanges with real servers; testdata/golden/README.md
// describes it.
type recording struct {
	By        string     `json:"by"`
	Exchanges []exchange `json:"exchanges"`
}

type exchange struct {
	Note    string `json:"note"`
	Request struct {
		Method  string            `json:"method"`
		Target  string            `json:"target"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
	} `json:"request"`
	Response *recordedResponse `json:"response"`
	End      string            `json:"end"`
}

type recordedResponse struct {
	Status  int            `json:"status"`
	Headers map[string]any `json:"headers"` // text, or a list of texts
	Body    string         `json:"body"`
}

// recordedCalls is what a recorded request asks for.
type recordedCalls struct {
	kind   trpc.Kind
	batch  bool
	paths  []string
	inputs []json.RawMessage // nil where a call has none
}

func recordings(t *testing.T) map[string]recording {
	t.Helper()
	files, err := filepath.Glob("testdata/golden/*/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string]recording{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var r recording
		require.NoError(t, json.Unmarshal(text, &r), file)
		group := filepath.Base(filepath.Dir(file))
		all[group+"/"+strings.TrimSuffix(filepath.Base(file), ".json")] = r
	}
	return all
}

// calls reads the request, and returns false for one that a client of this
// package never makes: other methods, streams, malformed input.
func (e exchange) calls(superjson bool) (recordedCalls, bool) {
	r := e.Request
	c := recordedCalls{kind: map[string]trpc.Kind{"GET": trpc.KindQuery, "POST": trpc.KindMutation}[r.Method]}
	u, err := url.Parse(r.Target)
	streamed := r.Headers["trpc-accept"] + r.Headers["trpc-batch-mode"]
	if strings.Contains(r.Headers["accept"], "jsonl") || c.kind == 0 || err != nil || streamed != "" {
		return c, false
	}
	text := r.Body
	if c.kind == trpc.KindQuery {
		text = u.Query().Get("input")
	} else if r.Headers["content-type"] != "application/json" || r.Headers["transfer-encoding"] != "" {
		return c, false
	}
	c.batch = u.Query().Get("batch") == "1"
	c.paths = []string{strings.TrimPrefix(u.Path, "/trpc/")}
	if c.batch {
		c.paths = strings.Split(c.paths[0], ",")
	}
	for i, path := range c.paths {
		if path == "" || strings.ContainsAny(path, "/,") {
			c.paths[i] = "odd" // refused before it is sent; the response is of interest
		}
	}
	inputs := map[string]json.RawMessage{}
	switch {
	case text == "":
	case !json.Valid([]byte(text)):
		return c, false
	case !c.batch:
		inputs["0"] = json.RawMessage(text)
	case json.Unmarshal([]byte(text), &inputs) != nil:
		return c, false
	}
	for i := range c.paths {
		input := inputs[strconv.Itoa(i)]
		if superjson && input != nil {
			var envelope map[string]json.RawMessage
			_ = json.Unmarshal(input, &envelope) // a forgotten envelope is recorded, too
			input = envelope["json"]
		}
		c.inputs = append(c.inputs, input)
	}
	return c, true
}

// replayable reports whether the recorded response fits the request that this
// client makes for the calls: it sends no query as a batch of one.
func (c recordedCalls) replayable() bool {
	oneOfOne := len(c.paths) == 1
	bodyless := c.kind == trpc.KindMutation && c.inputs[0] == nil
	return c.batch && !oneOfOne || !c.batch && oneOfOne && !bodyless || c.batch && bodyless
}

// replay makes the calls of e of a client whose transport gives the recorded
// response byte by byte.
func (e exchange) replay(t *testing.T, c recordedCalls, cfg trpc.Config) (outs []json.RawMessage, errs []error, sent request) {
	t.Helper()
	p := peer{respond: func(r request) (*http.Response, error) { return e.response(r.Request) }}
	cfg.Batch = trpc.Batch{Mode: cfg.Batch.Mode, MaxItems: len(c.paths), MaxURLLength: 1 << 20, Window: time.Millisecond}
	client := p.client(t, cfg)
	outs, errs = make([]json.RawMessage, len(c.paths)), make([]error, len(c.paths))
	for i, path := range c.paths {
		go func() {
			if c.kind == trpc.KindQuery {
				outs[i], errs[i] = trpc.NewQuery[json.RawMessage, json.RawMessage](path).Call(t.Context(), client, c.inputs[i])
			} else {
				outs[i], errs[i] = trpc.NewMutation[json.RawMessage, json.RawMessage](path).Call(t.Context(), client, c.inputs[i])
			}
		}()
		synctest.Wait()
	}
	pass(time.Second)
	return outs, errs, p.only(t)
}

// response parses what the server sent, up to where it was cut.
func (e exchange) response(req *http.Request) (*http.Response, error) {
	end := io.EOF
	if e.End == "reset" {
		end = syscall.ECONNRESET
	}
	if e.Response == nil {
		return nil, syscall.ECONNRESET
	}
	r := e.Response
	var raw bytes.Buffer
	fmt.Fprintf(&raw, "HTTP/1.1 %d %s\r\n", r.Status, http.StatusText(r.Status))
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		values, ok := r.Headers[name].([]any)
		if !ok {
			values = []any{r.Headers[name]}
		}
		for _, value := range values {
			fmt.Fprintf(&raw, "%s: %v\r\n", name, value)
		}
	}
	raw.WriteString("\r\n")
	if r.Headers["transfer-encoding"] == "chunked" {
		fmt.Fprintf(&raw, "%x\r\n%s\r\n", len(r.Body), r.Body)
		if e.End == "complete" && r.Body != "" {
			raw.WriteString("0\r\n\r\n")
		}
	} else {
		raw.WriteString(r.Body)
	}
	return http.ReadResponse(bufio.NewReader(io.MultiReader(&raw, brokenReader{end})), req)
}

// requireOutcome compares with a reading of the recorded body that shares no
// code with the client.
func (e exchange) requireOutcome(t *testing.T, index, calls int, batch, superjson bool, out json.RawMessage, err error) {
	t.Helper()
	var broken *trpc.TransportError
	if e.Response == nil || e.End != "complete" && e.Response.Status != http.StatusRequestHeaderFieldsTooLarge {
		require.ErrorAs(t, err, &broken)
		return
	}
	var body any
	valid := json.Unmarshal([]byte(e.Response.Body), &body) == nil
	if list, ok := body.([]any); ok && batch {
		require.LessOrEqual(t, len(list), calls)
		if index >= len(list) {
			require.ErrorIs(t, err, trpc.ErrMissingResult)
			return
		}
		body = list[index]
	}
	envelope, _ := body.(map[string]any)
	failure, failed := envelope["error"].(map[string]any)
	if superjson && failed {
		failure, failed = failure["json"].(map[string]any)
	}
	if failed {
		requireShape(t, failure, err)
		return
	}
	if _, succeeded := envelope["result"]; !valid || !succeeded {
		var foreign *trpc.HTTPError
		require.ErrorAs(t, err, &foreign)
		require.Equal(t, e.Response.Status, foreign.Status)
		return
	}
	require.NoError(t, err)
	result, ok := envelope["result"].(map[string]any)
	require.True(t, ok)
	data, present := result["data"]
	if wrapped, ok := data.(map[string]any); ok && superjson {
		if wrapped["meta"] != nil {
			return // TestGolden_richValues
		}
		data = wrapped["json"]
	}
	require.Equal(t, present, out != nil)
	if present {
		want, err := json.Marshal(data)
		require.NoError(t, err)
		require.JSONEq(t, string(want), string(out))
	}
}

func requireShape(t *testing.T, shape map[string]any, err error) {
	t.Helper()
	var refused *trpc.Error
	require.ErrorAs(t, err, &refused)
	data, _ := shape["data"].(map[string]any)
	number, _ := shape["code"].(float64)
	require.Equal(t, shape["message"], refused.Message)
	require.Equal(t, int(number), refused.Number)
	if code, ok := data["code"].(string); ok {
		require.ErrorIs(t, err, trpc.Code(code))
	}
	if status, ok := data["httpStatus"].(float64); ok {
		require.Equal(t, int(status), refused.HTTPStatus)
	}
	path, _ := data["path"].(string)
	require.Equal(t, path, refused.Path)
}

func TestGolden_outcomesOfRecordedResponses(t *testing.T) {
	t.Parallel()
	replayed := 0
	for name, recorded := range recordings(t) {
		if strings.HasPrefix(name, "ws/") {
			continue // the upgrade is no call
		}
		superjson := strings.Contains(name, "superjson")
		cfg := trpc.Config{}
		if superjson {
			cfg.Transformer = trpc.SuperJSON()
		}
		for i, e := range recorded.Exchanges {
			calls, ok := e.calls(superjson)
			left := e.End == "timeout" || e.End == "left by client"
			stream := e.Response != nil && e.Response.Headers["content-type"] == "text/event-stream"
			if !ok || !calls.replayable() || left || stream {
				continue
			}
			replayed++
			t.Run(fmt.Sprintf("%s/%d %s", name, i, e.Note), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					outs, errs, _ := e.replay(t, calls, cfg)
					for i := range outs {
						e.requireOutcome(t, i, len(outs), calls.batch, superjson, outs[i], errs[i])
					}
				})
			})
		}
	}
	require.GreaterOrEqual(t, replayed, 282, "a recording is not replayed any more")
}

// Where the official client of the recordings and this one do the same thing,
// they send the same request.
func TestGolden_requestsAreThoseOfTheOfficialClient(t *testing.T) {
	t.Parallel()
	compared := 0
	for name, recorded := range recordings(t) {
		subscription := strings.HasPrefix(name, "client/sse") || strings.HasPrefix(name, "client/ws")
		if !strings.HasPrefix(name, "client/") || strings.Contains(name, "override") || subscription {
			continue
		}
		superjson := strings.Contains(name, "superjson")
		for i, e := range recorded.Exchanges {
			calls, ok := e.calls(superjson)
			undefined := strings.Contains(e.Request.Target+e.Request.Body, "undefined")
			if !ok || !calls.replayable() || undefined {
				continue
			}
			compared++
			t.Run(fmt.Sprintf("%s/%d", name, i), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					u, err := url.Parse(e.Request.Target)
					require.NoError(t, err)
					cfg := trpc.Config{}
					if u.Query().Has("tenant") {
						cfg.URL = "http://peer.test/trpc?tenant=" + u.Query().Get("tenant")
					}
					if superjson {
						cfg.Transformer = trpc.SuperJSON()
					}
					_, _, sent := e.replay(t, calls, cfg)
					require.Equal(t, e.Request.Method, sent.Method)
					require.Equal(t, target(t, u), target(t, sent.URL))
					require.Equal(t, e.Request.Headers["content-type"], sent.Header.Get("Content-Type"))
					require.Equal(t, e.Request.Body, sent.Body)
				})
			})
		}
	}
	require.GreaterOrEqual(t, compared, 40, "a recording is not compared any more")
}

func TestGolden_richValues(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"rich result": `{"at":"1970-01-01T00:00:00.000Z","set":[1,2],"map":{"k":1},"big":12,"re":"/a+/g","nan":"NaN","negZero":0,"url":"http://example.test/x"}`,
		"nested rich result, shared object": `{"list":[1,"1970-01-01T00:00:00.000Z"],"a.b":"1970-01-01T00:00:00.000Z","c\\d":"1970-01-01T00:00:00.000Z",
			"map":{"k":"1970-01-01T00:00:00.000Z"},"set":[1],"first":{"x":1},"second":{"x":1},"inf":["Infinity","-Infinity"],
			"err":{"name":"RangeError","message":"bad"},"deep":{"u":[null]},"bytes":[1,2]}`,
		"date as the root value": `"1970-01-01T00:00:00.000Z"`,
		"map as the root value":  `{"1":"a"}`,
		"date result":            `{"at":"2025-01-02T03:04:05.678Z"}`,
		"undefined result":       ``,
		"rich input":             `{"present":true,"input":{"at":"1970-01-01T00:00:00.000Z","big":12,"set":["a"]}}`,
		"input undefined as the official client sends it": `{"present":false}`,
	}
	for _, e := range recordings(t)["superjson/http"].Exchanges {
		expected, ok := want[e.Note]
		if !ok {
			continue
		}
		delete(want, e.Note)
		t.Run(e.Note, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls, ok := e.calls(true)
				require.True(t, ok)
				outs, errs, _ := e.replay(t, calls, trpc.Config{Transformer: trpc.SuperJSON()})
				require.NoError(t, errs[0])
				if expected == "" {
					require.Nil(t, outs[0])
					return
				}
				require.JSONEq(t, expected, string(outs[0]))
			})
		})
	}
	require.Empty(t, want, "not recorded")
}
