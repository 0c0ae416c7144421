package query_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// busy is an error of a server that has too much to do, or denies it.
type busy struct {
	wait   time.Duration
	denied bool
}

func (b busy) Error() string { return "busy" }

func (b busy) Backpressure() (time.Duration, bool) { return b.wait, !b.denied }

// moody is a server in a mood that a test can change.
type moody struct {
	starts
	answer atomic.Int64
	fails  atomic.Pointer[error]
}

func (m *moody) fetch(ctx context.Context) (int, error) {
	_, _ = m.starts.fetch(ctx)
	if err := m.fails.Load(); err != nil {
		return 0, *err
	}
	return int(m.answer.Load()), nil
}

func (m *moody) query(a query.Adaptive) query.Query[int] {
	return query.Query[int]{Key: key("moody"), Fetch: m.fetch, Policy: query.Policy{
		RefetchInterval: a.Interval(), Retry: query.NoRetry(), StaleTime: query.StaleNever(),
	}}
}

var everySecond = query.Adaptive{Min: time.Second, Max: 10 * time.Second}

func TestAdaptive_answersWithoutNewsLengthenTheInterval(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		m := new(moody)
		o := query.Observe(c, m.query(everySecond))
		defer o.Subscribe(ignore)()
		pass(12 * time.Second)
		require.Equal(t, []int64{0, 1000, 2000, 3000, 4500, 6750, 10125}, m.at.all())
		require.Contains(t, c.Explain(key("moody")).String(), "adaptive: every 5.063s, because the last 6 answers did not change.")
		require.True(t, c.Explain(key("moody")).Has(query.ReasonAdaptive))

		m.answer.Store(1)
		pass(4 * time.Second) // the poll at 15.1 s brings news
		require.Equal(t, []int64{10125, 15187}, m.at.all()[6:])
		pass(time.Second)
		require.Len(t, m.at.all(), 9, "and the interval is short again")
	})
}

func TestAdaptive_isShortAgainForWhoeverLooksOrAsks(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(*query.Client, query.Query[int]) error{
		"focus": func(c *query.Client, _ query.Query[int]) error {
			c.Focus().Set(false)
			c.Focus().Set(true)
			return nil
		},
		"invalidate": func(c *query.Client, q query.Query[int]) error {
			return c.Invalidate(context.Background(), query.Filter{Key: q.Key, Refetch: query.RefetchOptions{Type: query.RefetchNone}})
		},
		"refetch": func(c *query.Client, q query.Query[int]) error {
			return c.Refetch(context.Background(), query.Filter{Key: q.Key})
		},
		"write": func(c *query.Client, q query.Query[int]) error { return query.Set(c, q, 7) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				m := new(moody)
				q := m.query(everySecond)
				o := query.Observe(c, q)
				defer o.Subscribe(ignore)()
				pass(30 * time.Second)
				require.Greater(t, time.Until(o.Current().NextPollAt()), 2*time.Second)
				require.NoError(t, ask(c, q))
				pass(0)
				require.Equal(t, time.Second, time.Until(o.Current().NextPollAt()))
			})
		})
	}
}

func TestAdaptive_aServerThatRefusesIsLeftAloneAndAskedAgainWhenItRecovers(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		m := new(moody)
		var err error = busy{}
		m.fails.Store(&err)
		o := query.Observe(c, m.query(everySecond))
		defer o.Subscribe(ignore)()
		pass(20 * time.Second)
		require.Equal(t, []int64{0, 2000, 6000, 14000}, m.at.all(), "the first refusal came before the interval")
		require.Contains(t, c.Explain(key("moody")).String(), "every 10s, because the server refused or failed")
		m.fails.Store(nil)
		pass(14 * time.Second) // polls at 24 s, 32 s
		require.Equal(t, []int64{24000, 32000}, m.at.all()[4:])
		require.Equal(t, 4*time.Second, o.Current().NextPollAt().Sub(o.Current().DataUpdatedAt()))
	})
}

func TestAdaptive_retryAfterIsWaitedForBeyondMax(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		m := new(moody)
		o := query.Observe(c, m.query(everySecond))
		defer o.Subscribe(ignore)()
		pass(500 * time.Millisecond)
		err := errors.Join(errRefused, busy{wait: time.Minute})
		m.fails.Store(&err)
		pass(time.Second)
		require.Contains(t, c.Explain(key("moody")).String(), "in 1m0s, because the server asked for it")
		m.fails.Store(nil)
		pass(59 * time.Second)
		require.Equal(t, []int64{0, 1000}, m.at.all())
		pass(time.Second)
		require.Equal(t, []int64{0, 1000, 61000}, m.at.all())
	})
}

func TestAdaptive_errorsThatSayTheServerIsNotBusyChangeNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		m := new(moody)
		var err error = busy{denied: true}
		m.fails.Store(&err)
		defer query.Observe(c, m.query(everySecond)).Subscribe(ignore)()
		pass(3500 * time.Millisecond)
		require.Equal(t, []int64{0, 1000, 2000, 3000}, m.at.all())
	})
}

func TestAdaptive_slowAnswersAreGivenRest(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		m := &moody{starts: starts{takes: 400 * time.Millisecond}}
		a := everySecond
		a.Calm = 1000
		defer query.Observe(c, m.query(a)).Subscribe(ignore)()
		pass(10 * time.Second)
		require.Equal(t, []int64{0, 1400, 5800}, m.at.all(), "how long the first one took nobody knew")
		require.Contains(t, c.Explain(key("moody")).String(), "every 4s, because answers take about 400ms")
	})
}

func TestAdaptive_whatIsLearnedIsForgottenWithTheLastObserver(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		m := new(moody)
		o := query.Observe(c, m.query(everySecond))
		stop := o.Subscribe(ignore)
		pass(30 * time.Second)
		stop()
		require.False(t, c.Explain(key("moody")).Has(query.ReasonAdaptive))
		defer o.Subscribe(ignore)()
		pass(0)
		require.Equal(t, time.Second, time.Until(o.Current().NextPollAt()))
	})
}

func TestAdaptive_intervalFillsWhatIsMissing(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		m := new(moody)
		o := query.Observe(c, m.query(query.Adaptive{Min: time.Second}))
		defer o.Subscribe(ignore)()
		pass(time.Hour)
		require.LessOrEqual(t, time.Until(o.Current().NextPollAt()), 10*time.Second)

		never := m.query(query.Adaptive{Max: time.Second})
		never.Key = key("never")
		other := query.Observe(c, never)
		defer other.Subscribe(ignore)()
		pass(0)
		require.Zero(t, other.Current().NextPollAt())
	})
}
