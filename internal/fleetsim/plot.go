package fleetsim

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// colours of the plans, in their order; they are told apart by people who see few
// colours, too.
var colours = []string{"#d55e00", "#e69f00", "#009e73", "#999999", "#0072b2", "#cc79a7"}

const (
	panelWidth, panelHeight = 400, 280
	panelTop, panelLeft     = 50, 70
	panelGap                = 90
)

// panel is one diagram; its axes are logarithms unless linear.
type panel struct {
	title, across  string
	left           float64
	x0, x1, y0, y1 float64
	linear         bool
}

func (p *panel) at(x, y float64) (px, py float64) {
	share := func(v, from, to float64, linear bool) float64 {
		if linear {
			return (v - from) / (to - from)
		}
		return math.Log(max(v, from)/from) / math.Log(to/from)
	}
	return p.left + panelWidth*share(x, p.x0, p.x1, p.linear), panelTop + panelHeight*(1-share(y, p.y0, p.y1, false))
}

// Plot draws requests a second against the number of sellers, in the quiet and in the
// worst second after the network has returned; and beside it those of the largest fleet as
// the story goes. sizes hold the results of all plans, the smallest fleet first.
func Plot(cfg Config, sizes [][]*Result) string {
	story, largest := cfg.story(), sizes[len(sizes)-1]
	top, low := 1.0, math.Inf(1)
	for _, results := range sizes {
		for _, r := range results {
			top = max(top, float64(r.AfterCut.Requests), float64(r.AfterDown.Requests))
			low = min(low, max(1, r.Requests))
		}
	}
	top, low = math.Pow(10, math.Ceil(math.Log10(top))), math.Pow(10, math.Floor(math.Log10(low)))
	bySize := panel{
		title: "requests/s (line: quiet, dashes: worst second after a cut)", across: "sellers", left: panelLeft,
		x0: float64(sizes[0][0].Sellers), x1: float64(largest[0].Sellers), y0: low, y1: top,
	}
	byTime := panel{
		title:  fmt.Sprintf("requests/s of %s sellers, as the story goes", thousands(float64(largest[0].Sellers))),
		across: "seconds", left: panelLeft + panelWidth + panelGap,
		x1: story.end.Seconds(), y0: max(low, top/1e5), y1: top, linear: true,
	}
	if bySize.x0 >= bySize.x1 {
		bySize.x0 = bySize.x1 / 10
	}
	var b strings.Builder
	width, height := panelLeft+2*panelWidth+panelGap+110, panelTop+panelHeight+60
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	byTime.shade(&b, story.down, story.up, "server down")
	byTime.shade(&b, story.cut, story.back, "no network")
	bySize.frame(&b)
	byTime.frame(&b)
	for i, r := range largest {
		colour := colours[i%len(colours)]
		var quiet, peak, course []float64
		for _, results := range sizes {
			quiet = append(quiet, float64(results[i].Sellers), results[i].Requests)
			peak = append(peak, float64(results[i].Sellers), float64(results[i].AfterCut.Requests))
		}
		for s, n := range r.PerSecond {
			course = append(course, float64(s)+0.5, float64(n))
		}
		bySize.line(&b, colour, "", quiet)
		bySize.line(&b, colour, "5 4", peak)
		byTime.line(&b, colour, "", course)
		y := panelTop + 16*i
		x := panelLeft + 2*panelWidth + panelGap + 10
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="10" height="10" fill="%s"/><text x="%d" y="%d">%s</text>`+"\n", x, y, colour, x+14, y+10, r.Plan)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (p *panel) shade(b *strings.Builder, from, to time.Duration, name string) {
	x, _ := p.at(from.Seconds(), p.y1)
	end, _ := p.at(to.Seconds(), p.y1)
	fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="#eeeeee"/>`+"\n", x, panelTop, end-x, panelHeight)
	fmt.Fprintf(b, `<text x="%.1f" y="%d" font-size="10" text-anchor="middle" fill="#666666">%s</text>`+"\n", (x+end)/2, panelTop+panelHeight-6, name)
}

// frame draws the axes, with a line for each power of ten.
func (p *panel) frame(b *strings.Builder) {
	fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%d" height="%d" fill="none" stroke="black"/>`+"\n", p.left, panelTop, panelWidth, panelHeight)
	fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", p.left+panelWidth/2, panelTop-14, p.title)
	fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", p.left+panelWidth/2, panelTop+panelHeight+40, p.across)
	for v := p.y0; v <= p.y1*1.01; v *= 10 {
		_, y := p.at(p.x1, v)
		fmt.Fprintf(b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#dddddd"/>`, p.left, y, p.left+panelWidth, y)
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="end">%s</text>`+"\n", p.left-6, y+4, short(v))
	}
	ticks := []float64{}
	if p.linear {
		for v := 0.0; v <= p.x1; v += 60 {
			ticks = append(ticks, v)
		}
	} else {
		for v := p.x0; v <= p.x1*1.01; v *= 10 {
			ticks = append(ticks, v)
		}
	}
	for _, v := range ticks {
		x, _ := p.at(v, p.y1)
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x, panelTop+panelHeight+18, short(v))
	}
}

// short is a number for the side of a diagram.
func short(v float64) string {
	for _, unit := range []string{"", "k", "M"} {
		if v < 1000 {
			return fmt.Sprintf("%.3g%s", v, unit)
		}
		v /= 1000
	}
	return fmt.Sprintf("%.3gG", v)
}

// line draws a line through points, x and y in turn.
func (p *panel) line(b *strings.Builder, colour, dashes string, points []float64) {
	fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="1.5"`, colour)
	if dashes != "" {
		fmt.Fprintf(b, ` stroke-dasharray="%s"`, dashes)
	}
	b.WriteString(` points="`)
	for i := 0; i+1 < len(points); i += 2 {
		x, y := p.at(points[i], points[i+1])
		fmt.Fprintf(b, "%.1f,%.1f ", x, y)
	}
	b.WriteString("\"/>\n")
}
