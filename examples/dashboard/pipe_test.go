package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/examples/dashboard/internal/server"
	"github.com/freshet-go/freshet/query/trpc/trpctest"
)

// polling is how the program begins unless told otherwise.
var polling = switches{batch: true}

// tail is what is left of a summary behind tail -5, taken apart.
type tail struct {
	fetches, limits, changes []int
	ages                     []time.Duration
	requests, total          int
}

func parseTail(t *testing.T, output string) tail {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(output, "\n"), "\n")
	require.GreaterOrEqual(t, len(lines), 5, output)
	lines = lines[len(lines)-5:]
	require.Equal(t, []string{"page", "dashboard", "sales", "pending", "order", "payouts"}, strings.Fields(lines[0]), output)
	var got tail
	for _, cell := range regexp.MustCompile(`(\d+) \(max (\d+)\)`).FindAllStringSubmatch(lines[1], -1) {
		got.fetches, got.limits = append(got.fetches, number(t, cell[1])), append(got.limits, number(t, cell[2]))
	}
	for cell := range strings.FieldsSeq(strings.TrimPrefix(lines[2], "changes")) {
		got.changes = append(got.changes, number(t, cell))
	}
	for cell := range strings.FieldsSeq(strings.TrimPrefix(lines[3], "worst age")) {
		age, err := time.ParseDuration(cell)
		require.NoError(t, err)
		got.ages = append(got.ages, age)
	}
	_, err := fmt.Sscanf(lines[4], "traffic %d HTTP requests for %d fetches", &got.requests, &got.total)
	require.NoError(t, err, lines[4])
	require.Len(t, got.fetches, 5)
	require.Len(t, got.changes, 5)
	require.Len(t, got.ages, 5)
	return got
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// requireWithinLimits checks what holds for every run in which nothing went
// wrong.
func (got tail) requireWithinLimits(t *testing.T) {
	t.Helper()
	sum := 0
	for p := range page(pageCount) {
		require.Positive(t, got.fetches[p], p)
		require.LessOrEqual(t, got.fetches[p], got.limits[p], p)
		require.LessOrEqual(t, got.ages[p], 10*time.Second, p)
		sum += got.fetches[p]
	}
	require.Equal(t, sum, got.total)
	require.Less(t, got.requests, got.total)
}

func TestRun_keepsEveryPageWithinItsLimits_S27(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		shop := bubbleShop(server.Config{ChangeEvery: changeEvery})
		require.NoError(t, runOn(t.Context(), shop, options{switches: polling, length: 30 * time.Second}, console{out: &out}))

		got := parseTail(t, out.String())
		got.requireWithinLimits(t)
		require.Equal(t, []int{6, 6, 6, 10, 6}, got.limits, "12, 12, 12 and 20 a minute, and 6 for each of two queries")
		require.Equal(t, got.limits, got.fetches, "the dashboard asks as often as it may")
		require.Equal(t, []time.Duration{5 * time.Second, 5 * time.Second, 5 * time.Second, 3 * time.Second, 10 * time.Second}, got.ages)
		require.Positive(t, got.changes[dashboardPage])
		require.Positive(t, got.changes[salesPage])
		require.LessOrEqual(t, got.requests, 20, "what falls due together travels together")
	})
}

func TestRun_tellsAChangeOnItsLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		shop := server.New(server.Config{})
		time.AfterFunc(2*time.Second, func() {
			_, err := shop.CreateOrder(server.DemoSeller)
			require.NoError(t, err)
		})
		require.NoError(t, runOn(t.Context(), backendOf(shop), options{switches: polling, length: 6 * time.Second}, console{out: &out}))

		text := out.String()
		require.Regexp(t, `(?m)^\d\d:\d\d:\d\d\.\d  dashboard  120 orders, .* revenue, .* available$`, text)
		require.Regexp(t, `(?m)^\d\d:\d\d:\d\d\.\d  sales      #121 sold to .* for \$[\d,.]+  \(was 5\.0s old\)$`, text)
		require.Regexp(t, `(?m)  pending    #121 came in from .*$`, text)
		require.Equal(t, []int{1, 1, 1, 0, 0}, parseTail(t, text).changes)
		require.NotContains(t, text, server.DemoToken)
	})
}

func TestRun_pageNarrowsTheLinesButNotTheSummary(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		o := options{switches: polling, length: 20 * time.Second, page: salesPage, paged: true}
		require.NoError(t, runOn(t.Context(), bubbleShop(server.Config{ChangeEvery: changeEvery}), o, console{out: &out}))

		require.Contains(t, out.String(), "  sales      latest 20 of 120 sales\n")
		require.NotRegexp(t, `(?m)^\d\d:\S+  (dashboard|pending|order|payouts) `, out.String())
		parseTail(t, out.String()).requireWithinLimits(t)
	})
}

func TestRun_tellsOfTroubleAndItsEnd_S35(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		shop := bubbleShop(server.Config{})
		time.AfterFunc(4*time.Second, func() { shop.cut(true) })
		time.AfterFunc(7*time.Second, func() { shop.cut(false) })
		require.NoError(t, runOn(t.Context(), shop, options{switches: polling, length: 15 * time.Second}, console{out: &out}))

		require.Contains(t, out.String(), "  dashboard  retries, attempt 2 of 4: connection reset by peer\n")
		require.Contains(t, out.String(), "  dashboard  live again\n")
		require.Contains(t, out.String(), " broken requests\n")
		require.NotContains(t, out.String(), " 0 broken requests\n")
	})
}

func TestRun_interruptIsNoError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(12*time.Second, interrupt)
		var out bytes.Buffer
		require.NoError(t, runOn(ctx, bubbleShop(server.Config{}), options{switches: polling}, console{out: &out}))
		require.Contains(t, out.String(), "12.0s of live pages")
		parseTail(t, out.String()).requireWithinLimits(t)
	})
}

func TestRun_refusedTokenIsAClearErrorWithoutTheToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shop := bubbleShop(server.Config{})
		shop.token = "tok-stolen"
		err := runOn(t.Context(), shop, options{switches: polling}, console{out: &bytes.Buffer{}})
		require.EqualError(t, err, "no answer from test shop: Unknown token")
	})
}

func TestRun_silentServerIsAClearError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shop := server.New(server.Config{})
		shop.Stall(true)
		err := runOn(t.Context(), backendOf(shop), options{switches: polling}, console{out: &bytes.Buffer{}})
		require.EqualError(t, err, "no answer from test shop: it took too long")
	})
}

func TestRun_overRealConnections(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), options{switches: polling, length: 3500 * time.Millisecond}, console{out: &out}))

	parseTail(t, out.String()).requireWithinLimits(t)
}

func TestRun_unreachableServerIsAClearError(t *testing.T) {
	t.Parallel()
	gone := server.New(server.Config{})
	address, err := gone.Start()
	require.NoError(t, err)
	require.NoError(t, gone.Close(t.Context()))

	err = run(t.Context(), options{switches: polling, url: address, token: "tok-secret"}, console{out: &bytes.Buffer{}})
	require.ErrorContains(t, err, "no answer from 127.0.0.1:")
	require.ErrorContains(t, err, "connection refused")
	require.NotContains(t, err.Error(), "tok-secret")
}

// orderOnFirstSales lets a buyer order something as soon as the program has
// shown the sales.
type orderOnFirstSales struct {
	bytes.Buffer
	order func()
}

func (w *orderOnFirstSales) Write(p []byte) (int, error) {
	if w.order != nil && bytes.Contains(p, []byte("  sales ")) {
		w.order()
		w.order = nil
	}
	return w.Buffer.Write(p)
}

func TestRun_showsTheSameSummaryOfARealServer(t *testing.T) {
	t.Parallel()
	node := trpctest.Start(t)
	out := &orderOnFirstSales{order: func() {
		node.Control("createOrder", map[string]any{"sellerId": "seller_1"}, nil)
	}}
	o, err := parseOptions([]string{"-url", node.URL, "-token", "tok-1", "-for", "6500ms"}, "", os.Stderr)
	require.NoError(t, err)
	require.NoError(t, run(t.Context(), o, console{out: out}))

	got := parseTail(t, out.String())
	got.requireWithinLimits(t)
	require.Equal(t, []int{1, 1, 1, 0, 0}, got.changes)
	require.Contains(t, out.String(), "  sales      #121 sold to ")
	require.Equal(t, node.Counters().HTTP.Requests, got.requests, "the server counts the same requests")
	require.NotContains(t, out.String(), "tok-1")
}
