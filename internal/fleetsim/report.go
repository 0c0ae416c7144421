package fleetsim

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// A server is this many cores, busy to this part at most.
const (
	serverCores = 8
	serverBusy  = 0.6
)

// servers is how many of them a load takes.
func servers(work float64) int { return max(1, int(math.Ceil(work/(serverCores*serverBusy)))) }

// Table is the results as Markdown: the quiet first, then the outages.
func Table(results []*Result) string {
	var b strings.Builder
	b.WriteString("| plan | requests/s | calls/s | events/s | sent | decoded | change shown after: p50 | p99 | max | busy cores | servers |\n")
	b.WriteString("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s/s | %s/s | %s | %s | %s | %s | %d |\n", r.Plan,
			thousands(r.Requests), thousands(r.Calls), thousands(r.Events), size(r.Bytes), size(r.Decoded),
			seconds(r.Fresh.P50), seconds(r.Fresh.P99), seconds(r.Fresh.Max), thousands(math.Ceil(r.Work)), servers(r.Work))
	}
	b.WriteString("\n| plan | server back: worst second | refused | all shown again: p99 | max | network back: worst second | refused | all shown again: p99 | max | servers for the worst second |\n")
	b.WriteString("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range results {
		d, c := &r.AfterDown, &r.AfterCut
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %d |\n", r.Plan,
			thousands(float64(d.Requests)), thousands(float64(d.Refused)), seconds(d.Fresh.P99), seconds(d.Fresh.Max),
			thousands(float64(c.Requests)), thousands(float64(c.Refused)), seconds(c.Fresh.P99), seconds(c.Fresh.Max),
			servers(max(d.Work, c.Work)))
	}
	return b.String()
}

// thousands is a whole number with its thousands apart.
func thousands(f float64) string {
	digits := fmt.Sprintf("%.0f", f)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(d)
	}
	return b.String()
}

func size(bytes float64) string {
	for _, unit := range []string{"B", "kB", "MB", "GB"} {
		if bytes < 1000 {
			return fmt.Sprintf("%.3g %s", bytes, unit)
		}
		bytes /= 1000
	}
	return fmt.Sprintf("%.3g TB", bytes)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// Marks of the part of a document that Insert replaces.
const (
	insertBegin = "<!-- fleetsim: begin -->"
	insertEnd   = "<!-- fleetsim: end -->"
)

// Insert replaces the text between two marks in a document.
func Insert(document, text string) (string, error) {
	before, rest, ok := strings.Cut(document, insertBegin)
	_, after, closed := strings.Cut(rest, insertEnd)
	if !ok || !closed {
		return "", fmt.Errorf("fleetsim: the document lacks the marks %s and %s", insertBegin, insertEnd)
	}
	return before + insertBegin + "\n" + text + insertEnd + after, nil
}
