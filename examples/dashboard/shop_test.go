package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/examples/dashboard/internal/server"
)

// wire carries requests to a shop in the same process, so that a whole dashboard
// can run on the time of a synctest bubble.
type wire struct{ shop *server.Server }

func (w wire) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	defer func() {
		if recover() != nil { // how a handler drops a connection
			resp, err = nil, cmp.Or(r.Context().Err(), errors.New("connection reset by peer"))
		}
	}()
	if r.Header.Get("Accept") == "text/event-stream" {
		return w.stream(r)
	}
	answer := httptest.NewRecorder()
	w.shop.ServeHTTP(answer, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return answer.Result(), nil
}

// stream is RoundTrip for answers without end.
func (w wire) stream(r *http.Request) (*http.Response, error) {
	body, out := io.Pipe()
	answer := &streamed{header: http.Header{}, out: out, begun: make(chan int, 1)}
	go func() {
		defer func() {
			if recover() != nil {
				out.CloseWithError(errors.New("connection reset by peer"))
				close(answer.begun)
			}
		}()
		w.shop.ServeHTTP(answer, r)
		out.CloseWithError(cmp.Or(r.Context().Err(), io.EOF))
	}()
	context.AfterFunc(r.Context(), func() { _ = body.CloseWithError(r.Context().Err()) })
	status, ok := <-answer.begun
	if !ok {
		return nil, errors.New("connection reset by peer")
	}
	return &http.Response{StatusCode: status, Header: answer.header, Body: body, Request: r}, nil
}

// streamed is the server's side of a stream.
type streamed struct {
	header http.Header
	out    *io.PipeWriter
	begun  chan int // gets the status
}

func (s *streamed) Header() http.Header         { return s.header }
func (s *streamed) WriteHeader(status int)      { s.begun <- status }
func (s *streamed) Write(p []byte) (int, error) { return s.out.Write(p) }
func (s *streamed) Flush()                      {}

// bubbleShop is a backend on the bubble's time. It changes at its usual pace
// until it is closed.
func bubbleShop(cfg server.Config) *backend { return backendOf(server.New(cfg)) }

func backendOf(shop *server.Server) *backend {
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { shop.Run(ctx) })
	return &backend{
		name: "test shop", url: "http://shop.test/trpc", token: server.DemoToken, seller: server.DemoSeller,
		http: &http.Client{Transport: wire{shop}, Timeout: answerWithin},
		cut:  shop.CutOff,
		close: func(ctx context.Context) error {
			stop()
			running.Wait()
			return shop.Close(ctx)
		},
	}
}

// startSession keeps the pages of a shop live until the test ends.
func startSession(t *testing.T, b *backend) *session {
	t.Helper()
	s, err := newSession(b, clock.New(), polling)
	require.NoError(t, err)
	stop := s.watch()
	require.NoError(t, s.connect(t.Context()))
	t.Cleanup(func() {
		stop()
		require.NoError(t, s.close(context.Background()))
	})
	return s
}
