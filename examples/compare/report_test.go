package main

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// reportOf is a report of so many requests, and of data on every page that were 5 s old
// at worst, and so old with everything on.
func reportOf(naiveRequests, allRequests int, allAge time.Duration) report {
	r := report{options: options{least: 10}, length: 5 * time.Minute, changes: 30, version: "11"}
	r.naive.plan, r.all.plan = naive.name, everything(trpc.SSE).name
	r.naive.counters.HTTP.Requests, r.all.counters.HTTP.Requests = naiveRequests, allRequests
	for range pages {
		r.naive.pages = append(r.naive.pages, verdict{changes: enough, worst: 5 * time.Second})
		r.all.pages = append(r.all.pages, verdict{changes: enough, worst: allAge})
	}
	return r
}

func TestReport_tellsWhetherItIsAsWanted(t *testing.T) {
	t.Parallel()
	r := reportOf(500, 50, 5*time.Second)
	require.NoError(t, r.verdict())
	require.Contains(t, r.String(), "10.0 times fewer requests (at least 10), worst age 5.00 s against 5.00 s: as wanted\n")

	r = reportOf(499, 50, time.Second)
	require.EqualError(t, r.verdict(), "9.98 times fewer requests, not 10")
	require.Contains(t, r.String(), "NOT as wanted")

	require.ErrorContains(t, reportOf(500, 5, 6*time.Second).verdict(), "older than polled one by one")
}

func TestReport_onePageThatIsOlderSpoilsIt(t *testing.T) {
	t.Parallel()
	r := reportOf(500, 5, time.Second)
	r.naive.pages[3].worst, r.all.pages[3].worst = time.Second, 2*time.Second
	require.EqualError(t, r.verdict(), "the data of page order were older than polled one by one")
	r.naive.pages[3].changes = enough - 1
	require.NoError(t, r.verdict(), "too few changes say nothing")
}

func TestReport_whatNeverWasTrueSpoilsIt(t *testing.T) {
	t.Parallel()
	r := reportOf(500, 5, time.Second)
	r.all.pages[0].wrong = 2
	require.EqualError(t, r.verdict(), "everything on: 2 times something was shown that never was true")
}

func TestCounters_streamsAndTheirMessagesAreRequests(t *testing.T) {
	t.Parallel()
	var c counters
	c.HTTP.Requests, c.SSE.Opened = 7, 2
	require.Equal(t, 7, c.requests())
	require.Equal(t, 2, c.streams())
	c.SSE.Opened = 0
	c.WS.Connections, c.WS.Messages, c.WS.Pings, c.WS.Pongs = 1, 6, 1, 2
	require.Equal(t, 11, c.requests())
	require.Equal(t, 4, c.streams())
}

func TestOptions_areReadFromTheCommandLine(t *testing.T) {
	t.Parallel()
	o, err := parseOptions([]string{"-for", "30s", "-every", "2s", "-least", "5", "-transport", "ws", "-seed", "7"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, options{length: 30 * time.Second, every: 2 * time.Second, least: 5, transport: trpc.WebSocket, seed: 7}, o)
	for _, wrong := range [][]string{{"-transport", "pigeon"}, {"-for", "0s"}, {"-every", "-1s"}, {"-nope"}} {
		_, err := parseOptions(wrong, io.Discard)
		require.Error(t, err, wrong)
	}
}
