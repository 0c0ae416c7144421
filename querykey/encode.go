package querykey

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
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
		if isScalar(part) {
			dst, fault = appendScalar(dst, part)
		} else {
			// Handing dst to the recursion would move the caller's buffer to
			// the heap even for keys without containers.
			var nested []byte
			nested, fault = appendValue(nil, part, 1)
			dst = append(dst, nested...)
		}
		if fault != nil {
			fault.Index = i
			return nil, fault.under("[" + strconv.Itoa(i) + "]")
		}
	}
	return dst, nil
}

// appendValue appends the canonical JSON of v, which is inside depth containers.
// The containers that decoding yields are handled here; others are left to
// encoding/json, which alone knows the rules of struct tags and marshalers.
func appendValue(dst []byte, v any, depth int) ([]byte, *PartError) {
	switch v := v.(type) {
	case Key:
		return appendKey(dst, v, depth)
	case []any:
		return appendList(dst, v, depth)
	case map[string]any:
		return appendObject(dst, v, depth)
	case json.RawMessage:
		return appendRaw(dst, v, depth)
	}
	if isScalar(v) {
		return appendScalar(dst, v)
	}
	return appendMarshaled(dst, v, depth)
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
