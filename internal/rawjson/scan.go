package rawjson

import "bytes"

// maxDepth is how deep a value may be nested. Decoders have limits, too, which
// values far below them do not meet wherever they stand.
const maxDepth = 1000

// value returns where the value ends that begins at i. What is no JSON gives any
// end, or false.
func value(text []byte, i int) (end int, ok bool) {
	if i >= len(text) {
		return i, false
	}
	switch text[i] {
	case '"':
		return str(text, i)
	case '{', '[':
		return nested(text, i)
	}
	end = i
	for end < len(text) && !space(text[end]) && text[end] != ',' && text[end] != ']' && text[end] != '}' {
		end++
	}
	return end, end > i
}

// nested is value for an object or array.
func nested(text []byte, i int) (end int, ok bool) {
	for depth := 0; i < len(text); {
		switch text[i] {
		case '"':
			if i, ok = str(text, i); !ok {
				return i, false
			}
			continue
		case '{', '[':
			if depth++; depth > maxDepth {
				return i, false
			}
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, true
			}
		}
		i++
	}
	return i, false
}

// str is value for a string.
func str(text []byte, i int) (end int, ok bool) {
	for at := i + 1; ; at++ {
		n := bytes.IndexByte(text[at:], '"')
		if n < 0 {
			return len(text), false
		}
		at += n
		escapes := 0
		for text[at-1-escapes] == '\\' { // ends at the opening quote
			escapes++
		}
		if escapes%2 == 0 {
			return at + 1, true
		}
	}
}

func space(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func skip(text []byte, i int) int {
	for i < len(text) && space(text[i]) {
		i++
	}
	return i
}

// at reports whether c stands at i.
func at(text []byte, i int, c byte) bool { return i < len(text) && text[i] == c }

// array returns where the array begins whose elements count: the whole text, or what
// the named member of the object holds that the whole text is.
func array(text []byte, member string) (begin int, ok bool) {
	i := skip(text, 0)
	if member == "" {
		return i, at(text, i, '[')
	}
	if !at(text, i, '{') {
		return i, false
	}
	for i = skip(text, i+1); ; i = skip(text, i+1) {
		key, after, ok := name(text, i)
		if !ok {
			return i, false
		}
		if i = skip(text, after+1); key == member {
			return i, at(text, i, '[')
		}
		if suspicious(key, member) {
			return i, false
		}
		if i, ok = value(text, i); !ok {
			return i, false
		}
		if i = skip(text, i); !at(text, i, ',') {
			return i, false
		}
	}
}

// ends reports whether text from i on is the end of what array found the beginning
// of, and has no second member that could be meant.
func ends(text []byte, i int, member string) bool {
	i = skip(text, i)
	if member != "" {
		for at(text, i, ',') {
			key, after, ok := name(text, skip(text, i+1))
			if !ok || suspicious(key, member) {
				return false
			}
			if i, ok = value(text, skip(text, after+1)); !ok {
				return false
			}
			i = skip(text, i)
		}
		if !at(text, i, '}') {
			return false
		}
		i = skip(text, i+1)
	}
	return i == len(text)
}

// name reads the key at i of an object, and where its colon is. Keys that are not
// plain ASCII are not understood.
func name(text []byte, i int) (key string, colon int, ok bool) {
	if !at(text, i, '"') {
		return "", i, false
	}
	end, ok := str(text, i)
	if !ok {
		return "", i, false
	}
	raw := text[i+1 : end-1]
	for _, c := range raw {
		if c == '\\' || c < ' ' || c > '~' {
			return "", i, false
		}
	}
	colon = skip(text, end)
	return string(raw), colon, at(text, colon, ':')
}

// suspicious reports whether a decoder might take key for name.
func suspicious(key, name string) bool { return bytes.EqualFold([]byte(key), []byte(name)) }
