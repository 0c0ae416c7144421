package httpquery

import (
	"net/http"
	"time"
)

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
