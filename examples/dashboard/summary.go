package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/freshet-go/freshet/query/trpc"
)

// summary is what a run took and what it showed.
type summary struct {
	length time.Duration
	pages  [pageCount]pageSummary
	api    trpc.Stats

	perMinute, naive int // HTTP requests, and what they would be if each query were polled by itself
	switches         switches
}

// pageSummary adds up the queries of a page.
type pageSummary struct {
	fetches, limit, changes int
	worst                   time.Duration // age of data that were on show
}

func (s *session) summary() summary {
	sum := summary{length: s.clock.Now().Sub(s.began), api: s.traffic(), switches: s.switches}
	sum.perMinute, sum.naive = s.rate.perMinute(), s.meter.naive()
	for _, g := range s.meter.gauges {
		r, p := g.read(), &sum.pages[g.page]
		p.fetches += r.fetches
		p.limit += g.allowance(sum.length)
		p.changes += r.changes
		p.worst = max(p.worst, r.worst)
	}
	return sum
}

// total adds up the pages.
func (s summary) total() pageSummary {
	var t pageSummary
	for _, p := range s.pages {
		t.fetches += p.fetches
		t.limit += p.limit
		t.changes += p.changes
		t.worst = max(t.worst, p.worst)
	}
	return t
}

// String is a head line and then, in five lines, all that matters: a column per
// page, and the traffic.
func (s summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s of live pages; %d kB received, %d broken requests\n",
		tenths(s.length), s.api.BytesReceived/1000, s.api.Broken)
	fmt.Fprintf(&b, "%d requests a minute, %d if each query were polled by itself; %s\n\n", s.perMinute, s.naive, s.switches)
	row := func(title string, cell func(pageSummary) string) {
		fmt.Fprintf(&b, "%-10s", title)
		for _, p := range s.pages {
			fmt.Fprintf(&b, "  %12s", cell(p))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%-10s", "page")
	for p := range page(pageCount) {
		fmt.Fprintf(&b, "  %12s", p)
	}
	b.WriteByte('\n')
	row("fetches", func(p pageSummary) string { return fmt.Sprintf("%d (max %d)", p.fetches, p.limit) })
	row("changes", func(p pageSummary) string { return fmt.Sprint(p.changes) })
	row("worst age", func(p pageSummary) string { return tenths(p.worst) })
	fmt.Fprintf(&b, "%-10s  %d HTTP requests for %d fetches (%d procedure calls, %d batches)\n",
		"traffic", s.api.Requests, s.total().fetches, s.api.Calls, s.api.Batches)
	return b.String()
}
