package query_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// statsOf is the row of a prefix.
func statsOf(t *testing.T, c *query.Client, prefix querykey.Key) query.Stats {
	t.Helper()
	for _, row := range c.Stats() {
		if row.Prefix == prefix && !row.Others {
			return row
		}
	}
	t.Fatalf("no row for %s", prefix)
	return query.Stats{}
}

// pageStats asks for a page that answers as the test says, after a second.
type pageStats struct {
	calls int
	give  func(n int) (int, error)
}

func (p *pageStats) query(parts ...any) query.Query[int] {
	return query.Query[int]{
		Key: querykey.Of(parts...),
		Fetch: func(context.Context) (int, error) {
			p.calls++
			n := p.calls
			time.Sleep(time.Second)
			return p.give(n)
		},
		Policy: query.Policy{Retry: query.NoRetry()},
	}
}

func TestStats_tellsWhatFetchesBrought(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		p := &pageStats{give: func(n int) (int, error) { return n / 3, nil }} // 0, 0, 1
		q := p.query("orders", "list")
		for range 3 {
			_, err := query.Fetch(t.Context(), c, q)
			require.NoError(t, err)
			pass(4 * time.Second)
		}
		got := statsOf(t, c, querykey.Of("orders"))
		require.EqualValues(t, 3, got.Fetches)
		require.EqualValues(t, 2, got.Changed, "the first and the third")
		require.EqualValues(t, 1, got.Unchanged)
		require.Equal(t, query.Histogram{Buckets: []query.Bucket{{UpTo: time.Second, Count: 3}}, Count: 3, Sum: 3 * time.Second}, got.Latency)
		require.Equal(t, query.Histogram{Buckets: []query.Bucket{{UpTo: 5 * time.Second, Count: 2}}, Count: 2, Sum: 10 * time.Second}, got.Age)
		require.Zero(t, got.Joined+got.Retries+got.Failures+got.Cancelled+got.NotModified+got.Pushed+got.Batched+got.Bytes)
	})
}

func TestStats_tellsHowOldDataWereWhenTheyWereRead(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		p := &pageStats{give: func(n int) (int, error) { return n, nil }}
		q := p.query("orders", "list")
		q.Policy.StaleTime = query.StaleAfter(time.Minute)
		for range 3 { // after a second that the fetch takes: 0s, 30s, and another fetch
			_, err := query.Fetch(t.Context(), c, q)
			require.NoError(t, err)
			pass(30 * time.Second)
		}
		require.Equal(t, query.Histogram{Buckets: []query.Bucket{{UpTo: 30 * time.Second, Count: 1}}, Count: 1, Sum: 30 * time.Second},
			statsOf(t, c, querykey.Of("orders")).ReadAge, "neither a fetch nor its caller is a read")
		require.Equal(t, 2, p.calls)

		pass(2 * time.Minute)
		_, err := query.Ensure(t.Context(), c, q) // as Get does it, which does not ask for the time
		require.NoError(t, err)
		_, err = query.Revalidate(t.Context(), c, q) // 2m30s, and a fetch that takes a second
		require.NoError(t, err)
		pass(2 * time.Second)
		family := &query.Family[string, int]{Prefix: querykey.Of("orders"), Policy: q.Policy}
		for range 2 {
			_, err = query.FetchOf(t.Context(), c, family, "list")
			require.NoError(t, err)
		}
		want := query.Histogram{Count: 4, Sum: 182 * time.Second, Buckets: []query.Bucket{
			{UpTo: time.Second, Count: 2}, {UpTo: 30 * time.Second, Count: 1}, {UpTo: 5 * time.Minute, Count: 1},
		}}
		require.Equal(t, want, statsOf(t, c, querykey.Of("orders")).ReadAge)
	})
}

func TestStats_looksAtFewOfManyReads(t *testing.T) {
	t.Parallel()
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) }()
	q := query.Query[int]{Key: querykey.Of("orders", 1), Policy: query.Policy{StaleTime: query.StaleAfter(time.Hour)}}
	require.NoError(t, query.Set(c, q, 1))
	const reads = 100_000
	for range reads {
		_, err := query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
	}
	seen := statsOf(t, c, querykey.Of("orders")).ReadAge.Count
	require.NotZero(t, seen)
	require.Less(t, seen, int64(reads/10))
}

// What is counted of reads: how many are, and what one costs, against what a fresh hit
// costs. The metric is by how much of it hits are slower.
func BenchmarkStats_onFreshHits(b *testing.B) {
	c, err := query.New(query.Config{})
	require.NoError(b, err)
	defer func() { require.NoError(b, c.Close(context.Background())) }()
	at := func(stale time.Duration) query.Query[int] {
		return query.Query[int]{Key: querykey.Of("orders", stale), Policy: query.Policy{StaleTime: query.StaleAfter(stale)}}
	}
	// read returns how long a read took, and which part of them was counted.
	read := func(q query.Query[int], n int) (took, counted float64) {
		c.ResetStats()
		require.NoError(b, query.Set(c, q, 1))
		start := time.Now()
		for range n {
			_, _ = query.Fetch(context.Background(), c, q)
		}
		took = float64(time.Since(start)) / float64(n)
		return took, float64(c.Stats()[1].ReadAge.Count) / float64(n)
	}
	const some = 1_000_000
	var slower, share float64
	for b.Loop() {
		hit, few := read(at(time.Hour), some)
		long, all := read(at(900*time.Millisecond), some/100) // so near its end that each is looked at
		require.InDelta(b, 1, all, 0.01)
		slower, share = max(slower, 100*few*(long-hit)/hit), few
	}
	b.ReportMetric(slower, "%slower")
	b.ReportMetric(share*1e6, "counted/1e6")
	require.LessOrEqual(b, slower, 3.0)
}

func TestStats_countsWhoWaitsAndWhatFails(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		p := &pageStats{give: func(n int) (int, error) {
			if n <= 3 {
				return 0, errRefused
			}
			return n, nil
		}}
		q := p.query("orders", 1)
		q.Policy.Retry, q.Policy.RetryDelay = query.Retries(1), query.ConstantDelay(time.Second)
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() { _, _ = query.Fetch(context.Background(), c, q) })
		}
		all.Wait()
		got := statsOf(t, c, querykey.Of("orders"))
		require.EqualValues(t, 1, got.Fetches)
		require.EqualValues(t, 4, got.Joined)
		require.EqualValues(t, 1, got.Retries)
		require.EqualValues(t, 1, got.Failures)
		require.Zero(t, got.Latency.Count)

		_, err := query.Fetch(t.Context(), c, q) // fails once, and then not
		require.NoError(t, err)
		got = statsOf(t, c, querykey.Of("orders"))
		require.EqualValues(t, 2, got.Retries)
		require.EqualValues(t, 1, got.Changed)
		require.Equal(t, 3*time.Second, got.Latency.Sum, "with the attempt that failed and the wait")
		require.Zero(t, got.Age.Count)

		all.Go(func() { _ = c.Refetch(context.Background(), query.Filter{}) })
		pass(time.Millisecond)
		require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
		all.Wait()
		require.EqualValues(t, 1, statsOf(t, c, querykey.Of("orders")).Cancelled)
	})
}

func TestStats_countsWhatPushBrings(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		w := newWire()
		attach(t, c, w.push())
		w.say(connected, data("a", 1), data("b", 2))
		require.NoError(t, query.Set(c, query.Query[int]{Key: key("source")}, 3)) // by hand
		require.EqualValues(t, 2, statsOf(t, c, querykey.Of()).Pushed)
	})
}

func TestStats_countsAnswersThatWereNotModified(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		s := &versioned{}
		for range 3 {
			_, err := query.Fetch(t.Context(), c, s.query())
			require.NoError(t, err)
		}
		got := statsOf(t, c, querykey.Of())
		require.EqualValues(t, 2, got.NotModified)
		require.EqualValues(t, 1, got.Changed)
		require.Zero(t, got.Unchanged)
	})
}

func TestStats_countsPrefixesApartUpToABound(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		fetch := func(context.Context) (int, error) { return 1, nil }
		for n := range 300 {
			q := query.Query[int]{Key: querykey.Of(n, "a"), Fetch: fetch}
			_, err := query.Fetch(t.Context(), c, q)
			require.NoError(t, err)
		}
		c.Clear() // what was counted stays
		rows := c.Stats()
		require.Len(t, rows, 257)
		require.Equal(t, querykey.Of(), rows[0].Prefix)
		require.Equal(t, querykey.Of(7), rows[8].Prefix)
		require.EqualValues(t, 1, rows[8].Fetches)
		last := rows[256]
		require.True(t, last.Others)
		require.EqualValues(t, 45, last.Fetches, "300 without the 255 that have rows")
	})
}

func TestStats_goAsDeepAsTheyAreTold(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{StatsDepth: 2}, func(t *testing.T, c *query.Client) {
		fetch := func(context.Context) (int, error) { return 1, nil }
		for _, k := range []querykey.Key{
			querykey.Of("shop", 1, "orders"), querykey.Of("shop", 1, "orders", 17), querykey.Of("shop", 2, "orders"), querykey.Of("shop", 3),
		} {
			_, err := query.Fetch(t.Context(), c, query.Query[int]{Key: k, Fetch: fetch})
			require.NoError(t, err)
		}
		got := map[string]int64{}
		for _, row := range c.Stats() {
			got[row.Prefix.String()] = row.Fetches
		}
		require.Equal(t, map[string]int64{`[]`: 0, `["shop"]`: 1, `["shop",1]`: 2, `["shop",2]`: 1}, got)
	})
}

func TestStats_resetLosesNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var all sync.WaitGroup
		for n := range 50 {
			all.Go(func() {
				q := query.Query[int]{Key: querykey.Of("n", n), Fetch: func(context.Context) (int, error) { return n, nil }}
				_, _ = query.Fetch(context.Background(), c, q)
			})
		}
		var sum int64
		for range 20 {
			for _, row := range c.ResetStats() {
				sum += row.Fetches
			}
		}
		all.Wait()
		for _, row := range c.ResetStats() {
			sum += row.Fetches
		}
		require.EqualValues(t, 50, sum)
		require.Zero(t, statsOf(t, c, querykey.Of("n")).Fetches)
	})
}

func TestFetchInfo_receivedIsCountedForTheQuery(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: querykey.Of("orders", 1), Fetch: func(ctx context.Context) (int, error) {
			info, _ := query.FetchInfoFrom(ctx)
			info.Received(100, true)
			info.Received(23, false)
			return 1, nil
		}}
		_, err := query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		got := statsOf(t, c, querykey.Of("orders"))
		require.EqualValues(t, 123, got.Bytes)
		require.EqualValues(t, 1, got.Batched)
		query.FetchInfo{}.Received(1, true) // of no fetch: nothing to count for
		require.EqualValues(t, 123, statsOf(t, c, querykey.Of("orders")).Bytes)
	})
}

func TestHistogram_meanAndQuantiles(t *testing.T) {
	t.Parallel()
	require.Zero(t, query.Histogram{}.Mean())
	require.Zero(t, query.Histogram{}.Quantile(0.5))
	h := query.Histogram{
		Buckets: []query.Bucket{{time.Millisecond, 90}, {time.Second, 9}, {-1, 1}},
		Count:   100, Sum: 100 * time.Second,
	}
	require.Equal(t, time.Second, h.Mean())
	require.Equal(t, time.Millisecond, h.Quantile(0))
	require.Equal(t, time.Millisecond, h.Quantile(0.5))
	require.Equal(t, time.Second, h.Quantile(0.9))
	require.EqualValues(t, -1, h.Quantile(0.99))
	require.EqualValues(t, -1, h.Quantile(1))
}

func TestStatsVar_isJSON(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: querykey.Of("orders", 1), Fetch: func(context.Context) (int, error) { return 1, nil }}
		_, err := query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		var v interface{ String() string } = c.StatsVar() // expvar.Var
		var rows []query.Stats
		require.NoError(t, json.Unmarshal([]byte(v.String()), &rows))
		require.Equal(t, c.Stats(), rows)
	})
}

func ExampleClient_Stats() {
	c, closing := open(query.Config{})
	defer closing()
	order := func(id int) query.Query[string] {
		return query.Query[string]{
			Key:   querykey.Of("orders", id),
			Fetch: func(context.Context) (string, error) { return "shipped", nil },
		}
	}
	for _, id := range []int{17, 18, 17} { // stale at once
		_, _ = query.Fetch(context.Background(), c, order(id))
	}
	for _, row := range c.Stats() {
		if row.Fetches > 0 {
			fmt.Println(row.Prefix, row.Fetches, "fetches,", row.Changed, "brought something new,", row.Unchanged, "did not")
		}
	}
	// Output: ["orders"] 3 fetches, 2 brought something new, 1 did not
}
