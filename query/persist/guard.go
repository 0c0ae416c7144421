package persist

import (
	"runtime/debug"

	"github.com/freshet-go/freshet/query"
)

// guard calls f and turns a panic into an error.
func guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &query.PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return f()
}
