package trpc_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// Many callers with deadlines of their own, a slow server, refused tokens and a
// client that closes in the end: whoever gets an answer gets the own one, and
// nobody is left behind.
func TestClient_neverMixesUpAnswersUnderLoad(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { load(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func load(t *testing.T, random *rand.Rand) {
	t.Helper()
	latencies := make(chan time.Duration, 1000)
	for range cap(latencies) {
		latencies <- time.Duration(random.IntN(30)) * time.Millisecond
	}
	p := peer{}
	p.respond = func(r request) (*http.Response, error) {
		select {
		case <-time.After(<-latencies):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
		return accepts("token-1")(r)
	}
	auth := session{takes: 5 * time.Millisecond}
	c, err := trpc.New(trpc.Config{
		URL: "http://peer.test/trpc", HTTP: &http.Client{Transport: &p}, Auth: &auth,
		Batch: trpc.Batch{MaxItems: 1 + random.IntN(9), MaxURLLength: 120 + random.IntN(400)},
	})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 200 {
		begin, patience := time.Duration(random.IntN(100))*time.Millisecond, time.Duration(random.IntN(60))*time.Millisecond
		wg.Go(func() {
			time.Sleep(begin)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			path := fmt.Sprintf("q%d", i)
			var out echoed
			var err error
			if i%3 == 0 {
				out, err = trpc.NewMutation[int, echoed](path).Call(ctx, c, i)
			} else {
				out, err = trpc.NewQuery[int, echoed](path).Call(ctx, c, i)
			}
			switch {
			case err == nil && out.Path == path && string(out.Input) == strconv.Itoa(i):
			case errors.Is(err, context.DeadlineExceeded), errors.Is(err, trpc.ErrClosed):
			default:
				t.Errorf("call %d: %v, %v", i, out, err)
			}
		})
	}
	time.Sleep(time.Duration(80+random.IntN(40)) * time.Millisecond)
	require.NoError(t, c.Close(t.Context()))
	wg.Wait()
	require.LessOrEqual(t, len(auth.refreshes()), 1)
}
