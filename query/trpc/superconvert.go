package trpc

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// convert turns a plain value into what its annotation says. Names from a newer
// superjson, and those of custom types, which come as arrays, leave it plain.
func (r reviver) convert(value, name any) (any, error) {
	text, ok := name.(string)
	if !ok {
		if _, compound := name.([]any); compound {
			return value, nil
		}
		return nil, errors.New("name of an annotation is neither text nor an array")
	}
	switch text {
	case "undefined":
		return undefined{}, nil
	case "bigint":
		return r.bigint(value)
	case "number":
		return number(value)
	case "map":
		return object(value)
	}
	return value, nil
}

func (r reviver) bigint(value any) (any, error) {
	digits, ok := value.(string)
	if !ok || strings.Trim(strings.TrimPrefix(digits, "-"), "0123456789") != "" || strings.TrimPrefix(digits, "-") == "" {
		return nil, errors.New("a bigint is not decimal text")
	}
	if r.form == bigintText {
		return digits, nil
	}
	trimmed := strings.TrimLeft(strings.TrimPrefix(digits, "-"), "0")
	if trimmed == "" {
		return json.Number("0"), nil
	}
	if digits[0] == '-' {
		trimmed = "-" + trimmed
	}
	return json.Number(trimmed), nil
}

// number reads what JSON has no number for. Only -0 has one after all.
func number(value any) (any, error) {
	switch value {
	case "-0":
		return json.Number("-0"), nil
	case "NaN", "Infinity", "-Infinity":
		return value, nil
	}
	return nil, errors.New("an annotated number is none of NaN, Infinity, -Infinity and -0")
}

// object turns the pairs of a map into an object, unless its keys are no texts
// or two keys would become one.
func object(value any) (any, error) {
	pairs, ok := value.([]any)
	if !ok {
		return nil, errors.New("a map is not an array of pairs")
	}
	fields := make(map[string]any, len(pairs))
	for _, item := range pairs {
		pair, ok := item.([]any)
		if !ok || len(pair) != 2 {
			return nil, errors.New("a map is not an array of pairs")
		}
		switch key := pair[0].(type) {
		case string:
			fields[key] = pair[1]
		case json.Number:
			fields[key.String()] = pair[1]
		default:
			return value, nil
		}
	}
	if len(fields) != len(pairs) {
		return value, nil
	}
	return fields, nil
}

// parseSuperPath splits a dotted path. A backslash escapes a dot and, but in the
// legacy form, itself.
func parseSuperPath(text string, legacy bool) ([]string, error) {
	var path []string
	var segment strings.Builder
	for i := 0; i < len(text); i++ {
		next := byte(0)
		if i+1 < len(text) {
			next = text[i+1]
		}
		switch c := text[i]; {
		case c == '.':
			path = append(path, segment.String())
			segment.Reset()
		case c == '\\' && (next == '.' || next == '\\' && !legacy):
			segment.WriteByte(next)
			i++
		case c == '\\' && !legacy:
			return nil, fmt.Errorf("path with a stray backslash: %s", excerpt(fmt.Sprintf("%q", text)))
		default:
			segment.WriteByte(c)
		}
	}
	return append(path, segment.String()), nil
}
