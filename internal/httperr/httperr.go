// Package httperr reads from an HTTP answer, or from an error of net/http, what the
// errors of several clients say: how long to stay away, whether the server is busy,
// and the reason without what is secret.
package httperr

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// MaxRetryAfter is the longest delay that an error reports. A server that asks for
// more is cut to it, so that one absurd header cannot silence a client for ever.
const MaxRetryAfter = 24 * time.Hour

// RetryAfter reads the Retry-After header: seconds or an HTTP date. What is neither,
// or lies in the past, gives 0. A date is measured from the date of the answer
// itself, as clocks differ; without one from now, unless that is zero, too.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if text == "" {
		return 0
	}
	if strings.Trim(text, "0123456789") == "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds > int64(MaxRetryAfter/time.Second) {
			return MaxRetryAfter // digits that do not fit
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if sent, err := http.ParseTime(header.Get("Date")); err == nil {
		now = sent
	}
	if now.IsZero() {
		return 0
	}
	return min(max(at.Sub(now), 0), MaxRetryAfter)
}

// Busy reports whether a server that answers so should be asked less often.
func Busy(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= http.StatusInternalServerError
}

// Reason strips URLs, which may hold secrets, from an error of net/http.
func Reason(err error) error {
	var outer *url.Error
	for errors.As(err, &outer) {
		err = outer.Err
	}
	if text := err.Error(); strings.Contains(text, "Location") || strings.Contains(text, "://") {
		return &reticent{err}
	}
	return err
}

// reticent is an error whose text quotes a URL, as those about redirects do.
type reticent struct{ err error }

func (e *reticent) Error() string { return "request failed, for a reason that quotes a URL" }

func (e *reticent) Unwrap() error { return e.err }
