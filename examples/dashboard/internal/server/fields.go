package server

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// fields reads the members of a call's input and collects everything that is wrong with
// them, so that the caller learns it all at once. Members nobody asks for are ignored.
type fields struct {
	members map[string]json.RawMessage
	issues  []issue
}

// need says whether a procedure can be called without input.
type need int

const (
	optional need = iota
	required
)

// openFields takes an input apart. A missing optional input has no members; null is not
// missing.
func openFields(raw json.RawMessage, n need) (*fields, error) {
	if raw == nil && n == optional {
		return &fields{}, nil
	}
	f := &fields{}
	if typeOf(raw) != "object" {
		return nil, badInput([]issue{wrongType("object", raw)})
	}
	if err := json.Unmarshal(raw, &f.members); err != nil {
		return nil, &refusal{code: "BAD_REQUEST", message: err.Error()}
	}
	for name, member := range f.members {
		f.members[name] = bytes.TrimSpace(member)
	}
	return f, nil
}

// err is the refusal of the input, or nil if nothing is wrong with it.
func (f *fields) err() error {
	if len(f.issues) == 0 {
		return nil
	}
	return badInput(f.issues)
}

func (f *fields) wrong(name string, is issue) {
	is.Path = []string{name}
	f.issues = append(f.issues, is)
}

// textRule bounds a text by its length in characters; a zero most is no limit.
type textRule struct {
	need  need
	least int
	most  int
}

func (f *fields) text(name string, rule textRule) string {
	raw := f.members[name]
	if raw == nil && rule.need == optional {
		return ""
	}
	var s string
	if typeOf(raw) != "string" || json.Unmarshal(raw, &s) != nil {
		f.wrong(name, wrongType("string", raw))
		return ""
	}
	switch n := utf8.RuneCountInString(s); {
	case n < rule.least:
		f.wrong(name, tooSmall("string", int64(rule.least), " characters"))
	case rule.most > 0 && n > rule.most:
		f.wrong(name, tooBig("string", int64(rule.most), " characters"))
	}
	return s
}

// whole reads an integer; without one it returns fallback, if that is allowed. ok is false
// if there is something else.
func (f *fields) whole(name string, n need, fallback int64) (v int64, ok bool) {
	raw := f.members[name]
	if raw == nil && n == optional {
		return fallback, true
	}
	if typeOf(raw) != "number" {
		f.wrong(name, wrongType("number", raw))
		return 0, false
	}
	if json.Unmarshal(raw, &v) != nil {
		f.wrong(name, wrongType("int", raw))
		return 0, false
	}
	return v, true
}

// one reads one of the allowed texts.
func (f *fields) one(name string, allowed []string) string {
	var s string
	raw := f.members[name]
	if typeOf(raw) != "string" || json.Unmarshal(raw, &s) != nil || !slices.Contains(allowed, s) {
		f.wrong(name, wrongOption(allowed))
	}
	return s
}

// choices are the wanted values of a filter, sorted; none means any.
type choices []string

func (c choices) has(s string) bool { return len(c) == 0 || slices.Contains(c, s) }

func (c choices) String() string {
	if len(c) == 0 {
		return "*"
	}
	return strings.Join(c, ",")
}

// oneOrMany reads an optional filter that is one of the allowed texts or a list of them.
func (f *fields) oneOrMany(name string, allowed []string) choices {
	raw := f.members[name]
	if raw == nil {
		return nil
	}
	var chosen choices
	if typeOf(raw) == "array" {
		if json.Unmarshal(raw, &chosen) != nil || len(chosen) == 0 {
			chosen = choices{""} // not allowed, and reported as such
		}
	} else if s := ""; typeOf(raw) == "string" && json.Unmarshal(raw, &s) == nil {
		chosen = choices{s}
	}
	bad := func(s string) bool { return !slices.Contains(allowed, s) }
	if len(chosen) == 0 || slices.ContainsFunc(chosen, bad) {
		f.wrong(name, issue{
			Code: "invalid_union", Message: "Invalid input",
			Errors: [][]issue{{wrongOption(allowed)}, {wrongType("array", raw)}},
		})
		return nil
	}
	slices.Sort(chosen)
	return slices.Compact(chosen)
}

// moment is a time with its spelling, which cursors are tied to.
type moment struct {
	text string
	at   time.Time
}

// moment reads an optional RFC 3339 time in UTC; other offsets are refused.
func (f *fields) moment(name string) moment {
	raw := f.members[name]
	if raw == nil {
		return moment{}
	}
	var s string
	if typeOf(raw) != "string" || json.Unmarshal(raw, &s) != nil {
		f.wrong(name, wrongType("string", raw))
		return moment{}
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil || !strings.HasSuffix(s, "Z") {
		f.wrong(name, issue{Origin: "string", Code: "invalid_format", Format: "datetime", Message: "Invalid ISO datetime"})
		return moment{}
	}
	return moment{text: s, at: at}
}

// window reads which page is wanted. A null cursor is none.
func (f *fields) window() window {
	var w window
	if typeOf(f.members["cursor"]) != "null" {
		w.cursor = f.text("cursor", textRule{})
	}
	limit, ok := f.whole("limit", optional, 20)
	switch {
	case !ok:
	case limit < 1:
		f.wrong("limit", tooSmall("number", 1, ""))
	case limit > 100:
		f.wrong("limit", tooBig("number", 100, ""))
	}
	w.limit = int(limit)
	return w
}
