package querykey

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Parse returns the key with the given JSON text; it reads what [Key.String]
// and any other JSON encoder writes. The error is a [*SyntaxError] if the text
// is not one JSON array, repeats a member name within an object, holds a string
// that is not valid Unicode, or nests deeper than 100 levels.
func Parse(text string) (Key, error) {
	value, err := decode(text)
	if err != nil {
		return Key{}, err
	}
	parts, ok := value.([]any)
	if !ok {
		return Key{}, &SyntaxError{Reason: "not an array"}
	}
	return New(parts...)
}

// decode returns the value that text is the JSON of, as [Key.Parts] does.
func decode(text string) (any, error) {
	d := decoder{text: text}
	return d.document()
}

// decodeMarshaled is decode for text that json.Marshal wrote.
func decodeMarshaled(text string) (any, error) {
	d := decoder{text: text, marshaled: true}
	return d.document()
}

// decoded returns the value with the given canonical text.
func decoded(text string) any {
	value, _ := decode(text) // canonical text has no syntax errors
	return value
}

// decoder reads JSON by recursive descent. It is stricter than encoding/json,
// which keeps the last of several members of one name and replaces what is not
// valid Unicode: either would make different texts the same key.
type decoder struct {
	text string
	pos  int // of the next byte to read
	// marshaled says that the text is json.Marshal's, which writes a valid
	// U+FFFD as it is and escapes only the one it puts for a bad byte.
	marshaled bool
}

// document reads the one value that the text consists of.
func (d *decoder) document() (any, error) {
	value, err := d.value(0)
	if err != nil {
		return nil, err
	}
	d.skipSpace()
	if d.pos < len(d.text) {
		return nil, d.fail("text after the value")
	}
	return value, nil
}

// value reads the next value, which is inside depth containers.
func (d *decoder) value(depth int) (any, error) {
	d.skipSpace()
	switch c := d.peek(); {
	case c == '"':
		return d.str()
	case c == '[' || c == '{':
		if depth == maxDepth {
			return nil, d.fail(fmt.Sprintf("nested deeper than %d levels", maxDepth))
		}
		if c == '[' {
			return d.list(depth + 1)
		}
		return d.object(depth + 1)
	case c == '-' || '0' <= c && c <= '9':
		return d.number()
	case d.take("null"):
		return nil, nil
	case d.take("true"):
		return true, nil
	case d.take("false"):
		return false, nil
	default:
		return nil, d.fail("no value")
	}
}

// list reads a list, whose elements are inside depth containers.
func (d *decoder) list(depth int) (any, error) {
	d.pos++
	list := []any{}
	if d.skipSpace(); d.take("]") {
		return list, nil
	}
	for {
		element, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, element)
		switch d.skipSpace(); {
		case d.take("]"):
			return list, nil
		case !d.take(","):
			return nil, d.fail("no comma or bracket after an element")
		}
	}
}

// object reads an object, whose values are inside depth containers.
func (d *decoder) object(depth int) (any, error) {
	d.pos++
	object := map[string]any{}
	if d.skipSpace(); d.take("}") {
		return object, nil
	}
	for {
		d.skipSpace()
		start := d.pos
		if d.peek() != '"' {
			return nil, d.fail("no member name")
		}
		name, err := d.str()
		if err != nil {
			return nil, err
		}
		if _, taken := object[name]; taken {
			d.pos = start
			return nil, d.fail("member name repeated")
		}
		if d.skipSpace(); !d.take(":") {
			return nil, d.fail("no colon after a member name")
		}
		if object[name], err = d.value(depth); err != nil {
			return nil, err
		}
		switch d.skipSpace(); {
		case d.take("}"):
			return object, nil
		case !d.take(","):
			return nil, d.fail("no comma or brace after a member")
		}
	}
}

// number reads a number.
func (d *decoder) number() (any, error) {
	start := d.pos
	for d.pos < len(d.text) && strings.IndexByte("+-.0123456789eE", d.text[d.pos]) >= 0 {
		d.pos++
	}
	dec, fault := parseDecimal(d.text[start:d.pos])
	if fault != "" {
		d.pos = start
		return nil, d.fail("a number that " + fault)
	}
	return goNumber(string(dec.appendTo(nil))), nil
}

// str reads a string.
func (d *decoder) str() (string, error) {
	d.pos++
	var unescaped []byte // stays nil while the text can be used as it is
	start := d.pos
	for d.pos < len(d.text) {
		switch c := d.text[d.pos]; {
		case c == '"':
			tail := d.text[start:d.pos]
			if !utf8.ValidString(tail) {
				return "", d.fail("a string that is not valid UTF-8")
			}
			d.pos++
			if unescaped == nil {
				return tail, nil
			}
			return string(append(unescaped, tail...)), nil
		case c < ' ':
			return "", d.fail("a control character in a string")
		case c != '\\':
			d.pos++
		default:
			if tail := d.text[start:d.pos]; utf8.ValidString(tail) {
				unescaped = append(unescaped, tail...)
			} else {
				return "", d.fail("a string that is not valid UTF-8")
			}
			r, err := d.escape()
			if err != nil {
				return "", err
			}
			unescaped = utf8.AppendRune(unescaped, r)
			start = d.pos
		}
	}
	return "", d.fail("a string without an end")
}

// escape reads an escape sequence, or the pair of them that makes one rune.
func (d *decoder) escape() (rune, error) {
	const letters, meanings = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	rest := d.text[d.pos+1:]
	if rest != "" {
		if i := strings.IndexByte(letters, rest[0]); i >= 0 {
			d.pos += 2
			return rune(meanings[i]), nil
		}
	}
	r, ok := d.hexEscape()
	switch {
	case !ok:
		return 0, d.fail("an unknown escape in a string")
	case d.marshaled && r == utf8.RuneError:
		return 0, d.fail("a string that is not valid UTF-8")
	case !utf16.IsSurrogate(r):
		return r, nil
	}
	low, ok := d.hexEscape()
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, d.fail("half a surrogate pair in a string")
	}
	return r, nil
}

// hexEscape reads an escape of the form \u00e9.
func (d *decoder) hexEscape() (r rune, ok bool) {
	rest, ok := strings.CutPrefix(d.text[d.pos:], `\u`)
	if !ok || len(rest) < 4 {
		return 0, false
	}
	unit, err := strconv.ParseUint(rest[:4], 16, 16)
	if err != nil {
		return 0, false
	}
	d.pos += len(`\u0000`)
	return rune(unit), true
}

// peek returns the next byte, or 0 at the end of the text.
func (d *decoder) peek() byte {
	if d.pos == len(d.text) {
		return 0
	}
	return d.text[d.pos]
}

// take moves past token and reports whether it came next.
func (d *decoder) take(token string) bool {
	if !strings.HasPrefix(d.text[d.pos:], token) {
		return false
	}
	d.pos += len(token)
	return true
}

// skipSpace moves past white space.
func (d *decoder) skipSpace() {
	for d.pos < len(d.text) && strings.IndexByte(" \t\r\n", d.text[d.pos]) >= 0 {
		d.pos++
	}
}

// fail returns an error for the current position.
func (d *decoder) fail(reason string) error {
	return &SyntaxError{Offset: d.pos, Reason: reason}
}
