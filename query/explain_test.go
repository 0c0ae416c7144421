package query_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func reasons(x query.Explanation) []query.Reason {
	var list []query.Reason
	for _, f := range x.Findings {
		list = append(list, f.Reason)
	}
	return list
}

func TestExplain_saysWhy(t *testing.T) {
	t.Parallel()
	k := key("source")
	observed := func(p query.Policy) func(*testing.T, *query.Client, *source) {
		return func(t *testing.T, c *query.Client, src *source) {
			t.Cleanup(query.Observe(c, src.query(p)).Subscribe(ignore))
			synctest.Wait()
		}
	}
	for _, tc := range []struct {
		name string
		src  *source
		do   func(t *testing.T, c *query.Client, src *source)
		want []query.Reason
	}{
		{"unknown", nil, func(*testing.T, *query.Client, *source) {}, []query.Reason{query.ReasonUnknownKey}},
		{"never fetched", nil, func(_ *testing.T, c *query.Client, src *source) {
			query.Observe(c, src.query(query.Policy{}))
		}, []query.Reason{query.ReasonNoObservers, query.ReasonNeverFetched}},
		{"written, not fetchable", nil, func(t *testing.T, c *query.Client, _ *source) {
			require.NoError(t, query.Set(c, query.Query[int]{Key: k}, 1))
		}, []query.Reason{query.ReasonNoFetch, query.ReasonNoObservers}},
		{"stale", nil, observed(query.Policy{}), []query.Reason{query.ReasonStale, query.ReasonNoInterval}},
		{"fresh", nil, observed(query.Policy{StaleTime: query.StaleAfter(time.Minute)}), []query.Reason{query.ReasonFresh, query.ReasonNoInterval}},
		{"fresh for ever", nil, observed(query.Policy{StaleTime: query.StaleNever()}), []query.Reason{query.ReasonFresh, query.ReasonNoInterval}},
		{"static", nil, observed(query.Policy{StaleTime: query.StaleStatic()}), []query.Reason{query.ReasonStatic, query.ReasonNoInterval}},
		{"polling", nil, observed(query.Policy{RefetchInterval: query.Every(time.Second)}), []query.Reason{query.ReasonStale, query.ReasonPolling}},
		{"hidden", nil, func(t *testing.T, c *query.Client, src *source) {
			observed(query.Policy{RefetchInterval: query.Every(time.Second)})(t, c, src)
			c.Focus().Set(false)
		}, []query.Reason{query.ReasonStale, query.ReasonHidden}},
		{"fetching", &source{takes: time.Second}, observed(query.Policy{}), []query.Reason{query.ReasonFetching, query.ReasonNoInterval, query.ReasonNeverFetched}},
		{"backing off", &source{fail: always}, observed(query.Policy{}), []query.Reason{query.ReasonBackingOff, query.ReasonNoInterval, query.ReasonNeverFetched}},
		{"failed", &source{fail: always}, observed(query.Policy{Retry: query.NoRetry()}), []query.Reason{query.ReasonNoInterval, query.ReasonError}},
		{"disabled", nil, observed(query.Policy{Enabled: query.Off}), []query.Reason{query.ReasonDisabled, query.ReasonNeverFetched}},
		{"offline", nil, func(t *testing.T, c *query.Client, src *source) {
			c.Online().Set(false)
			observed(query.Policy{})(t, c, src)
		}, []query.Reason{query.ReasonOffline, query.ReasonNoInterval, query.ReasonNeverFetched}},
		{"unfocused", &source{fail: always}, func(t *testing.T, c *query.Client, src *source) {
			c.Focus().Set(false)
			observed(query.Policy{RetryDelay: query.ConstantDelay(0)})(t, c, src)
		}, []query.Reason{query.ReasonUnfocused, query.ReasonNoInterval, query.ReasonNeverFetched}},
		{"invalidated", nil, func(t *testing.T, c *query.Client, src *source) {
			require.NoError(t, query.Prefetch(t.Context(), c, src.query(query.Policy{})))
			require.NoError(t, c.Invalidate(t.Context(), query.Filter{}))
		}, []query.Reason{query.ReasonNoObservers, query.ReasonInvalidated}},
		{"unmounted", nil, func(t *testing.T, c *query.Client, src *source) {
			require.NoError(t, query.Prefetch(t.Context(), c, src.query(query.Policy{})))
			c.Unmount()
		}, []query.Reason{query.ReasonUnmounted, query.ReasonNoObservers}},
		{"closed", nil, func(t *testing.T, c *query.Client, _ *source) {
			require.NoError(t, c.Close(t.Context()))
		}, []query.Reason{query.ReasonClosed, query.ReasonUnknownKey}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
				src := tc.src
				if src == nil {
					src = new(source)
				}
				tc.do(t, c, src)
				x := c.Explain(k)
				require.Equal(t, k, x.Key)
				require.Equal(t, tc.want, reasons(x))
				require.True(t, x.Has(tc.want[0]))
				require.False(t, x.Has("something else"))
				for _, f := range x.Findings {
					require.Contains(t, x.String(), f.Text)
				}
			})
		})
	}
}

func TestExplain_tellsWhen(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := new(source)
		defer query.Observe(c, src.query(query.Policy{
			RefetchInterval: query.Every(10 * time.Second), StaleTime: query.StaleAfter(3 * time.Second),
		})).Subscribe(ignore)()
		pass(time.Second)
		require.Equal(t, `["source"]
- Its data count as fresh; that ends in 2s.
- It is polled; the next poll is in 9s.`, c.Explain(key("source")).String())
		pass(4 * time.Second)
		require.Equal(t, `["source"]
- Its data are stale, as of 2s ago.
- It is polled; the next poll is in 5s.`, c.Explain(key("source")).String())
		require.Equal(t, time.Now().Add(5*time.Second), c.Explain(key("source")).Findings[1].At)
	})
}
