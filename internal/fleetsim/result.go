package fleetsim

import "time"

// Result is what came of a run. Rates are a second.
type Result struct {
	Plan    string `json:"plan"`
	Sellers int    `json:"sellers"`

	Requests float64 `json:"requests"` // in the quiet
	Calls    float64 `json:"calls"`
	Events   float64 `json:"events"`
	Work     float64 `json:"work"` // seconds of one core
	Bytes    float64 `json:"bytes"`
	Decoded  float64 `json:"decoded"` // by the clients, in bytes

	Fresh     Ages `json:"fresh"`     // of changes, when they are shown in the quiet
	AfterDown Peak `json:"afterDown"` // of the server
	AfterCut  Peak `json:"afterCut"`  // of the network

	// PerSecond are the requests in each second of the story.
	PerSecond []int64 `json:"perSecond"`
}

// Ages are how long after the server has made a change the page shows it.
type Ages struct {
	P50     time.Duration `json:"p50"`
	P99     time.Duration `json:"p99"`
	Max     time.Duration `json:"max"`
	Changes int64         `json:"changes"` // shown, each page counted
}

// Peak is what an outage leads to.
type Peak struct {
	Requests int64   `json:"requests"` // in the worst second
	Work     float64 `json:"work"`     // likewise, seconds of one core
	Refused  int64   `json:"refused"`  // since the end of the outage
	Fresh    Ages    `json:"fresh"`    // from the end of the outage, for what it hid
}

func (h *histogram) ages() Ages {
	return Ages{P50: h.quantile(0.5), P99: h.quantile(0.99), Max: h.longest.Round(time.Millisecond), Changes: h.total}
}

func (f *fleet) result(plan Plan) *Result {
	t, story := &f.tally, f.cfg.story()
	quiet := f.between(story.steady, story.down)
	r := &Result{
		Plan: plan.Name, Sellers: f.cfg.Sellers, Fresh: t.quiet.ages(),
		AfterDown: f.peak(story.up, story.cut, &t.afterDown), AfterCut: f.peak(story.back, story.end, &t.afterCut),
	}
	rate := func(n int64) float64 { return float64(n) / f.cfg.Steady.Seconds() }
	r.Requests, r.Calls, r.Events = rate(quiet.requests), rate(quiet.calls), rate(quiet.events)
	r.Work, r.Bytes, r.Decoded = rate(quiet.work)/1e9, rate(quiet.bytes), rate(quiet.decoded)
	if plan.Selective {
		r.Bytes, r.Decoded = rate(quiet.newBytes), rate(quiet.newDecoded)
	}
	for at := time.Duration(0); at < story.end; at += time.Second {
		r.PerSecond = append(r.PerSecond, f.between(at, at+time.Second).requests)
	}
	return r
}

// between returns what has happened from one time to another.
func (f *fleet) between(from, to time.Duration) (all sums) {
	for _, s := range f.slices[from/slice : to/slice] {
		all.add(s)
	}
	return all
}

// peak looks for the worst second, wherever in a second it begins.
func (f *fleet) peak(from, to time.Duration, fresh *histogram) Peak {
	p := Peak{Refused: f.between(from, to).refusals, Fresh: fresh.ages()}
	for ; from+time.Second <= to; from += slice {
		s := f.between(from, from+time.Second)
		p.Requests, p.Work = max(p.Requests, s.requests), max(p.Work, float64(s.work)/1e9)
	}
	return p
}
