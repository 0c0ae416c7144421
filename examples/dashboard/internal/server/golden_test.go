package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/examples/dashboard/internal/server"
)

// exchange is a recorded request to the JavaScript server of the same API, and its answer.
type exchange struct {
	Note    string `json:"note"`
	Request struct {
		Method  string            `json:"method"`
		Target  string            `json:"target"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
	} `json:"request"`
	Response struct {
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
	} `json:"response"`
}

func recorded(t *testing.T, name string) []exchange {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	var file struct {
		Exchanges []exchange `json:"exchanges"`
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	require.NotEmpty(t, file.Exchanges)
	return file.Exchanges
}

func epoch() time.Time { return time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC) }

// newServer is a server whose time stands still at the epoch of the recordings.
func newServer(cfg server.Config) (*server.Server, *clock.Mock) {
	mock := clock.NewMock()
	mock.Set(epoch())
	cfg.Clock = mock
	return server.New(cfg), mock
}

func send(s http.Handler, method, target, body string, headers map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func signedIn() map[string]string {
	return map[string]string{"authorization": "Bearer " + server.DemoToken}
}

func get(s http.Handler, target string) *httptest.ResponseRecorder {
	return send(s, http.MethodGet, target, "", signedIn())
}

func post(s http.Handler, target, body string) *httptest.ResponseRecorder {
	headers := signedIn()
	headers["content-type"] = "application/json"
	return send(s, http.MethodPost, target, body, headers)
}

func TestServer_answersAsTheJavaScriptServerDoes(t *testing.T) {
	t.Parallel()
	for file, only := range map[string][]int{
		"procedures.json":         nil,
		"paging.json":             nil,
		"input-strictness.json":   nil,
		"http-auth.json":          nil,
		"http-not-found.json":     nil,
		"http-input-errors.json":  {0, 1, 4},
		"http-content-type.json":  {0, 1, 2, 5, 6},
		"http-method.json":        {3, 5, 6},
		"http-response-meta.json": {1, 2},
		"batch-mutation.json":     {3, 4},
		"batch-query.json":        {8},
		"batch-status.json":       {6},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			s, mock := newServer(server.Config{})
			exchanges := recorded(t, file)
			if only == nil {
				for i := range exchanges {
					only = append(only, i)
				}
			}
			for _, i := range only {
				e := exchanges[i]
				if e.Request.Method == http.MethodPost {
					mock.Add(time.Second) // the recorded server's time moved with each change
				}
				got := send(s, e.Request.Method, e.Request.Target, e.Request.Body, e.Request.Headers)
				requireSameAnswer(t, e, got)
			}
		})
	}
}

func requireSameAnswer(t *testing.T, e exchange, got *httptest.ResponseRecorder) {
	t.Helper()
	require.Equal(t, e.Response.Status, got.Code, "%s %s: %s", e.Note, e.Request.Target, got.Body)
	for _, name := range []string{"content-type", "cache-control", "allow", "vary"} {
		require.Equal(t, e.Response.Headers[name], got.Header().Get(name), "%s of %s %s", name, e.Note, e.Request.Target)
	}
	if !strings.HasPrefix(e.Response.Body, "{") && !strings.HasPrefix(e.Response.Body, "[") {
		require.Equal(t, e.Response.Body, got.Body.String())
		return
	}
	require.Equal(t, decoded(t, e.Response.Body), decoded(t, got.Body.String()), "%s %s", e.Note, e.Request.Target)
}

// decoded reads an answer so that two spellings of one time are equal, and without the
// regular expression that the other server's validator puts into its message.
func decoded(t *testing.T, text string) any {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	return plain(v)
}

func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "pattern")
		for k := range v {
			v[k] = plain(v[k])
		}
		return v
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
		return v
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return at.UTC().Format(time.RFC3339Nano)
		}
		var issues []any
		if json.Unmarshal([]byte(v), &issues) == nil {
			return plain(issues) // the message of a failed validation is JSON again
		}
	}
	return v
}
