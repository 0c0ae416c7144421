package main

import (
	"cmp"
	"context"
	"errors"
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
	answer := httptest.NewRecorder()
	w.shop.ServeHTTP(answer, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return answer.Result(), nil
}

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
	s, err := newSession(b, clock.New())
	require.NoError(t, err)
	stop := s.watch()
	require.NoError(t, s.connect(t.Context()))
	t.Cleanup(func() {
		stop()
		require.NoError(t, s.close(context.Background()))
	})
	return s
}
