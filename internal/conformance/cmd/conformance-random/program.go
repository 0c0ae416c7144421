package main

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"

	"github.com/freshet-go/freshet/internal/conformance/shrink"
)

func readProgram(file string) (shrink.Program, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var p shrink.Program
	return p, json.Unmarshal(text, &p)
}

// encode returns the JSON of a program with the members that say what something
// is in front of the others. The oracle keeps their order in what it writes.
func encode(p shrink.Program) ([]byte, error) {
	var b bytes.Buffer
	if err := writeValue(&b, p); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func writeValue(b *bytes.Buffer, v any) error {
	switch v := v.(type) {
	case []any:
		return writeAll(b, '[', ']', len(v), func(i int) error { return writeValue(b, v[i]) })
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.SortFunc(names, compareMembers)
		return writeAll(b, '{', '}', len(names), func(i int) error {
			if err := writeText(b, names[i]); err != nil {
				return err
			}
			b.WriteByte(':')
			return writeValue(b, v[names[i]])
		})
	default:
		return writeText(b, v)
	}
}

func writeAll(b *bytes.Buffer, open, end byte, n int, write func(i int) error) error {
	b.WriteByte(open)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := write(i); err != nil {
			return err
		}
	}
	b.WriteByte(end)
	return nil
}

func writeText(b *bytes.Buffer, v any) error {
	text, err := json.Marshal(v)
	b.Write(text)
	return err
}

// compareMembers puts the names of operators first, which the format demands.
func compareMembers(a, b string) int {
	place := func(name string) int {
		if strings.HasPrefix(name, "$") {
			return -1
		}
		order := []string{"name", "about", "client", "vars", "fns", "steps", "do", "id", "queryKey", "key"}
		if i := slices.Index(order, name); i >= 0 {
			return i
		}
		return len(order)
	}
	if x, y := place(a), place(b); x != y {
		return x - y
	}
	return strings.Compare(a, b)
}
