// Package querykey makes the hierarchical keys that name cached queries.
//
// A [Key] is an immutable, ordered list of JSON-like values, most general part
// first:
//
//	querykey.Of("orders")                             // every order query
//	querykey.Of("orders", "list", Filter{Page: 2})    // one page of a list
//	querykey.Of("orders", "detail", "o-17")           // one order
//
// # Equality
//
// Two keys are equal exactly when they are equal as JSON values. The order of
// parts counts, the order of object members does not, and the Go type a value
// came from leaves no trace:
//
//   - 1, int8(1), uint(1), 1.0 and json.Number("1e0") are one part; the string
//     "1" is another.
//   - A struct, a map with the same members and either of them decoded back from
//     JSON are one part. Struct tags, omitempty, json.Marshaler and
//     encoding.TextMarshaler are respected, so a time.Time is its RFC 3339 text
//     and a []byte its base64 text.
//   - A nil pointer, map, slice or interface is null. A member that is null is
//     present; only a member that encoding/json omits is absent.
//   - A Key used as a part is a nested list.
//
// Numbers are compared as exact decimals. Integers keep every digit over the
// whole int64 and uint64 range. A float is the shortest decimal that reads back
// as the same float, as in encoding/json and in JavaScript; beyond 1<<54 that
// decimal may differ from the float's exact integer value.
//
// Keys are comparable with == and may be used as map keys. The zero Key is the
// empty list.
//
// # Matching
//
// [Key.Matches] treats another key as a pattern: lists match by prefix, objects
// by subset, everything else by equality, at every depth. The empty list
// therefore matches every key.
//
// # What cannot be a part
//
// Functions, channels, complex numbers, NaN, infinities, cyclic values, strings
// that are not valid UTF-8, nesting deeper than 100 levels and values whose
// marshaler fails or panics have no JSON value to compare. [Of] answers them
// with an invalid key, which reports the cause from [Key.Err] and matches
// nothing; [New] also returns that cause.
package querykey
