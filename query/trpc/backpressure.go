package trpc

import (
	"net/http"
	"time"
)

// Backpressure reports whether the server refused because it is busy, or failed,
// and how long it asked to be left alone, which package query's adaptive intervals
// go by.
func (e *Error) Backpressure() (wait time.Duration, busy bool) {
	return e.RetryAfter, e.RetryAfter > 0 || pressed(e.HTTPStatus) || e.Code == CodeTooManyRequests || e.Code == CodeInternalServerError
}

// Backpressure is like that of [Error].
func (e *HTTPError) Backpressure() (wait time.Duration, busy bool) {
	return e.RetryAfter, e.RetryAfter > 0 || pressed(e.Status)
}

// pressed reports whether a server that answers so should be asked less often.
func pressed(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= http.StatusInternalServerError
}
