package trpc

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Transformer translates between Go values and what the server's transformer
// puts on the wire. Nil in [Config] is plain JSON, [SuperJSON] the other common
// one. Implementations must be safe for concurrent use.
type Transformer interface {
	// Encode returns the wire form of an input as JSON.
	Encode(value any) (json.RawMessage, error)

	// Decode stores a wire value in the variable that target points to, which it
	// leaves alone if the value is undefined. A *json.RawMessage receives the
	// value as plain JSON; errors of procedures are read that way.
	Decode(wire json.RawMessage, target any) error
}

// plainJSON is the absence of a transformer.
type plainJSON struct{}

// Encode does not escape for HTML, which would lengthen URLs.
func (plainJSON) Encode(value any) (json.RawMessage, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return nil, fmt.Errorf("json: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

func (plainJSON) Decode(wire json.RawMessage, target any) error {
	return json.Unmarshal(wire, target)
}
