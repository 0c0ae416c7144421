package query

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/freshet-go/freshet/internal/retry"
	"github.com/freshet-go/freshet/querykey"
)

// Errors that the package itself makes. Test for them with errors.Is.
var (
	// ErrClosed means that the client is closed.
	ErrClosed = errors.New("query: client is closed")
	// ErrCancelled means that a fetch was cancelled and there are no data.
	ErrCancelled = errors.New("query: fetch was cancelled")
	// ErrNoFetch means that a query without Fetch function had to fetch. It is
	// retried by Policy.Retry like any other failure, as in TanStack Query.
	ErrNoFetch = errors.New("query: no fetch function")
	// ErrNoMutationFunc means that a mutation without Do function had to run.
	ErrNoMutationFunc = errors.New("query: no mutation function")
	// ErrNoKey means that a mutation cannot be known again without a key.
	ErrNoKey = errors.New("query: no key")
	// ErrTypeMismatch means that a key is in use with data of another type.
	ErrTypeMismatch = errors.New("query: key is in use with another type")
	// ErrNotInfinite means that a page was asked for of a query without pages.
	ErrNotInfinite = errors.New("query: query is not infinite")
	// ErrNilCallback means that a required function argument is nil.
	ErrNilCallback = errors.New("query: callback is nil")
)

// Permanent marks err as a failure that no further attempt would cure: a fetch or
// mutation function that returns it, wrapped or not, is not called again, whatever
// Retry says. The text is that of err, which errors.Is and errors.As reach. Nil
// stays nil. The name is that of github.com/cenkalti/backoff.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &retry.PermanentError{Err: err}
}

// FetchError is the failure of a fetch, as returned by Fetch and its relatives.
// Unwrap gives the error of the fetch function.
type FetchError struct {
	Key querykey.Key
	Err error
}

func (e *FetchError) Error() string { return fmt.Sprintf("query: fetch %s: %v", e.Key, e.Err) }

// Unwrap returns the error of the fetch function.
func (e *FetchError) Unwrap() error { return e.Err }

// TypeError says which types met under one key. It matches ErrTypeMismatch.
type TypeError struct {
	Key        querykey.Key
	Have, Want reflect.Type
}

func (e *TypeError) Error() string {
	return fmt.Sprintf("query: key %s holds %v, not %v", e.Key, e.Have, e.Want)
}

// Is reports whether target is ErrTypeMismatch.
func (e *TypeError) Is(target error) bool { return target == ErrTypeMismatch }

// PanicError is a panic in a function that the caller supplied: a fetch, a
// select, a callback. It takes the place of that function's error.
type PanicError struct {
	Value any    // what was passed to panic
	Stack []byte // where, as by runtime/debug.Stack
}

func (e *PanicError) Error() string { return fmt.Sprintf("query: panic: %v", e.Value) }

// Unwrap returns the panic value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
