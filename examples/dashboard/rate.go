package main

import (
	"net/http"
	"sync"
	"time"

	"github.com/benbjohnson/clock"
)

// rate counts the HTTP requests of the last minute, streams included. It is safe for
// concurrent use.
type rate struct {
	clock clock.Clock
	began time.Time

	mu   sync.Mutex // guards sent
	sent []time.Time
}

// over returns a transport that counts what it passes on; nil is the default one.
func (r *rate) over(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return countingTransport{r, next}
}

type countingTransport struct {
	rate *rate
	next http.RoundTripper
}

// RoundTrip counts a request and passes it on.
func (t countingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	t.rate.count()
	return t.next.RoundTrip(req)
}

func (r *rate) count() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.recentLocked(), r.clock.Now())
}

// recentLocked forgets what is older than a minute. It needs mu.
func (r *rate) recentLocked() []time.Time {
	for len(r.sent) > 0 && r.clock.Since(r.sent[0]) >= time.Minute {
		r.sent = r.sent[1:]
	}
	return r.sent
}

// perMinute is the number of the last minute. A shorter run is taken for a part of one.
func (r *rate) perMinute() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = r.recentLocked()
	n, ran := len(r.sent), r.clock.Since(r.began)
	if ran < time.Second || ran >= time.Minute {
		return n
	}
	return int(float64(n)*float64(time.Minute)/float64(ran) + 0.5)
}
