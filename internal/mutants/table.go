package main

import (
	"fmt"
	"regexp"
	"strings"
)

// mutant is a behaviour and a change of the code that breaks it.
type mutant struct {
	number    int // in the table, from one
	behaviour string
	pkg       string         // "./query": the code to break and the tests to notice
	old       *regexp.Regexp // occurs once in the package
	next      string
}

// parse reads a table: a paragraph for each mutant, of its behaviour, its
// package, the lines to replace, marked by -, and those that replace them, marked
// by +. The former may begin and end within a line of code; without the latter
// they are only taken out. Lines that begin with # are comments.
func parse(text string) ([]mutant, error) {
	var table []mutant
	known := map[string]bool{}
	for _, lines := range paragraphs(text) {
		m, err := parseMutant(lines)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", lines[0], err)
		}
		if known[m.behaviour] {
			return nil, fmt.Errorf("%q is there twice", m.behaviour)
		}
		known[m.behaviour] = true
		m.number = len(table) + 1
		table = append(table, m)
	}
	return table, nil
}

func paragraphs(text string) [][]string {
	var all [][]string
	var open []string
	for line := range strings.Lines(text + "\n\n") {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"):
		case line != "":
			open = append(open, line)
		case open != nil:
			all, open = append(all, open), nil
		}
	}
	return all
}

func parseMutant(lines []string) (mutant, error) {
	if len(lines) < 2 || !strings.HasPrefix(lines[1], "./") {
		return mutant{}, fmt.Errorf("the second line names no package")
	}
	m := mutant{behaviour: lines[0], pkg: lines[1]}
	var before, after []string
	for _, line := range lines[2:] {
		code := strings.TrimSpace(line[1:])
		switch {
		case line[0] == '-' && len(after) == 0 && code != "":
			before = append(before, code)
		case line[0] == '+':
			after = append(after, code)
		default:
			return mutant{}, fmt.Errorf("line %q is out of place", line)
		}
	}
	m.next = strings.Join(after, "\n")
	if len(before) == 0 || m.next == strings.Join(before, "\n") {
		return mutant{}, fmt.Errorf("nothing is changed")
	}
	for i := range before {
		before[i] = regexp.QuoteMeta(before[i])
	}
	m.old = regexp.MustCompile(strings.Join(before, `\n[ \t]*`)) // indentation is the code's
	return m, nil
}
