package querykey

import "hash/maphash"

// Key is an immutable list of JSON-like values that names a query. Keys compare
// with == and serve as map keys; the zero Key is the empty list, which every key
// matches. Keys are safe for concurrent use.
type Key struct {
	// enc is the canonical JSON of the parts, joined by commas and without the
	// brackets of the list, so that a prefix of the parts is a prefix of enc.
	enc  string
	hash uint64     // of enc; 0 for the empty list
	err  *PartError // nil unless the key is invalid, and then enc is empty
}

// seed makes hashes stable within the process and unpredictable outside it, so
// that parts chosen by a stranger cannot be made to collide.
var seed = maphash.MakeSeed()

// Of returns the key made of parts, most general first. A part without a JSON
// value yields an invalid key, which keeps the cause for [Key.Err]; use [New]
// to check at once.
func Of(parts ...any) Key {
	return Key{}.With(parts...)
}

// New returns the key made of parts and an error if one of them has no JSON
// value. The error is a [*PartError], and the key returned with it is invalid
// rather than empty, because the empty key would match everything.
func New(parts ...any) (Key, error) {
	k := Of(parts...)
	return k, k.Err()
}

// With returns the child key that has k's parts followed by the given ones; k
// itself is unchanged. The child of an invalid key is that same invalid key.
func (k Key) With(parts ...any) Key {
	if k.err != nil || len(parts) == 0 {
		return k
	}
	var scratch [128]byte
	enc, fault := appendParts(append(scratch[:0], k.enc...), parts)
	if fault != nil {
		return Key{err: fault}
	}
	return sealed(enc)
}

// Err returns nil for a usable key and otherwise the [*PartError] that says why
// the key is invalid.
func (k Key) Err() error {
	if k.err == nil {
		return nil
	}
	return k.err
}

// Len returns the number of parts. It is 0 for the zero Key and for an invalid
// one, and takes time in proportion to the length of the key.
func (k Key) Len() int {
	n := 0
	for list := k.enc; list != ""; n++ {
		_, list = cut(list)
	}
	return n
}

// Part returns a copy of the part at position i, decoded as by [Key.Parts]. It
// returns nil if the key has no such part; [Key.Len] tells that from a null.
func (k Key) Part(i int) any {
	for list := k.enc; list != "" && i >= 0; i-- {
		var first string
		if first, list = cut(list); i == 0 {
			return decoded(first)
		}
	}
	return nil
}

// Parts returns a fresh copy of all parts, which the caller may change. A part
// is nil, a bool, a string, an int64, a uint64 if too big for that, a float64,
// a json.Number if no float64 holds it exactly, a []any or a map[string]any.
func (k Key) Parts() []any {
	parts := make([]any, 0, k.Len())
	for list := k.enc; list != ""; {
		var first string
		first, list = cut(list)
		parts = append(parts, decoded(first))
	}
	return parts
}

// Hash returns a 64-bit hash of the key, computed when the key was made. Equal
// keys have equal hashes within one process; other processes hash differently,
// so store and send [Key.String] instead.
func (k Key) Hash() uint64 { return k.hash }

// String returns the canonical JSON text of the key, as in
// ["orders","detail",17]: no white space, members in the order of their names'
// bytes, JavaScript's escapes and number format. [Parse] reads it back. The text
// of an invalid key is its error and not JSON.
func (k Key) String() string {
	if k.err != nil {
		return k.err.Error()
	}
	return "[" + k.enc + "]"
}

// MarshalJSON returns the text of [Key.String], or the error of an invalid key.
func (k Key) MarshalJSON() ([]byte, error) {
	if k.err != nil {
		return nil, k.err
	}
	return []byte(k.String()), nil
}

// UnmarshalJSON sets k to the key that [Parse] reads from text and leaves k
// alone if that fails. Unlike for most types null is an error, because the
// empty key it would have to leave behind matches everything.
func (k *Key) UnmarshalJSON(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}
