package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// issue is one thing wrong with an input, spelled as the validator of the JavaScript
// servers spells it, because clients parse it.
type issue struct {
	Origin    string    `json:"origin,omitempty"`
	Expected  string    `json:"expected,omitempty"`
	Code      string    `json:"code"`
	Format    string    `json:"format,omitempty"`
	Minimum   *int64    `json:"minimum,omitempty"`
	Maximum   *int64    `json:"maximum,omitempty"`
	Inclusive *bool     `json:"inclusive,omitempty"`
	Values    []string  `json:"values,omitempty"`
	Errors    [][]issue `json:"errors,omitempty"`
	Path      []string  `json:"path"`
	Message   string    `json:"message"`
}

func wrongType(expected string, got json.RawMessage) issue {
	return issue{
		Expected: expected, Code: "invalid_type", Path: []string{},
		Message: fmt.Sprintf("Invalid input: expected %s, received %s", expected, typeOf(got)),
	}
}

func wrongOption(allowed []string) issue {
	quoted := `"` + strings.Join(allowed, `"|"`) + `"`
	return issue{Code: "invalid_value", Values: allowed, Path: []string{}, Message: "Invalid option: expected one of " + quoted}
}

func tooSmall(origin string, least int64, measure string) issue {
	return issue{
		Origin: origin, Code: "too_small", Minimum: &least, Inclusive: new(true), Path: []string{},
		Message: fmt.Sprintf("Too small: expected %s >=%d%s", expectation(origin), least, measure),
	}
}

func notPositive() issue {
	return issue{
		Origin: "number", Code: "too_small", Minimum: new(int64(0)), Inclusive: new(false), Path: []string{},
		Message: "Too small: expected number to be >0",
	}
}

func tooBig(origin string, most int64, measure string) issue {
	return issue{
		Origin: origin, Code: "too_big", Maximum: &most, Inclusive: new(true), Path: []string{},
		Message: fmt.Sprintf("Too big: expected %s <=%d%s", expectation(origin), most, measure),
	}
}

func expectation(origin string) string {
	if origin == "number" {
		return "number to be"
	}
	return origin + " to have"
}

// typeOf names a JSON value's type as JavaScript does; no value at all is undefined.
func typeOf(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "undefined"
	}
	switch raw[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	default:
		return "number"
	}
}

// badInput wraps issues up as the error of a call, whose message is the list itself.
func badInput(issues []issue) *refusal {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(issues); err != nil {
		panic(err) // strings and numbers always encode
	}
	return &refusal{code: "BAD_REQUEST", message: strings.TrimSuffix(text.String(), "\n"), issues: issues}
}

// flatIssues is what servers by convention put into data.zodError: messages that concern
// the whole input, and those of each member.
type flatIssues struct {
	FormErrors  []string            `json:"formErrors"`
	FieldErrors map[string][]string `json:"fieldErrors"`
}

func flatten(issues []issue) *flatIssues {
	if len(issues) == 0 {
		return nil
	}
	flat := &flatIssues{FormErrors: []string{}, FieldErrors: map[string][]string{}}
	for _, is := range issues {
		if len(is.Path) == 0 {
			flat.FormErrors = append(flat.FormErrors, is.Message)
			continue
		}
		flat.FieldErrors[is.Path[0]] = append(flat.FieldErrors[is.Path[0]], is.Message)
	}
	return flat
}
