package httpquery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/freshet-go/freshet/internal/httperr"
)

// ErrTooLarge is the cause in a [*TransportError] when the body of an answer is longer
// than Resource.MaxBytes.
var ErrTooLarge = errors.New("answer too large")

// StatusError is an answer that is no success.
type StatusError struct {
	Host       string
	Status     int
	RetryAfter time.Duration // what the server asked for, 24 hours at most; 0 if it did not
}

// Error names the status in one line.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("httpquery: %s: HTTP status %d", e.Host, e.Status)
	if name := http.StatusText(e.Status); name != "" {
		text += " " + name
	}
	return text
}

// Backpressure reports whether the server refused because it is busy, or failed, and
// how long it asked to be left alone, which package query's adaptive intervals go by.
func (e *StatusError) Backpressure() (wait time.Duration, busy bool) {
	return e.RetryAfter, e.RetryAfter > 0 || httperr.Busy(e.Status)
}

// TransportError means that no complete answer has come.
type TransportError struct {
	Host   string
	Status int // of an answer whose body is incomplete or too large; 0 if none began
	Err    error
}

// Error gives the reason in one line.
func (e *TransportError) Error() string { return "httpquery: " + e.Host + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *TransportError) Unwrap() error { return e.Err }

// DecodeError means that the body of an answer is not what was expected.
type DecodeError struct {
	Host string
	Err  error
}

// Error gives the reason in one line.
func (e *DecodeError) Error() string {
	return "httpquery: " + e.Host + ": decode body: " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *DecodeError) Unwrap() error { return e.Err }

// Backpressure reports that the server is not to blame.
func (e *DecodeError) Backpressure() (wait time.Duration, busy bool) { return 0, false }

// causeOf strips URLs, which may hold secrets, from the errors of net/http, and
// prefers the reason why ctx ended.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return httperr.Reason(err)
}
