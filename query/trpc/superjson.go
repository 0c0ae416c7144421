package trpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// SuperJSON returns the transformer for servers that use superjson.
//
// Inputs are sent as plain JSON in its envelope: dates arrive as text. In
// results, what JSON cannot say becomes what encoding/json can read: a date RFC
// 3339 text, a set an array, a map an object if its keys are text or numbers and
// an array of pairs otherwise, a bigint a number or, for Go strings, text, an
// undefined property no property. NaN and the infinities stay the texts "NaN",
// "Infinity" and "-Infinity", which a float64 refuses with an error; give such a
// field a type of its own. Custom types keep their plain form.
func SuperJSON() Transformer { return superJSON{} }

type superJSON struct{}

// superEnvelope is a value on the wire. Its keys are told apart by presence.
type superEnvelope struct {
	value  json.RawMessage
	values json.RawMessage // annotations; nil if there are none
	legacy bool            // paths do not escape backslashes
}

func (superJSON) Encode(value any) (json.RawMessage, error) {
	plain, err := plainJSON{}.Encode(value)
	if err != nil {
		return nil, err
	}
	return slices.Concat([]byte(`{"json":`), plain, []byte("}")), nil
}

// undefined is the input of a call without one, where it cannot be left out.
func (superJSON) undefined() json.RawMessage {
	return json.RawMessage(`{"json":null,"meta":{"values":["undefined"],"v":1}}`)
}

func (superJSON) Decode(wire json.RawMessage, target any) error {
	envelope, err := parseSuperEnvelope(wire)
	if err != nil {
		return fmt.Errorf("superjson: %w", err)
	}
	if envelope.values == nil {
		return json.Unmarshal(envelope.value, target)
	}
	err = envelope.decode(target, bigintNumber)
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		// The target may want bigints as text.
		if envelope.decode(target, bigintText) == nil {
			return nil
		}
	}
	return err
}

func parseSuperEnvelope(wire json.RawMessage) (superEnvelope, error) {
	var fields, meta map[string]json.RawMessage
	if json.Unmarshal(wire, &fields) != nil || fields["json"] == nil {
		return superEnvelope{}, errors.New("value has no envelope; does the server use superjson?")
	}
	envelope := superEnvelope{value: fields["json"]}
	if fields["meta"] == nil {
		return envelope, nil
	}
	if err := json.Unmarshal(fields["meta"], &meta); err != nil {
		return superEnvelope{}, errors.New("meta is not an object")
	}
	if values := meta["values"]; values != nil && !isNull(values) {
		envelope.values = values
	}
	version, _ := numberOf(meta["v"])
	envelope.legacy = version < 1
	return envelope, nil
}

// decode applies the annotations to the plain value and stores the result.
func (e superEnvelope) decode(target any, form bigintForm) error {
	var value, annotations any
	for _, part := range []struct {
		text json.RawMessage
		into *any
	}{{e.value, &value}, {e.values, &annotations}} {
		dec := json.NewDecoder(bytes.NewReader(part.text))
		dec.UseNumber()
		if err := dec.Decode(part.into); err != nil {
			return fmt.Errorf("superjson: %w", err)
		}
	}
	r := reviver{form: form, legacy: e.legacy}
	value, err := r.revive(value, annotations)
	if err != nil {
		return fmt.Errorf("superjson: %w", err)
	}
	if _, absent := value.(undefined); absent {
		return nil
	}
	plain, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("superjson: %w", err)
	}
	return json.Unmarshal(plain, target)
}

// bigintForm is the JSON that a bigint becomes.
type bigintForm uint8

const (
	bigintNumber bigintForm = iota
	bigintText
)

// undefined marks a property to drop.
type undefined struct{}

// MarshalJSON is what undefined becomes where nothing can be dropped, in arrays.
func (undefined) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// reviver gives plain JSON the meaning that annotations add.
type reviver struct {
	form   bigintForm
	legacy bool
}

// revive applies the annotations of one container: either its own, as an array
// of a name and what lies inside, or an object of paths to such arrays.
func (r reviver) revive(value, annotations any) (any, error) {
	switch node := annotations.(type) {
	case []any:
		if len(node) != 1 && len(node) != 2 {
			return nil, errors.New("annotation is neither a name nor a name with contents")
		}
		if len(node) == 2 {
			inner, ok := node[1].(map[string]any)
			if !ok {
				return nil, errors.New("contents of an annotation are not an object")
			}
			var err error
			if value, err = r.reviveInside(value, inner); err != nil {
				return nil, err
			}
		}
		return r.convert(value, node[0])
	case map[string]any:
		return r.reviveInside(value, node)
	}
	return nil, errors.New("annotation is neither an array nor an object")
}

// reviveInside applies annotations by path, the longer paths first, so that a
// container is converted after what it holds.
func (r reviver) reviveInside(value any, byPath map[string]any) (any, error) {
	type step struct {
		path       []string
		annotation any
	}
	var steps []step
	for text, annotation := range byPath {
		path, err := parseSuperPath(text, r.legacy)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{path, annotation})
	}
	slices.SortFunc(steps, func(a, b step) int {
		if n := len(b.path) - len(a.path); n != 0 {
			return n
		}
		return slices.Compare(a.path, b.path)
	})
	for _, s := range steps {
		if err := r.reviveAt(value, s.path, s.annotation); err != nil {
			return nil, err
		}
	}
	return value, nil
}

// reviveAt replaces the value at path, which is not empty, inside root.
func (r reviver) reviveAt(root any, path []string, annotation any) error {
	last := len(path) - 1
	parent := root
	for _, key := range path[:last] {
		child, ok := childOf(parent, key)
		if !ok {
			return badPath(path)
		}
		parent = child
	}
	old, ok := childOf(parent, path[last])
	if !ok {
		return badPath(path)
	}
	value, err := r.revive(old, annotation)
	if err != nil {
		return err
	}
	switch container := parent.(type) {
	case map[string]any:
		container[path[last]] = value
		if _, absent := value.(undefined); absent {
			delete(container, path[last])
		}
	case []any:
		index, _ := arrayIndex(path[last], len(container))
		container[index] = value
	}
	return nil
}

func childOf(parent any, key string) (any, bool) {
	switch container := parent.(type) {
	case map[string]any:
		child, ok := container[key]
		return child, ok
	case []any:
		if index, ok := arrayIndex(key, len(container)); ok {
			return container[index], true
		}
	}
	return nil, false
}

// arrayIndex accepts one spelling per index.
func arrayIndex(key string, length int) (int, bool) {
	index, err := strconv.Atoi(key)
	return index, err == nil && index >= 0 && index < length && strconv.Itoa(index) == key
}

func badPath(path []string) error {
	return fmt.Errorf("annotation of a value that is not there: %s", excerpt(fmt.Sprintf("%q", path)))
}
