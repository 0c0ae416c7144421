package main

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// help says what can be tried.
func (m model) help() []string {
	var lines []string
	for _, pair := range [][2]string{
		{"1-5, tab", "go to a page; all pages stay live, whichever is shown"},
		{"↑ ↓, enter", "select an order, and open it on page 4"},
		{"c, x", "confirm or cancel the order, which shows before the server answers"},
		{"p", "schedule a payout of the least amount the server takes"},
		{"n", "take the network away: everything waits, and resumes by itself"},
		{"f", "let requests fail: attempts are repeated, in the end given up"},
		{"b", "hide the program, as another window in front does by itself"},
		{"P", "push: the server tells what changes, it is polled once a minute"},
		{"B, S, A", "batch calls; decode only what changed; intervals that adapt"},
		{"e", "explain why the page is, or is not, being updated"},
	} {
		lines = append(lines, bold().Render(pad(pair[0], 12, false))+pair[1])
	}
	var signs []string
	for _, mood := range []struct {
		mood mood
		name string
	}{{live, "live"}, {refreshing, "refreshing"}, {retrying, "retrying"}, {paused, "paused"}, {failed, "failed"}} {
		colour, mark := moodStyle(mood.mood)
		signs = append(signs, colour.Render(mark)+" "+mood.name)
	}
	return append(lines, "", dim().Render("signs       ")+strings.Join(signs, "   "))
}

// explanation is the diagnosis of the page's queries, in words.
func (m model) explanation() []string {
	var lines []string
	for _, s := range m.session.pages.of(m.page) {
		lines = append(lines, bold().Render(s.title()))
		for _, f := range s.explain(m.session.client).Findings {
			wrapped := lipgloss.NewStyle().Width(m.width - 4).Render(clean(f.Text))
			for i, l := range strings.Split(wrapped, "\n") {
				lines = append(lines, pick(i == 0, "- ", "  ")+strings.TrimRight(l, " "))
			}
		}
		lines = append(lines, "")
	}
	return lines
}
