package querykey

import (
	"hash/maphash"
	"strconv"
)

// Of2 is Of for two parts, where keys are made all the time: it takes strings and
// integers as they are, which Of has to box first, and allocates the key's text
// alone. Parts of other types make the same key as with Of, at its price.
func Of2[A, B any](a A, b B) Key {
	var scratch [128]byte
	enc, okA := appendPlain(scratch[:0], a)
	enc, okB := appendPlain(append(enc, ','), b)
	if !okA || !okB {
		return Of(a, b)
	}
	return sealed(enc)
}

// Of3 is Of2 for three parts.
func Of3[A, B, C any](a A, b B, c C) Key {
	var scratch [128]byte
	enc, okA := appendPlain(scratch[:0], a)
	enc, okB := appendPlain(append(enc, ','), b)
	enc, okC := appendPlain(append(enc, ','), c)
	if !okA || !okB || !okC {
		return Of(a, b, c)
	}
	return sealed(enc)
}

// Of4 is Of2 for four parts.
func Of4[A, B, C, D any](a A, b B, c C, d D) Key {
	var scratch [128]byte
	enc, okA := appendPlain(scratch[:0], a)
	enc, okB := appendPlain(append(enc, ','), b)
	enc, okC := appendPlain(append(enc, ','), c)
	enc, okD := appendPlain(append(enc, ','), d)
	if !okA || !okB || !okC || !okD {
		return Of(a, b, c, d)
	}
	return sealed(enc)
}

// sealed is the key whose parts are encoded in enc.
func sealed(enc []byte) Key {
	text := string(enc)
	return Key{enc: text, hash: maphash.String(seed, text)}
}

// appendPlain appends the encoding of a part of one of the commonest types and is
// false for any other, and for a string that has none.
func appendPlain[P any](dst []byte, part P) ([]byte, bool) {
	switch v := any(part).(type) { // on the stack, as nobody keeps it
	case string:
		dst, fault := appendString(dst, v)
		return dst, fault == nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), true
	case int64:
		return strconv.AppendInt(dst, v, 10), true
	case uint64:
		return strconv.AppendUint(dst, v, 10), true
	default:
		return dst, false
	}
}
