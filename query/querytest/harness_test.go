package querytest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

func greeting(fetch func(context.Context) (string, error)) query.Query[string] {
	return query.Query[string]{Key: querykey.Of("greeting"), Fetch: fetch}
}

func polled(fetch func(context.Context) (string, error), every time.Duration) query.Query[string] {
	q := greeting(fetch)
	q.Policy.RefetchInterval = query.Every(every)
	return q
}

func TestRun_closesTheClient(t *testing.T) {
	t.Parallel()
	var client *query.Client
	querytest.Run(t, func(h *querytest.Harness) {
		client = h.Client()
		v, err := query.Fetch(h.Context(), client, greeting(querytest.Script(h, querytest.Value("hello")).Fetch))
		require.NoError(h, err)
		require.Equal(h, "hello", v)
	})
	_, err := query.Fetch(t.Context(), client, query.Query[string]{Key: querykey.Of("x")})
	require.ErrorIs(t, err, query.ErrClosed)
}

func TestRun_closesWhateverStillRuns(t *testing.T) {
	t.Parallel()
	var forever *querytest.Fn[string]
	results := make(chan int, 1)
	querytest.Run(t, func(h *querytest.Harness) {
		forever = querytest.Script(h, querytest.Never[string]())
		querytest.Watch(h, greeting(forever.Fetch))
		q := polled(querytest.Script(h, querytest.Value("x").After(time.Minute)).Fetch, time.Second)
		q.Key = querykey.Of("other")
		go func() {
			n := 0
			for range query.Watch(context.WithoutCancel(h.Context()), h.Client(), q) {
				n++
			}
			results <- n
		}()
		h.Advance(time.Second)
		require.Equal(h, 1, forever.Running())
	})
	require.Zero(t, forever.Running())
	require.Positive(t, <-results, "the loop has ended")
}

// TestRun_leakFailsTheTest runs itself in another process, which is to fail.
func TestRun_leakFailsTheTest(t *testing.T) {
	if os.Getenv("QUERYTEST_LEAK") == "1" {
		querytest.Run(t, func(h *querytest.Harness) {
			blocked := make(chan struct{})
			go func() { <-blocked }()
			require.NotNil(h, h.Client())
		})
		return
	}
	if runtime.GOOS == "js" {
		t.Skip("needs to start a process, which this platform cannot")
	}
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "QUERYTEST_LEAK=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Contains(t, string(out), "blocked goroutines remain")
	require.Contains(t, string(out), "harness_test.go", "it says where")
}

func TestRunConfig_usesTheConfig(t *testing.T) {
	t.Parallel()
	mock := clock.NewMock()
	mock.Set(time.Date(2030, time.May, 1, 0, 0, 0, 0, time.UTC))
	offline := query.NewSignal(false)
	cfg := query.Config{
		Clock:    mock,
		Online:   offline,
		Defaults: query.Defaults{Policy: query.Policy{RefetchInterval: query.Every(time.Second)}},
	}
	querytest.RunConfig(t, cfg, func(h *querytest.Harness) {
		require.Same(h, mock, h.Clock())
		answers := querytest.Script(h, querytest.Value("x"))
		r := querytest.Watch(h, greeting(answers.Fetch))
		require.True(h, r.Last().IsPaused())

		h.SetOnline(true)
		require.Equal(h, mock.Now(), r.Last().DataUpdatedAt())
		h.Advance(2 * time.Second)
		require.Equal(h, 3, answers.Calls())
	})
	require.True(t, offline.Get())
}

func TestFetchFunctions_waitUntilAllElseIsAtRest(t *testing.T) {
	t.Parallel()
	const steps = 1000
	var done atomic.Int64
	// work takes many turns of two goroutines, but no time.
	work := func() {
		done.Store(0)
		ball := make(chan struct{})
		go func() {
			defer close(ball)
			for range steps {
				ball <- struct{}{}
			}
		}()
		go func() {
			for range ball {
				done.Add(1)
			}
		}()
	}
	q := query.Query[int64]{
		Key:   querykey.Of("watched"),
		Fetch: func(context.Context) (int64, error) { return done.Load(), nil },
	}
	cfg := query.Config{Defaults: query.Defaults{
		Fetch: func(context.Context, query.FetchInfo) (any, error) { return done.Load(), nil },
	}}
	querytest.RunConfig(t, cfg, func(h *querytest.Harness) {
		work()
		require.EqualValues(h, steps, querytest.Watch(h, q).Last().Data())

		work()
		r := querytest.Watch(h, query.Query[int64]{Key: querykey.Of("by default")})
		require.EqualValues(h, steps, r.Last().Data())

		work()
		_, err := querytest.Script(h, querytest.Value(1)).Fetch(h.Context())
		require.NoError(h, err)
		require.EqualValues(h, steps, done.Load())
	})
}

func TestRunConfig_refusesAClockItCannotMove(t *testing.T) {
	if os.Getenv("QUERYTEST_CLOCK") == "1" {
		querytest.RunConfig(t, query.Config{Clock: clock.New()}, func(h *querytest.Harness) {
			h.Log("the test ran")
		})
		return
	}
	if runtime.GOOS == "js" {
		t.Skip("needs to start a process, which this platform cannot")
	}
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "QUERYTEST_CLOCK=1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "want a *clock.Mock")
	require.NotContains(t, string(out), "the test ran")
}

func TestAdvance_makesEverythingHappenAtItsTime(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		start := h.Clock().Now()
		answers := querytest.Script(h, querytest.Value("a"), querytest.Value("b"), querytest.Value("c"), querytest.Value("d"))
		r := querytest.Watch(h, polled(answers.Fetch, 10*time.Second))

		h.Advance(25 * time.Second)

		require.Equal(h, start.Add(25*time.Second), h.Clock().Now())
		var data []string
		var times []time.Duration
		for _, result := range r.All() {
			if result.HasData() && !result.IsFetching() {
				data = append(data, result.Data())
				times = append(times, result.DataUpdatedAt().Sub(start))
			}
		}
		require.Equal(h, []string{"a", "b", "c"}, data)
		require.Equal(h, []time.Duration{0, 10 * time.Second, 20 * time.Second}, times)
		require.Equal(h, 5*time.Second, r.Last().Age())
	})
}

func TestAdvance_beginsWhatWasAskedForFirst(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		answers := querytest.Script(h, querytest.Value("late").After(time.Second))
		type outcome struct {
			v   string
			err error
		}
		got := make(chan outcome, 1)
		go func() {
			v, err := query.Fetch(h.Context(), h.Client(), greeting(answers.Fetch))
			got <- outcome{v, err}
		}()

		h.Advance(time.Second)

		require.Equal(h, outcome{"late", nil}, <-got)
	})
}

func TestAdvance_retriesOnTheClock(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		boom := errors.New("boom")
		answers := querytest.Script(h, querytest.Fail[string](boom), querytest.Fail[string](boom), querytest.Value("third time lucky"))
		q := greeting(answers.Fetch)
		q.Policy.RetryDelay = query.ConstantDelay(time.Minute)
		r := querytest.Watch(h, q)
		require.Equal(h, 1, r.Last().FailureCount())

		h.Advance(time.Minute)
		require.Equal(h, 2, r.Last().FailureCount())
		require.ErrorIs(h, r.Last().FailureReason(), boom)

		h.Advance(time.Minute)
		require.Equal(h, "third time lucky", r.Last().Data())
	})
}

func TestSetFocused_refetchesWhenFocusReturns(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		answers := querytest.Script(h, querytest.Value("x"))
		r := querytest.Watch(h, polled(answers.Fetch, time.Second))

		h.SetFocused(false)
		require.False(h, h.Client().Focus().Get())
		h.Advance(5 * time.Second)
		require.Equal(h, 1, answers.Calls(), "no polling in the background")

		h.SetFocused(true)
		require.Equal(h, 2, answers.Calls())
		require.False(h, r.Last().IsFetching(), "and the fetch is over")
	})
}

func TestSetOnline_pausesAndResumes(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		h.SetOnline(false)
		answers := querytest.Script(h, querytest.Value("x"))
		r := querytest.Watch(h, greeting(answers.Fetch))
		require.True(h, r.Last().IsPaused())
		require.Zero(h, answers.Calls())

		h.SetOnline(true)
		require.Equal(h, "x", r.Last().Data())
	})
}

func fetchStatuses[T any](r *querytest.Recorder[T]) []query.FetchStatus {
	var all []query.FetchStatus
	for _, result := range r.All() {
		all = append(all, result.FetchStatus())
	}
	return all
}
