package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// report is what came of a story.
type report struct {
	options options
	length  time.Duration
	changes int
	version string // of tRPC
	naive   outcome
	all     outcome
}

// outcome is what a side took and how fresh it was.
type outcome struct {
	plan     string
	counters counters
	calls    int64
	received int64     // bytes
	pages    []verdict // in their order
}

func newReport(ctx context.Context, o options, y *story) (report, error) {
	r := report{options: o, length: y.length, changes: y.changes, version: y.sides[0].node.Version}
	for i, to := range []*outcome{&r.naive, &r.all} {
		s := y.sides[i]
		c, err := s.node.counters(ctx)
		if err != nil {
			return report{}, err
		}
		stats := s.api.Stats()
		*to = outcome{plan: s.plan.name, counters: c, calls: stats.Calls, received: stats.BytesReceived}
		for _, p := range pages {
			to.pages = append(to.pages, s.history.judge(p.of, y.end))
		}
	}
	return r, nil
}

// fewer is how many times fewer requests there were with everything on.
func (r report) fewer() float64 {
	return float64(r.naive.counters.requests()) / float64(max(1, r.all.counters.requests()))
}

// worst is the worst age that any page had.
func (o outcome) worst() (d time.Duration) {
	for _, p := range o.pages {
		d = max(d, p.worst)
	}
	return d
}

// wrong is how often any page showed what never was true.
func (o outcome) wrong() (n int) {
	for _, p := range o.pages {
		n += p.wrong
	}
	return n
}

// enough is how many changes a page must have seen for its worst age to say something.
const enough = 5

// verdict is an error if what was promised did not come true.
func (r report) verdict() error {
	var errs []error
	if f := r.fewer(); f < r.options.least {
		errs = append(errs, fmt.Errorf("%.2f times fewer requests, not %g", f, r.options.least))
	}
	if r.all.worst() > r.naive.worst() {
		errs = append(errs, errors.New("data were older than polled one by one"))
	}
	for i, p := range pages {
		if a, n := r.all.pages[i], r.naive.pages[i]; n.changes >= enough && a.worst > n.worst {
			errs = append(errs, fmt.Errorf("the data of page %s were older than polled one by one", p.name))
		}
	}
	for _, o := range []outcome{r.naive, r.all} {
		if n := o.wrong(); n > 0 {
			errs = append(errs, fmt.Errorf("%s: %d times something was shown that never was true", o.plan, n))
		}
	}
	return errors.Join(errs...)
}

// String is a table for people.
func (r report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "One seller, five pages open for %v, tRPC %s on Node, %d changes at the server.\n\n",
		r.length.Round(time.Second), r.version, r.changes)
	row := func(title string, cell func(outcome) string) {
		fmt.Fprintf(&b, "%-28s  %18s  %18s\n", title, cell(r.naive), cell(r.all))
	}
	row("", func(o outcome) string { return o.plan })
	row("requests, by the server", func(o outcome) string { return fmt.Sprint(o.counters.requests()) })
	row("  streams of them", func(o outcome) string { return fmt.Sprint(o.counters.streams()) })
	row("procedure calls", func(o outcome) string { return fmt.Sprint(o.calls) })
	row("received", func(o outcome) string { return fmt.Sprintf("%d kB", o.received/1000) })
	row("worst age of shown data", func(o outcome) string { return age(o.worst()) })
	for i, p := range pages {
		row(fmt.Sprintf("  %-10s %2d changes", p.name, r.naive.pages[i].changes), func(o outcome) string { return age(o.pages[i].worst) })
	}
	said := "as wanted"
	if r.verdict() != nil {
		said = "NOT as wanted"
	}
	fmt.Fprintf(&b, "\n%.1f times fewer requests (at least %g), worst age %s against %s: %s\n",
		r.fewer(), r.options.least, age(r.all.worst()), age(r.naive.worst()), said)
	return b.String()
}

func age(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
