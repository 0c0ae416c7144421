package httpquery

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter is the longest delay that an error reports.
const maxRetryAfter = 24 * time.Hour

// dependable returns Last-Modified if it tells versions apart. It counts in seconds:
// what was modified in the very second of the answer may be modified once more in
// it (RFC 9110, 8.8.2.2).
func dependable(header http.Header) string {
	text := header.Get("Last-Modified")
	modified, err := http.ParseTime(text)
	if err != nil {
		return ""
	}
	sent, err := http.ParseTime(header.Get("Date"))
	if err != nil || sent.Sub(modified) < time.Second {
		return ""
	}
	return text
}

// retryAfter reads the Retry-After header: seconds, or a date, which is measured from
// that of the answer, as clocks differ. Anything else is no delay.
func retryAfter(header http.Header) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if text != "" && strings.Trim(text, "0123456789") == "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	sent, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return 0
	}
	return min(max(at.Sub(sent), 0), maxRetryAfter)
}
