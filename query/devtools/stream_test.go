package devtools_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/devtools"
	"github.com/freshet-go/freshet/querykey"
)

// reader takes what a handler writes, when it is let to.
type reader struct {
	mu     sync.Mutex
	text   strings.Builder
	header http.Header
	gate   chan struct{} // nil is open
	fail   error

	deadline time.Time // now
	writing  time.Time // at the last Write
}

func (r *reader) SetWriteDeadline(t time.Time) error {
	r.deadline = t
	return nil
}

func (r *reader) Header() http.Header { return r.header }
func (r *reader) WriteHeader(int)     {}
func (r *reader) Flush()              {}

func (r *reader) Write(text []byte) (int, error) {
	if r.gate != nil {
		<-r.gate
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writing = r.deadline
	r.text.Write(text)
	return len(text), r.fail
}

func (r *reader) String() string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// listen has a handler tell events to a reader; ended is closed when it is over.
func listen(ctx context.Context, h http.Handler, r *reader) (ended chan struct{}) {
	r.header = http.Header{}
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		request := httptest.NewRequest(http.MethodGet, "http://localhost/api/events", nil)
		h.ServeHTTP(r, request.WithContext(ctx))
	}()
	synctest.Wait()
	return ended
}

func numbered(i int) query.Query[int] { return query.Query[int]{Key: querykey.Of("n", i)} }

func TestEvents_areTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := query.New(query.Config{})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		r := new(reader)
		ended := listen(ctx, devtools.Handler(c, devtools.Options{}), r)
		require.Equal(t, "text/event-stream", r.header.Get("Content-Type"))
		require.NoError(t, query.Set(c, numbered(1), 7))
		_, err = query.Mutate(t.Context(), c, query.Mutation[int, int]{
			Key: querykey.Of("pay"),
			Do:  func(context.Context, int) (int, error) { return 0, nil },
		}, 1)
		require.NoError(t, err)
		told := r.String()
		require.Contains(t, told, `data: {"kind":"added","at":"2000-01-01T00:00:00Z","query":{"key":"[\"n\",1]","id":1,`)
		require.Contains(t, told, `data: {"kind":"updated","at":"2000-01-01T00:00:00Z","action":"success","manual":true,"query":`)
		require.Contains(t, told, `"mutation":{"key":"[\"pay\"]","id":1,"status":"success"`)
		require.Equal(t, time.Now().Add(30*time.Second), r.writing)
		require.Zero(t, r.deadline, "nothing ends a stream in which nothing happens")
		cancel()
		<-ended
		require.NoError(t, c.Close(context.WithoutCancel(t.Context())))
	})
}

func TestEvents_slowReaderIsToldOfWhatItMissed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := query.New(query.Config{})
		require.NoError(t, err)
		r := &reader{gate: make(chan struct{}, 2)}
		r.gate <- struct{}{} // for the first line
		ended := listen(t.Context(), devtools.Handler(c, devtools.Options{Buffer: 4}), r)
		require.NoError(t, query.Set(c, numbered(0), 0))
		synctest.Wait() // the reader is busy with its first event
		for i := range 10 {
			require.NoError(t, query.Set(c, numbered(0), i))
		}
		close(r.gate)
		told := r.String()
		require.Contains(t, told, `"kind":"lost"`)
		require.Contains(t, told, `"lost":7`)
		require.NoError(t, c.Close(t.Context()))
		<-ended
	})
}

func TestEvents_endWithTheClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := query.New(query.Config{})
		require.NoError(t, err)
		h := devtools.Handler(c, devtools.Options{})
		ended := listen(t.Context(), h, new(reader))
		require.NoError(t, c.Close(t.Context()))
		<-ended
		<-listen(t.Context(), h, new(reader))
	})
}

func TestEvents_endWithTheReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := query.New(query.Config{})
		require.NoError(t, err)
		h := devtools.Handler(c, devtools.Options{})
		<-listen(t.Context(), h, &reader{fail: errDown})
		r := new(reader)
		ended := listen(t.Context(), h, r)
		r.mu.Lock()
		r.fail = errDown
		r.mu.Unlock()
		require.NoError(t, query.Set(c, numbered(0), 0))
		<-ended
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestEvents_reachARealClient(t *testing.T) {
	t.Parallel()
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	server := httptest.NewServer(devtools.Handler(c, devtools.Options{}))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/events", nil)
	require.NoError(t, err)
	answer, err := server.Client().Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, answer.Body.Close()) }()
	lines := bufio.NewScanner(answer.Body)
	require.True(t, lines.Scan())
	require.Equal(t, ": events follow", lines.Text())
	require.NoError(t, c.Close(t.Context()))
	for lines.Scan() {
		require.Empty(t, lines.Text())
	}
	require.NoError(t, lines.Err(), "the stream ended in order")
}
