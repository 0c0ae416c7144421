package trpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
)

// envelope is the answer to one call: a result, or the shape of an error.
type envelope struct {
	data  json.RawMessage // still encoded; nil means undefined
	shape *errorShape     // nil means success
}

// errorShape is what a server sends about a failed call.
type errorShape struct {
	number  int
	message string
	data    json.RawMessage // nil if absent
	code    string          // data.code
	status  int             // data.httpStatus
	path    string          // data.path
}

// parseEnvelope reads the answer to one call. Its keys decide, never the
// truthiness of what they hold. An error that is well formed wins over a result.
func parseEnvelope(raw json.RawMessage, t Transformer) (envelope, error) {
	top, err := parseObject(raw)
	if err != nil {
		return envelope{}, err
	}
	if failure, ok := top["error"]; ok && !isNull(failure) {
		shape, ok := parseError(failure, t)
		if !ok {
			return envelope{}, ErrNotTRPC
		}
		return envelope{shape: shape}, nil
	}
	result, ok := top["result"]
	if !ok {
		return envelope{}, ErrNotTRPC
	}
	fields, err := parseObject(result)
	if err != nil {
		return envelope{}, ErrNotTRPC
	}
	return envelope{data: fields["data"]}, nil
}

// parseBatch reads the answer to a batch: one element per call, which may fail
// to parse on their own, or a single error that answers all calls.
func parseBatch(raw json.RawMessage, t Transformer) (elements []json.RawMessage, whole *errorShape, err error) {
	if first := bytes.TrimLeft(raw, " \t\r\n"); len(first) > 0 && first[0] == '[' {
		if err := json.Unmarshal(raw, &elements); err != nil {
			return nil, nil, syntaxError(err)
		}
		return elements, nil, nil
	}
	single, err := parseEnvelope(raw, t)
	switch {
	case err != nil:
		return nil, nil, err
	case single.shape == nil:
		return nil, nil, ErrNotTRPC
	}
	return nil, single.shape, nil
}

// parseError accepts an error by its number, or by the name or status in its
// data: version 10 sends no number with names it does not know. The shape is
// tried as it is, too, because what sits in front of a server knows nothing of
// its transformer.
func parseError(raw json.RawMessage, t Transformer) (*errorShape, bool) {
	var plain json.RawMessage
	if err := t.Decode(raw, &plain); err == nil {
		if shape, ok := parseShape(plain); ok {
			return shape, true
		}
	}
	return parseShape(raw)
}

func parseShape(raw json.RawMessage) (*errorShape, bool) {
	fields, err := parseObject(raw)
	if err != nil {
		return nil, false
	}
	shape := &errorShape{message: stringOf(fields["message"])}
	number, identified := numberOf(fields["code"])
	shape.number = number
	if extra, ok := fields["data"]; ok && !isNull(extra) {
		shape.data = extra
		if data, err := parseObject(extra); err == nil {
			shape.code, shape.path = stringOf(data["code"]), stringOf(data["path"])
			shape.status, _ = numberOf(data["httpStatus"])
		}
	}
	return shape, identified || shape.code != "" || shape.status != 0
}

// parseObject keeps the case of keys, unlike decoding into a struct.
func parseObject(raw json.RawMessage) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, syntaxError(err)
	}
	if fields == nil { // null
		return nil, ErrNotTRPC
	}
	return fields, nil
}

// syntaxError tells JSON that stops early from what is no JSON at all.
func syntaxError(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && syntax.Offset > 0 && err.Error() == "unexpected end of JSON input" {
		return io.ErrUnexpectedEOF
	}
	return ErrNotTRPC
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

func stringOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "" // absent or of another type: the field is optional
	}
	return s
}

// numberOf reads an integer, also one written as -3.26e4. Others are no number.
func numberOf(raw json.RawMessage) (int, bool) {
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || f != float64(int32(f)) {
		return 0, false
	}
	return int(int32(f)), true
}
