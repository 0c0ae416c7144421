package querytest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

// The tests in this file are examples to copy from.

// Parcel makes the query under test, as a program would.
func Parcel(track func(context.Context) (string, error)) query.Query[string] {
	return query.Query[string]{
		Key:    querykey.Of("parcel", "p-1"),
		Fetch:  track,
		Policy: query.Policy{RefetchInterval: query.Every(3 * time.Second), Retry: query.NoRetry()},
	}
}

func TestExample_polling(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		track := querytest.Script(h, querytest.Value("packed"), querytest.Value("sent"))
		r := querytest.Watch(h, Parcel(track.Fetch))
		require.Equal(h, "packed", r.Last().Data())

		h.Advance(3 * time.Second)
		require.Equal(h, "sent", r.Last().Data())
		require.Equal(h, 2, track.Calls())
	})
}

func TestExample_failureKeepsTheData(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		lost := errors.New("lost")
		track := querytest.Script(h, querytest.Value("packed"), querytest.Fail[string](lost))
		r := querytest.Watch(h, Parcel(track.Fetch))

		h.Advance(3 * time.Second)
		require.ErrorIs(h, r.Last().Err(), lost)
		require.Equal(h, "packed", r.Last().Data())
		require.Equal(h, 3*time.Second, r.Last().Age())
	})
}

func TestExample_slowServerIsAskedOnce(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		track := querytest.Script(h, querytest.Value("sent").After(10*time.Second))
		first := querytest.Watch(h, Parcel(track.Fetch))
		second := querytest.Watch(h, Parcel(track.Fetch))

		h.Advance(9 * time.Second)
		require.True(h, first.Last().IsLoading())

		h.Advance(time.Second)
		require.Equal(h, "sent", first.Last().Data())
		require.Equal(h, "sent", second.Last().Data())
		require.Equal(h, 1, track.Calls())
	})
}
