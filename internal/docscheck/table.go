package docscheck

import "strings"

// Table is one table of a Markdown document, without its line of dashes.
type Table struct {
	Heading string // the last one above it, without number signs
	Header  []string
	Rows    [][]string // cells without surrounding space, \| read as |
}

// Tables returns the tables of a document in order. What is fenced off as code is
// no table.
func Tables(document string) []Table {
	var (
		tables  []Table
		heading string
		inside  bool
		fenced  bool
	)
	for line := range strings.Lines(document) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		row := !fenced && strings.HasPrefix(line, "|")
		switch {
		case row && !inside:
			tables = append(tables, Table{Heading: heading, Header: cells(line)})
		case row && !dashes(line):
			t := &tables[len(tables)-1]
			t.Rows = append(t.Rows, cells(line))
		case !fenced && strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
		inside = row
	}
	return tables
}

func dashes(line string) bool { return strings.Trim(line, "|-: ") == "" }

// cells splits a row at its bars, except at those behind a backslash.
func cells(line string) []string {
	const bar = "\x00"
	line = strings.ReplaceAll(line, `\|`, bar)
	line = strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|")
	list := strings.Split(line, "|")
	for i, cell := range list {
		list[i] = strings.TrimSpace(strings.ReplaceAll(cell, bar, "|"))
	}
	return list
}
