package trpc

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// maxHoleDepth bounds how deep promises may be nested. An envelope alone takes
// three levels.
const maxHoleDepth = 64

// assembler puts the answers of a streamed batch together from its lines. A
// value may have holes, whose content later lines bring:
//
//	head  {"0": slot, …}         one slot for each call
//	line  [chunk, status, slot]  content of a hole, or an error shape
//	slot  [[value?], hole…]      no value means undefined
//	hole  [key, kind, chunk]     key null means the whole value
type assembler struct {
	transformer Transformer
	answers     map[int]*streamAnswer
	holes       map[int]*hole        // announced and open, by chunk
	early       map[int][]streamLine // that came before their hole was announced
}

// streamAnswer is the envelope of one call.
type streamAnswer struct {
	index int
	open  int // holes without content
	root  *slot
	ended bool
}

type holeKind int

const (
	promiseHole holeKind = iota
	iterableHole
)

// hole is a place in a value whose content comes later: that of a promise, or
// the elements of an iterable, one line each.
type hole struct {
	answer *streamAnswer
	kind   holeKind
	depth  int
	slots  []*slot
}

// slot is a value with its holes.
type slot struct {
	value      json.RawMessage // nil means undefined
	whole      *hole           // stands for the value itself
	properties map[string]*hole
}

type streamLine struct {
	chunk, status int
	payload       json.RawMessage
}

// streamed is the end of one call: its envelope, or the error of a promise or
// an iterable inside it.
type streamed struct {
	index    int
	envelope json.RawMessage
	failure  json.RawMessage
}

// newAssembler reads the first line, and returns false if it does not begin a
// stream. Answers that are complete already are returned.
func newAssembler(head []byte, t Transformer) (a *assembler, ends []streamed, ok bool) {
	a = &assembler{transformer: t, answers: map[int]*streamAnswer{}, holes: map[int]*hole{}, early: map[int][]streamLine{}}
	var slots map[string]json.RawMessage
	plain, err := a.plain(head)
	if err != nil || json.Unmarshal(plain, &slots) != nil || len(slots) == 0 {
		return nil, nil, false
	}
	for _, key := range slices.Sorted(maps.Keys(slots)) {
		index, err := strconv.Atoi(key)
		if err != nil || index < 0 {
			return nil, nil, false
		}
		answer := &streamAnswer{index: index}
		a.answers[index] = answer
		if answer.root, err = a.slot(slots[key], answer, 0); err != nil {
			return nil, nil, false
		}
		ends = a.conclude(answer, ends)
	}
	return a, ends, true
}

// has reports whether the head announced an answer to the call.
func (a *assembler) has(index int) bool { return a.answers[index] != nil }

// running reports whether lines are still to come.
func (a *assembler) running() bool { return len(a.holes) > 0 }

// feed takes one line and returns the calls that it completes.
func (a *assembler) feed(text []byte) ([]streamed, error) {
	plain, err := a.plain(text)
	if err != nil {
		return nil, ErrNotTRPC
	}
	var parts []json.RawMessage
	if json.Unmarshal(plain, &parts) != nil || len(parts) < 2 {
		return nil, ErrNotTRPC
	}
	chunk, numbered := numberOf(parts[0])
	status, known := numberOf(parts[1])
	if !numbered || !known {
		return nil, ErrNotTRPC
	}
	line := streamLine{chunk: chunk, status: status}
	if len(parts) > 2 {
		line.payload = parts[2]
	}
	return a.apply(line, nil)
}

func (a *assembler) plain(text []byte) (json.RawMessage, error) {
	var plain json.RawMessage
	err := a.transformer.Decode(text, &plain)
	return plain, err
}

// apply fills one hole, and those whose content came early.
func (a *assembler) apply(line streamLine, ends []streamed) ([]streamed, error) {
	h := a.holes[line.chunk]
	if h == nil {
		a.early[line.chunk] = append(a.early[line.chunk], line)
		return ends, nil
	}
	fulfilled, failed := 0, 1
	if h.kind == iterableHole {
		failed = 2
	}
	answer := h.answer
	if line.status == failed {
		delete(a.holes, line.chunk)
		return answer.fail(line.payload, ends), nil
	}
	s, err := a.slot(line.payload, answer, h.depth+1)
	if err != nil {
		return ends, err
	}
	switch {
	case h.kind == promiseHole && line.status == fulfilled:
		h.slots = []*slot{s}
	case h.kind == iterableHole && line.status == 1: // the next element
		h.slots = append(h.slots, s)
	case h.kind == iterableHole && line.status == fulfilled: // the return value has no place in an array
	default:
		return ends, ErrNotTRPC
	}
	if line.status == fulfilled {
		delete(a.holes, line.chunk)
		answer.open--
	}
	ends = a.conclude(answer, ends)
	return a.applyEarly(s, ends)
}

// applyEarly catches up on the holes that s announced.
func (a *assembler) applyEarly(s *slot, ends []streamed) ([]streamed, error) {
	if len(a.early) == 0 {
		return ends, nil
	}
	waiting := slices.Collect(maps.Values(s.properties))
	if s.whole != nil {
		waiting = append(waiting, s.whole)
	}
	for chunk, lines := range a.early {
		if !slices.Contains(waiting, a.holes[chunk]) {
			continue
		}
		delete(a.early, chunk)
		for _, line := range lines {
			var err error
			if ends, err = a.apply(line, ends); err != nil {
				return ends, err
			}
		}
	}
	return ends, nil
}

// slot reads a value and announces its holes.
func (a *assembler) slot(raw json.RawMessage, answer *streamAnswer, depth int) (*slot, error) {
	var parts, value []json.RawMessage
	if json.Unmarshal(raw, &parts) != nil || len(parts) == 0 || json.Unmarshal(parts[0], &value) != nil || depth > maxHoleDepth {
		return nil, ErrNotTRPC
	}
	s := &slot{properties: map[string]*hole{}}
	if len(value) > 0 {
		s.value = value[0]
	}
	for _, part := range parts[1:] {
		var ref []json.RawMessage
		if json.Unmarshal(part, &ref) != nil || len(ref) != 3 {
			return nil, ErrNotTRPC
		}
		kind, known := numberOf(ref[1])
		chunk, numbered := numberOf(ref[2])
		if !known || !numbered || kind < int(promiseHole) || kind > int(iterableHole) || a.holes[chunk] != nil {
			return nil, ErrNotTRPC
		}
		h := &hole{answer: answer, kind: holeKind(kind), depth: depth}
		a.holes[chunk] = h
		answer.open++
		if isNull(ref[0]) {
			s.whole = h
		} else {
			s.properties[stringOf(ref[0])] = h
		}
	}
	return s, nil
}

// conclude adds the answer to ends once it has no open holes.
func (a *assembler) conclude(answer *streamAnswer, ends []streamed) []streamed {
	if answer.open > 0 || answer.ended {
		return ends
	}
	answer.ended = true
	return append(ends, streamed{index: answer.index, envelope: answer.root.render()})
}

func (answer *streamAnswer) fail(shape json.RawMessage, ends []streamed) []streamed {
	if answer.ended {
		return ends
	}
	answer.ended = true
	if shape == nil {
		shape = json.RawMessage("null")
	}
	return append(ends, streamed{index: answer.index, failure: shape})
}

// render returns the value with its holes filled, nil for undefined. A value
// that is no object has no properties to fill.
func (s *slot) render() json.RawMessage {
	if s.whole != nil {
		return s.whole.render()
	}
	if len(s.properties) == 0 {
		return s.value
	}
	fields, err := parseObject(s.value)
	if err != nil {
		return s.value
	}
	for key, h := range s.properties {
		if content := h.render(); content != nil {
			fields[key] = content
		} else {
			delete(fields, key)
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return s.value // cannot be: all parts have been parsed
	}
	return text
}

func (h *hole) render() json.RawMessage {
	if h.kind == promiseHole {
		return h.slots[0].render()
	}
	elements := make([]json.RawMessage, len(h.slots))
	for i, s := range h.slots {
		if elements[i] = s.render(); elements[i] == nil {
			elements[i] = json.RawMessage("null")
		}
	}
	text, err := json.Marshal(elements)
	if err != nil {
		return json.RawMessage("null") // cannot be: all parts have been parsed
	}
	return text
}
