package query_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/query"
)

// begun notes under which key a fetch began when, since the start of the test.
type begun struct {
	since time.Time
	log   notes[fetchNote]
}

type fetchNote struct {
	key any
	at  time.Duration
}

func (b *begun) query(name any, takes time.Duration, p query.Policy) query.Query[int] {
	return query.Query[int]{Key: key(name), Policy: p, Fetch: func(context.Context) (int, error) {
		b.log.add(fetchNote{name, time.Since(b.since)})
		time.Sleep(takes)
		return 0, nil
	}}
}

// at returns when fetches under name began.
func (b *begun) at(name any) (at []time.Duration) {
	for _, n := range b.log.all() {
		if n.key == name {
			at = append(at, n.at)
		}
	}
	return at
}

// drop forgets what was noted.
func (n *notes[T]) drop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = nil
}

// moments returns how many moments there are at which fetches began after d.
func (b *begun) moments(d time.Duration) int {
	at := map[time.Duration]bool{}
	for _, n := range b.log.all() {
		if n.at > d {
			at[n.at] = true
		}
	}
	return len(at)
}

func polled(every time.Duration) query.Policy {
	return query.Policy{RefetchInterval: query.Every(every)}
}

const ms = time.Millisecond

func TestTogether_pollsThatAreDueWithinTheWindowStartTogether(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Together: query.Together{On: query.On}}, func(t *testing.T, c *query.Client) {
		b := &begun{since: time.Now()}
		defer query.Observe(c, b.query("a", 0, polled(5*time.Second))).Subscribe(ignore)()
		pass(400 * ms)
		defer query.Observe(c, b.query("b", 0, polled(5*time.Second))).Subscribe(ignore)()
		pass(200 * ms)
		defer query.Observe(c, b.query("late", 0, polled(5*time.Second))).Subscribe(ignore)()
		pass(10 * time.Second)
		require.Equal(t, []time.Duration{0, 5 * time.Second, 10 * time.Second}, b.at("a"))
		require.Equal(t, []time.Duration{400 * ms, 5 * time.Second, 10 * time.Second}, b.at("b"))
		require.Equal(t, []time.Duration{600 * ms, 5600 * ms, 10600 * ms}, b.at("late"), "outside the window of a tenth")
		require.Contains(t, c.Explain(key("a")).String(), "Its last poll started together with one other.")
		require.True(t, c.Explain(key("b")).Has(query.ReasonTogether))
		require.False(t, c.Explain(key("late")).Has(query.ReasonTogether))
	})
}

func TestTogether_explainSaysHowEarly(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Together: query.Together{On: query.On}}, func(t *testing.T, c *query.Client) {
		b := &begun{since: time.Now()}
		for i := range 3 {
			defer query.Observe(c, b.query(i, 0, polled(5*time.Second))).Subscribe(ignore)()
			pass(150 * ms)
		}
		pass(5 * time.Second)
		require.Contains(t, c.Explain(key(2)).String(), "Its last poll started 300ms early, together with 2 others.")
	})
}

func TestTogether_offPollsEachAtItsOwnTime(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Together: query.Together{Window: time.Second}}, func(t *testing.T, c *query.Client) {
		b := &begun{since: time.Now()}
		for i := range 3 {
			defer query.Observe(c, b.query(i, 0, polled(5*time.Second))).Subscribe(ignore)()
			pass(100 * ms)
		}
		pass(10 * time.Second)
		require.Equal(t, 6, b.moments(time.Second))
	})
}

func TestTogether_aHiddenPollTakesNobodyAlong(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Together: query.Together{On: query.On}}, func(t *testing.T, c *query.Client) {
		b := &begun{since: time.Now()}
		defer query.Observe(c, b.query("hidden", 0, polled(5*time.Second))).Subscribe(ignore)()
		pass(100 * ms)
		p := polled(5 * time.Second)
		p.RefetchIntervalInBackground = query.On
		defer query.Observe(c, b.query("seen", 0, p)).Subscribe(ignore)()
		c.Focus().Set(false)
		pass(6 * time.Second)
		require.Equal(t, []time.Duration{0}, b.at("hidden"))
		require.Equal(t, []time.Duration{100 * ms, 5100 * ms}, b.at("seen"))
	})
}

func TestTogether_manyAreStartedAtOneMoment(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{Together: query.Together{On: query.On}}, func(t *testing.T, c *query.Client) {
		b := &begun{since: time.Now()}
		for i := range 200 {
			defer query.Observe(c, b.query(i, 0, polled(5*time.Second))).Subscribe(ignore)()
			pass(2 * ms)
		}
		pass(4 * time.Second)
		b.log.drop()
		pass(5 * time.Second)
		require.Equal(t, 1, b.moments(0))
		require.Len(t, b.log.all(), 200)
	})
}

func TestTogether_noPollIsLateNorEarlierThanTheWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		window := rapid.SampledFrom([]time.Duration{0, 50 * ms, 300 * ms, 10 * time.Second}).Draw(rt, "window")
		type polledQuery struct{ every, takes, mounted time.Duration }
		queries := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) polledQuery {
			return polledQuery{
				every:   time.Duration(rapid.IntRange(1, 50).Draw(rt, "every")) * 100 * ms,
				takes:   time.Duration(rapid.IntRange(0, 700).Draw(rt, "takes")) * ms,
				mounted: time.Duration(rapid.IntRange(0, 3000).Draw(rt, "mounted")) * ms,
			}
		}), 1, 8).Draw(rt, "queries")
		synctest.Test(t, func(t *testing.T) {
			c, err := query.New(query.Config{Together: query.Together{On: query.On, Window: window}})
			require.NoError(t, err)
			defer func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) }()
			b := &begun{since: time.Now()}
			for i, q := range queries {
				time.AfterFunc(q.mounted, func() {
					query.Observe(c, b.query(i, q.takes, polled(q.every))).Subscribe(ignore)
				})
			}
			pass(20 * time.Second)
			for i, q := range queries {
				at := b.at(i)
				require.NotEmpty(t, at)
				early := q.every / 10
				if window > 0 {
					early = min(window, q.every/2)
				}
				for n := 1; n < len(at); n++ {
					period := at[n] - at[n-1]
					require.LessOrEqual(t, period, q.every+q.takes)
					if q.takes < q.every { // else a tick may come with the answer
						require.GreaterOrEqual(t, period, q.every+q.takes-early)
					}
				}
				require.Less(t, 20*time.Second-at[len(at)-1], q.every+q.takes+1, "it goes on")
			}
		})
	})
}

func TestPollJitter_firstPollIsEarlyByTheClientsPart(t *testing.T) {
	t.Parallel()
	part := time.Duration(rand.New(rand.NewPCG(1, 2)).Float64() * float64(time.Second))
	cfg := query.Config{PollJitter: time.Second, Random: rand.NewPCG(1, 2)}
	inBubble(t, cfg, func(t *testing.T, c *query.Client) {
		b := &begun{since: time.Now()}
		for _, name := range []string{"a", "b"} {
			defer query.Observe(c, b.query(name, 0, polled(5*time.Second))).Subscribe(ignore)()
		}
		pass(14 * time.Second)
		want := []time.Duration{0, 5*time.Second - part, 10*time.Second - part}
		require.Equal(t, want, b.at("a"))
		require.Equal(t, want, b.at("b"), "they stay together")
	})
}

func TestPollJitter_theReturnOfTheNetworkBringsAnotherPart(t *testing.T) {
	t.Parallel()
	same := rand.New(rand.NewPCG(1, 2))
	_ = same.Float64()
	part := time.Duration(same.Float64() * float64(time.Second))
	cfg := query.Config{PollJitter: time.Second, Random: rand.NewPCG(1, 2)}
	inBubble(t, cfg, func(t *testing.T, c *query.Client) {
		b := &begun{since: time.Now()}
		defer query.Observe(c, b.query("a", 0, polled(5*time.Second))).Subscribe(ignore)()
		pass(10 * time.Second)
		c.Online().Set(false)
		pass(10 * time.Second)
		c.Online().Set(true)
		pass(10 * time.Second)
		at := b.at("a")
		i := slices.Index(at, 20*time.Second)
		require.Positive(t, i, fmt.Sprint(at))
		require.Equal(t, 25*time.Second-part, at[i+1])
	})
}

func TestPollJitter_longerThanTheIntervalCountsAsTheInterval(t *testing.T) {
	t.Parallel()
	cfg := query.Config{PollJitter: time.Hour, Random: rand.NewPCG(1, 2)}
	inBubble(t, cfg, func(t *testing.T, c *query.Client) {
		b := &begun{since: time.Now()}
		defer query.Observe(c, b.query("a", 0, polled(time.Second))).Subscribe(ignore)()
		pass(1900 * ms)
		at := b.at("a")
		require.Len(t, at, 3)
		require.Less(t, at[1], time.Second)
		require.Equal(t, time.Second, at[2]-at[1])
	})
}
