package main

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/freshet-go/freshet/query"
)

// The least size that shows something useful.
const (
	minWidth  = 60
	minHeight = 16
)

// View draws the screen.
func (m model) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen, v.ReportFocus = true, true
	v.WindowTitle = "Freshet dashboard"
	return v
}

func (m model) screen() string {
	if m.width < minWidth || m.height < minHeight {
		return fmt.Sprintf("This needs a terminal of %d by %d.", minWidth, minHeight)
	}
	top := append(m.head(), m.tabs()...)
	top = append(top, m.freshness()...)
	top = append(top, "")
	foot := m.foot()
	body := m.body(m.height - len(top) - len(foot))
	lines := append(append(top, body...), foot...)
	for i, l := range lines {
		lines[i] = ansi.Truncate(l, m.width, "…")
	}
	return strings.Join(lines, "\n")
}

// head names the program and the conditions.
func (m model) head() []string {
	left := bold().Render("Freshet") + dim().Render("  "+m.session.backend.name)
	var signs []string
	sign := func(ok bool, yes, no string) {
		if ok {
			signs = append(signs, good().Render("● "+yes))
		} else {
			signs = append(signs, bad().Render("○ "+no))
		}
	}
	c := m.conditions()
	sign(c.online, "online", "offline")
	if !c.intact {
		sign(false, "", "requests fail")
	}
	sign(c.focused, "watched", "hidden")
	if n := m.session.client.IsMutating(query.MutationFilter{}); n > 0 {
		signs = append(signs, warn().Render(fmt.Sprintf("%d waiting", n)))
	}
	right := strings.Join(signs, "  ")
	gap := max(2, m.width-lipgloss.Width(left)-lipgloss.Width(right))
	return []string{left + strings.Repeat(" ", gap) + right}
}

// tabs show for every page, whether or not it is on screen, how old it is.
func (m model) tabs() []string {
	var names, ages strings.Builder
	width := min(m.width/pageCount, 20)
	for p := range page(pageCount) {
		name := fmt.Sprintf(" %d %s ", p+1, p)
		style := plain()
		if p == m.page {
			style = marked().Bold(true)
		}
		names.WriteString(pad(style.Render(name), width, false))
		h := worst(m.session.pages.of(p))
		colour, mark := moodStyle(h.mood())
		age := "…"
		if h.hasData {
			age = seconds(h.age.Truncate(time.Second))
		}
		ages.WriteString(pad(" "+colour.Render(mark)+" "+dim().Render(age)+pushSign(h.push), width, false))
	}
	return []string{names.String(), ages.String(), dim().Render(strings.Repeat("─", m.width))}
}

// pushSign tells beside an age whether it matters.
func pushSign(p query.PushStatus) string {
	switch p {
	case query.PushLive:
		return good().Render(" push")
	case query.PushLost:
		return warn().Render(" lost")
	default:
		return ""
	}
}

// worst is the health of the source that is worst off.
func worst(sources []source) health {
	h := sources[0].health()
	for _, s := range sources[1:] {
		if other := s.health(); other.mood() > h.mood() || other.mood() == h.mood() && other.age > h.age {
			h = other
		}
	}
	return h
}

// freshness says of each query of the page how current it is.
func (m model) freshness() []string {
	var lines []string
	now := m.session.clock.Now()
	for _, s := range m.session.pages.of(m.page) {
		h := s.health()
		colour, _ := moodStyle(h.mood())
		lines = append(lines, dim().Render(s.title()+": ")+colour.Render(h.status(now)))
	}
	return lines
}

// body is the page, or what covers it, in exactly that many lines.
func (m model) body(height int) []string {
	var lines []string
	switch m.overlay {
	case helpOverlay:
		lines = m.help()
	case explainOverlay:
		lines = m.explanation()
	default:
		lines = m.pageBody(height)
	}
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines[:height]
}

// foot tells the news, the traffic so far, and the keys.
func (m model) foot() []string {
	message := dim().Render("waiting for the first news")
	switch {
	case m.question != nil:
		message = warn().Bold(true).Render(m.question.text)
	case m.session.clock.Since(m.noticed) < noticeFor:
		message = bold().Render(m.notice)
	case m.last.text != "":
		message = dim().Render(m.last.at.Format("15:04:05")+" "+m.last.page.String()+" ") + m.last.text
	}
	sum := m.session.summary()
	total := sum.total()
	traffic := fmt.Sprintf("%d fetches in %d HTTP requests · %d changes seen · worst age %s",
		total.fetches, sum.api.Requests, total.changes, tenths(total.worst))
	return []string{
		dim().Render(strings.Repeat("─", m.width)),
		message,
		dim().Render(traffic),
		dim().Render(fmt.Sprintf("%d requests/min (naive %d) · ", sum.perMinute, sum.naive)) + switchSigns(sum.switches),
		keys("1-5", "page", "↑↓⏎", "open", "c", "confirm", "x", "cancel",
			"n", "network", "b", "hide", "e", "explain", "?", "help", "q", "quit"),
	}
}

// switchSigns are the switches with their keys.
func switchSigns(w switches) string {
	var signs []string
	for _, s := range listOf(&w) {
		sign := dim().Render("○")
		if *s.on {
			sign = good().Render("●")
		}
		signs = append(signs, bold().Render(s.key)+dim().Render(" "+s.name+" ")+sign)
	}
	return strings.Join(signs, " ")
}

func keys(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		b.WriteString(bold().Render(pairs[i]) + dim().Render(" "+pairs[i+1]+" "))
	}
	return strings.TrimRight(b.String(), " ")
}
