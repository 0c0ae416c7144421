package fleetsim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCompare_dependsOnNothingButTheConfig(t *testing.T) {
	t.Parallel()
	cfg := Default(3 * cellSize / 2)
	cfg.Steady, cfg.Outage, cfg.Recovery = 10*time.Second, 10*time.Second, 10*time.Second
	run := func(cores int, seed uint64) []*Result {
		c := cfg
		c.Cores, c.Seed = cores, seed
		results, err := Compare(c, Plans())
		require.NoError(t, err)
		return results
	}
	once := run(1, 7)
	require.Equal(t, once, run(2, 7))
	require.NotEqual(t, once, run(1, 8))
}

func TestCompare_eachPlanSparesTheServerMoreThanTheOneBefore(t *testing.T) {
	t.Parallel()
	results, err := Compare(Default(500), Plans())
	require.NoError(t, err)
	naive, batched, spread, selective, adaptive, push := results[0], results[1], results[2], results[3], results[4], results[5]
	require.InDelta(t, naive.Requests, naive.Calls, 0)
	require.Less(t, 5*batched.Requests, naive.Requests)
	require.Less(t, 2*spread.AfterCut.Requests, batched.AfterCut.Requests)
	require.Less(t, 10*selective.Bytes, spread.Bytes)
	require.Equal(t, spread.PerSecond, selective.PerSecond)
	require.Less(t, 1.5*adaptive.Requests, selective.Requests)
	require.Less(t, push.Calls, adaptive.Calls)
	require.Less(t, push.Fresh.P50, time.Second)
	require.Greater(t, naive.Fresh.P50, time.Second)
}

func TestPlay_countsEachRequestOnceAndInItsSlice(t *testing.T) {
	t.Parallel()
	for _, plan := range Plans() {
		cfg := Default(40)
		cfg.Plan, cfg.Headroom = plan, 0.5
		ce := newCell(&cfg, 0, cfg.Sellers)
		var traced, all sums
		ce.trace = func(_ int, at time.Duration, _ procedure, calls int64) {
			require.Equal(t, len(ce.slices), int(at/slice))
			traced.requests++
			traced.calls += calls
		}
		ce.play()
		for _, s := range ce.slices {
			all.add(s)
		}
		require.Equal(t, traced.calls, all.calls, plan.Name)
		if !plan.Push { // where connecting is a request, too
			require.Equal(t, traced.requests, all.requests, plan.Name)
		}
		require.Positive(t, all.refusals, plan.Name)
	}
}

func TestPlay_showsEachChangeOnceOnEachPageAndNeverBeforeItIsMade(t *testing.T) {
	t.Parallel()
	for _, plan := range Plans() {
		cfg := Default(40)
		cfg.Plan, cfg.Changes, cfg.Headroom = plan, 240, 0.5
		ce := newCell(&cfg, 0, cfg.Sellers)
		shown := map[int]map[page][]change{}
		ce.shown = func(seller int, p page, x change, now time.Duration) {
			require.GreaterOrEqual(t, now, x.at+ce.clients[seller].travel/2, plan.Name)
			if shown[seller] == nil {
				shown[seller] = map[page][]change{}
			}
			shown[seller][p] = append(shown[seller][p], x)
		}
		ce.play()
		require.Len(t, shown, cfg.Sellers, plan.Name)
		for seller, byPage := range shown {
			for p, got := range byPage {
				var want []change // from the first that was not there from the beginning
				for _, x := range changesOf(&cfg, seller) {
					if touched[x.kind].has(p) && x.at >= got[0].at && x.at <= ce.clients[seller].pages[p].seen {
						want = append(want, x)
					}
				}
				require.Equal(t, want, got, "%s, %s", plan.Name, specs[p].name)
			}
		}
	}
}

func TestCheck_saysWhatIsWrong(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*Config){
		"0 sellers":            func(c *Config) { c.Sellers = 0 },
		"-1 cores":             func(c *Config) { c.Cores = -1 },
		"-1 changes an hour":   func(c *Config) { c.Changes = -1 },
		"headroom of 0":        func(c *Config) { c.Headroom = 0 },
		"travel for 1ms":       func(c *Config) { c.Near = time.Millisecond },
		"must cost something":  func(c *Config) { c.RequestCost = 0 },
		"whole seconds":        func(c *Config) { c.RetryAfter = time.Millisecond },
		"but warm after":       func(c *Config) { c.Warm = time.Second },
		"the story takes 1.5s": func(c *Config) { c.Outage = 1500 * time.Millisecond },
	}
	for says, spoil := range cases {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			cfg := Default(10)
			spoil(&cfg)
			_, err := Run(cfg)
			require.ErrorContains(t, err, says)
		})
	}
}

func TestServer_queuesRefusesAndRecovers(t *testing.T) {
	t.Parallel()
	cfg := Default(1)
	s := newServer(&cfg, 1000)
	full := int64(s.capacity)
	judge := func(place float64) verdict { return s.judge(&s.past[len(s.past)-1], place) }

	s.close(full)
	require.Equal(t, verdict{}, judge(0.5), "what it can do it does at once")
	s.close(3 * full)
	require.InDelta(t, float64(slice), float64(judge(0.5).wait), 1)
	s.close(100 * full)
	require.Equal(t, verdict{refused: true, retryAfter: cfg.RetryAfter}, judge(0.5))
	require.False(t, judge(0.1).refused, "who came first is served")
	require.InDelta(t, cfg.MaxWait.Seconds(), s.backlog/s.capacity*slice.Seconds(), slice.Seconds(), "the queue is as long as it may be")
	for range 20 {
		s.close(0)
	}
	s.close(full / 2)
	require.Equal(t, verdict{}, judge(0.5))
}

func TestHistogram_isExactToThreePercent(t *testing.T) {
	t.Parallel()
	var h histogram
	require.Zero(t, h.quantile(0.5))
	for ms := range 100_000 {
		d := time.Duration(ms) * time.Millisecond
		bucket := bucketOf(d)
		require.GreaterOrEqual(t, top(bucket), d)
		require.LessOrEqual(t, top(bucket), d+d/32)
		h.add(d)
	}
	require.InEpsilon(t, 50.0, h.quantile(0.5).Seconds(), 0.04)
	require.InEpsilon(t, 99.0, h.quantile(0.99).Seconds(), 0.04)
	require.Equal(t, 99_999*time.Millisecond, h.quantile(1))
}

// changesOf are all changes of a seller.
func changesOf(cfg *Config, seller int) (all []change) {
	for m := newMarket(cfg, seller); m.next.at < cfg.story().end; m.draw(cfg) {
		all = append(all, m.next)
	}
	return all
}
