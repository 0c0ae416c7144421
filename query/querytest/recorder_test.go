package querytest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
)

func TestWatch_recordsEveryResultOfAFetchThatAnswersAtOnce(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		r := querytest.Watch(h, polled(func(context.Context) (string, error) { return "x", nil }, time.Second))
		h.Advance(2 * time.Second)

		fetching, idle := query.FetchFetching, query.FetchIdle
		require.Equal(h, []query.FetchStatus{fetching, idle, fetching, idle, fetching, idle}, fetchStatuses(r))
		require.Equal(h, 6, r.Len())
		require.True(h, r.All()[0].IsLoading())
		require.Equal(h, "x", r.Last().Data())
	})
}

func TestWatch_beginsWithThePresentResult(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		q := greeting(querytest.Script(h, querytest.Value("fetched")).Fetch)
		q.Policy.StaleTime = query.StaleNever()
		require.NoError(h, query.Set(h.Client(), q, "cached"))

		r := querytest.Watch(h, q)

		require.Equal(h, 1, r.Len())
		require.Equal(h, "cached", r.Last().Data())
	})
}

func TestWatch_withoutFetchFunctionShowsTheCache(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		q := greeting(nil)
		q.Policy.Enabled = query.Off
		r := querytest.Watch(h, q)
		require.False(h, r.Last().HasData())

		require.NoError(h, query.Set(h.Client(), q, "set"))
		h.Settle()
		require.Equal(h, "set", r.Last().Data())
	})
}

func TestRecorder_stopUnsubscribes(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		answers := querytest.Script(h, querytest.Value("x"))
		q := polled(answers.Fetch, time.Second)
		r := querytest.Watch(h, q)
		require.Equal(h, 1, h.Client().Entries(query.Filter{})[0].Observers)

		r.Stop()
		r.Stop()

		require.Zero(h, h.Client().Entries(query.Filter{})[0].Observers)
		before := r.Len()
		h.Advance(time.Minute)
		require.Equal(h, 1, answers.Calls())
		require.Equal(h, before, r.Len())
		require.Equal(h, "x", r.Last().Data(), "what was recorded remains")
	})
}

func TestRecorder_allIsACopy(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		r := querytest.Watch(h, greeting(querytest.Script(h, querytest.Value("x")).Fetch))
		all := r.All()
		clear(all)
		require.Equal(h, "x", r.Last().Data())
	})
}

func TestRecord_recordsWhatAnObserverSelects(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		answers := querytest.Script(h, querytest.Value("ann"), querytest.Value("bob"))
		shout := func(s string) (string, error) { return strings.ToUpper(s), nil }
		o := query.ObserveSelect(h.Client(), polled(answers.Fetch, time.Second), shout)

		r := querytest.Record(h, o)
		h.Advance(time.Second)

		var seen []string
		for _, result := range r.All() {
			seen = append(seen, result.Data())
		}
		require.Equal(h, []string{"", "ANN", "ANN", "BOB"}, seen)
	})
}
