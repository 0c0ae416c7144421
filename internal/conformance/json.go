package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// JSON values are nil, bool, float64, string, list and object, and besides
// absent where JavaScript has undefined.
type (
	object = map[string]any
	list   = []any
)

// absence is the type of absent, which stands for no value at all. It is
// different from nil, the null of JSON, which is ordinary data.
type absence struct{}

var absent = absence{}

// MarshalJSON writes the notation of the trace for no value.
func (absence) MarshalJSON() ([]byte, error) { return []byte(`{"$undefined":true}`), nil }

// decode reads one JSON value and nothing after it.
func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more follows the JSON value")
	}
	return v, nil
}

// plain returns v as a JSON value that shares nothing with it. It serves for
// what the library hands out, whose numbers and structs are its own.
func plain(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("conformance: data that are not JSON: %w", err)
	}
	return decode(text)
}

// clone returns a deep copy.
func clone(v any) any {
	switch v := v.(type) {
	case list:
		out := emptyList(len(v))
		for i, x := range v {
			out[i] = clone(x)
		}
		return out
	case object:
		out := make(object, len(v))
		for k, x := range v {
			out[k] = clone(x)
		}
		return out
	default:
		return v
	}
}

// emptyList returns a list of n values. It has room for one, since only what takes
// up room can be told from other lists when it is empty.
func emptyList(n int) list { return make(list, n, max(n, 1)) }

// canonical returns JSON text without white space and with sorted members. An
// absent value is the word undefined, null in a list and left out of an object.
func canonical(v any) string {
	var b strings.Builder
	writeCanonical(&b, v)
	return b.String()
}

func writeCanonical(b *strings.Builder, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case absence:
		b.WriteString("undefined")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case float64:
		b.WriteString(strconv.FormatFloat(v, 'f', -1, 64))
	case string:
		b.WriteString(quoted(v))
	case list:
		b.WriteByte('[')
		for i, x := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			if x == absent {
				x = nil
			}
			writeCanonical(b, x)
		}
		b.WriteByte(']')
	case object:
		b.WriteByte('{')
		first := true
		for _, k := range sortedKeys(v) {
			if v[k] == absent {
				continue
			}
			if !first {
				b.WriteByte(',')
			}
			first = false
			b.WriteString(quoted(k))
			b.WriteByte(':')
			writeCanonical(b, v[k])
		}
		b.WriteByte('}')
	default:
		panic(fmt.Sprintf("conformance: %T is not a JSON value", v))
	}
}

// quoted escapes as JavaScript does, which leaves HTML alone.
func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string always encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func sameJSON(a, b any) bool { return canonical(a) == canonical(b) }

// at follows a path such as orders.0.status into v; the empty path is v itself.
func at(v any, path string) any {
	if path == "" {
		return v
	}
	v = shown(v)
	for part := range strings.SplitSeq(path, ".") {
		switch container := v.(type) {
		case list:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(container) {
				return absent
			}
			v = container[i]
		case object:
			member, ok := container[part]
			if !ok {
				return absent
			}
			v = member
		default:
			return absent
		}
	}
	return v
}

// with returns v with the value at path replaced. Branches beside the path are
// shared with v, and what is missing on the way becomes objects.
func with(v any, path string, value any) any {
	if path == "" {
		return value
	}
	head, rest, _ := strings.Cut(path, ".")
	if items, ok := v.(list); ok {
		i, err := strconv.Atoi(head)
		if err != nil || i < 0 {
			return v
		}
		out := slices.Clone(items)
		for len(out) <= i {
			out = append(out, nil)
		}
		out[i] = with(out[i], rest, value)
		return out
	}
	out := object{}
	if members, ok := v.(object); ok {
		out = shallow(members)
	}
	out[head] = with(out[head], rest, value)
	return out
}

func shallow(m object) object {
	out := make(object, len(m))
	maps.Copy(out, m)
	return out
}

// matches reports whether item is an object that has all members of want.
func matches(item any, want object) bool {
	members, ok := item.(object)
	if !ok {
		return false
	}
	for k, v := range want {
		have, ok := members[k]
		if !ok || !sameJSON(have, v) {
			return false
		}
	}
	return true
}

// operator returns the name of an operator, an object with a member that begins
// with a dollar sign.
func operator(v any) (name string, members object, ok bool) {
	members, _ = v.(object)
	for k := range members {
		if strings.HasPrefix(k, "$") {
			if ok {
				return "", nil, false // two of them are data nobody wrote
			}
			name, ok = k, true
		}
	}
	return name, members, ok
}

// as returns a value of a scenario that validate has found to be a T.
func as[T any](v any) T {
	t, ok := v.(T)
	if !ok {
		panic(fmt.Sprintf("conformance: %v should have been refused, it is no %T", v, t))
	}
	return t
}
