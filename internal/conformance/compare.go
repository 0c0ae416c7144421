package conformance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Difference is the first record in which two traces differ. A record that one
// of them does not have is nil.
type Difference struct {
	Record         int // its index
	Expected, Got  any
	ExpectedLength int // of the traces
	GotLength      int
}

// Compare returns the first difference between two traces, nil if there is none.
// They are equal when they have as many records and each pair is equal as JSON,
// objects member by member, lists in order, numbers by value. Nothing is
// tolerated.
func Compare(expected, got []any) *Difference {
	for i := range max(len(expected), len(got)) {
		a, b := record(expected, i), record(got, i)
		if i >= len(expected) || i >= len(got) || !sameJSON(a, b) {
			return &Difference{Record: i, Expected: a, Got: b, ExpectedLength: len(expected), GotLength: len(got)}
		}
	}
	return nil
}

func record(trace []any, i int) any {
	if i >= len(trace) {
		return nil
	}
	return trace[i]
}

// String shows the two records side by side, one line for each value, and marks
// the lines that differ.
func (d *Difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "record %d differs (%d expected, %d got)\n", d.Record, d.ExpectedLength, d.GotLength)
	writeColumns(&b, d.Expected, d.Got)
	return b.String()
}

// Fields names what differs without saying whose it is: "observers isStale" or
// "calls n". It is sorted.
func (d *Difference) Fields() []string {
	want, got := map[string]string{}, map[string]string{}
	flatten(want, "", d.Expected)
	flatten(got, "", d.Got)
	var out []string
	for _, path := range bothKeys(want, got) {
		if orDash(want, path) != orDash(got, path) {
			section, rest, _ := strings.Cut(path, " ")
			field := rest[strings.LastIndex(rest, " ")+1:]
			out = append(out, strings.TrimSpace(section+" "+field))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// writeColumns writes the values of two records, one line each.
func writeColumns(b *strings.Builder, expected, got any) {
	want, have := map[string]string{}, map[string]string{}
	flatten(want, "", expected)
	flatten(have, "", got)
	width := len("got")
	for _, path := range bothKeys(want, have) {
		width = max(width, len(path))
	}
	column := len("expected")
	for _, text := range want {
		column = max(column, min(len(text), 60))
	}
	fmt.Fprintf(b, "  %-*s  %-*s  %s\n", width, "", column, "expected", "got")
	for _, path := range bothKeys(want, have) {
		x, y := orDash(want, path), orDash(have, path)
		mark := ' '
		if x != y {
			mark = '*'
		}
		fmt.Fprintf(b, "%c %-*s  %-*s  %s\n", mark, width, path, column, x, y)
	}
}

func orDash(lines map[string]string, path string) string {
	if text, ok := lines[path]; ok {
		return text
	}
	return "-"
}

// flatten lists the sections of a record down to the fields of what changed.
// Elements of lists are named by key or id where they have one.
func flatten(lines map[string]string, path string, v any) {
	const depth = 2 // sections, and what is in them
	members, ok := v.(object)
	if items, isList := v.(list); isList && strings.Count(path, " ") == 0 && path != "returned" {
		members, ok = object{}, len(items) > 0
		for i, item := range items {
			members[elementName(i, item)] = item
		}
	}
	if !ok || strings.Count(path, " ") > depth || isAbsent(members) {
		if v != nil || path != "" {
			lines[path] = canonical(v)
		}
		return
	}
	if len(members) == 0 {
		lines[path] = "{}"
	}
	for name, member := range members {
		at := name
		if path != "" {
			at = path + " " + name
		}
		if name == "data" || name == "key" {
			lines[at] = canonical(member)
			continue
		}
		flatten(lines, at, member)
	}
}

func isAbsent(v object) bool { return len(v) == 1 && v["$undefined"] == true }

func elementName(i int, item any) string {
	members, ok := item.(object)
	if !ok {
		return strconv.Itoa(i)
	}
	client := ""
	if id, ok := members["client"].(string); ok {
		client = id + ":"
	}
	if key, ok := members["key"]; ok && members["fn"] == nil {
		return client + canonical(key)
	}
	if id, ok := members["id"]; ok {
		return client + canonical(id)
	}
	return fmt.Sprintf("%02d", i)
}
