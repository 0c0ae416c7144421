package querykey

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxDepth is how many lists and objects may be open at once, the key's own
// list included. It keeps recursion shallow and turns a cyclic value into an
// error.
const maxDepth = 100

// appendParts appends the encodings of parts to dst, which holds those of the
// parts before them.
func appendParts(dst []byte, parts []any) ([]byte, *PartError) {
	for i, part := range parts {
		if len(dst) > 0 {
			dst = append(dst, ',')
		}
		var fault *PartError
		if dst, fault = appendValue(dst, part, 1); fault != nil {
			fault.Index = i
			return nil, fault.under("[" + strconv.Itoa(i) + "]")
		}
	}
	return dst, nil
}

// appendValue appends the canonical JSON of v, which is inside depth containers.
// The types that make up most keys, and all that decoding yields, are handled
// without reflection.
func appendValue(dst []byte, v any, depth int) ([]byte, *PartError) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case string:
		return appendString(dst, v)
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case uint64:
		return strconv.AppendUint(dst, v, 10), nil
	case float64:
		return appendFloat(dst, v, 64)
	case json.Number:
		return appendNumber(dst, v)
	case Key:
		return appendKey(dst, v, depth)
	case []any:
		return appendList(dst, v, depth)
	case map[string]any:
		return appendObject(dst, v, depth)
	case json.RawMessage:
		return appendRaw(dst, v, depth)
	default:
		return appendOther(dst, v, depth)
	}
}

// appendKey appends k as a list.
func appendKey(dst []byte, k Key, depth int) ([]byte, *PartError) {
	if k.err != nil {
		return nil, &PartError{Type: "querykey.Key", Reason: "is an invalid key", Err: k.err}
	}
	if depth+1+nesting(k.enc) > maxDepth {
		return nil, tooDeep(k)
	}
	dst = append(dst, '[')
	dst = append(dst, k.enc...)
	return append(dst, ']'), nil
}

// appendList appends list, or null if it is nil.
func appendList(dst []byte, list []any, depth int) ([]byte, *PartError) {
	if list == nil {
		return append(dst, "null"...), nil
	}
	if depth >= maxDepth {
		return nil, tooDeep(list)
	}
	dst = append(dst, '[')
	for i, element := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		var fault *PartError
		if dst, fault = appendValue(dst, element, depth+1); fault != nil {
			return nil, fault.under("[" + strconv.Itoa(i) + "]")
		}
	}
	return append(dst, ']'), nil
}

// appendObject appends object with its members in order, or null if it is nil.
func appendObject(dst []byte, object map[string]any, depth int) ([]byte, *PartError) {
	if object == nil {
		return append(dst, "null"...), nil
	}
	if depth >= maxDepth {
		return nil, tooDeep(object)
	}
	var scratch [8]string // enough for most objects, without an allocation
	names := scratch[:0]
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		var fault *PartError
		if dst, fault = appendString(dst, name); fault != nil {
			fault.Reason = "is a member name that is not valid UTF-8"
			return nil, fault
		}
		dst = append(dst, ':')
		if dst, fault = appendValue(dst, object[name], depth+1); fault != nil {
			return nil, fault.under("." + name)
		}
	}
	return append(dst, '}'), nil
}

// appendRaw appends the value that raw is the JSON text of; like encoding/json
// it takes nil for null.
func appendRaw(dst []byte, raw json.RawMessage, depth int) ([]byte, *PartError) {
	if raw == nil {
		return append(dst, "null"...), nil
	}
	value, err := decode(string(raw))
	if err != nil {
		return nil, notEncodable(raw, err)
	}
	return appendValue(dst, value, depth)
}

// appendOther appends a value of any type that has no case in appendValue.
// Named and small basic types are cheap; the rest is left to encoding/json,
// which alone knows the rules of struct tags and marshalers.
func appendOther(dst []byte, v any, depth int) ([]byte, *PartError) {
	switch v.(type) {
	case json.Marshaler, encoding.TextMarshaler:
		return appendMarshaled(dst, v, depth)
	}
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.String:
		return appendString(dst, rv.String())
	case reflect.Bool:
		return strconv.AppendBool(dst, rv.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(dst, rv.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.AppendUint(dst, rv.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		return appendFloat(dst, rv.Float(), rv.Type().Bits())
	default:
		return appendMarshaled(dst, v, depth)
	}
}

// appendMarshaled appends the value that encoding/json makes of v.
func appendMarshaled(dst []byte, v any, depth int) ([]byte, *PartError) {
	text, err := marshal(v)
	if err != nil {
		return nil, notEncodable(v, err)
	}
	value, err := decodeMarshaled(string(text))
	if err != nil {
		return nil, notEncodable(v, err)
	}
	return appendValue(dst, value, depth)
}

// marshal is json.Marshal, except that a panic of a marshaler is an error.
func marshal(v any) (text []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			cause, ok := r.(error)
			if !ok {
				cause = fmt.Errorf("%v", r)
			}
			err = fmt.Errorf("marshaler panicked: %w", cause)
		}
	}()
	return json.Marshal(v)
}

const hexDigits = "0123456789abcdef"

// appendString appends s quoted and escaped as JavaScript does: the two-letter
// escapes, \u00xx for other control characters, everything else as it is.
func appendString(dst []byte, s string) ([]byte, *PartError) {
	// A replacement character in place of bad bytes would make two keys one.
	if !utf8.ValidString(s) {
		return nil, &PartError{Type: "string", Reason: "is not valid UTF-8"}
	}
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"'), nil
}

// tooDeep is the fault of a container at maxDepth.
func tooDeep(v any) *PartError {
	return &PartError{
		Type:   fmt.Sprintf("%T", v),
		Reason: fmt.Sprintf("is nested deeper than %d levels or cyclic", maxDepth),
	}
}

// notEncodable is the fault of v for which encoding failed with err.
func notEncodable(v any, err error) *PartError {
	fault := &PartError{Type: fmt.Sprintf("%T", v), Reason: "has no JSON value", Err: err}
	// The type inside v that is to blame says more than that of v.
	if inner := (*json.UnsupportedTypeError)(nil); errors.As(err, &inner) {
		fault.Type = inner.Type.String()
	}
	return fault
}
