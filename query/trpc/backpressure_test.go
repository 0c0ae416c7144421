package trpc_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
)

func TestBackpressure_isWhatABusyServerSays(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  query.Backpressure
		wait time.Duration
		busy bool
	}{
		{&trpc.Error{Code: trpc.CodeTooManyRequests, HTTPStatus: 429, RetryAfter: time.Minute}, time.Minute, true},
		{&trpc.Error{Code: trpc.CodeTooManyRequests}, 0, true},
		{&trpc.Error{Code: trpc.CodeInternalServerError, HTTPStatus: 500}, 0, true},
		{&trpc.Error{Code: trpc.CodeServiceUnavailable, HTTPStatus: 503}, 0, true},
		{&trpc.Error{Code: trpc.CodeNotFound, HTTPStatus: 404}, 0, false},
		{&trpc.HTTPError{Status: 502}, 0, true},
		{&trpc.HTTPError{Status: 403, RetryAfter: time.Second}, time.Second, true},
		{&trpc.HTTPError{Status: 200}, 0, false},
	} {
		t.Run(fmt.Sprintf("%T %v", tc.err, tc.err), func(t *testing.T) {
			t.Parallel()
			wait, busy := tc.err.Backpressure()
			require.Equal(t, tc.wait, wait)
			require.Equal(t, tc.busy, busy)
		})
	}
}
