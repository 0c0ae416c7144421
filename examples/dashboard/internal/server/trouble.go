package server

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/benbjohnson/clock"
)

// FaultKind is a way in which the server fails to answer properly.
type FaultKind int

// The kinds of faults.
const (
	// NoFault answers properly.
	NoFault FaultKind = iota
	// FailCalls fails calls inside tRPC: a proper envelope with an error.
	FailCalls
	// FailGateway answers with the HTML page and status 502 of a proxy in front.
	FailGateway
	// FailRateLimit answers with status 429 in plain text, and Retry-After.
	FailRateLimit
)

// Fault is a failure to be provoked. The zero Fault is none.
type Fault struct {
	Kind FaultKind

	// Procedure narrows FailCalls to calls of that procedure, and the other kinds to
	// requests with such a call. Default: all.
	Procedure string

	// Count is how many requests fail before the server recovers. Default: no end.
	Count int

	// Code is the tRPC name of the error of FailCalls, such as "TIMEOUT", and Message its
	// text. Defaults: INTERNAL_SERVER_ERROR and "injected failure".
	Code, Message string

	// RetryAfter is the delay asked of the client, in whole seconds, rounded up. Default:
	// 1 s with FailRateLimit, none otherwise.
	RetryAfter time.Duration
}

// hits reports whether the fault concerns calls of the procedure.
func (f Fault) hits(procedure string) bool { return f.Procedure == "" || f.Procedure == procedure }

func (f Fault) refusal() *refusal {
	r := &refusal{code: f.Code, message: f.Message}
	if _, ok := lookupCode(r.code); !ok {
		r.code = "INTERNAL_SERVER_ERROR"
	}
	if r.message == "" {
		r.message = "injected failure"
	}
	return r
}

// seconds is the value of the Retry-After header.
func (f Fault) seconds() string {
	whole := (f.RetryAfter + time.Second - 1) / time.Second
	return strconv.Itoa(max(1, int(whole)))
}

// trouble is everything that is wrong with the line at the moment.
type trouble struct {
	clock clock.Clock

	mu      sync.Mutex // guards what follows
	fault   Fault
	latency time.Duration
	stalled bool
	cut     bool
	closed  bool
	changed chan struct{} // closed and replaced when any of them changes
}

func newTrouble(c clock.Clock) *trouble {
	return &trouble{clock: c, changed: make(chan struct{})}
}

// set changes something and lets the requests that are held back look again.
func (t *trouble) set(change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *trouble) close() { t.set(func() { t.closed = true }) }

// admit holds a request back while the line is slow or silent. It reports false if the
// request is to get no answer at all.
func (t *trouble) admit(ctx context.Context) bool {
	arrived := t.clock.Now()
	for {
		t.mu.Lock()
		cut, stalled, latency, changed := t.cut || t.closed, t.stalled, t.latency, t.changed
		t.mu.Unlock()
		left := latency - t.clock.Since(arrived)
		switch {
		case cut:
			return false
		case stalled:
			left = time.Hour // only a change helps, and that is noticed at once
		case left <= 0:
			return true
		}
		if !pause(ctx, t.clock, left, changed) {
			return false
		}
	}
}

// watch returns what is closed when something changes, and whether the line is cut now.
func (t *trouble) watch() (changed <-chan struct{}, cut bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed, t.cut || t.closed
}

// take returns the fault that a request meets and counts it.
func (t *trouble) take(req request) Fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.fault
	if f.Kind == NoFault || !slices.ContainsFunc(req.calls, func(c call) bool { return f.hits(c.path) }) {
		return Fault{}
	}
	if t.fault.Count == 1 {
		t.fault = Fault{}
	} else if t.fault.Count > 1 {
		t.fault.Count--
	}
	return f
}

// pause waits until d has passed or wake is closed, and reports false if ctx is done first.
func pause(ctx context.Context, c clock.Clock, d time.Duration, wake <-chan struct{}) bool {
	due := make(chan struct{})
	timer := c.AfterFunc(d, func() { close(due) })
	defer timer.Stop()
	select {
	case <-due:
		return true
	case <-wake:
		return true
	case <-ctx.Done():
		return false
	}
}

// SetFault makes requests fail from now on; the zero Fault makes them work again. It
// replaces the fault set before.
func (s *Server) SetFault(f Fault) { s.trouble.set(func() { s.trouble.fault = f }) }

// SetLatency makes every answer take at least d on the server's clock, also for requests
// that are being held back already. Zero is as fast as possible.
func (s *Server) SetLatency(d time.Duration) { s.trouble.set(func() { s.trouble.latency = d }) }

// Stall makes the server silent: it takes requests and answers none. They are answered
// when Stall(false) ends it, unless their clients have gone.
func (s *Server) Stall(on bool) { s.trouble.set(func() { s.trouble.stalled = on }) }

// CutOff resets every connection on which a request arrives or is being held back, as if
// the network were gone, until CutOff(false).
func (s *Server) CutOff(on bool) { s.trouble.set(func() { s.trouble.cut = on }) }
