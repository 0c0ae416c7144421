package docs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
)

func Example_errors() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	// [snippet fetch error]
	_, err := query.Fetch(ctx, client, OrderByID("o-404"))
	var failed *query.FetchError
	switch {
	case ctx.Err() != nil:
		fmt.Println("this caller gave up")
	case errors.Is(err, errNotFound):
		fmt.Println("there is no such order")
	case errors.As(err, &failed):
		fmt.Println("could not fetch", failed.Key)
	}
	fmt.Println(err)
	// [end]

	// Output:
	// GET order o-404
	// there is no such order
	// query: fetch ["orders","detail","o-404"]: not found
}

// [snippet render]

// Render says what there is to say about an order.
func Render(r query.Result[Order]) string {
	switch {
	case r.IsPending() && r.IsPaused():
		return "waiting for the network"
	case r.IsPending() && r.FailureCount() > 0:
		return fmt.Sprintf("failed %d times (%v), trying again", r.FailureCount(), r.FailureReason())
	case r.IsPending():
		return "loading"
	case r.IsLoadingError():
		return fmt.Sprintf("no order: %v", r.Err())
	case r.IsRefetchError():
		return fmt.Sprintf("%s, as of %v ago: %v", r.Data().Status, r.Age(), r.Err())
	default:
		return r.Data().Status
	}
}

// [end]

func TestErrors_attemptsAreShown(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		refused := querytest.Fail[Order](errRefused)
		server := querytest.Script(h, refused, refused, refused, refused, querytest.Value(Order{Status: "open"}))
		q := OrderByID("o-17")
		q.Fetch = server.Fetch
		r := querytest.Watch(h, q)
		require.Equal(h, "failed 1 times (refused), trying again", Render(r.Last()))

		h.Advance(7 * time.Second) // after 1, 2 and 4 seconds
		require.Equal(h, "no order: refused", Render(r.Last()))

		h.SetFocused(true) // somebody looks again
		require.Equal(h, "open", Render(r.Last()))
	})
}

func TestErrors_otherWordsOfRender(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		server := querytest.Script(h, querytest.Value(Order{Status: "open"}), querytest.Fail[Order](errRefused))
		q := OrderByID("o-17")
		q.Fetch = server.Fetch
		q.Policy.Retry = query.NoRetry()
		require.Equal(h, "loading", Render(query.Observe(h.Client(), q).Current()))
		h.SetOnline(false)
		r := querytest.Watch(h, q)
		require.Equal(h, "waiting for the network", Render(r.Last()))
		h.SetOnline(true)
		h.Advance(time.Second)
		require.Equal(h, "open", Render(r.Last()))
		require.ErrorIs(h, h.Client().Refetch(h.Context(), query.Filter{}), errRefused)
		h.Settle()
		require.Equal(h, "open, as of 1s ago: refused", Render(r.Last()))
	})
}

// [snippet policy]

// BusyError is a refusal that says when to come again.
type BusyError struct{ After time.Duration }

func (e *BusyError) Error() string { return fmt.Sprintf("busy, try again in %v", e.After) }

// Patient repeats what may succeed later, as the server asks.
func Patient() query.Policy {
	return query.Policy{
		Retry: query.RetryFunc(func(n int, err error) bool {
			var panicked *query.PanicError
			final := errors.Is(err, errNotFound) || errors.As(err, &panicked)
			return n < 5 && !final
		}),
		RetryDelay: query.DelayFunc(func(n int, err error) time.Duration {
			var busy *BusyError
			if errors.As(err, &busy) {
				return busy.After
			}
			return min(time.Second<<n, 30*time.Second)
		}),
	}
}

// [end]

func TestErrors_policyOfRetries(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		err   error
		calls []int // after 0, 1, 3 and 120 seconds
	}{
		{"final", errNotFound, []int{1, 1, 1, 1}},
		{"panic", &query.PanicError{Value: "oops"}, []int{1, 1, 1, 1}},
		{"busy", &BusyError{After: time.Minute}, []int{1, 1, 1, 3}},
		{"other", errRefused, []int{1, 2, 3, 6}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			querytest.Run(t, func(h *querytest.Harness) {
				server := querytest.Script(h, querytest.Fail[Order](tc.err))
				q := OrderByID("o-17")
				q.Fetch, q.Policy = server.Fetch, Patient()
				querytest.Watch(h, q)
				var calls []int
				for _, more := range []time.Duration{0, time.Second, 2 * time.Second, 117 * time.Second} {
					h.Advance(more)
					calls = append(calls, server.Calls())
				}
				require.Equal(h, tc.calls, calls)
			})
		})
	}
}

func Example_cancelled() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.Background()
	q := OrderByID("o-17")
	running := make(chan struct{})
	q.Fetch = func(ctx context.Context) (Order, error) {
		close(running)
		<-ctx.Done()
		return Order{}, context.Cause(ctx)
	}
	ended := make(chan error, 1)
	go func() { ended <- query.Prefetch(ctx, client, q) }()
	<-running
	err := client.Cancel(ctx, query.Filter{Key: q.Key})
	fmt.Println(err, errors.Is(<-ended, query.ErrCancelled))

	// Output: <nil> true
}

func TestErrors_aFailureMakesFreshDataStale(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		server := querytest.Script(h, querytest.Value(Order{}), querytest.Fail[Order](errRefused), querytest.Value(Order{}))
		q := OrderByID("o-17")
		q.Fetch, q.Policy.StaleTime = server.Fetch, query.StaleNever()
		require.NoError(h, query.Prefetch(h.Context(), h.Client(), q))
		require.ErrorIs(h, h.Client().Refetch(h.Context(), query.Filter{}), errRefused)
		require.NoError(h, query.Prefetch(h.Context(), h.Client(), q))
		require.Equal(h, 3, server.Calls())
	})
}

func TestErrors_retriesOfTheLastWhoAskedCount(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		server := querytest.Script(h, querytest.Value(Order{}), querytest.Value(Order{}), querytest.Fail[Order](errRefused))
		q := OrderByID("o-17")
		q.Fetch = server.Fetch
		querytest.Watch(h, q)
		require.NoError(h, query.Prefetch(h.Context(), h.Client(), q)) // without retries
		require.ErrorIs(h, h.Client().Invalidate(h.Context(), query.Filter{}), errRefused)
		require.Equal(h, 3, server.Calls())
	})
}

func TestErrors_ownDeadlineIsNoFailureOfTheFetch(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		q := OrderByID("o-17")
		q.Fetch = querytest.Script(h, querytest.Fail[Order](context.DeadlineExceeded).After(time.Hour)).Fetch
		ended := make(chan error, 1)
		go func() { ended <- query.Prefetch(h.Context(), h.Client(), q) }()

		ctx, stop := context.WithTimeout(h.Context(), time.Second)
		defer stop()
		var failed *query.FetchError
		err := query.Prefetch(ctx, h.Client(), q)
		require.ErrorIs(h, err, context.DeadlineExceeded)
		require.NotErrorAs(h, err, &failed)

		h.Advance(time.Hour)
		err = <-ended
		require.ErrorIs(h, err, context.DeadlineExceeded)
		require.ErrorAs(h, err, &failed)
	})
}
