package trpc

import (
	"time"

	"github.com/freshet-go/freshet/internal/httperr"
)

// Backpressure reports whether the server refused because it is busy, or failed,
// and how long it asked to be left alone, which package query's adaptive intervals
// go by.
func (e *Error) Backpressure() (wait time.Duration, busy bool) {
	return e.RetryAfter, e.RetryAfter > 0 || httperr.Busy(e.HTTPStatus) || e.Code == CodeTooManyRequests || e.Code == CodeInternalServerError
}

// Backpressure is like that of [Error].
func (e *HTTPError) Backpressure() (wait time.Duration, busy bool) {
	return e.RetryAfter, e.RetryAfter > 0 || httperr.Busy(e.Status)
}
