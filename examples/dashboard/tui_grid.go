package main

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// column is one column of a grid. A width of zero takes what the others leave.
type column struct {
	title string
	width int
	right bool // numbers line up on the right
}

// cell is a text in a colour.
type cell struct {
	text  string
	style lipgloss.Style
}

func text(s string) cell { return cell{text: s, style: plain()} }

// grid is a table that fits a rectangle: cells that are too long are cut, and the
// selected row stays in sight.
type grid struct {
	columns  []column
	rows     [][]cell
	selected int // -1 is none
	empty    string
}

func (g grid) render(width, height int) []string {
	columns := g.fit(width)
	titles := make([]cell, len(columns))
	for i, c := range columns {
		titles[i] = cell{c.title, dim()}
	}
	lines := []string{line(columns, titles, plain())}
	if len(g.rows) == 0 {
		return append(lines, dim().Render(g.empty))
	}
	first := max(0, min(g.selected-(height-2)/2, len(g.rows)-(height-1)))
	for i := first; i < len(g.rows) && len(lines) < height; i++ {
		over := plain()
		if i == g.selected {
			over = marked()
		}
		lines = append(lines, line(columns, g.rows[i], over))
	}
	return lines
}

// fit gives the column without width the rest of the line.
func (g grid) fit(width int) []column {
	columns := append([]column(nil), g.columns...)
	rest, open := width-(len(columns)-1)*2, -1
	for i, c := range columns {
		rest -= c.width
		if c.width == 0 {
			open = i
		}
	}
	if open >= 0 {
		columns[open].width = max(rest, 4)
	}
	return columns
}

func line(columns []column, cells []cell, over lipgloss.Style) string {
	var b strings.Builder
	for i, c := range columns {
		if i > 0 {
			b.WriteString(over.Render("  "))
		}
		b.WriteString(cells[i].style.Inherit(over).Render(pad(clean(cells[i].text), c.width, c.right)))
	}
	return b.String()
}

// pad cuts or fills a text to a width.
func pad(s string, width int, right bool) string {
	s = ansi.Truncate(s, width, "…")
	fill := strings.Repeat(" ", max(0, width-lipgloss.Width(s)))
	if right {
		return fill + s
	}
	return s + fill
}

// beside sets two blocks next to each other, the left one in a fixed width.
func beside(left, right []string, width int) []string {
	lines := make([]string, max(len(left), len(right)))
	for i := range lines {
		var l, r string
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		lines[i] = pad(l, width, false) + r
	}
	return lines
}
