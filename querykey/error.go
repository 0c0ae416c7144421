package querykey

import (
	"fmt"
	"strings"
)

// PartError says which part of a key has no JSON value, and why. It is what
// [Key.Err] and [New] return; errors.Is and errors.As see through it to the
// error of a failed marshaler. It holds names and types but never the value.
type PartError struct {
	// Index is the position of the part among the arguments of the call.
	Index int
	// Path leads to the offending value, starting with the part's position,
	// as in `[2].since`. It ends at the value that was handed to
	// encoding/json, which does not say where inside it failed.
	Path string
	// Type is the Go type of the offending value, such as "chan int".
	Type string
	// Reason says what is wrong with it, as a clause without a full stop.
	Reason string
	// Err is the underlying error, or nil if Reason says all there is.
	Err error
}

// Error describes the offending part on one line.
func (e *PartError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "querykey: part %s of type %s %s", e.Path, e.Type, e.Reason)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the underlying error, which is nil if there is none.
func (e *PartError) Unwrap() error { return e.Err }

// maxPath bounds paths, in bytes: those into cyclic values say little.
const maxPath = 80

// under returns e with step put before its path, on the way out of the
// containers around the offending value. A path that grew long loses its end.
func (e *PartError) under(step string) *PartError {
	if len(e.Path) > maxPath {
		e.Path = "…"
	}
	e.Path = step + e.Path
	return e
}

// SyntaxError is returned by [Parse] and [Key.UnmarshalJSON] for text that is
// not the JSON of a key. Reason never quotes the text.
type SyntaxError struct {
	// Offset is the position in the text, in bytes, where reading stopped.
	Offset int
	// Reason says what was wrong there, as a clause without a full stop.
	Reason string
}

// Error describes the fault and its position on one line.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("querykey: invalid JSON at offset %d: %s", e.Offset, e.Reason)
}
