package querykey

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// isScalar reports whether v is for appendScalar: null, or of a basic type that
// does not marshal itself. The types of most parts are told without reflection.
func isScalar(v any) bool {
	switch v.(type) {
	case nil, string, bool, int, int64, uint64, float64, json.Number:
		return true
	case json.Marshaler, encoding.TextMarshaler:
		return false
	}
	switch reflect.TypeOf(v).Kind() {
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return true
	}
	return false
}

// appendScalar appends the canonical JSON of a value that isScalar accepts.
func appendScalar(dst []byte, v any) ([]byte, *PartError) {
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
	}
	switch rv := reflect.ValueOf(v); {
	case rv.Kind() == reflect.String:
		return appendString(dst, rv.String())
	case rv.Kind() == reflect.Bool:
		return strconv.AppendBool(dst, rv.Bool()), nil
	case rv.CanInt():
		return strconv.AppendInt(dst, rv.Int(), 10), nil
	case rv.CanUint():
		return strconv.AppendUint(dst, rv.Uint(), 10), nil
	default:
		return appendFloat(dst, rv.Float(), rv.Type().Bits())
	}
}

// appendString appends s quoted and escaped as JavaScript does: the two-letter
// escapes, \u00xx for other control characters, everything else as it is.
func appendString(dst []byte, s string) ([]byte, *PartError) {
	const hexDigits = "0123456789abcdef"
	if isPlain(s) {
		return append(append(append(dst, '"'), s...), '"'), nil
	}
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

// isPlain reports whether s is ASCII that needs no escapes, as most parts are.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
