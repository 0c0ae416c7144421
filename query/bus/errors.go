package bus

import (
	"fmt"

	"github.com/freshet-go/freshet/querykey"
)

// Op is what was done with a message.
type Op string

// The operations that can fail.
const (
	OpPublish Op = "publish"
	OpReceive Op = "receive"
)

// Error is a message that did not get through. A failed message is not sent
// again: others learn of the entry from the next one.
type Error struct {
	Op   Op
	Kind Kind         // empty if it is not known
	Key  querykey.Key // empty if it is not known
	Err  error        // ErrTooLarge, ErrVersion, ErrMalformed, ErrOverflow, or of the bus or the client
}

// Error says which message failed, and why. It shows no data.
func (e *Error) Error() string {
	if e.Kind == "" {
		return fmt.Sprintf("bus: %s: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("bus: %s %s %s: %v", e.Op, e.Kind, e.Key, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
