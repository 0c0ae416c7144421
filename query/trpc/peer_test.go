package trpc_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// peer is a server in memory: an http.RoundTripper that records what it is sent.
type peer struct {
	respond responder

	mu   sync.Mutex
	seen []request
}

// responder is what a peer does with a request.
type responder func(request) (*http.Response, error)

// request is what a peer makes of an HTTP request.
type request struct {
	*http.Request

	Batch      bool
	Procedures []string
	Body       string
	Inputs     map[string]json.RawMessage // of a batch
	Input      string                     // of a single call
}

func (p *peer) RoundTrip(req *http.Request) (*http.Response, error) {
	r := request{Request: req, Batch: req.URL.Query().Get("batch") == "1"}
	path := req.URL.Path[strings.LastIndex(req.URL.Path, "/")+1:]
	r.Procedures = []string{path}
	if req.Body != nil {
		text, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		r.Body = string(text)
	}
	r.Input = r.Body
	if req.Method == http.MethodGet {
		r.Input = req.URL.Query().Get("input")
	}
	if r.Batch {
		r.Procedures = strings.Split(path, ",")
		if err := json.Unmarshal([]byte(r.Input), &r.Inputs); err != nil {
			return nil, err
		}
	}
	p.mu.Lock()
	p.seen = append(p.seen, r)
	p.mu.Unlock()
	if p.respond == nil {
		return echo(r)
	}
	resp, err := p.respond(r)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

// requests returns what has arrived so far.
func (p *peer) requests() []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]request(nil), p.seen...)
}

// only returns the single request that has arrived.
func (p *peer) only(t *testing.T) request {
	t.Helper()
	seen := p.requests()
	require.Len(t, seen, 1)
	return seen[0]
}

// client returns a client of p that is closed with the test.
func (p *peer) client(t *testing.T, cfg trpc.Config) *trpc.Client {
	t.Helper()
	if cfg.URL == "" {
		cfg.URL = "http://peer.test/trpc"
	}
	cfg.HTTP = &http.Client{Transport: p}
	c, err := trpc.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) })
	return c
}

// echoed is the result of every call that echo answers.
type echoed struct {
	Path  string          `json:"path"`
	Input json.RawMessage `json:"input"` // nil if the call had none
}

// echo answers every call with its own path and input.
func echo(r request) (*http.Response, error) {
	return answer(r, func(path string, input json.RawMessage) string {
		data := map[string]any{"path": path}
		if input != nil {
			data["input"] = input
		}
		text, err := json.Marshal(map[string]any{"result": map[string]any{"data": data}})
		if err != nil {
			return err.Error()
		}
		return string(text)
	})
}

// answer makes a response of the envelopes that each returns.
func answer(r request, each func(path string, input json.RawMessage) string) (*http.Response, error) {
	if !r.Batch {
		var input json.RawMessage
		if r.Input != "" {
			input = json.RawMessage(r.Input)
		}
		return reply(http.StatusOK, each(r.Procedures[0], input)), nil
	}
	var envelopes []string
	for i, path := range r.Procedures {
		envelopes = append(envelopes, each(path, r.Inputs[strconv.Itoa(i)]))
	}
	return reply(http.StatusMultiStatus, "["+strings.Join(envelopes, ",")+"]"), nil
}

func reply(status int, body string) *http.Response {
	return &http.Response{
		StatusCode:    status,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: -1,
	}
}

// always responds with the same status, body and headers.
func always(status int, body string, header ...string) responder {
	return func(request) (*http.Response, error) {
		resp := reply(status, body)
		for i := 0; i+1 < len(header); i += 2 {
			resp.Header.Set(header[i], header[i+1])
		}
		return resp, nil
	}
}

// target is the part of a URL that tells requests apart, unescaped.
func target(t *testing.T, u *url.URL) string {
	t.Helper()
	text, err := url.QueryUnescape(u.RequestURI())
	require.NoError(t, err)
	return text
}

const refusal = `{"error":{"message":"no","code":-32001,"data":{"code":"UNAUTHORIZED","httpStatus":401,"path":"a"}}}`
