package devtools_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/devtools"
	"github.com/freshet-go/freshet/querykey"
)

var update = flag.Bool("update", false, "record the answers in testdata")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = errors.New("down")

// shop is a client with a bit of everything, on a clock that stands still.
func shop(t *testing.T) *query.Client {
	t.Helper()
	mock := clock.NewMock()
	c, err := query.New(query.Config{Clock: mock})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) })

	require.NoError(t, query.Set(c, query.Query[map[string]any]{Key: querykey.Of("order", "o-17")},
		map[string]any{"id": int64(9007199254740993), "note": "s3cret"}))
	_, err = query.Fetch(t.Context(), c, query.Query[int]{
		Key:    querykey.Of("rates"),
		Fetch:  func(context.Context) (int, error) { return 0, errDown },
		Policy: query.Policy{Retry: query.NoRetry()},
	})
	require.ErrorIs(t, err, errDown)
	watched := query.Query[string]{
		Key:    querykey.Of("profile", 9007199254740993),
		Fetch:  func(context.Context) (string, error) { return "Ada", nil },
		Policy: query.Policy{StaleTime: query.StaleAfter(time.Minute)},
	}
	_, err = query.Fetch(t.Context(), c, watched)
	require.NoError(t, err)
	t.Cleanup(query.Observe(c, watched).Subscribe(func(query.Result[string]) {}))
	_, err = query.Mutate(t.Context(), c, query.Mutation[int, int]{
		Key: querykey.Of("pay"), Scope: "till",
		Do: func(context.Context, int) (int, error) { return 0, errDown },
	}, 1)
	require.ErrorIs(t, err, errDown)
	return c
}

// ask sends a request to a handler without network.
func ask(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost"+target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// golden compares an answer with the one that was recorded.
func golden(t *testing.T, name string, w *httptest.ResponseRecorder) {
	t.Helper()
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, append(w.Body.Bytes(), '\n'), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), w.Body.String()+"\n")
}

func TestHandler_showsTheCache(t *testing.T) {
	t.Parallel()
	h := devtools.Handler(shop(t), devtools.Options{})
	golden(t, "cache.json", ask(h, "GET", "/api/cache", ""))
	golden(t, "filtered.json", ask(h, "GET", "/api/cache?filter=PROF", ""))
}

func TestHandler_explainsAQuery(t *testing.T) {
	t.Parallel()
	c := shop(t)
	h := devtools.Handler(c, devtools.Options{})
	golden(t, "query.json", ask(h, "GET", `/api/query?key=["profile",9007199254740993]`, ""))
	golden(t, "failed.json", ask(h, "GET", `/api/query?key=["rates"]`, ""))
	golden(t, "unknown.json", ask(h, "GET", `/api/query?key=["nobody"]`, ""))
	require.Equal(t, http.StatusNotFound, ask(h, "GET", `/api/query?key=["nobody"]`, "").Code)
	for _, key := range []string{"", "[]", "7", "[", "%5B%22%ff%22%5D"} {
		require.Equal(t, http.StatusBadRequest, ask(h, "GET", "/api/query?key="+key, "").Code, key)
	}
}

func TestHandler_showsDataOnlyIfAllowed(t *testing.T) {
	t.Parallel()
	c := shop(t)
	const order = `/api/query?key=["order","o-17"]`
	closed := devtools.Handler(c, devtools.Options{Actions: true})
	for _, target := range []string{order, "/api/cache"} {
		require.NotContains(t, ask(closed, "GET", target, "").Body.String(), "s3cret")
	}
	open := devtools.Handler(c, devtools.Options{ShowData: true})
	golden(t, "data.json", ask(open, "GET", order, ""))

	noData := func(key querykey.Key) string {
		var v struct{ Data, NoData string }
		require.NoError(t, json.Unmarshal(ask(open, "GET", "/api/query?key="+key.String(), "").Body.Bytes(), &v))
		require.Empty(t, v.Data)
		return v.NoData
	}
	require.Equal(t, "there are none", noData(querykey.Of("rates")))
	large := querykey.Of("large")
	require.NoError(t, query.Set(c, query.Query[string]{Key: large}, strings.Repeat("x", 300<<10)))
	require.Equal(t, "307202 bytes are too many to show", noData(large))
	odd := querykey.Of("channel")
	require.NoError(t, query.Set(c, query.Query[chan int]{Key: odd}, nil))
	require.Contains(t, noData(odd), "unsupported type")
}

func TestHandler_showsWhatHasHappened(t *testing.T) {
	t.Parallel()
	c := shop(t)
	for n := range 300 { // more prefixes than are counted by themselves
		require.NoError(t, query.Set(c, query.Query[int]{Key: querykey.Of(n, "of many")}, n))
	}
	var rows []struct{ Prefix string }
	h := devtools.Handler(c, devtools.Options{})
	require.NoError(t, json.Unmarshal(ask(h, "GET", "/api/stats", "").Body.Bytes(), &rows))
	require.Len(t, rows, 257)
	require.Empty(t, rows[256].Prefix)

	few := shop(t)
	_, err := query.Fetch(t.Context(), few, query.Query[string]{ // what is there already
		Key:    querykey.Of("profile", 9007199254740993),
		Policy: query.Policy{StaleTime: query.StaleAfter(time.Minute)},
	})
	require.NoError(t, err)
	golden(t, "stats.json", ask(devtools.Handler(few, devtools.Options{}), "GET", "/api/stats", ""))
}

func TestHandler_showsOnlySoManyQueries(t *testing.T) {
	t.Parallel()
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	for i := range 600 {
		require.NoError(t, query.Set(c, query.Query[int]{Key: querykey.Of("n", i)}, i))
	}
	var v struct {
		Total   int
		Queries []any
	}
	body := ask(devtools.Handler(c, devtools.Options{}), "GET", "/api/cache", "").Body.Bytes()
	require.NoError(t, json.Unmarshal(body, &v))
	require.Equal(t, 600, v.Total)
	require.Len(t, v.Queries, 500)
	require.NoError(t, c.Close(t.Context()))
}

func TestHandler_actions(t *testing.T) {
	t.Parallel()
	c := shop(t)
	h := devtools.Handler(c, devtools.Options{Actions: true})
	order := querykey.Of("order", "o-17")
	post := func(action string) int {
		return ask(h, "POST", "/api/actions", `{"action": "`+action+`", "key": `+order.String()+`}`).Code
	}
	require.Equal(t, http.StatusNoContent, post("invalidate"))
	st, _ := c.State(order)
	require.True(t, st.IsInvalidated())
	require.Equal(t, http.StatusNoContent, post("refetch"))
	require.Equal(t, http.StatusNoContent, post("reset"))
	st, _ = c.State(order)
	require.False(t, st.HasData())
	require.Equal(t, http.StatusNoContent, post("remove"))
	_, ok := c.State(order)
	require.False(t, ok)
	require.Len(t, c.Entries(query.Filter{}), 2, "no other query is touched")
}

func TestHandler_refusesActionsThatAreNotClear(t *testing.T) {
	t.Parallel()
	c := shop(t)
	h := devtools.Handler(c, devtools.Options{Actions: true})
	for name, body := range map[string]string{
		"no JSON":        "remove",
		"empty key":      `{"action": "remove", "key": []}`,
		"no key":         `{"action": "remove"}`,
		"unknown action": `{"action": "clear", "key": ["rates"]}`,
		"large body":     `{"action": "remove", "key": ["` + strings.Repeat("x", 100<<10) + `"]}`,
	} {
		w := ask(h, "POST", "/api/actions", body)
		require.Equal(t, http.StatusBadRequest, w.Code, name)
		require.Contains(t, w.Body.String(), `"error": "devtools: `)
	}
	off := devtools.Handler(c, devtools.Options{})
	w := ask(off, "POST", "/api/actions", `{"action": "remove", "key": ["rates"]}`)
	require.Equal(t, http.StatusForbidden, w.Code)
	require.Len(t, c.Entries(query.Filter{}), 3)
}

func TestHandler_refusesOtherSites(t *testing.T) {
	t.Parallel()
	c := shop(t)
	h := devtools.Handler(c, devtools.Options{Actions: true})
	const body = `{"action": "remove", "key": ["rates"]}`
	require.Equal(t, http.StatusForbidden, ask(h, "POST", "/api/actions", body, "Sec-Fetch-Site", "cross-site").Code)
	require.Equal(t, http.StatusForbidden, ask(h, "POST", "/api/actions", body, "Origin", "https://evil.example").Code)
	require.Len(t, c.Entries(query.Filter{}), 3)
	require.Equal(t, http.StatusNoContent, ask(h, "POST", "/api/actions", body, "Sec-Fetch-Site", "same-origin").Code)
	require.Equal(t, http.StatusMethodNotAllowed, ask(h, "GET", "/api/actions", "").Code)
}

func TestHandler_refusesNamesThatItDoesNotGoBy(t *testing.T) {
	t.Parallel()
	c := shop(t)
	status := func(o devtools.Options, host string) int {
		r := httptest.NewRequest(http.MethodGet, "http://localhost/api/cache", nil)
		r.Host = host
		w := httptest.NewRecorder()
		devtools.Handler(c, o).ServeHTTP(w, r)
		return w.Code
	}
	for _, host := range []string{"localhost", "LOCALHOST:80", "127.0.0.1:8080", "[::1]:8080", "::1", "10.1.2.3"} {
		require.Equal(t, http.StatusOK, status(devtools.Options{}, host), host)
	}
	for _, host := range []string{"evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", ""} {
		require.Equal(t, http.StatusForbidden, status(devtools.Options{}, host), host)
	}
	internal := devtools.Options{Hosts: []string{"ops.example"}}
	require.Equal(t, http.StatusOK, status(internal, "ops.example:443"))
	require.Equal(t, http.StatusForbidden, status(internal, "localhost"))
}

func TestHandler_servesThePage(t *testing.T) {
	t.Parallel()
	h := http.StripPrefix("/debug/queries", devtools.Handler(shop(t), devtools.Options{}))
	page := ask(h, "GET", "/debug/queries/", "")
	require.Equal(t, http.StatusOK, page.Code)
	require.Contains(t, page.Header().Get("Content-Type"), "text/html")
	require.Contains(t, page.Header().Get("Content-Security-Policy"), "default-src 'none'")
	require.Equal(t, "no-store", page.Header().Get("Cache-Control"))
	for _, file := range []string{"app.js", "style.css"} {
		require.Contains(t, page.Body.String(), `"`+file+`"`)
		require.Equal(t, http.StatusOK, ask(h, "GET", "/debug/queries/"+file, "").Code)
	}
	script := ask(h, "GET", "/debug/queries/app.js", "").Body.String()
	require.NotContains(t, script, "innerHTML", "keys and errors are not HTML")
	require.Equal(t, http.StatusNotFound, ask(h, "GET", "/debug/queries/ui/app.js", "").Code)
}

func TestHandler_closedClientRefusesActions(t *testing.T) {
	t.Parallel()
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	require.NoError(t, c.Close(t.Context()))
	w := ask(devtools.Handler(c, devtools.Options{Actions: true}), "POST", "/api/actions", `{"action": "refetch", "key": ["a"]}`)
	require.Equal(t, http.StatusConflict, w.Code)
	require.Contains(t, w.Body.String(), "closed")
}
