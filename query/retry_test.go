package query_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestRetry_observedQueryIsTriedFourTimesWithDoublingDelays(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s := new(starts)
		q := query.Query[int]{Key: key("a"), Fetch: s.failing}
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		pass(0)
		r := o.Current()
		require.Equal(t, 1, r.FailureCount())
		require.ErrorIs(t, r.FailureReason(), errRefused)
		require.Equal(t, time.Now().Add(time.Second), r.RetryAt())
		require.True(t, r.IsFetching(), "backing off counts as fetching")
		require.True(t, r.IsPending())
		require.NoError(t, r.Err())
		pass(time.Hour)
		require.Equal(t, []int64{0, 1000, 3000, 7000}, s.at.all())
		r = o.Current()
		require.Equal(t, 4, r.FailureCount())
		require.True(t, r.IsError())
		require.True(t, r.RetryAt().IsZero())
	})
}

func TestRetry_policies(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		retry query.Retry
		delay query.RetryDelay
		want  []int64
	}{
		{"none", query.NoRetry(), query.RetryDelay{}, []int64{0}},
		{"negative", query.Retries(-3), query.RetryDelay{}, []int64{0}},
		{"constant", query.Retries(2), query.ConstantDelay(50 * time.Millisecond), []int64{0, 50, 100}},
		{"negative delay", query.Retries(2), query.ConstantDelay(-time.Hour), []int64{0, 0, 0}},
		{"capped", query.Retries(4), query.Exponential(100*time.Millisecond, 300*time.Millisecond), []int64{0, 100, 300, 600, 900}},
		{"base above the cap", query.Retries(1), query.Exponential(time.Minute, time.Second), []int64{0, 1000}},
		{"func", query.RetryFunc(func(n int, _ error) bool { return n < 2 }), query.DelayFunc(func(n int, _ error) time.Duration {
			return time.Duration(n) * time.Second
		}), []int64{0, 0, 1000}},
		{"negative func", query.Retries(1), query.DelayFunc(func(int, error) time.Duration { return -1 }), []int64{0, 0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				s := new(starts)
				q := query.Query[int]{Key: key("a"), Fetch: s.failing, Policy: query.Policy{Retry: tc.retry, RetryDelay: tc.delay}}
				_, err := query.Fetch(t.Context(), c, q)
				require.ErrorIs(t, err, errRefused)
				require.Equal(t, tc.want, s.at.all())
			})
		})
	}
}

func TestRetry_funcIsAskedWithTheNumberAndTheError(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked, delayed []int
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: always}
		_, err := query.Fetch(t.Context(), c, src.query(query.Policy{
			Retry: query.RetryFunc(func(n int, err error) bool {
				mu.Lock()
				defer mu.Unlock()
				asked = append(asked, n)
				return n < 2 && err == errRefused //nolint:errorlint // the very error
			}),
			RetryDelay: query.DelayFunc(func(n int, _ error) time.Duration {
				mu.Lock()
				defer mu.Unlock()
				delayed = append(delayed, n)
				return 0
			}),
		}))
		require.Error(t, err)
		require.Equal(t, []int{0, 1, 2}, asked)
		require.Equal(t, []int{0, 1, 2}, delayed, "the delay is computed before the decision")
	})
}

func TestRetryForever_endsWithSuccessOrCancel(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: func(n int) error {
			if n < 50 {
				return errRefused
			}
			return nil
		}}
		p := query.Policy{Retry: query.RetryForever(), RetryDelay: query.ConstantDelay(time.Second)}
		v, err := query.Fetch(t.Context(), c, src.query(p))
		require.NoError(t, err)
		require.Equal(t, 50, v)

		src = &source{fail: always}
		q := src.query(p)
		q.Key = key("endless")
		outcome := fetching(t, c, q)
		pass(time.Minute)
		require.NoError(t, c.Cancel(t.Context(), query.Filter{Key: q.Key}))
		_, err = outcome()
		require.ErrorIs(t, err, query.ErrCancelled)
		before := src.count(0)
		pass(time.Minute)
		require.Equal(t, before, src.count(0))
	})
}

func TestRetry_successClearsTheFailures(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{fail: func(n int) error {
			if n == 1 {
				return errRefused
			}
			return nil
		}}
		o := query.Observe(c, src.query(query.Policy{}))
		defer o.Subscribe(ignore)()
		pass(time.Second)
		r := o.Current()
		require.True(t, r.IsSuccess())
		require.Zero(t, r.FailureCount())
		require.NoError(t, r.FailureReason())
	})
}

func TestRetryAt_isOverWhenTheNextAttemptRuns(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &source{takes: time.Minute, fail: func(n int) error {
			if n == 1 {
				return errRefused
			}
			return nil
		}}
		q := src.query(query.Policy{Retry: query.Retries(1), RetryDelay: query.ConstantDelay(time.Second)})
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		pass(time.Minute + 500*time.Millisecond)
		require.Equal(t, 500*time.Millisecond, o.Current().RetryAt().Sub(c.Now()))
		require.True(t, c.Explain(q.Key).Has(query.ReasonBackingOff))
		pass(10 * time.Second)
		require.Equal(t, 2, src.count(0), "the second attempt runs")
		require.Zero(t, o.Current().RetryAt())
		require.False(t, c.Explain(q.Key).Has(query.ReasonBackingOff))
		require.True(t, c.Explain(q.Key).Has(query.ReasonFetching))
	})
}

// Initial data are up to the fetch: what is made with them is not made by it, but its
// failures are no less final.
func TestRetry_fetchWithInitialDataOrNoneIsTriedOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s := &source{fail: func(int) error { return errRefused }}
		some := query.Query[int]{Key: key("some"), Fetch: s.fetch, InitialData: query.Initial(-1)}
		v, err := query.Revalidate(t.Context(), c, some)
		require.NoError(t, err)
		require.Equal(t, -1, v)
		pass(time.Minute)
		require.Equal(t, 1, s.count(0))

		none := query.Query[int]{Key: key("none"), Fetch: s.fetch}
		none.InitialData = query.InitialFunc(func() (int, bool) { return 0, false })
		_, err = query.Ensure(t.Context(), c, none)
		require.ErrorIs(t, err, errRefused)
		pass(time.Minute)
		require.Equal(t, 2, s.count(0))
	})
}
